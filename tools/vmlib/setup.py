# SPDX-License-Identifier: GPL-2.0
"""What demo, shell and exec have in common: a guest as the environment asks for it."""

import os
from dataclasses import dataclass

from . import host, kernels, nic, proc
from .guest import Guest
from .kernels import Kernel


@dataclass(frozen=True)
class Settings:
    """The settings from the environment, checked before anything is fetched."""

    kver: str
    driver: str
    mode: str
    packed: bool


def settings() -> Settings:
    get = os.environ.get
    return Settings(kernels.check_kver(get("KVER") or "6.12"),
                    kernels.check_driver(get("DRIVER") or "virtnet"),
                    nic.check_mode(get("MODE") or "mergeable"), host.flag("PACKED"))


def prepared_kernel(wanted: Settings) -> Kernel:
    """Everything a guest needs from this machine, and its kernel."""
    host.prepare()
    return kernels.get(wanted.kver)


def make_guest(wanted: Settings, kernel: Kernel, name: str, **options: object) -> Guest:
    """A guest with one NIC; on a tap when root, on user networking otherwise."""
    module = kernels.build(kernel) if wanted.driver == "virtnet" else None
    card = nic.Nic(mode=wanted.mode, packed=wanted.packed)
    memory = 1024 if wanted.kver == "debug" else 512
    return Guest(kernel, [card], name, module, memory=memory,
                 tap=proc.is_root(), **options)     # type: ignore[arg-type]
