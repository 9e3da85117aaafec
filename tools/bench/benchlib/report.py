# SPDX-License-Identifier: GPL-2.0
"""Results as text and as JSON."""

import json
import subprocess
from typing import Optional

from vmlib import paths

from .measure import Result
from .profile import CLASS_ORDER, USER
from .workloads import Workload

OUT = paths.BUILD / "bench"
SPLIT = tuple(kind for kind in CLASS_ORDER if kind != USER)


def _commit() -> str:
    """The driver's state, for those who read the figures later."""
    done = subprocess.run(["git", "-C", str(paths.ROOT), "describe", "--always", "--dirty"],
                          capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def store(result: Result) -> None:
    """Put one result among those of its kernel, replacing an older one."""
    path = OUT / f"{result.kver}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(path.read_text()) if path.exists() else {}
    data = dict(result.as_json(), commit=_commit())
    known.setdefault(result.workload, {})[result.driver] = data
    path.write_text(json.dumps(known, indent=1))


def load(kver: str) -> dict:
    path = OUT / f"{kver}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def _split(data: dict) -> str:
    classes = data["profile"]["by_class"]
    return " ".join(f"{classes[kind]:7.1f}" for kind in SPLIT)


def _row(data: dict, ratio: Optional[float]) -> str:
    shown = f"{ratio:6.2f}" if ratio else " " * 6
    return (f"  {data['driver']:<8}{data['headline']:9.1f} {shown}  {_split(data)} "
            f"{data['profile']['doorbells']:7.3f} {data['profile']['interrupts']:7.3f} "
            f"{data['profile']['repeats']:7.0f} {data['rxmem_kib'] or 0:7d}")


HEADER = (f"  {'driver':<8}{'count':>9} {'ratio':>6}  "
          + " ".join(f"{kind:>7}" for kind in SPLIT)
          + f" {'kicks':>7} {'irqs':>7} {'reps':>7} {'rx KiB':>7}")


def table(kver: str, works: list[Workload]) -> str:
    """What is known of these workloads on one kernel, in-tree first."""
    known = load(kver)
    lines = [f"kernel {kver}: guest instructions", HEADER]
    for work in works:
        drivers = known.get(work.name, {})
        if not drivers:
            continue
        counted = " + ".join(work.classes) if work.classes else "all"
        lines.append(f"{work.title} (per {work.unit}; {counted})")
        base = drivers.get("intree", {}).get("headline")
        for driver in ("intree", "virtnet"):
            if driver in drivers:
                data = drivers[driver]
                ratio = data["headline"] / base if base and driver == "virtnet" else None
                lines.append(_row(data, ratio))
    return "\n".join(lines)


def _adopted(driver: str, values: list[float], work: Workload) -> dict:
    """What a row of a table says, in the form of a result."""
    rest = values[-len(SPLIT) - 4:]
    kicks, interrupts, repeats, memory = rest[len(SPLIT):]
    return {"kver": "", "driver": driver, "workload": work.name, "headline": values[0],
            "rxmem_kib": int(memory), "boots": work.boots,
            "profile": {"by_class": dict(zip(SPLIT, rest)), "by_function": [], "calls": {},
                        "doorbells": kicks, "interrupts": interrupts, "repeats": repeats}}


def adopt(kver: str, text: str, works: list[Workload]) -> None:
    """Take over from a page's table what has not been measured here."""
    known, work = load(kver), None
    titles = {work.title: work for work in works}
    for line in text.splitlines():
        name, *values = line.split() or [""]
        if name in ("intree", "virtnet") and work:
            known.setdefault(work.name, {}).setdefault(
                name, _adopted(name, [float(value) for value in values], work))
        else:
            work = titles.get(line.strip().rsplit(" (per ", 1)[0])
    (OUT / f"{kver}.json").write_text(json.dumps(known, indent=1))


def functions(data: dict, least: float = 1.0) -> str:
    """Instructions per unit by function, with how often each is entered."""
    lines = [f"{'class':<12}{'count':>9}{'calls':>8}  function"]
    for kind, name, count in data["profile"]["by_function"]:
        if abs(count) >= least:
            calls = data["profile"]["calls"].get(name, 0)
            lines.append(f"{kind:<12}{count:9.1f}{calls:8.2f}  {name}")
    return "\n".join(lines)
