# SPDX-License-Identifier: GPL-2.0
"""Where things are: the project, its build products and the cache."""

import os
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
TEST_OUT = BUILD / "test"
KERNEL_TOOL = ROOT / "tools" / "kernel"


def cache() -> Path:
    """The cache directory shared by all tools of the project."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = Path(os.environ.get("VIRTNET_CACHE") or base / "virtnet")
    path.mkdir(parents=True, exist_ok=True)
    return path


def drop_unused(base: Path, pattern: str) -> None:
    """Remove files that nobody used for an hour: other checkouts have theirs here too."""
    for old in base.glob(pattern):
        if old.stat().st_mtime < time.time() - 3600:
            old.unlink()
