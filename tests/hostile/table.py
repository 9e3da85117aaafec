# SPDX-License-Identifier: GPL-2.0
"""Results of several runs, side by side."""

import json
from pathlib import Path

from scenarios import Scenario

COLUMNS = (("6.12", "intree"), ("7.2", "intree"), ("6.12", "virtnet"), ("7.2", "virtnet"))


class Table:
    """Verdict by scenario and driver; kept in a file, so that runs add up."""

    def __init__(self, path: Path):
        self.path = path
        self.fresh: list[tuple[str, str]] = []      # of this run: title, verdict
        try:
            self.rows = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.rows = {}

    def add(self, scenario: Scenario, kver: str, driver: str, verdict: str) -> None:
        row = self.rows.setdefault(scenario.name, {"row": scenario.row, "what": scenario.what,
                                                   "verdicts": {}})
        row["verdicts"][f"{kver} {driver}"] = verdict
        self.fresh.append((f"{scenario.name}: {driver} on {kver}", verdict))
        print(f"{'ok' if verdict == 'ok' else '--'} {scenario.name}: {driver} on {kver}: {verdict}",
              flush=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.rows, indent=1), encoding="utf-8")

    def show(self) -> None:
        heads = [f"{kver} {driver}" for kver, driver in COLUMNS]
        used = [h for h in heads if any(h in r["verdicts"] for r in self.rows.values())]
        print("\n" + f"{'row scenario':26}" + "".join(f"{h:26}" for h in used))
        for name, row in sorted(self.rows.items(), key=lambda item: (item[1]["row"], item[0])):
            cells = "".join(f"{row['verdicts'].get(h, '')[:25]:26}" for h in used)
            print(f"{row['row']:3} {name:22}{cells}".rstrip())

    def write_tap(self, path: Path) -> None:
        """What virtnet fails is a failure; the kernel's driver is only measured."""
        lines = [f"1..{len(self.fresh)}"]
        for number, (title, verdict) in enumerate(self.fresh, 1):
            good = verdict == "ok" or ": intree on" in title
            lines.append(f"{'ok' if good else 'not ok'} {number} - {title}"
                         + ("" if good else f": {verdict}"))
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
