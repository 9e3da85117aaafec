// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control queue of the in-memory device (virtio 1.3, section 5.1.6.5).
 */
#include <linux/slab.h>

#include "memdev_ctrl.h"

/* Behind the last pair there can be, or behind the only one. */
struct memdev_vq *memdev_ctrl_q(struct memdev *dev)
{
	if (memdev_has(dev, VIRTIO_NET_F_MQ) || memdev_has(dev, VIRTIO_NET_F_RSS))
		return &dev->q[2 * dev->setup.pairs];
	return &dev->q[2];
}

static void ctrl_vlan(struct memdev_ctrl *ctrl, u8 cmd, const u8 *data, u32 len)
{
	u16 vid = len == 2 ? data[0] | data[1] << 8 : VLAN_N_VID;

	if (vid >= VLAN_N_VID)
		ctrl->malformed++;
	else if (cmd == VIRTIO_NET_CTRL_VLAN_ADD)
		set_bit(vid, ctrl->state.vlans);
	else
		clear_bit(vid, ctrl->state.vlans);
}

/* All queues of a direction get it, whatever they had (5.1.6.5.8.1). */
static void ctrl_coal_all(struct memdev_state *s, bool tx,
			  const struct virtio_net_ctrl_coal *c)
{
	unsigned int i;

	s->coal[tx] = *c;
	for (i = tx; i < MEMDEV_MAX_QUEUES; i += 2)
		s->vq_coal[i] = *c;
}

static void ctrl_coal(struct memdev_ctrl *ctrl, u8 cmd, const u8 *data, u32 len)
{
	const struct virtio_net_ctrl_coal_vq *v = (const void *)data;
	const struct virtio_net_ctrl_coal *c = (const void *)data;

	if (cmd == VIRTIO_NET_CTRL_NOTF_COAL_TX_SET && len == sizeof(*c))
		ctrl_coal_all(&ctrl->state, true, c);
	else if (cmd == VIRTIO_NET_CTRL_NOTF_COAL_RX_SET && len == sizeof(*c))
		ctrl_coal_all(&ctrl->state, false, c);
	else if (cmd == VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET && len == sizeof(*v) &&
		 le16_to_cpu(v->vqn) < ctrl->dev->nvqs)
		ctrl->state.vq_coal[le16_to_cpu(v->vqn)] = v->coal;
	else
		ctrl->malformed++;
}

static void ctrl_mac(struct memdev_ctrl *ctrl, u8 cmd, const u8 *data, u32 len)
{
	if (cmd == VIRTIO_NET_CTRL_MAC_ADDR_SET && len == ETH_ALEN) {
		memcpy(ctrl->state.mac, data, len);
	} else {
		ctrl->state.mac_table_len = len;
		memcpy(ctrl->state.mac_table, data, len);
	}
}

static void ctrl_mq(struct memdev_ctrl *ctrl, u8 cmd, const u8 *data, u32 len)
{
	if (cmd == VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET && len == 2) {
		memcpy(ctrl->state.pairs, data, len);
	} else {
		ctrl->state.rss_len = len;
		memcpy(ctrl->state.rss, data, len);
	}
}

static void ctrl_learn(struct memdev_ctrl *ctrl, u8 class, u8 cmd,
		       const u8 *data, u32 len)
{
	struct memdev_state *s = &ctrl->state;

	switch (class) {
	case VIRTIO_NET_CTRL_RX:
		if (len == 1 && cmd < ARRAY_SIZE(s->rx_mode))
			s->rx_mode[cmd] = data[0];
		break;
	case VIRTIO_NET_CTRL_MAC:
		ctrl_mac(ctrl, cmd, data, len);
		break;
	case VIRTIO_NET_CTRL_VLAN:
		ctrl_vlan(ctrl, cmd, data, len);
		break;
	case VIRTIO_NET_CTRL_MQ:
		ctrl_mq(ctrl, cmd, data, len);
		break;
	case VIRTIO_NET_CTRL_GUEST_OFFLOADS:
		memcpy(s->offloads, data, min_t(u32, len, sizeof(s->offloads)));
		break;
	case VIRTIO_NET_CTRL_NOTF_COAL:
		if (cmd != VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET)
			ctrl_coal(ctrl, cmd, data, len);
		break;
	}
}

/* The device takes it in; only an accepted command changes anything. */
static void ctrl_accept(struct memdev_ctrl *ctrl, u8 class, u8 cmd,
			const u8 *data, u32 len)
{
	struct memdev_told *told = &ctrl->told[class][cmd];

	told->times++;
	told->len = len;
	memcpy(told->data, data, len);
	ctrl_learn(ctrl, class, cmd, data, len);
}

static enum memdev_answer ctrl_answer(struct memdev_ctrl *ctrl, u8 class)
{
	enum memdev_answer answer = ctrl->next_answer;

	ctrl->next_answer = MEMDEV_OK;
	if (answer == MEMDEV_OK)
		answer = ctrl->class_answer[class];
	return answer == MEMDEV_OK ? ctrl->answer : answer;
}

/* The ack is the first byte that the device may write; a reply comes behind it (5.1.6.5). */
static void ctrl_finish(struct memdev_vq *q, const struct memdev_chain *c,
			enum memdev_answer answer)
{
	u8 ack = answer == MEMDEV_OK ? VIRTIO_NET_OK :
		 answer == MEMDEV_NAK ? VIRTIO_NET_ERR : 0x5a;

