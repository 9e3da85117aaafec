// SPDX-License-Identifier: GPL-2.0-only
/*
 * A whole driver on the in-memory device: bring up, packets both ways, and
 * what came of them.
 */
#include <compat/compat.h>

#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/page_pool/types.h>
#include <virtnet/caps.h>

#include "net_env.h"

#define NET_KEEP	64

u64 net_mode_features(enum net_mode mode)
{
	u64 gso = BIT_ULL(VIRTIO_NET_F_GUEST_TSO4) |
		  BIT_ULL(VIRTIO_NET_F_GUEST_TSO6) |
		  BIT_ULL(VIRTIO_NET_F_GUEST_ECN) |
		  BIT_ULL(VIRTIO_NET_F_GUEST_USO4) |
		  BIT_ULL(VIRTIO_NET_F_GUEST_USO6);

	switch (mode) {
	case NET_SMALL:
		return memdev_features_net();
	case NET_BIG:
		return memdev_features_net() | gso;
	default:
		return memdev_features_net() | gso |
		       BIT_ULL(VIRTIO_NET_F_MRG_RXBUF);
	}
}

/* Is it virtnet that is tested, not the kernel's own driver? */
bool net_ours(void)
{
	return !strcmp(memdev_driver, "virtnet");
}

/* Does the driver ask for this feature, on this kernel? */
bool net_negotiates(unsigned int feature)
{
	unsigned int i;

	for (i = 0; i < virtnet_features_count; i++)
		if (virtnet_features[i] == feature)
			return true;
	return false;
}

static struct net_cap *net_cap_new(struct sk_buff *skb)
{
	u32 mac_len = skb->data - skb_mac_header(skb), len = skb->len + mac_len;
	struct net_cap *cap = kmalloc(struct_size(cap, data, len), GFP_ATOMIC);

	if (!cap)
		return NULL;
	cap->len = len;
	cap->truesize = skb->truesize;
	cap->ip_summed = skb->ip_summed;
	cap->nr_frags = skb_shinfo(skb)->nr_frags;
	cap->meta = skb_metadata_len(skb);
	cap->frag_list = skb_has_frag_list(skb);
	cap->hash = skb->hash;
	cap->l4_hash = skb->l4_hash;
	cap->encapsulation = skb->encapsulation;
	cap->csum_level = skb->csum_level;
	if (cap->encapsulation) {
		cap->outer_th = skb_transport_offset(skb) + mac_len;
		cap->inner_nh = skb_inner_network_offset(skb) + mac_len;
		cap->inner_th = skb_inner_transport_offset(skb) + mac_len;
	}
	cap->csum_start = skb_checksum_start_offset(skb) + mac_len;
	cap->csum_offset = skb->csum_offset;
	cap->gso_size = skb_shinfo(skb)->gso_size;
	cap->gso_type = skb_shinfo(skb)->gso_type;
	cap->queue = skb_get_rx_queue(skb);
	cap->protocol = skb->protocol;
	memcpy(cap->data, skb_mac_header(skb), mac_len);
	if (skb_copy_bits(skb, 0, cap->data + mac_len, skb->len)) {
		kfree(cap);
		return NULL;
	}
	return cap;
}

/* Flood tests number their packets: cheaper than keeping them. */
static void net_check_seq(struct net_env *env, struct sk_buff *skb)
{
	u32 seq;

	if (skb_copy_bits(skb, 0, &seq, sizeof(seq)) || seq != env->next_seq)
		env->wrong++;
	env->next_seq++;
}

static int net_capture(struct sk_buff *skb, struct net_device *nd,
		       struct packet_type *pt, struct net_device *orig)
{
	struct net_env *env = pt->af_packet_priv;
	struct net_cap *cap = NULL;
	unsigned long flags;

