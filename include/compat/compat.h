/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The driver is written for the API of the newest kernel it supports. What an
 * older one lacks is supplied here, and only here: no other file of the driver
 * has an #if. Each choice is made on a HAVE_ macro, which a compile test of
 * the kernel's own headers has set (tests/compat, tools/compat), and never on a
 * version number, because stable and distribution kernels backport.
 *
 * Include this before anything else.
 */
#ifndef _COMPAT_COMPAT_H
#define _COMPAT_COMPAT_H

#include <virtnet_config.h>

#include <compat/dim.h>
#include <compat/ethtool.h>
#include <compat/kernel.h>
#include <compat/netdev.h>
#include <compat/page_pool.h>
#include <compat/uapi.h>
#include <compat/virtio.h>
#include <compat/virtio_net.h>
#include <compat/virtqueue.h>
#include <compat/xdp.h>
#include <compat/xsk.h>

#endif
