// SPDX-License-Identifier: GPL-2.0-only
#include <compat/compat.h>

#include <linux/module.h>

MODULE_DESCRIPTION("KUnit suites of virtnet over a virtio-net device in memory");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
