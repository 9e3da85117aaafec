# SPDX-License-Identifier: GPL-2.0
"""Results of several runs, side by side."""

import json
from pathlib import Path

from scenarios import Scenario

COLUMNS = (("6.12", "intree"), ("7.2", "intree"), ("6.12", "virtnet"), ("7.2", "virtnet"),
           ("debug", "virtnet"), ("uml", "intree"), ("uml", "virtnet"))
# Of the table in Documentation/hostile-devices.rst.
BEGIN, END = ".. begin table\n", ".. end table\n"


class Table:
    """Verdict by scenario and driver; kept in a file, so that runs add up."""

    def __init__(self, path: Path):
        self.path = path
        self.fresh: list[tuple[str, str]] = []      # of this run: title, verdict
        try:
            self.rows = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.rows = {}

    def has(self, name: str, kver: str, driver: str) -> bool:
        return f"{kver} {driver}" in self.rows.get(name, {}).get("verdicts", {})

    def add(self, scenario: Scenario, kver: str, driver: str, verdict: str) -> None:
        row = self.rows.setdefault(scenario.name, {"row": scenario.row, "what": scenario.what,
                                                   "verdicts": {}})
        row["verdicts"][f"{kver} {driver}"] = verdict
        self.fresh.append((f"{scenario.name}: {driver} on {kver}", verdict))
        print(f"{'ok' if verdict == 'ok' else '--'} {scenario.name}: {driver} on {kver}: {verdict}",
              flush=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.rows, indent=1), encoding="utf-8")

    def _columns(self) -> list[str]:
        heads = [f"{kver} {driver}" for kver, driver in COLUMNS]
        return [h for h in heads if any(h in r["verdicts"] for r in self.rows.values())]

    def _sorted(self) -> list[tuple[str, dict]]:
        return sorted(self.rows.items(), key=lambda item: (item[1]["row"], item[0]))

    def show(self) -> None:
        used = self._columns()
        print("\n" + f"{'row scenario':26}" + "".join(f"{h:26}" for h in used))
        for name, row in self._sorted():
            cells = "".join(f"{row['verdicts'].get(h, '')[:25]:26}" for h in used)
            print(f"{row['row']:3} {name:22}{cells}".rstrip())

    def document(self, page: Path) -> None:
        """Put it into a page, between its marks; random devices (row 0) left out."""
        used = self._columns()
        lines = [".. list-table::", "   :header-rows: 1", ""]
        rows = [["Row", "Scenario", *used]]
        rows += [[str(row["row"]), name, *(row["verdicts"].get(h, "") for h in used)]
                 for name, row in self._sorted() if row["row"]]
        for row in rows:
            lines += [f"   {'*' if i == 0 else ' '} - {cell}".rstrip()
                      for i, cell in enumerate(row)]
        before, rest = page.read_text(encoding="utf-8").split(BEGIN, 1)
        _, after = rest.split(END, 1)
        page.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n\n" + END + after,
                        encoding="utf-8")

    def failures(self) -> list[str]:
        """What virtnet did not survive now; the kernel's driver is only measured."""
        return [title for title, verdict in self.fresh
                if verdict != "ok" and ": intree on" not in title]

    def write_tap(self, path: Path) -> None:
        failed = self.failures()
        lines = [f"1..{len(self.fresh)}"]
        for number, (title, verdict) in enumerate(self.fresh, 1):
            good = title not in failed
            lines.append(f"{'ok' if good else 'not ok'} {number} - {title}"
                         + ("" if good else f": {verdict}"))
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
