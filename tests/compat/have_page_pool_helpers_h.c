// SPDX-License-Identifier: GPL-2.0
/* page_pool lives in <net/page_pool/> (6.6). */
#if !__has_include("net/page_pool/helpers.h")
#error "no <net/page_pool/helpers.h>"
#endif
