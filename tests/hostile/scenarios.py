# SPDX-License-Identifier: GPL-2.0
"""The scenario files: NAME.script, with its row and what it is about in a comment. What
further comments of the form "# KEY: VALUE" mean is said at the fields of Scenario."""

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

ABOUT = re.compile(r"^# row (\d+): (.+)$", re.M)
MORE = re.compile(r"^# ([a-z]+): (.+)$", re.M)
# Seconds until the stack's watchdog has found a dead transmit queue, and it runs again.
WATCHDOG = 12


@dataclass(frozen=True)
class Scenario:
    """One device behaviour (Documentation/hostile-devices.rst has the rows)."""

    name: str
    row: int
    path: Path
    what: str
    counts: str = ""        # a counter that says how many packets or commands were wrong
    raises: str = ""        # counters that cannot stay at 0,
    never: str = ""         # and such that have to
    only: str = ""          # "uml" or "qemu": where it can be met
    nic: str = ""           # "generic": what QEMU's own NIC does not leave to the device
    within: int = 5         # seconds for traffic to be back
    held: float = 0         # for which each NIC in turn has the lock of all settings: who waits
                            # for the answer to a command holds it
    meanwhile: str = ":"    # what the guest does to its interface $name beside the traffic
    options: str = ""       # of virtnet's module


@dataclass(frozen=True)
class Outcome:
    """What became of a scenario."""

    scenario: Scenario
    verdict: str
    waits: dict[str, float] = field(default_factory=dict)   # see combos.waited()


def _read(path: Path) -> Scenario:
    text = path.read_text(encoding="utf-8")
    about = ABOUT.search(text)
    assert about, f"{path.name} does not say '# row N: what it is about'"
    more: dict = dict(MORE.findall(text))
    for key, kind in (("within", int), ("held", float)):
        if key in more:
            more[key] = kind(more[key])
    return Scenario(path.stem, int(about[1]), path, about[2], **more)


def load(where: Path) -> list[Scenario]:
    return sorted(map(_read, where.glob("*.script")), key=lambda s: (s.row, s.name))


FIELDS = ("flags", "gso_type", "hdr_len", "gso_size", "csum_start", "csum_offset")
EDGES = (0, 1, 11, 12, 13, 26, 255, 1514, 1526, 4096, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def _rule(rng: random.Random) -> str:
    """One thing done wrong."""
    value, times = rng.choice(EDGES), rng.choice(("once", "2 times", "5 times"))
    return rng.choices((
        f"used_len rx {value} {times}",
        f"header {rng.choice(FIELDS)} {value & 0xFF} {times}",
        f"num_buffers {value & 0xFFFF} {times}",
        f"irq spurious all {rng.randrange(1, 100)}",
        f"irq lose rx for {rng.randrange(1, 100)}ms",
        f"stall tx {rng.randrange(1, 500)}ms",
        f"used_len tx {value} {times}",
        f"used_id {rng.choice(('rx', 'tx'))} {rng.choice((value, 'dup'))} once",
        f"used_idx {rng.choice(('rx', 'tx'))} {rng.randrange(1, 65536)}",
    ), (8, 8, 6, 4, 4, 2, 4, 1, 1))[0]


def generated(seed: int, where: Path) -> Scenario:
    """A device whose doings follow from a seed; over before the traffic is."""
    rng = random.Random(seed)
    rules = [f"after {rng.randrange(1, 150)} {rng.choice(('rx', 'rx', 'tx'))}: {_rule(rng)}"
             for _ in range(rng.randrange(5, 40))]
    where.mkdir(parents=True, exist_ok=True)
    path = where / f"random-{seed}.script"
    path.write_text("# row 0: seed {}\n{}\n".format(seed, "\n".join(rules)), encoding="utf-8")
    return Scenario(path.stem, 0, path, f"whatever follows from seed {seed}", within=WATCHDOG)
