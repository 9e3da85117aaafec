/* SPDX-License-Identifier: GPL-2.0 */
/* virtio devices and drivers: features, registration. */
#ifndef _COMPAT_VIRTIO_H
#define _COMPAT_VIRTIO_H

#include <linux/bits.h>
#include <linux/string.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

/*
 * Features are arrays of VIRTIO_FEATURES_U64S words. The virtio core of a
 * kernel without such arrays negotiates the first 64 bits only, and asserts
 * that a driver asks for no others: list those in VIRTNET_EXTENDED_FEATURES(),
 * which is nothing there (nor where the kernel's header helpers do not know
 * them), and read bits with compat_has_feature().
 */
#if defined(HAVE_VIRTIO_FEATURES_ARRAY) && defined(HAVE_VIRTIO_NET_HDR_TNL)
#define VIRTNET_EXTENDED_FEATURES(...) __VA_ARGS__
#else
#define VIRTNET_EXTENDED_FEATURES(...)
#endif

#ifdef HAVE_VIRTIO_FEATURES_ARRAY

static inline bool compat_has_feature(const struct virtio_device *vdev, unsigned int bit)
{
	return virtio_has_feature(vdev, bit);
}

/* For a transport: struct virtio_config_ops asks this function for all features. */
#define VIRTNET_EXTENDED_OPS(fn) .get_extended_features = (fn),

/* The negotiated features, or, before negotiation is over, what is to be negotiated. */
static inline void compat_driver_features(const struct virtio_device *vdev, u64 *features)
{
	virtio_features_copy(features, vdev->features_array);
}

#else

#undef VIRTIO_FEATURES_BITS
#undef VIRTIO_BIT
#undef VIRTIO_U64
#define VIRTIO_FEATURES_U64S 2
#define VIRTIO_FEATURES_BITS (VIRTIO_FEATURES_U64S * 64)
#define VIRTIO_BIT(b) BIT_ULL((b) & 0x3f)
#define VIRTIO_U64(b) ((b) >> 6)

static inline bool compat_virtio_features_test_bit(const u64 *features, unsigned int bit)
{
	return bit < VIRTIO_FEATURES_BITS && (features[VIRTIO_U64(bit)] & VIRTIO_BIT(bit));
}

static inline void compat_virtio_features_set_bit(u64 *features, unsigned int bit)
{
	if (bit < VIRTIO_FEATURES_BITS)
		features[VIRTIO_U64(bit)] |= VIRTIO_BIT(bit);
}

static inline void compat_virtio_features_clear_bit(u64 *features, unsigned int bit)
{
	if (bit < VIRTIO_FEATURES_BITS)
		features[VIRTIO_U64(bit)] &= ~VIRTIO_BIT(bit);
}

static inline void compat_virtio_features_zero(u64 *features)
{
	memset(features, 0, sizeof(*features) * VIRTIO_FEATURES_U64S);
}

static inline void compat_virtio_features_from_u64(u64 *features, u64 from)
{
	compat_virtio_features_zero(features);
	features[0] = from;
}

static inline bool compat_virtio_features_equal(const u64 *a, const u64 *b)
{
	return !memcmp(a, b, sizeof(*a) * VIRTIO_FEATURES_U64S);
}

static inline void compat_virtio_features_copy(u64 *to, const u64 *from)
{
	memcpy(to, from, sizeof(*to) * VIRTIO_FEATURES_U64S);
}

static inline void compat_virtio_features_andnot(u64 *to, const u64 *a, const u64 *b)
{
	int i;

	for (i = 0; i < VIRTIO_FEATURES_U64S; i++)
		to[i] = a[i] & ~b[i];
}

/* What the device offers, as far as this kernel can see. */
static inline void compat_virtio_get_features(struct virtio_device *vdev, u64 *features)
{
	compat_virtio_features_from_u64(features, vdev->config->get_features(vdev));
}

/* Under names of their own, as some kernels have some of them. */
#define virtio_features_test_bit compat_virtio_features_test_bit
#define virtio_features_set_bit compat_virtio_features_set_bit
#define virtio_features_clear_bit compat_virtio_features_clear_bit
#define virtio_features_zero compat_virtio_features_zero
#define virtio_features_from_u64 compat_virtio_features_from_u64
#define virtio_features_equal compat_virtio_features_equal
#define virtio_features_copy compat_virtio_features_copy
#define virtio_features_andnot compat_virtio_features_andnot
#define virtio_get_features compat_virtio_get_features

#define VIRTNET_EXTENDED_OPS(fn)

static inline bool compat_has_feature(const struct virtio_device *vdev, unsigned int bit)
{
	return bit < 64 && virtio_has_feature(vdev, bit);
}

static inline void compat_driver_features(const struct virtio_device *vdev, u64 *features)
{
	compat_virtio_features_from_u64(features, vdev->features);
}

#endif

/*
 * Initialisers of struct virtio_driver for what not every kernel calls:
 *
 *	static struct virtio_driver driver = {
 *		...
 *		VIRTNET_DRIVER_FREEZE(virtnet_freeze, virtnet_restore)
 *		VIRTNET_DRIVER_RESET(virtnet_reset_prepare, virtnet_reset_done)
 *		VIRTNET_DRIVER_SHUTDOWN(virtnet_shutdown)
 *	};
 *
 * A kernel without reset_prepare() resets the function under the driver's feet;
 * the driver finds out by its health timer. Without shutdown() the device is
 * told to stop by a reset in the transport, if at all.
 */
#ifdef HAVE_VIRTIO_DRIVER_FREEZE
#define VIRTNET_DRIVER_FREEZE(freeze_fn, restore_fn) \
	.freeze = (freeze_fn), .restore = (restore_fn),
#else
#define VIRTNET_DRIVER_FREEZE(freeze_fn, restore_fn)
#endif

#ifdef HAVE_VIRTIO_DRIVER_RESET
#define VIRTNET_DRIVER_RESET(prepare, done) \
	.reset_prepare = (prepare), .reset_done = (done),
#else
#define VIRTNET_DRIVER_RESET(prepare, done)
#endif

#ifdef HAVE_VIRTIO_DRIVER_SHUTDOWN
#define VIRTNET_DRIVER_SHUTDOWN(fn) .shutdown = (fn),
#else
#define VIRTNET_DRIVER_SHUTDOWN(fn)
#endif

/*
 * Holding back configuration changes is a service of newer cores. Without it
 * config_changed() may be called between disable and enable, which a driver
 * has to be prepared for anyway up to the first call of disable.
 */
#ifndef HAVE_VIRTIO_CONFIG_DRIVER_DISABLE
static inline void virtio_config_driver_disable(struct virtio_device *vdev) { }
static inline void virtio_config_driver_enable(struct virtio_device *vdev) { }
#endif

#endif
