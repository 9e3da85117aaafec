# SPDX-License-Identifier: GPL-2.0
"""Boots small guests on real Debian kernels and drives them from the host."""
