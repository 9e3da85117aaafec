#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Documentation/features.rst: what it says of a kernel has a test that there is.

A row of its tables is: feature, one cell for each kernel, tests. A cell says what
virtnet and what the kernel's own driver have. A test is "kunit SUITE.CASE" or
"vm BOOT: TITLE"; the latter has to be among the cases of each kernel for which the
row says that virtnet has the feature.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = "Documentation/features.rst"
KERNELS = ("6.1", "6.12", "7.2")
CELL = re.compile(r"^(yes|no) / (yes|no)$")
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


def complaints(cells: list[str], kunit: set[str], vm: dict[str, set[str]]):
    if len(cells) != len(KERNELS) + 2:
        yield f"{len(cells)} cells, not {len(KERNELS) + 2}"
        return
    tests = TEST.findall(cells[-1])
    having = []
    for kver, cell in zip(KERNELS, cells[1:-1]):
        match = CELL.match(cell)
        if not match:
            yield f"a cell '{cell}'"
        elif match[1] != "no":
            having.append(kver)
    if having and not tests:
        yield "no test"
    for kind, name in tests:
        if kind == "kunit" and name not in kunit:
            yield f"no KUnit case '{name}'"
        for kver in having if kind == "vm" else ():
            if name not in vm[kver]:
                yield f"no case '{name}' for {kver}"


def main(top: Path) -> int:
    kunit, vm = kunit_cases(top), vm_cases(top)
    table = rows((top / PAGE).read_text(encoding="utf-8"))
    bad = 0
    for line, cells in table:
        for what in complaints(cells, kunit, vm):
            print(f"{PAGE}:{line}: {cells[0]}: {what}")
            bad += 1
    if not table:
        print(f"{PAGE}: no rows")
    return 1 if bad or not table else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
