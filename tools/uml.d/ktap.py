#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Reads a guest's console on stdin: shows KUnit's results as they come,
writes them as flat TAP (one line per leaf case), and ends non-zero unless all
of it went well."""

import argparse
import re
import sys

STAMP = re.compile(r"^(?:<\d+>)?\[\s*\d+\.\d+\](?:\[[^]]*\])? ?")
RESULT = re.compile(r"^( *)(ok|not ok) \d+(?: -)? ?(.*)$")
SUBTEST = re.compile(r"^( *)# Subtest: (.*)$")
PLAN = re.compile(r"^( *)1\.\.(\d+)")
STARTED = re.compile(r"virtnet_kunit: (\d+) suites")
ENDED = re.compile(r"^virtnet-uml: script ended with (\d+)")

# What no healthy kernel prints, whatever a test does.
SPLAT = re.compile("|".join((
    r"\bBUG:", r"\bWARNING:", r"\bOops\b", r"Kernel panic", r"\bKASAN:",
    r"\bUBSAN:", r"^\s*Call Trace:", r"INFO: task .* blocked",
    r"rcu.*stall", r"unreferenced object", r"DMA-API: (?!preallocated|debugging)",
    r"page_pool_release_retry", r"possible recursive locking",
    r"suspicious RCU usage", r"sleeping function called",
    r"Segfault with no mm", r"memory leaks? \(see", r"unregister_netdevice: waiting",
    r"Trying to vfree", r"refcount_t:", r"NETDEV WATCHDOG",
)))


class Cases:
    """The leaf cases of a nested KTAP stream, in order."""

    def __init__(self):
        self.names = {}     # indent -> name of the subtest opened there
        self.pending = {}   # indent -> results seen below it
        self.leaves = []    # (name, "ok" | "not ok", skip reason or None)
        self.suites = 0

    def subtest(self, indent, name):
        self.names[indent] = name
        for deeper in [i for i in self.names if i > indent]:
            del self.names[deeper]
        self.pending[indent] = 0

    def result(self, indent, word, text):
        name, _, directive = text.partition(" # ")
        below = self.pending.pop(indent + 4, 0)
        self.pending[indent] = self.pending.get(indent, 0) + 1
        if indent == 0:
            self.suites += 1
        if below and not (word == "not ok" and self.none_failed(below)):
            return None
        path = [self.names[i] for i in sorted(self.names) if i <= indent]
        if not path or path[-1] != name:
            path.append(name)
        skip = directive[4:].strip() if directive.startswith("SKIP") else None
        leaf = (".".join(path), word, skip)
        self.leaves.append(leaf)
        return leaf

    def none_failed(self, below):
        """A group may fail though each of its cases passed (leaks, exits)."""
        return all(word == "ok" for _, word, _ in self.leaves[-below:])


def show(leaf):
    name, word, skip = leaf
    print(f"{'SKIP' if skip is not None else word:6} {name}"
          + (f"  ({skip})" if skip else ""), flush=True)


def read(stream, cases):
    """Returns (splats, exit status of the guest or None)."""
    splats, ended = [], None
    for raw in stream:
        line = STAMP.sub("", raw.rstrip("\r\n"))
        stop = ENDED.match(line)
        if stop:
            ended = int(stop.group(1))
        found = SUBTEST.match(line)
        if found:
            cases.subtest(len(found.group(1)), found.group(2))
            continue
        found = RESULT.match(line)
        if found:
            leaf = cases.result(len(found.group(1)), found.group(2), found.group(3))
            if leaf:
                show(leaf)
            continue
        if SPLAT.search(line):
            splats.append(line.strip())
            print(f"  !!   {line.strip()}", flush=True)
        elif re.match(r" *# [^:]+: (EXPECTATION|ASSERTION|failed|.*timed out)", line) \
                or line.startswith((" ", "\t")) and cases.leaves is not None \
                and " Expected " in line:
            print(f"       {line.strip()}", flush=True)
    return splats, ended


def write_tap(path, cases, trouble):
    with open(path, "w", encoding="utf-8") as out:
        print("TAP version 13", file=out)
        lines = [(w, n, s) for n, w, s in cases.leaves]
        lines += [("not ok", why, None) for why in trouble]
        print(f"1..{len(lines)}", file=out)
        for number, (word, name, skip) in enumerate(lines, 1):
            tail = f" # SKIP {skip}" if skip is not None else ""
            print(f"{word} {number} - {name}{tail}", file=out)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--tap", required=True)
    args.add_argument("--log", required=True)
    args = args.parse_args()

    cases = Cases()
    splats, ended = read(sys.stdin, cases)
    trouble = []
    if splats:
        trouble.append(f"kernel log is clean ({len(splats)} bad lines, first: {splats[0]})")
    if ended is None:
        trouble.append("guest ran to its end (it crashed or hung)")
    elif ended:
        trouble.append(f"guest script succeeded (it ended with {ended})")
    if not cases.leaves:
        trouble.append("some tests ran (there were none)")
    write_tap(args.tap, cases, trouble)

    failed = sum(word == "not ok" for _, word, _ in cases.leaves)
    skipped = sum(skip is not None for _, _, skip in cases.leaves)
    passed = len(cases.leaves) - failed - skipped
    print(f"kunit: {passed} passed, {failed} failed"
          + (f", {skipped} skipped" if skipped else "")
          + "".join(f"; NOT: {why}" for why in trouble))
    if failed or trouble:
        print(f"the whole console: {args.log}")
    return 1 if failed or trouble else 0


if __name__ == "__main__":
    sys.exit(main())