	if (skb->pkt_type == PACKET_OUTGOING)
		goto out;
	spin_lock_irqsave(&env->lock, flags);
	env->packets++;
	env->bytes += skb->len + ETH_HLEN;
	if (env->count_only)
		net_check_seq(env, skb);
	else if (env->kept < NET_KEEP)
		cap = net_cap_new(skb);
	if (cap) {
		list_add_tail(&cap->list, &env->caps);
		env->kept++;
	}
	spin_unlock_irqrestore(&env->lock, flags);
out:
	kfree_skb(skb);
	return 0;
}

struct net_cap *net_pop_cap(struct net_env *env)
{
	struct net_cap *cap;

	spin_lock_irq(&env->lock);
	cap = list_first_entry_or_null(&env->caps, struct net_cap, list);
	if (cap) {
		list_del(&cap->list);
		env->kept--;
	}
	spin_unlock_irq(&env->lock);
	return cap;
}

void net_flush_caps(struct net_env *env)
{
	struct net_cap *cap;

	while ((cap = net_pop_cap(env)))
		kfree(cap);
}

static void net_end(void *data)
{
	struct net_env *env = data;

	net_close(env);
	if (env->pt.func) {
		dev_remove_pack(&env->pt);
		env->pt.func = NULL;
	}
	net_flush_caps(env);
	if (env->dev)
		memdev_free(env->dev);
	env->dev = NULL;
	kvfree(env->buf);
	kvfree(env->tx.data);
}

/* Bind the driver and watch what comes up through its interface. */
int net_bind(struct net_env *env)
{
	int err = memdev_bind(env->dev);

	if (err)
		return err;
	env->nd = memdev_netdev(env->dev);
	if (!env->nd)
		return -ENODEV;
	env->pt.type = htons(ETH_P_ALL);
	env->pt.dev = env->nd;
	env->pt.func = net_capture;
	env->pt.af_packet_priv = env;
	dev_add_pack(&env->pt);
	return 0;
}

static struct net_env *net_alloc(struct kunit *test)
{
	struct net_env *env = kunit_kzalloc(test, sizeof(*env), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, env);
	env->test = test;
	spin_lock_init(&env->lock);
	INIT_LIST_HEAD(&env->caps);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, net_end, env), 0);
	env->buf = kvzalloc(MEMDEV_MAX_PKT, GFP_KERNEL);
	env->tx.data = kvzalloc(MEMDEV_MAX_PKT, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, env->buf);
	KUNIT_ASSERT_NOT_NULL(test, env->tx.data);
	return env;
}

/* A device with the driver bound to it, the interface still closed. */
struct net_env *net_start(struct kunit *test, const struct net_param *param,
			  const struct memdev_setup *setup)
{
	struct memdev_setup s = setup ? *setup : (struct memdev_setup){};
	struct net_env *env = net_alloc(test);

	env->param = param;
	s.features |= net_mode_features(param->mode) | param->features;
	s.features &= ~param->without;
	if (param->legacy)
		s.features &= ~BIT_ULL(VIRTIO_F_VERSION_1);
	s.num = s.num ?: 256;
	env->dev = memdev_new(&s);
	if (IS_ERR(env->dev)) {
		env->dev = NULL;
		KUNIT_FAIL_AND_ABORT(test, "no device");
	}
	KUNIT_ASSERT_EQ_MSG(test, net_bind(env), 0, "driver %s", memdev_driver);
	return env;
}

int net_open(struct net_env *env)
{
	int err;

	rtnl_lock();
	err = dev_open(env->nd, NULL);
	rtnl_unlock();
	env->opened = !err;
	if (!err && !net_wait(netif_carrier_ok(env->nd)))
		err = -ENOLINK;
	/* Sending starts once the link watch has seen the carrier. */
	if (!err && !net_wait(!qdisc_tx_is_noop(env->nd)))
		err = -ENOLINK;
	return err;
}

void net_close(struct net_env *env)
{
	if (!env->opened)
		return;
	rtnl_lock();
	dev_close(env->nd);
	rtnl_unlock();
	env->opened = false;
}

