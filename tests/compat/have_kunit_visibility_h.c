// SPDX-License-Identifier: GPL-2.0
/* Symbols can be visible to KUnit only (6.2; backported to 6.1). */
#if !__has_include("kunit/visibility.h")
#error "no <kunit/visibility.h>"
#endif
