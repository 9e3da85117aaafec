// SPDX-License-Identifier: GPL-2.0
/*
 * The control queue: one command, one allocation. It belongs to the device
 * from the moment it is on the ring until the device returns it or is reset,
 * whatever became of the one who waits for it. So an answer that comes late
 * finds its own command, and never somebody else's.
 *
 * Virtio 1.3, 5.1.6.5.
 */
#include <virtnet/reply.h>
#include <virtnet/trace.h>
#include <virtnet/virtnet.h>

#include <linux/completion.h>
#include <linux/module.h>
#include <linux/virtio_net.h>

/* A command that nobody answered by then is looked after; see also wait(). */
unsigned int virtnet_ctrl_timeout_ms = 5000;
EXPORT_SYMBOL_IF_KUNIT(virtnet_ctrl_timeout_ms);
module_param_named(ctrl_timeout_ms, virtnet_ctrl_timeout_ms, uint, 0644);
MODULE_PARM_DESC(ctrl_timeout_ms,
		 "time for a control command to be answered; warn then, give up after twice that (default 5000)");

#define VIRTNET_CTRL_MS_MIN	10
#define VIRTNET_CTRL_MS_MAX	60000
/* How long a waiter sleeps before it looks whether the queue has died. */
#define VIRTNET_CTRL_SLICE	(HZ / 4)
/* Unanswered commands in a row after which restarts are no cure. */
#define VIRTNET_CTRL_STRIKES	3
/* Neither OK nor ERR: what a device left that wrote no status. */
#define VIRTNET_CTRL_NO_ACK	0xff

/**
 * struct virtnet_ctrl_cmd - a command, its buffers behind it
 * @list: in virtnet_ctrl.sent while it is the device's
 * @done: the device returned it, or never will
 * @abandoned: nobody waits any more
 * @err: why @done, 0 for an answer
 * @used: bytes that the device claims to have written
 * @hdr: class and command, in a cache line of its own like what follows
 * @out: data for the device
 * @ack: the status
 * @in: the answer behind it
 */
struct virtnet_ctrl_cmd {
	struct list_head list;
	struct completion done;
	bool abandoned;
	int err;
	unsigned int used;
	struct virtio_net_ctrl_hdr *hdr;
	void *out;
	u8 *ack;
	void *in;
};

/* What the device writes must not share a cache line with what we do. */
static struct virtnet_ctrl_cmd *
virtnet_ctrl_alloc(const struct virtnet_ctrl_req *req)
{
	size_t hdr = L1_CACHE_ALIGN(sizeof(struct virtnet_ctrl_cmd));
	size_t out = hdr + L1_CACHE_ALIGN(sizeof(struct virtio_net_ctrl_hdr));
	size_t ack = out + L1_CACHE_ALIGN(req->out_len);
	size_t in = ack + L1_CACHE_BYTES;
	struct virtnet_ctrl_cmd *cmd;

	cmd = kzalloc(in + L1_CACHE_ALIGN(req->in_len), GFP_KERNEL);
	if (!cmd)
		return NULL;
	init_completion(&cmd->done);
	cmd->hdr = (void *)cmd + hdr;
	cmd->out = (void *)cmd + out;
	cmd->ack = (void *)cmd + ack;
	cmd->in = (void *)cmd + in;
	cmd->hdr->class = req->class;
	cmd->hdr->cmd = req->cmd;
	*cmd->ack = VIRTNET_CTRL_NO_ACK;
	memcpy(cmd->out, req->out, req->out_len);
	return cmd;
}

/* Entries for the device; header, data in one or two, status, answer. */
#define VIRTNET_CTRL_SG		5

static void virtnet_ctrl_sgs(const struct virtnet_ctrl_cmd *cmd,
			     const struct virtnet_ctrl_req *req,
			     struct scatterlist *sg, struct scatterlist **sgs,
			     unsigned int *out, unsigned int *in)
{
	u32 first = req->out_split ? req->out_split : req->out_len;
	unsigned int n = 0, i;

	sg_init_one(&sg[n++], cmd->hdr, sizeof(*cmd->hdr));
	if (first)
		sg_init_one(&sg[n++], cmd->out, first);
	if (req->out_len > first)
		sg_init_one(&sg[n++], cmd->out + first, req->out_len - first);
	*out = n;
	sg_init_one(&sg[n++], cmd->ack, sizeof(*cmd->ack));
	if (req->in_len)
		sg_init_one(&sg[n++], cmd->in, req->in_len);
	*in = n - *out;
	for (i = 0; i < n; i++)
		sgs[i] = &sg[i];
}

/* The device is done with a command. ctrl->lock held. */
static void virtnet_ctrl_return(struct virtnet_ctrl *ctrl,
				struct virtnet_ctrl_cmd *cmd, int err)
{
	list_del_init(&cmd->list);
	if (cmd->abandoned) {
		if (!err)
			atomic_long_inc(&ctrl->late);
		kfree(cmd);
		return;
	}
	cmd->err = err;
	complete(&cmd->done);
}

