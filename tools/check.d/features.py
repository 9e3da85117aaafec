#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Documentation/features.rst and xdp.rst: what they say of a kernel has a test that there is.

A row of their tables is: feature, one cell for each kernel, tests. A cell says what
virtnet and what the kernel's own driver have: yes or no, or in which buffer modes. A
test is "kunit SUITE.CASE" or "vm BOOT: TITLE"; the latter has to be among the cases of
each kernel for which the row says that virtnet has the feature. "vm xdp: TITLE" stands
for the guests about XDP, one for each buffer mode that the cell names.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

PAGES = ("Documentation/features.rst", "Documentation/xdp.rst")
KERNELS = ("6.1", "6.12", "7.2")
CELL = re.compile(r"^(yes|no|m?s?b?|--) / (yes|no|m?s?b?|--)$")
NOTHING = ("no", "--")
MODES = {"m": "mergeable", "s": "small", "b": "big"}
TEST = re.compile(r"``(kunit|vm) ([^`]+)``")
SUITE = re.compile(r'\.name = "virtnet_(\w+)",(?:\s+\.init = \w+,)?\s+\.test_cases = (\w+),')


def kunit_cases(top: Path) -> set[str]:
    found = set()
    for path in sorted((top / "tests/kunit").glob("*.c")):
        text = path.read_text(encoding="utf-8")
        for suite, array in SUITE.findall(text):
            body = re.search(rf"struct kunit_case {array}\[\] = {{(.*?)^}};", text, re.S | re.M)
            for case in re.findall(r"KUNIT_CASE\w*\((\w+)", body[1] if body else ""):
                found.add(f"{suite}.{case}")
    return found


def vm_cases(top: Path) -> dict[str, set[str]]:
    """BOOT: TITLE of every case, for each kernel."""
    found: dict[str, set[str]] = {}
    for kver in KERNELS:
        text = subprocess.run([str(top / "tests/vm/run"), "-l"], check=True, text=True,
                              stdout=subprocess.PIPE, env=os.environ | {"KVER": kver, "LONG": "1"}).stdout
        found[kver] = {line.removeprefix(f"{kver} ") for line in text.splitlines()}
    return found


def rows(text: str) -> list[tuple[int, list[str]]]:
    """Line and cells of every row of every list-table, headers left out."""
    found: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("   * - "):
            found.append((number, [line[7:].strip()]))
        elif line.startswith("     - ") and found:
            found[-1][1].append(line[7:].strip())
        elif line.startswith("       ") and found:
            found[-1][1][-1] += " " + line.strip()
    return [row for row in found if row[1][0] != "feature"]


def is_there(name: str, cell: str, cases: set[str]) -> bool:
    """Is the case one of a kernel's, in each buffer mode that the cell names?"""
    title = name.removeprefix("xdp: ")
    if title == name:
        return name in cases
    return all(any(case.startswith(f"xdp-{MODES[mode]}-") and case.endswith(f": {title}")
                   for case in cases) for mode in cell)


def complaints(cells: list[str], kunit: set[str], vm: dict[str, set[str]]):
    if len(cells) != len(KERNELS) + 2:
        yield f"{len(cells)} cells, not {len(KERNELS) + 2}"
        return
    tests = TEST.findall(cells[-1])
    having = {}
    for kver, cell in zip(KERNELS, cells[1:-1]):
        match = CELL.match(cell)
        if not match:
            yield f"a cell '{cell}'"
        elif match[1] not in NOTHING:
            having[kver] = match[1]
    if having and not tests:
        yield "no test"
    for kind, name in tests:
        if kind == "kunit" and name not in kunit:
            yield f"no KUnit case '{name}'"
        for kver, cell in having.items() if kind == "vm" else ():
            if not is_there(name, cell, vm[kver]):
                yield f"no case '{name}' for {kver}"


def check(top: Path, page: str, kunit: set[str], vm: dict[str, set[str]]) -> int:
    """Complains about a page; returns how often."""
    table = rows((top / page).read_text(encoding="utf-8"))
    found = [f"{line}: {cells[0]}: {what}" for line, cells in table
             for what in complaints(cells, kunit, vm)]
    found += [] if table else ["no rows"]
    for what in found:
        print(f"{page}:{what}")
    return len(found)


def main(top: Path) -> int:
    kunit, vm = kunit_cases(top), vm_cases(top)
    return 1 if sum(check(top, page, kunit, vm) for page in PAGES) else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
