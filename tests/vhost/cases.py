# SPDX-License-Identifier: GPL-2.0
"""The list of cases: a decorator adds to it, the runner goes through it."""

from collections.abc import Callable
from dataclasses import dataclass


class Skip(Exception):
    """This machine lacks something; the text says what."""


@dataclass(frozen=True)
class Case:
    name: str
    run: Callable[[], None]


CASES: list[Case] = []


def case(name: str, *args: object) -> Callable:
    """Add a function, called with @args, as a case."""
    def add(function: Callable) -> Callable:
        CASES.append(Case(name, lambda: function(*args)))
        return function
    return add
