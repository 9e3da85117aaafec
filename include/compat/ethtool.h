/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _COMPAT_ETHTOOL_H
#define _COMPAT_ETHTOOL_H

#include <linux/ethtool.h>
#include <linux/netdevice.h>

#ifndef HAVE_ETHTOOL_PUTS
static inline void ethtool_puts(u8 **data, const char *str)
{
	strscpy(*data, str, ETH_GSTRING_LEN);
	*data += ETH_GSTRING_LEN;
}
#endif

#ifndef HAVE_KERNEL_ETHTOOL_TS_INFO
#define kernel_ethtool_ts_info ethtool_ts_info
#endif

/*
 * Receive-side scaling has changed its operations three times. A driver writes
 * those of the newest kernel
 *
 *	static int get(struct net_device *dev, struct ethtool_rxfh_param *rxfh);
 *	static int set(struct net_device *dev, struct ethtool_rxfh_param *rxfh,
 *		       struct netlink_ext_ack *extack);
 *	static int get_fields(struct net_device *dev, struct ethtool_rxfh_fields *fields);
 *	static int set_fields(struct net_device *dev, const struct ethtool_rxfh_fields *fields,
 *			      struct netlink_ext_ack *extack);
 *	static u32 rings(struct net_device *dev);
 *
 * and then, with the same five names, VIRTNET_RXFH(...) after them (no semicolon),
 * which makes what this kernel calls instead, and VIRTNET_RXFH_OPS(...) among the
 * initialisers of its struct ethtool_ops (no comma). Where a kernel passes on no
 * extack, it is NULL, which the NL_SET_ERR_MSG macros accept.
 */
#ifdef HAVE_ETHTOOL_RXFH_PARAM

#define COMPAT_RXFH(get, set)
#define COMPAT_RXFH_OPS(get, set) .get_rxfh = get, .set_rxfh = set,

#else

struct ethtool_rxfh_param {
	u8 hfunc;
	u32 indir_size;
	u32 *indir;
	u32 key_size;
	u8 *key;
	u32 rss_context;
	u8 rss_delete;
	u8 input_xfrm;
};

/* No change of what is not given, as older kernels say it and newer ones too. */
static inline void compat_rxfh_param(struct net_device *dev, struct ethtool_rxfh_param *rxfh,
				     u32 *indir, u8 *key, u8 hfunc)
{
	const struct ethtool_ops *ops = dev->ethtool_ops;

	memset(rxfh, 0, sizeof(*rxfh));
	rxfh->hfunc = hfunc;
	rxfh->indir = indir;
	rxfh->key = key;
	if (indir && ops->get_rxfh_indir_size)
		rxfh->indir_size = ops->get_rxfh_indir_size(dev);
	if (key && ops->get_rxfh_key_size)
		rxfh->key_size = ops->get_rxfh_key_size(dev);
}

static inline int
compat_call_get_rxfh(struct net_device *dev, u32 *indir, u8 *key, u8 *hfunc,
		     int (*get)(struct net_device *dev, struct ethtool_rxfh_param *rxfh))
{
	struct ethtool_rxfh_param rxfh;
	int err;

	compat_rxfh_param(dev, &rxfh, indir, key, 0);
	err = get(dev, &rxfh);
	if (!err && hfunc)
		*hfunc = rxfh.hfunc;
	return err;
}

static inline int
compat_call_set_rxfh(struct net_device *dev, const u32 *indir, const u8 *key, u8 hfunc,
		     int (*set)(struct net_device *dev, struct ethtool_rxfh_param *rxfh,
				struct netlink_ext_ack *extack))
{
	struct ethtool_rxfh_param rxfh;

	compat_rxfh_param(dev, &rxfh, (u32 *)indir, (u8 *)key, hfunc);
	return set(dev, &rxfh, NULL);
}

#define COMPAT_RXFH(get, set)							\
static int compat_get_rxfh(struct net_device *dev, u32 *indir, u8 *key, u8 *hfunc) \
{										\
	return compat_call_get_rxfh(dev, indir, key, hfunc, get);		\
}										\
										\
static int compat_set_rxfh(struct net_device *dev, const u32 *indir, const u8 *key, \
			   const u8 hfunc)					\
{										\
	return compat_call_set_rxfh(dev, indir, key, hfunc, set);		\
}

#define COMPAT_RXFH_OPS(get, set) .get_rxfh = compat_get_rxfh, .set_rxfh = compat_set_rxfh,

#endif

#ifndef HAVE_ETHTOOL_RXFH_FIELDS
struct ethtool_rxfh_fields {
	u32 data;
	u32 flow_type;
	u32 rss_context;
};
#endif

/* What the newer operations have replaced in get_rxnfc() and set_rxnfc() */
static inline int
compat_call_get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info,
		      int (*get_fields)(struct net_device *dev, struct ethtool_rxfh_fields *fields),
		      u32 (*rings)(struct net_device *dev))
{
	struct ethtool_rxfh_fields fields = { .flow_type = info->flow_type };
	int err;

	switch (info->cmd) {
	case ETHTOOL_GRXRINGS:
		info->data = rings(dev);
		return 0;
	case ETHTOOL_GRXFH:
		err = get_fields(dev, &fields);
		info->data = fields.data;
		return err;
	default:
		return -EOPNOTSUPP;
	}
}

static inline int
compat_call_set_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info,
		      int (*set_fields)(struct net_device *dev,
					const struct ethtool_rxfh_fields *fields,
					struct netlink_ext_ack *extack))
{
	struct ethtool_rxfh_fields fields = {
		.data = info->data,
		.flow_type = info->flow_type,
	};

	return info->cmd == ETHTOOL_SRXFH ? set_fields(dev, &fields, NULL) : -EOPNOTSUPP;
}

#ifdef HAVE_ETHTOOL_GET_RX_RING_COUNT
#define COMPAT_GET_RXNFC(get_fields, rings)
#define COMPAT_RX_RING_COUNT_OPS(rings) .get_rx_ring_count = rings,
#else
#define COMPAT_GET_RXNFC(get_fields, rings)					\
static int compat_get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info,	\
			    u32 *rule_locs)					\
{										\
	return compat_call_get_rxnfc(dev, info, get_fields, rings);		\
}

#define COMPAT_RX_RING_COUNT_OPS(rings) .get_rxnfc = compat_get_rxnfc,
#endif

#ifdef HAVE_ETHTOOL_RXFH_FIELDS
#define COMPAT_SET_RXNFC(set_fields)
#define COMPAT_RXFH_FIELDS_OPS(get_fields, set_fields)				\
	.get_rxfh_fields = get_fields, .set_rxfh_fields = set_fields,
#else
#define COMPAT_SET_RXNFC(set_fields)						\
static int compat_set_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info)	\
{										\
	return compat_call_set_rxnfc(dev, info, set_fields);			\
}

#define COMPAT_RXFH_FIELDS_OPS(get_fields, set_fields) .set_rxnfc = compat_set_rxnfc,
#endif

#define VIRTNET_RXFH(get, set, get_fields, set_fields, rings)			\
	COMPAT_RXFH(get, set)							\
	COMPAT_GET_RXNFC(get_fields, rings)					\
	COMPAT_SET_RXNFC(set_fields)

#define VIRTNET_RXFH_OPS(get, set, get_fields, set_fields, rings)		\
	COMPAT_RXFH_OPS(get, set)						\
	COMPAT_RXFH_FIELDS_OPS(get_fields, set_fields)				\
	COMPAT_RX_RING_COUNT_OPS(rings)

#endif