/* Unbind the driver; the interface is gone afterwards. */
void net_remove(struct net_env *env)
{
	env->opened = false;
	dev_remove_pack(&env->pt);
	env->pt.func = NULL;
	memdev_unbind(env->dev);
	env->nd = NULL;
}

/* The usual beginning: the test's parameter, opened. */
int net_init(struct kunit *test)
{
	struct net_env *env;

	if (!test->param_value)
		return 0;
	env = net_start(test, test->param_value, NULL);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	test->priv = env;
	return 0;
}

/* An Ethernet frame with the number and a pattern that depends on it. */
u32 net_fill(u8 *buf, u32 len, u32 seq)
{
	struct ethhdr *eth = (struct ethhdr *)buf;
	u32 i, x = seq * 2654435761u + 1;

	eth_broadcast_addr(eth->h_dest);
	memcpy(eth->h_source, "\x02\x00\x00\x00\x00\x01", ETH_ALEN);
	eth->h_proto = htons(NET_ETYPE);
	for (i = ETH_HLEN; i < len; i++) {
		x = x * 1664525 + 1013904223;
		buf[i] = x >> 24;
	}
	if (len >= ETH_HLEN + sizeof(seq))
		memcpy(buf + ETH_HLEN, &seq, sizeof(seq));
	return len;
}

/* The offset of the first byte that is not as it was sent. */
static u32 net_first_wrong(const u8 *buf, u32 len, u32 seq)
{
	u8 *want = kvmalloc(len, GFP_KERNEL);
	u32 i = 0;

	if (!want)
		return 0;
	net_fill(want, len, seq);
	while (i < len && want[i] == buf[i])
		i++;
	kvfree(want);
	return i;
}

bool net_is(const u8 *buf, u32 len, u32 seq)
{
	u8 *want = kvmalloc(len, GFP_KERNEL);
	bool same;

	if (!want)
		return false;
	net_fill(want, len, seq);
	same = !memcmp(want, buf, len);
	kvfree(want);
	return same;
}

/* A numbered packet into the ring; no interrupt. */
int net_rx(struct net_env *env, u32 len, u32 seq, unsigned int nbufs)
{
	struct memdev_rx rx = { .data = env->buf, .len = len, .nbufs = nbufs };

	net_fill(env->buf, len, seq);
	return memdev_rx(env->dev, 0, &rx);
}

static bool net_idle(struct net_env *env)
{
	struct napi_struct *napi;
	bool idle = true;

	rtnl_lock();
	list_for_each_entry(napi, &env->nd->napi_list, dev_list)
		if (test_bit(NAPI_STATE_SCHED, &napi->state))
			idle = false;
	rtnl_unlock();
	return idle;
}

/* Wait until no poll is under way or about to begin. */
void net_settle(struct net_env *env)
{
	KUNIT_EXPECT_TRUE(env->test, net_wait(net_idle(env)));
}

/*
 * Poll the receive queue here and now, in a task: so that an allocation of
 * this poll, the fail_nth of those there are, can be made to fail.
 */
void net_poll(struct net_env *env, int fail_nth)
{
	struct bpf_net_context ctx, *old;
	struct napi_struct *napi;

	net_settle(env);
	rtnl_lock();
	list_for_each_entry(napi, &env->nd->napi_list, dev_list)
		if (napi->poll && !test_bit(NAPI_STATE_NO_BUSY_POLL, &napi->state))
			break;
	rtnl_unlock();
	local_bh_disable();
	old = bpf_net_ctx_set(&ctx);
	if (napi_schedule_prep(napi)) {
		compat_fail_nth(fail_nth);
		napi->poll(napi, NAPI_POLL_WEIGHT);
		compat_fail_nth(0);
	}
	bpf_net_ctx_clear(old);
	local_bh_enable();
}

