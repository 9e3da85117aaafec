/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: /sys/kernel/tracing/events/virtnet/. One that is off is a nop
 * in the code. They may change with the driver.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM virtnet

#if !defined(_TRACE_VIRTNET_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_VIRTNET_H

#include <compat/compat.h>

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/tracepoint.h>
#include <linux/virtio_net.h>

/* A packet on its way to the stack. */
TRACE_EVENT(virtnet_rx,
	TP_PROTO(const struct net_device *dev, unsigned int queue,
		 const struct sk_buff *skb, const struct virtio_net_hdr *hdr),
	TP_ARGS(dev, queue, skb, hdr),
	TP_STRUCT__entry(
		__array(char, name, IFNAMSIZ)
		__field(u32, queue)
		__field(u32, len)
		__field(const void *, skb)
		__field(u8, flags)
		__field(u8, gso_type)
	),
	TP_fast_assign(
		strscpy(__entry->name, dev->name, IFNAMSIZ);
		__entry->queue = queue;
		__entry->len = skb->len;
		__entry->skb = skb;
		__entry->flags = hdr->flags;
		__entry->gso_type = hdr->gso_type;
	),
	TP_printk("%s queue=%u len=%u skb=%p flags=%#x gso=%#x",
		  __entry->name, __entry->queue, __entry->len, __entry->skb,
		  __entry->flags, __entry->gso_type)
);

/* A packet that the stack wants to be sent, and what came of it. */
TRACE_EVENT(virtnet_tx,
	TP_PROTO(const struct net_device *dev, unsigned int queue,
		 const struct sk_buff *skb, int err),
	TP_ARGS(dev, queue, skb, err),
	TP_STRUCT__entry(
		__array(char, name, IFNAMSIZ)
		__field(u32, queue)
		__field(u32, len)
		__field(const void *, skb)
		__field(int, err)
	),
	TP_fast_assign(
		strscpy(__entry->name, dev->name, IFNAMSIZ);
		__entry->queue = queue;
		__entry->len = skb->len;
		__entry->skb = skb;
		__entry->err = err;
	),
	TP_printk("%s queue=%u len=%u skb=%p err=%d", __entry->name,
		  __entry->queue, __entry->len, __entry->skb, __entry->err)
);

/* Buffers for the device. */
TRACE_EVENT(virtnet_refill,
	TP_PROTO(const struct net_device *dev, unsigned int queue,
		 unsigned int posted, unsigned int missing, int err),
	TP_ARGS(dev, queue, posted, missing, err),
	TP_STRUCT__entry(
		__array(char, name, IFNAMSIZ)
		__field(u32, queue)
		__field(u32, posted)
		__field(u32, missing)
		__field(int, err)
	),
	TP_fast_assign(
		strscpy(__entry->name, dev->name, IFNAMSIZ);
		__entry->queue = queue;
		__entry->posted = posted;
		__entry->missing = missing;
		__entry->err = err;
	),
	TP_printk("%s queue=%u posted=%u missing=%u err=%d", __entry->name,
		  __entry->queue, __entry->posted, __entry->missing,
		  __entry->err)
);

/* A control command that was answered, or given up. */
TRACE_EVENT(virtnet_ctrl,
	TP_PROTO(const struct net_device *dev, u8 class, u8 cmd, u32 len,
		 int err),
	TP_ARGS(dev, class, cmd, len, err),
	TP_STRUCT__entry(
		__array(char, name, IFNAMSIZ)
		__field(u8, class)
		__field(u8, cmd)
		__field(u32, len)
		__field(int, err)
	),
	TP_fast_assign(
		strscpy(__entry->name, dev->name, IFNAMSIZ);
		__entry->class = class;
		__entry->cmd = cmd;
		__entry->len = len;
		__entry->err = err;
	),
	TP_printk("%s command=%u/%u len=%u err=%d", __entry->name,
		  __entry->class, __entry->cmd, __entry->len, __entry->err)
);

/* A restart, what was reported, and whether the interface is back. */
TRACE_EVENT(virtnet_recover,
	TP_PROTO(const struct net_device *dev, unsigned long reasons, int err),
	TP_ARGS(dev, reasons, err),
	TP_STRUCT__entry(
		__array(char, name, IFNAMSIZ)
		__field(unsigned long, reasons)
		__field(int, err)
	),
	TP_fast_assign(
		strscpy(__entry->name, dev->name, IFNAMSIZ);
		__entry->reasons = reasons;
		__entry->err = err;
	),
	TP_printk("%s reasons=%#lx err=%d", __entry->name, __entry->reasons,
		  __entry->err)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH virtnet
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
