# SPDX-License-Identifier: GPL-2.0
"""Results of several runs, side by side."""

import json
import re
from pathlib import Path

from scenarios import Outcome

COLUMNS = (("6.12", "intree"), ("7.2", "intree"), ("6.12", "virtnet"), ("7.2", "virtnet"),
           ("6.12-bounced", "virtnet"), ("debug", "virtnet"), ("debug-bounced", "virtnet"),
           ("uml", "intree"), ("uml", "virtnet"))
# Of the table in Documentation/hostile-devices.rst.
BEGIN, END = ".. begin table\n", ".. end table\n"


def _columns(rows: dict[str, dict]) -> list[str]:
    heads = [f"{kver} {driver}" for kver, driver in COLUMNS]
    return [h for h in heads if any(h in row["verdicts"] for row in rows.values())]


def _sorted(rows: dict[str, dict]) -> list[tuple[str, dict]]:
    return sorted(rows.items(), key=lambda item: (item[1]["row"], item[0]))


def _documented(text: str) -> dict[str, dict]:
    """What a page's table says, as document() writes it."""
    lines: list[list[str]] = []
    for first, cell in re.findall(r"^   ([* ]) -(?: (.*))?$", text, re.M):
        if first == "*":
            lines.append([])
        lines[-1].append(cell)
    heads, *rows = lines or [[]]
    return {name: {"row": int(row), "verdicts": {h: c for h, c in zip(heads[2:], cells) if c}}
            for row, name, *cells in rows}


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

    def add(self, outcome: Outcome, kver: str, driver: str) -> None:
        scenario, verdict = outcome.scenario, outcome.verdict
        row = self.rows.setdefault(scenario.name, {"row": scenario.row, "what": scenario.what,
                                                   "verdicts": {}})
        row["verdicts"][f"{kver} {driver}"] = verdict
        self.fresh.append((f"{scenario.name}: {driver} on {kver}", verdict))
        print(f"{'ok' if verdict == 'ok' else '--'} {scenario.name}: {driver} on {kver}: {verdict}")
        if outcome.waits:
            row.setdefault("waits", {})[f"{kver} {driver}"] = outcome.waits
            print("   others waited {lock:.2f} s for the lock of all settings, {cpu:.2f} s for "
                  "the CPU, {ping:.2f} s for the answer to a ping, at most"
                  .format(**outcome.waits), flush=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.rows, indent=1), encoding="utf-8")

    def show(self) -> None:
        used, rows = _columns(self.rows), _sorted(self.rows)
        print("\n" + f"{'row scenario':26}" + "".join(f"{h:26}" for h in used))
        for name, row in rows:
            cells = "".join(f"{row['verdicts'].get(h, '')[:25]:26}" for h in used)
            print(f"{row['row']:3} {name:22}{cells}".rstrip())

    def document(self, page: Path) -> None:
        """Put it into a page, between its marks, where what was not measured here stays;
        random devices (row 0) left out."""
        before, rest = page.read_text(encoding="utf-8").split(BEGIN, 1)
        old, after = rest.split(END, 1)
        rows = _documented(old)
        for name, row in self.rows.items():
            if row["row"]:
                there = rows.setdefault(name, {"row": row["row"], "verdicts": {}})
                there["verdicts"] |= row["verdicts"]
        used = _columns(rows)
        lines = [".. list-table::", "   :header-rows: 1", ""]
        for cells in [["Row", "Scenario", *used],
                      *([str(row["row"]), name, *(row["verdicts"].get(h, "") for h in used)]
                        for name, row in _sorted(rows))]:
            lines += [f"   {'*' if i == 0 else ' '} - {cell}".rstrip()
                      for i, cell in enumerate(cells)]
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