	if (answer != MEMDEV_UNWRITTEN)
		memdev_write(c, 0, &ack, 1);
	memdev_use(q, c, answer == MEMDEV_UNWRITTEN ? 0 : c->in_len);
	memdev_signal(q);
}

static void ctrl_reply(struct memdev_ctrl *ctrl, const struct memdev_chain *c,
		       u8 class, u8 cmd, u32 len)
{
	u32 room = c->in_len - 1, n;
	u8 *reply;

	if (!ctrl->reply || !room)
		return;
	reply = kvzalloc(room, GFP_KERNEL);
	if (!reply)
		return;
	n = ctrl->reply(ctrl, class, cmd, ctrl->buf + 2, len, reply, room);
	memdev_write(c, 1, reply, min(n, room));
	kvfree(reply);
}

static void ctrl_one(struct memdev_ctrl *ctrl, struct memdev_vq *q,
		     const struct memdev_chain *c)
{
	u32 len = memdev_read(c, 0, ctrl->buf, sizeof(ctrl->buf));
	struct memdev_ctrl_entry *e;
	enum memdev_answer answer;
	u8 class, cmd;

	class = ctrl->buf[0];
	cmd = ctrl->buf[1];
	if (len < 2 || !c->in_len || len != c->out_len ||
	    class >= MEMDEV_CTRL_CLASSES || cmd >= MEMDEV_CTRL_CMDS) {
		ctrl->malformed++;
		ctrl_finish(q, c, MEMDEV_NAK);
		return;
	}
	answer = ctrl_answer(ctrl, class);
	e = &ctrl->log[ctrl->commands++ % MEMDEV_CTRL_LOG];
	*e = (struct memdev_ctrl_entry){ class, cmd, answer, len - 2 };
	if (answer == MEMDEV_OK) {
		ctrl_accept(ctrl, class, cmd, ctrl->buf + 2, len - 2);
		ctrl_reply(ctrl, c, class, cmd, len - 2);
	}
	if (answer == MEMDEV_LATE && ctrl->nheld < MEMDEV_CTRL_HELD)
		ctrl->held[ctrl->nheld++] = *c;
	else if (answer != MEMDEV_NEVER && answer != MEMDEV_LATE)
		ctrl_finish(q, c, answer);
}

static void ctrl_all(struct memdev_vq *q)
{
	while (memdev_pop(q, &q->scratch) > 0)
		ctrl_one(q->dev->ctrl, q, &q->scratch);
}

static void ctrl_work(struct work_struct *work)
{
	struct memdev_vq *q = container_of(to_delayed_work(work), struct memdev_vq, work);

	ctrl_all(q);
	/* With an event index, the next command has to be asked for. */
	q->ops->kick_always(q);
	ctrl_all(q);
}

static void ctrl_kicked(struct memdev_vq *q)
{
	queue_delayed_work(system_wq, &q->work,
			   msecs_to_jiffies(q->dev->ctrl->delay_ms));
}

/* Answer what was held back, oldest first. */
void memdev_ctrl_release(struct memdev *dev, enum memdev_answer answer)
{
	struct memdev_ctrl *ctrl = dev->ctrl;
	unsigned int i;

	for (i = 0; i < ctrl->nheld; i++)
		if (memdev_ctrl_q(dev)->live)
			ctrl_finish(memdev_ctrl_q(dev), &ctrl->held[i], answer);
	ctrl->nheld = 0;
}

/* A reset device knows nothing any more. */
void memdev_ctrl_forget(struct memdev *dev)
{
	struct memdev_ctrl *ctrl = dev->ctrl;

	if (!ctrl)
		return;
	memset(ctrl->told, 0, sizeof(ctrl->told));
	memset(&ctrl->state, 0, sizeof(ctrl->state));
	ctrl->nheld = 0;
}

/* A queue that is reset has what all of its direction have. */
void memdev_ctrl_queue_reset(struct memdev *dev, unsigned int index)
{
	struct memdev_ctrl *ctrl = dev->ctrl;

	if (ctrl)
		ctrl->state.vq_coal[index] = ctrl->state.coal[index % 2];
}

/* Which queue it is depends on what was negotiated: told at its start. */
static void ctrl_attach(struct memdev_vq *q)
{
	if (!memdev_has(q->dev, VIRTIO_NET_F_CTRL_VQ) || q != memdev_ctrl_q(q->dev))
		return;
	INIT_DELAYED_WORK(&q->work, ctrl_work);
	q->on_kick = ctrl_kicked;
}

/* For memdev_new() and memdev_free(), if the setup asks for it. */
int memdev_ctrl_start(struct memdev *dev)
{
	struct memdev_ctrl *ctrl = kvzalloc(sizeof(*ctrl), GFP_KERNEL);

	if (!ctrl)
		return -ENOMEM;
	ctrl->dev = dev;
	dev->ctrl = ctrl;
	dev->on_queue = ctrl_attach;
	return 0;
}

void memdev_ctrl_stop(struct memdev *dev)
{
	kvfree(dev->ctrl);
	dev->ctrl = NULL;
}