/* Why a packet may be missing, as far as the driver says. */
static void net_tell_drops(struct net_env *env)
{
	static const char * const names[] = {
		"packets", "drops", "len_short", "len_over", "hdr_bad",
		"num_buffers", "skb_alloc_fail", "alloc_fail", "bad_used",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names) && net_ours(); i++)
		kunit_info(env->test, "rx0_%s: %llu", names[i],
			   net_stat(env, "rx", names[i]));
}

/* The next packet that came up is that one, whole. */
void net_expect(struct net_env *env, u32 len, u32 seq)
{
	struct net_cap *cap = net_pop_cap(env);

	KUNIT_EXPECT_NOT_NULL_MSG(env->test, cap,
				  "packet %u of %u bytes is missing; %llu came in all",
				  seq, len, env->packets);
	if (!cap) {
		net_tell_drops(env);
		return;
	}
	KUNIT_EXPECT_EQ_MSG(env->test, cap->len, len, "packet %u", seq);
	KUNIT_EXPECT_EQ(env->test, cap->protocol, htons(NET_ETYPE));
	if (cap->len == len)
		KUNIT_EXPECT_TRUE_MSG(env->test, net_is(cap->data, len, seq),
				      "packet %u of %u bytes has other content (first wrong: %u)",
				      seq, len, net_first_wrong(cap->data, len, seq));
	KUNIT_EXPECT_GE(env->test, cap->truesize, len);
	kfree(cap);
}

static int net_skb_frags(struct sk_buff *skb, const u8 *data, u32 len,
			 unsigned int nfrags)
{
	unsigned int i;

	for (i = 0; i < nfrags; i++) {
		u32 part = i + 1 < nfrags ? len / (nfrags - i) : len;
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP,
						get_order(part ?: 1));

		if (!page)
			return -ENOMEM;
		memcpy(page_address(page), data, part);
		skb_add_rx_frag(skb, i, page, 0, part,
				PAGE_SIZE << get_order(part ?: 1));
		data += part;
		len -= part;
	}
	return 0;
}

/* A packet to send: all linear, or its payload in so many fragments. */
struct sk_buff *net_skb(struct net_env *env, u32 len, u32 seq, unsigned int nfrags)
{
	u32 linear = nfrags ? min_t(u32, len, 64) : len;
	struct sk_buff *skb = alloc_skb(LL_RESERVED_SPACE(env->nd) + linear, GFP_KERNEL);

	if (!skb)
		return NULL;
	net_fill(env->buf, len, seq);
	skb_reserve(skb, LL_RESERVED_SPACE(env->nd));
	skb_put_data(skb, env->buf, linear);
	if (net_skb_frags(skb, env->buf + linear, len - linear, nfrags)) {
		kfree_skb(skb);
		return NULL;
	}
	skb->dev = env->nd;
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb->protocol = htons(NET_ETYPE);
	/* By the first queue: the kernel's own hash is another one after each boot. */
	skb_set_hash(skb, 1, PKT_HASH_TYPE_L4);
	return skb;
}

int net_send(struct net_env *env, u32 len, u32 seq, unsigned int nfrags)
{
	struct sk_buff *skb = net_skb(env, len, seq, nfrags);

	return skb ? dev_queue_xmit(skb) : -ENOMEM;
}

/* The device takes one packet into env->tx and gives the buffer back. */
int net_take(struct net_env *env)
{
	return memdev_tx_take(env->dev, 0, &env->tx);
}

/* Let the ring, not byte queue limits, say when the queue is full. */
void net_no_bql(struct net_env *env)
{
	struct dql *dql = &netdev_get_tx_queue(env->nd, 0)->dql;

	dql->min_limit = 1 << 30;
	dql->max_limit = 1 << 30;
	dql->limit = 1 << 30;
	dql->adj_limit = dql->num_completed + (1 << 30);
}