/* Take back what the device has answered. ctrl->lock held. */
static void virtnet_ctrl_reap(struct virtnet_ctrl *ctrl, struct virtqueue *vq)
{
	struct virtnet_ctrl_cmd *cmd;
	unsigned int len;

	do {
		virtqueue_disable_cb(vq);
		while ((cmd = virtqueue_get_buf(vq, &len))) {
			cmd->used = len;
			virtnet_ctrl_return(ctrl, cmd, 0);
		}
	} while (!virtqueue_enable_cb(vq));
}

/**
 * virtnet_ctrl_done() - the device answered commands
 * @vq: the control queue; hard interrupt context
 */
void virtnet_ctrl_done(struct virtqueue *vq)
{
	struct virtnet_info *vi = vq->vdev->priv;
	struct virtnet_ctrl *ctrl = &vi->ctrl;
	unsigned long flags;

	atomic_long_inc(&ctrl->interrupts);
	spin_lock_irqsave(&ctrl->lock, flags);
	if (ctrl->vq == vq)
		virtnet_ctrl_reap(ctrl, vq);
	spin_unlock_irqrestore(&ctrl->lock, flags);
}

/* Put a command on the ring. Return: 0, or -errno with it still the caller's */
static int virtnet_ctrl_add(struct virtnet_ctrl *ctrl,
			    const struct virtnet_ctrl_req *req,
			    struct virtnet_ctrl_cmd *cmd)
{
	struct scatterlist sg[VIRTNET_CTRL_SG], *sgs[VIRTNET_CTRL_SG];
	unsigned int out, in;
	int err = -ENODEV;

	virtnet_ctrl_sgs(cmd, req, sg, sgs, &out, &in);
	spin_lock_irq(&ctrl->lock);
	if (ctrl->open && !virtqueue_is_broken(ctrl->vq))
		err = virtqueue_add_sgs(ctrl->vq, sgs, out, in, cmd,
					GFP_ATOMIC);
	if (!err) {
		list_add_tail(&cmd->list, &ctrl->sent);
		virtqueue_kick(ctrl->vq);
	}
	spin_unlock_irq(&ctrl->lock);
	if (!err)
		atomic_long_inc(&ctrl->commands);
	return err;
}

/* An interrupt that got lost must not cost us the device. */
static bool virtnet_ctrl_look(struct virtnet_ctrl *ctrl)
{
	bool alive;

	spin_lock_irq(&ctrl->lock);
	alive = ctrl->vq && !virtqueue_is_broken(ctrl->vq);
	if (alive)
		virtnet_ctrl_reap(ctrl, ctrl->vq);
	spin_unlock_irq(&ctrl->lock);
	return alive;
}

static unsigned long virtnet_ctrl_timeout(void)
{
	return msecs_to_jiffies(clamp(READ_ONCE(virtnet_ctrl_timeout_ms),
				      (unsigned int)VIRTNET_CTRL_MS_MIN,
				      (unsigned int)VIRTNET_CTRL_MS_MAX));
}

/*
 * Sleep until the command has come back. Return: 0, -ENODEV for a queue that
 * will not answer any more, or -ETIMEDOUT.
 */
static int virtnet_ctrl_wait(struct virtnet_info *vi,
			     struct virtnet_ctrl_cmd *cmd)
{
	unsigned long step = virtnet_ctrl_timeout();
	unsigned long warn = jiffies + step, end = warn + step;
	bool warned = false;

	while (!wait_for_completion_timeout(&cmd->done,
					    min(step, VIRTNET_CTRL_SLICE))) {
		if (!virtnet_ctrl_look(&vi->ctrl))
			return -ENODEV;
		if (completion_done(&cmd->done))
			continue;
		if (time_after_eq(jiffies, end))
			return -ETIMEDOUT;
		if (warned || time_before(jiffies, warn))
			continue;
		warned = true;
		netdev_warn(vi->dev,
			    "control command %u/%u not answered for %u ms\n",
			    cmd->hdr->class, cmd->hdr->cmd,
			    jiffies_to_msecs(step));
	}
	return cmd->err;
}

/*
 * Stop waiting. Return: true if the command stays with the device; it is
 * freed when it comes back, or with the queue.
 */
static bool virtnet_ctrl_abandon(struct virtnet_ctrl *ctrl,
				 struct virtnet_ctrl_cmd *cmd)
{
	bool sent;

	spin_lock_irq(&ctrl->lock);
	sent = !list_empty(&cmd->list);
	cmd->abandoned = sent;
	spin_unlock_irq(&ctrl->lock);
	return sent;
}

