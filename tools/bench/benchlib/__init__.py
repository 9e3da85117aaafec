# SPDX-License-Identifier: GPL-2.0
"""Guest instructions per packet: workloads, guests, profiles and reports."""
