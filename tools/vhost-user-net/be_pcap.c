// SPDX-License-Identifier: GPL-2.0
/*
 * Capture files: in=FILE is played to the guest, out=FILE records what the
 * guest sends. Classic pcap, microseconds or nanoseconds, either byte order.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "netdev.h"
#include "packet.h"

#define MAGIC_USEC	0xa1b2c3d4
#define MAGIC_NSEC	0xa1b23c4d
#define LINK_ETHERNET	1
#define SNAPLEN		BUF_SIZE

struct pcap_header {
	u32 magic;
	u16 major, minor;
	u32 zone, sigfigs, snaplen, link;
};

struct pcap_record {
	u32 sec, frac, len, orig_len;
};

struct pcap {
	FILE *in, *out;
	bool swapped, loop, kept;
	u64 rate, sent, base, started, written;
	struct vhost_pkt pkt;
	struct loop_timer timer;
	u8 buf[BUF_SIZE];
};

static u32 swap(const struct pcap *p, u32 v)
{
	return p->swapped ? __builtin_bswap32(v) : v;
}

static int open_in(struct netdev *nd, struct pcap *p, const char *path)
{
	struct pcap_header h;
	u32 m;

	p->in = fopen(path, "rb");
	if (!p->in || fread(&h, sizeof(h), 1, p->in) != 1) {
		vhost_err(&nd->vdev, "pcap in=%s: %s", path,
			  p->in ? "too short for a capture" : strerror(errno));
		return -EINVAL;
	}
	m = __builtin_bswap32(h.magic);
	p->swapped = m == MAGIC_USEC || m == MAGIC_NSEC;
	m = swap(p, h.magic);
	if ((m != MAGIC_USEC && m != MAGIC_NSEC) ||
	    swap(p, h.link) != LINK_ETHERNET) {
		vhost_err(&nd->vdev, "pcap in=%s: not a pcap file of Ethernet frames (convert pcapng with editcap -F pcap)",
			  path);
		return -EINVAL;
	}
	return 0;
}

static int open_out(struct netdev *nd, struct pcap *p, const char *path)
{
	const struct pcap_header h = {
		.magic = MAGIC_NSEC, .major = 2, .minor = 4,
		.snaplen = SNAPLEN, .link = LINK_ETHERNET,
	};

	p->out = fopen(path, "wb");
	if (p->out && fwrite(&h, sizeof(h), 1, p->out) == 1)
		return 0;
	vhost_err(&nd->vdev, "pcap out=%s: %m", path);
	return -EIO;
}

static void pcap_fired(struct loop_timer *timer)
{
	struct netdev *nd = timer->arg;

	nd->rx_ready = true;
}

static int pcap_open(struct netdev *nd, const char *args)
{
	struct pcap *p = calloc(1, sizeof(*p));
	char path[256];

	if (!p)
		return -ENOMEM;
	nd->be = p;
	p->rate = spec_num(args, "rate", 0);
	p->loop = spec_num(args, "loop", 0);
	p->timer.fire = pcap_fired;
	p->timer.arg = nd;
	if (spec_get(args, "in", path, sizeof(path)) &&
	    open_in(nd, p, path) < 0)
		return -EINVAL;
	if (spec_get(args, "out", path, sizeof(path)) &&
	    open_out(nd, p, path) < 0)
		return -EINVAL;
	if (p->in || p->out)
		return 0;
	vhost_err(&nd->vdev, "pcap: give in=FILE, out=FILE or both");
	return -EINVAL;
}

static void pcap_close(struct netdev *nd)
{
	struct pcap *p = nd->be;

	loop_timer_stop(&p->timer);
	if (p->in)
		fclose(p->in);
	if (p->out && fclose(p->out))
		vhost_err(&nd->vdev, "pcap out: %m");
	free(p);
}

static void pcap_start(struct netdev *nd)
{
	struct pcap *p = nd->be;

	p->started = loop_time();
	p->base = p->sent;
}

static bool read_frame(struct netdev *nd, struct pcap *p)
{
	struct pcap_record r;
	u32 len;

	if (fread(&r, sizeof(r), 1, p->in) != 1)
		return false;
	len = swap(p, r.len);
	if (len < ETH_HLEN || len > sizeof(p->buf) ||
	    fread(p->buf, len, 1, p->in) != 1) {
		vhost_err(&nd->vdev, "pcap in: bad record, length %u", len);
		return false;
	}
	memset(&p->pkt.hdr, 0, sizeof(p->pkt.hdr));
	p->pkt.data = p->buf;
	p->pkt.len = len;
	p->kept = true;
	return true;
}

static bool next_frame(struct netdev *nd, struct pcap *p)
{
	if (p->kept || read_frame(nd, p))
		return true;
	if (!p->loop || !p->sent)
		return false;
	return !fseek(p->in, sizeof(struct pcap_header), SEEK_SET) &&
	       read_frame(nd, p);
}

static bool too_early(struct pcap *p)
{
	u64 when;

	if (!p->rate)
		return false;
	when = p->started + (p->sent - p->base) * NSEC_PER_SEC / p->rate;
	if (when <= loop_now())
		return false;
	loop_timer_set(&p->timer, max(when, loop_time() + 1));
	return true;
}

static bool pcap_poll(struct netdev *nd)
{
	struct pcap *p = nd->be;
	unsigned int i;

	for (i = 0; p->in && i < BURST; i++) {
		if (too_early(p) || !next_frame(nd, p) ||
		    !netdev_input(nd, &p->pkt, 1, true))
			return false;
		p->kept = false;
		p->sent++;
	}
	return p->in;
}

/* Offloads are undone first: a capture shows what a wire would. */
static void write_frame(void *arg, struct vhost_pkt *pkt)
{
	struct pcap *p = arg;
	struct pcap_record r = { .len = pkt->len, .orig_len = pkt->len };
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	r.sec = (u32)ts.tv_sec;
	r.frac = (u32)ts.tv_nsec;
	if (fwrite(&r, sizeof(r), 1, p->out) == 1 &&
	    fwrite(pkt->data, pkt->len, 1, p->out) == 1)
		p->written++;
}

static void pcap_transmit(struct netdev *nd, unsigned int pair,
			  struct vhost_pkt *pkts, unsigned int n)
{
	struct pcap *p = nd->be;
	unsigned int i;

	for (i = 0; p->out && i < n; i++) {
		if (pkts[i].hdr.gso_type != GSO_NONE &&
		    segment(&pkts[i], write_frame, p))
			continue;
		if (!csum_complete(&pkts[i]))
			nd->txq[pair].malformed++;
		write_frame(p, &pkts[i]);
	}
	if (p->out)
		fflush(p->out);
}

static void pcap_report(struct netdev *nd, FILE *f)
{
	const struct pcap *p = nd->be;

	fprintf(f, "\"played\": %llu, \"written\": %llu",
		(unsigned long long)p->sent, (unsigned long long)p->written);
}

const struct backend backend_pcap = {
	.name = "pcap",
	.args = "in=FILE,out=FILE,rate=PPS,loop=1",
	.help = "play a capture to the guest, record what it sends",
	.wants_data = true,
	.open = pcap_open,
	.close = pcap_close,
	.start = pcap_start,
	.poll = pcap_poll,
	.transmit = pcap_transmit,
	.report = pcap_report,
};
