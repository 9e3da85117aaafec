// SPDX-License-Identifier: GPL-2.0
/* GSO has a header of its own (6.5). */
#if !__has_include("net/gso.h")
#error "no <net/gso.h>"
#endif
