#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compares the layout of the driver's structures, as compiled, with what the datapath counts on.

usage: pahole.py MODULE EXPECTATIONS

EXPECTATIONS holds lines of
  same STRUCT FIELD...    these fields lie in one cache line
  apart STRUCT A... / B...  no field of the first group shares a cache line with one of the second
  starts STRUCT FIELD     this field is the first of a cache line
  size STRUCT BYTES       the structure takes no more than that
"""

import re
import subprocess
import sys

CACHE_LINE = 64


class Layout:
    """Offsets and sizes of a structure's fields, and its own size."""

    def __init__(self, module, name):
        text = subprocess.run(["pahole", "-C", name, "--fixup_silly_bitfields", module],
                              check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
        size = re.search(r"/\* size: (\d+),", text)
        if not size:
            raise LookupError(f"no struct {name} in {module}")
        self.size = int(size[1])
        self.fields = {}
        for line in text.splitlines():
            found = re.match(r"^\t[^\t}].*?(\w+)(?:\[[^;]*\])*(?:\)\(.*\))?"
                             r"(?: __attribute__\(.*\))?(?::\d+)?;\s*/\*\s*(\d+)(?::\s*\d+)?\s+(\d+)\s*\*/", line)
            ended = re.match(r"^\t}\s*(\w+)?(?:\[[^;]*\])*(?: __attribute__\(.*\))?;\s*/\*\s*(\d+)\s+(\d+)\s*\*/", line)
            for m in (found, ended):
                if m and m[1]:
                    self.fields[m[1]] = (int(m[2]), int(m[3]))

    def lines_of(self, field):
        if field not in self.fields:
            raise LookupError(f"no field {field}; there are: {' '.join(self.fields)}")
        offset, size = self.fields[field]
        return set(range(offset // CACHE_LINE, (offset + max(size, 1) - 1) // CACHE_LINE + 1))


def where(layout, fields):
    return ", ".join(f"{f} at {layout.fields[f][0]}" for f in fields)


def same(layout, args):
    used = set().union(*(layout.lines_of(f) for f in args))
    if len(used) > 1:
        return f"not in one cache line: {where(layout, args)}"
    return None


def apart(layout, args):
    cut = args.index("/")
    first, second = args[:cut], args[cut + 1:]
    shared = (set().union(*(layout.lines_of(f) for f in first)) &
              set().union(*(layout.lines_of(f) for f in second)))
    if shared:
        return f"share cache line {min(shared)}: {where(layout, first + second)}"
    return None


def starts(layout, args):
    layout.lines_of(args[0])
    if layout.fields[args[0]][0] % CACHE_LINE:
        return f"not at the beginning of a cache line: {where(layout, args)}"
    return None


def size(layout, args):
    if layout.size > int(args[0]):
        return f"{layout.size} bytes, more than {args[0]}"
    return None


RULES = {"same": same, "apart": apart, "starts": starts, "size": size}


def main(module, expectations):
    layouts = {}
    bad = 0
    with open(expectations, encoding="utf-8") as f:
        lines = [line.split("#")[0].split() for line in f]
    for rule in filter(None, lines):
        kind, name, *args = rule
        try:
            layout = layouts.get(name) or layouts.setdefault(name, Layout(module, name))
            wrong = RULES[kind](layout, args)
        except (LookupError, ValueError) as e:
            wrong = f"cannot tell: {e}"
        if wrong:
            print(f"struct {name}: {wrong}   ({' '.join(rule)})")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