/* Several packets as the stack hands a burst over: more to come but the last. */
int net_send_burst(struct net_env *env, u32 len, u32 seq, unsigned int n)
{
	struct netdev_queue *txq = netdev_get_tx_queue(env->nd, 0);
	struct sk_buff *skb, *next, *list = NULL;
	int err = 0;

	while (n--) {
		skb = net_skb(env, len, seq + n, 0);
		if (!skb) {
			kfree_skb_list(list);
			return -ENOMEM;
		}
		skb->next = list;
		list = skb;
	}
	local_bh_disable();
	__netif_tx_lock(txq, smp_processor_id());
	for (skb = list; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		if (netdev_start_xmit(skb, env->nd, txq, next) != NETDEV_TX_OK)
			err = -EIO;
	}
	__netif_tx_unlock(txq);
	local_bh_enable();
	return err;
}

/* The names the two drivers give their queue counters; no dir: the device's. */
static bool net_stat_matches(const char *str, const char *dir, const char *name)
{
	char want[ETH_GSTRING_LEN];

	if (!dir)
		return !strncmp(str, name, ETH_GSTRING_LEN);
	snprintf(want, sizeof(want), "%s0_%s", dir, name);
	return !strncmp(str, want, ETH_GSTRING_LEN);
}

static int net_stat_find(struct net_env *env, const char *dir, const char *name,
			 u64 *value)
{
	const struct ethtool_ops *ops = env->nd->ethtool_ops;
	struct ethtool_stats stats = { .cmd = ETHTOOL_GSTATS };
	int i, n = -ENOENT, found = -ENOENT;
	u8 *names;
	u64 *values;

	rtnl_lock();
	n = ops->get_sset_count(env->nd, ETH_SS_STATS);
	names = kvcalloc(n, ETH_GSTRING_LEN, GFP_KERNEL);
	values = kvcalloc(n, sizeof(*values), GFP_KERNEL);
	if (names && values) {
		stats.n_stats = n;
		ops->get_strings(env->nd, ETH_SS_STATS, names);
		ops->get_ethtool_stats(env->nd, &stats, values);
		for (i = 0; i < n && found < 0; i++)
			if (net_stat_matches(names + i * ETH_GSTRING_LEN, dir, name))
				found = i;
		if (found >= 0)
			*value = values[found];
	}
	rtnl_unlock();
	kvfree(names);
	kvfree(values);
	return found;
}

bool net_has_stat(struct net_env *env, const char *dir, const char *name)
{
	u64 value;

	return net_stat_find(env, dir, name, &value) >= 0;
}

/* A counter of queue 0, or of the device (dir NULL), as ethtool -S shows it. */
u64 net_stat(struct net_env *env, const char *dir, const char *name)
{
	u64 value = 0;

	KUNIT_EXPECT_GE_MSG(env->test, net_stat_find(env, dir, name, &value), 0,
			    "no counter %s %s", dir ?: "device", name);
	return value;
}

/* Page pools that still hold memory for this interface, or held for one gone. */
unsigned int net_pools(struct net_env *env)
{
	struct net_device *nd = env->nd ?: init_net.loopback_dev;
	struct hlist_node *node;
	unsigned int n = 0;

	rtnl_lock();
	hlist_for_each(node, &nd->page_pools)
		n++;
	rtnl_unlock();
	return n;
}

/* A packet each way. */
void net_both_ways(struct net_env *env)
{
	struct kunit *test = env->test;

	net_settle(env);
	net_flush_caps(env);
	KUNIT_ASSERT_GT(test, net_rx(env, 700, 7, 0), 0);
	memdev_interrupt(net_rxq(env));
	KUNIT_EXPECT_TRUE(test, net_wait(env->kept == 1));
	net_expect(env, 700, 7);
	while (net_take(env) > 0)
		memdev_interrupt(net_txq(env));
	KUNIT_ASSERT_EQ(test, net_send(env, 300, 3, 0), 0);
	KUNIT_EXPECT_TRUE(test, net_wait(memdev_available(net_txq(env))));
	KUNIT_ASSERT_EQ(test, net_take(env), 1);
	KUNIT_EXPECT_TRUE(test, net_is(env->tx.data, 300, 3));
	memdev_interrupt(net_txq(env));
}
