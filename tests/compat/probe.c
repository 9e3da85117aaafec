// SPDX-License-Identifier: GPL-2.0
/*
 * All compile tests are compiled as this one file (see tools/compat). A test is a file
 * have_NAME.c with one static function, of no effect, that compiles only where the kernel
 * offers what the driver wants to use; it turns into HAVE_NAME. EXPORTS(symbol), at the
 * beginning of a line, says that the symbol must be exported to modules as well.
 */
#include <linux/bpf.h>
#include <linux/bpf_trace.h>
#include <linux/dim.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <net/xdp.h>
#include <net/xdp_sock_drv.h>
#include <net/net_failover.h>

/* Headers that are not everywhere; what they hold is what is tested for. */
#if __has_include("net/page_pool/helpers.h")
#include <net/page_pool/helpers.h>
#include <net/page_pool/types.h>
#else
#include <net/page_pool.h>
#endif
#if __has_include("net/gso.h")
#include <net/gso.h>
#endif
#if __has_include("kunit/test.h")
#include <kunit/test.h>
#endif
#if __has_include("kunit/visibility.h")
#include <kunit/visibility.h>
#endif
#if __has_include("net/netdev_queues.h")
#include <net/netdev_queues.h>
#endif
#if __has_include("net/netdev_lock.h")
#include <net/netdev_lock.h>
#endif

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("the compile tests of tests/compat");

#define EXPORTS(symbol)
/* True where an expression has a type; the expression is not evaluated. */
#define HAS_TYPE(expr, type) \
	static_assert(__builtin_types_compatible_p(typeof(expr), type), #expr)
#define TEST(name) static void __maybe_unused name(void)

#include "probe_list.h"
