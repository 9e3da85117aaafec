#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Rules of this tree that no other tool knows. Prints FILE:LINE: what, and fails, if any is broken."""

import ast
import glob
import os
import re
import subprocess
import sys

MAX_FUNCTION = 100
MAX_FILE = 600
KERNEL_DIRS = ("drivers/", "include/", "tests/compat/", "tests/kunit/")
# Where the kernel's differences are dealt with, and where they are found out.
CONDITIONAL_DIRS = ("include/compat/", "tests/compat/")
# Files in formats that have no comments, or that are somebody else's words.
NO_SPDX = re.compile(r"(\.(json|txt|expect|patch|pcap|bin|xml|csv|md)|COPYING|LICENSE|\.gitignore)$|^LICENSES/|"
                     r"^Documentation/.*\.(svg|png)$")
# Where apt is told of a mirror, whichever of its two formats that is written in.
APT_HOST = re.compile(r"^(?:URIs:|deb(?:-src)?(?: \[[^]]*\])?) +https?://([^/\s]+)", re.M)


def machine():
    """What only this machine has: the directory the tree lies in, and its package mirrors."""
    words = {os.path.dirname(os.path.abspath(sys.argv[1])) + "/"} - {"/", "/tmp/", "/root/", "/home/"}
    for path in glob.glob("/etc/apt/sources.list") + glob.glob("/etc/apt/sources.list.d/*"):
        with open(path, encoding="utf-8", errors="replace") as f:
            words.update(APT_HOST.findall(f.read()))
    return re.compile("|".join(map(re.escape, sorted(words))) or r"(?!)")


MACHINE = machine()
CONDITIONAL = re.compile(r"#\s*(if|ifdef|ifndef|elif|elifdef)\b")
# The one form that <trace/define_trace.h> asks for.
TRACE_GUARD = re.compile(r"#\s*if !defined\(_TRACE_\w+\) \|\| defined\(TRACE_HEADER_MULTI_READ\)")
SELF = "tools/check.d/source.py"


def tracked(top):
    out = subprocess.run(["git", "-C", top, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         check=True, stdout=subprocess.PIPE).stdout
    names = [os.fsdecode(n) for n in out.split(b"\0") if n]
    return sorted(n for n in set(names) if os.path.isfile(os.path.join(top, n)) and
                  not os.path.islink(os.path.join(top, n)))


def read(top, name):
    with open(os.path.join(top, name), "rb") as f:
        data = f.read()
    return None if b"\0" in data else data.decode("utf-8", "replace").splitlines()


def is_guard(lines, i):
    name = re.match(r"#\s*ifndef (\w+_H)$", lines[i])
    return bool(name) and i + 1 < len(lines) and re.match(rf"#\s*define {name[1]}$", lines[i + 1])


def strip_comments(lines):
    """The C code alone, line for line: comments and strings are blanked."""
    text = "\n".join(lines)
    blank = lambda m: re.sub(r"[^\n]", " ", m[0])
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S).split("\n")


def check_spdx(name, lines):
    if NO_SPDX.search(name) or not lines:
        return
    first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
    if "SPDX-License-Identifier:" not in first:
        yield 1, "no SPDX line at the beginning"


def check_conditionals(name, lines):
    for i, line in enumerate(lines):
        if "LINUX_VERSION_CODE" in line or "KERNEL_VERSION(" in line:
            yield i + 1, "a version number: write a compile test (tests/compat) for what is wanted"
        if not CONDITIONAL.match(line.strip()) or name.startswith(CONDITIONAL_DIRS):
            continue
        if not is_guard(lines, i) and not TRACE_GUARD.match(line):
            yield i + 1, "a condition outside include/compat: " + line.strip()


def check_compat_macros(top, name, lines):
    """A macro that no test sets would silently choose the fallback for ever."""
    for i, line in enumerate(lines):
        for macro in re.findall(r"\bHAVE_\w+", line):
            if not os.path.exists(os.path.join(top, "tests/compat", macro.lower() + ".c")):
                yield i + 1, f"{macro} has no compile test in tests/compat/"


def check_words(lines):
    for i, line in enumerate(lines):
        if re.search(r"\b(BUG_ON|BUG)\(", line) and "BUILD_BUG" not in line:
            yield i + 1, "BUG() stops the machine: count, drop, recover"


def c_functions(lines):
    """Start and length of what stands between braces at the beginning of a line, after a ')'."""
    start = None
    for i, line in enumerate(lines):
        if line.startswith("{") and i and lines[i - 1].rstrip().endswith(")"):
            start = i
        elif line.startswith("}") and start is not None:
            yield start + 1, i - start - 1
            start = None


def py_functions(lines):
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError as e:
        yield e.lineno or 1, 10 ** 6
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno


def sh_functions(lines):
    start = None
    for i, line in enumerate(lines):
        if re.match(r"[A-Za-z_]\w*\(\) *[{(]$", line):
            start = i
        elif line in ("}", ")") and start is not None:
            yield start + 1, i - start - 1
            start = None


def functions(name, lines):
    shebang = lines[0] if lines and lines[0].startswith("#!") else ""
    if name.endswith((".c", ".h")):
        return c_functions(strip_comments(lines))
    if name.endswith(".py") or "python" in shebang:
        return py_functions(lines)
    if name.endswith(".sh") or shebang.endswith("sh"):
        return sh_functions(lines)
    return ()


def check_lengths(name, lines):
    for line, length in functions(name, lines):
        if length > MAX_FUNCTION:
            yield line, f"a function of {length} lines, more than {MAX_FUNCTION}"
    code = name.endswith((".c", ".h", ".py", ".sh")) or (lines and lines[0].startswith("#!"))
    if code and len(lines) > MAX_FILE:
        yield 1, f"{len(lines)} lines, more than {MAX_FILE}: one subject a file"


def check_machine(name, lines):
    if name == SELF:
        return
    for i, line in enumerate(lines):
        found = MACHINE.search(line)
        if found:
            yield i + 1, f"'{found[0]}' belongs to one machine or one mirror"


def complaints(top, name, lines):
    yield from check_spdx(name, lines)
    yield from check_machine(name, lines)
    yield from check_lengths(name, lines)
    if name.endswith((".c", ".h")) and name.startswith(KERNEL_DIRS):
        code = strip_comments(lines)
        yield from check_conditionals(name, code)
        yield from check_words(code)
        if name.startswith("include/compat/"):
            yield from check_compat_macros(top, name, code)


def main(top):
    names = tracked(top)
    bad = 0
    for name in names:
        lines = read(top, name)
        if lines is None:
            continue
        for line, what in complaints(top, name, lines):
            print(f"{name}:{line}: {what}")
            bad += 1
    if not any(n.startswith("drivers/") for n in names):
        print("found no driver to look at: is this a git checkout?")
        bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