/* Nobody waits in vain twice: until a restart commands fail at once. */
static void virtnet_ctrl_timed_out(struct virtnet_info *vi)
{
	struct virtnet_ctrl *ctrl = &vi->ctrl;

	atomic_long_inc(&ctrl->timeouts);
	spin_lock_irq(&ctrl->lock);
	ctrl->open = false;
	spin_unlock_irq(&ctrl->lock);
	if (++ctrl->strikes < VIRTNET_CTRL_STRIKES)
		virtnet_report_fault(vi, VIRTNET_FAULT_CTRL_TIMEOUT);
	else
		netdev_err(vi->dev,
			   "device does not answer control commands, going on without\n");
}

/* The verdict on a command that came back, and its answer. */
static int virtnet_ctrl_result(struct virtnet_ctrl *ctrl,
			       const struct virtnet_ctrl_cmd *cmd,
			       struct virtnet_ctrl_req *req)
{
	int len = virtnet_reply_len(READ_ONCE(*cmd->ack), cmd->used,
				    req->in_len);

	ctrl->strikes = 0;
	if (len < 0) {
		atomic_long_inc(&ctrl->naks);
		return len;
	}
	req->in_len = len;
	memcpy(req->in, cmd->in, len);
	return 0;
}

/* See virtnet_ctrl_send(). */
static int virtnet_ctrl_do(struct virtnet_info *vi,
			   struct virtnet_ctrl_req *req)
{
	struct virtnet_ctrl_cmd *cmd = virtnet_ctrl_alloc(req);
	struct virtnet_ctrl *ctrl = &vi->ctrl;
	int err;

	ASSERT_RTNL();
	if (!cmd)
		return -ENOMEM;
	INIT_LIST_HEAD(&cmd->list);
	err = virtnet_ctrl_add(ctrl, req, cmd);
	if (err)
		goto out;
	err = virtnet_ctrl_wait(vi, cmd);
	if (err && virtnet_ctrl_abandon(ctrl, cmd)) {
		if (err == -ETIMEDOUT)
			virtnet_ctrl_timed_out(vi);
		return err;
	}
	/* It may have come back after all while we gave up. */
	err = cmd->err ? cmd->err : virtnet_ctrl_result(ctrl, cmd, req);
out:
	kfree(cmd);
	return err;
}

/**
 * virtnet_ctrl_send() - send a command and wait for its answer
 * @vi: the interface; RTNL held, which serialises commands
 * @req: the command
 *
 * Sleeps for twice virtnet_ctrl_timeout_ms at most. A command that is not
 * answered by then asks for recovery, and until that the others fail at once.
 *
 * Return: 0, -EIO if the device refused, -ETIMEDOUT, -ENODEV without a queue
 * that works, -ENOMEM, -ENOSPC.
 */
int virtnet_ctrl_send(struct virtnet_info *vi, struct virtnet_ctrl_req *req)
{
	int err = virtnet_ctrl_do(vi, req);

	trace_virtnet_ctrl(vi->dev, req->class, req->cmd, req->out_len, err);
	return err;
}

/* The same for the usual command: some bytes out, nothing but the status in. */
int virtnet_ctrl_tell(struct virtnet_info *vi, u8 class, u8 cmd,
		      const void *out, u32 out_len)
{
	struct virtnet_ctrl_req req = {
		.class = class,
		.cmd = cmd,
		.out = out,
		.out_len = out_len,
	};

	return virtnet_ctrl_send(vi, &req);
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_ctrl_tell);

void virtnet_ctrl_init(struct virtnet_ctrl *ctrl)
{
	spin_lock_init(&ctrl->lock);
	INIT_LIST_HEAD(&ctrl->sent);
}

/**
 * virtnet_ctrl_attach() - there is a queue now
 * @ctrl: without a queue
 * @vq: the control queue, empty; NULL if the device has none
 */
void virtnet_ctrl_attach(struct virtnet_ctrl *ctrl, struct virtqueue *vq)
{
	spin_lock_irq(&ctrl->lock);
	ctrl->vq = vq;
	spin_unlock_irq(&ctrl->lock);
}

/* The device is ready for commands. */
void virtnet_ctrl_open(struct virtnet_ctrl *ctrl)
{
	spin_lock_irq(&ctrl->lock);
	ctrl->open = ctrl->vq;
	spin_unlock_irq(&ctrl->lock);
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_ctrl_open);

/**
 * virtnet_ctrl_stop() - take everything back
 * @ctrl: the control queue
 *
 * The device is reset and will not touch the commands again; its queues
 * still exist. Who still waits is told.
 */
void virtnet_ctrl_stop(struct virtnet_ctrl *ctrl)
{
	struct virtnet_ctrl_cmd *cmd;

	spin_lock_irq(&ctrl->lock);
	while (ctrl->vq && (cmd = virtqueue_detach_unused_buf(ctrl->vq)))
		virtnet_ctrl_return(ctrl, cmd, -ENODEV);
	ctrl->vq = NULL;
	ctrl->open = false;
	spin_unlock_irq(&ctrl->lock);
}
