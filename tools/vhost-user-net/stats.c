// SPDX-License-Identifier: GPL-2.0
/* Statistics: a line for each device now and then, JSON at the end. */
#include <errno.h>

#include "netdev.h"
#include "script.h"

#define ull(x)	((unsigned long long)(x))

static void totals(const struct netdev *nd, unsigned int first,
		   struct vhost_vq_stats *sum)
{
	unsigned int i;

	memset(sum, 0, sizeof(*sum));
	for (i = first; i < 2U * nd->max_pairs; i += 2) {
		const struct vhost_vq_stats *s = &nd->vdev.vq[i].stats;

		sum->packets += s->packets;
		sum->bytes += s->bytes;
		sum->kicks += s->kicks;
		sum->calls += s->calls;
	}
}

/* Since the start, and as a rate since the last time this was printed. */
void stats_print(FILE *f)
{
	static u64 last_time, last_rx, last_tx;
	u64 now = loop_now(), rx_sum = 0, tx_sum = 0;
	double secs = last_time ? (double)(now - last_time) / 1e9 : 0;
	struct netdev *nd;

	for (nd = netdevs; nd; nd = nd->next) {
		struct vhost_vq_stats rx, tx;

		totals(nd, 0, &rx);
		totals(nd, 1, &tx);
		rx_sum += rx.packets;
		tx_sum += tx.packets;
		fprintf(f, "%s: to guest %llu packets %llu bytes %llu interrupts, from guest %llu packets %llu bytes %llu kicks\n",
			nd->name, ull(rx.packets), ull(rx.bytes), ull(rx.calls),
			ull(tx.packets), ull(tx.bytes), ull(tx.kicks));
	}
	if (secs > 0)
		fprintf(f, "rate: to guests %.0f packets/s, from guests %.0f packets/s\n",
			(double)(rx_sum - last_rx) / secs,
			(double)(tx_sum - last_tx) / secs);
	fflush(f);
	last_time = now;
	last_rx = rx_sum;
	last_tx = tx_sum;
}

static void json_queue(FILE *f, const struct netdev *nd, unsigned int i)
{
	const struct vhost_vq_stats *s = &nd->vdev.vq[i].stats;
	const struct queue_stats *q = i & 1 ? &nd->txq[i / 2] : &nd->rxq[i / 2];

	fprintf(f, "      {\"index\": %u, \"kind\": \"%s\", \"packets\": %llu, \"bytes\": %llu, \"buffers\": %llu, ",
		i, i & 1 ? "tx" : "rx", ull(s->packets), ull(s->bytes),
		ull(s->chains));
	fprintf(f, "\"kicks\": %llu, \"interrupts\": %llu, \"suppressed\": %llu, \"full\": %llu, \"too_small\": %llu, ",
		ull(s->kicks), ull(s->calls), ull(s->calls_suppressed),
		ull(s->full), ull(s->too_small));
	fprintf(f, "\"bad_chain\": %llu, \"bad_ring\": %llu, \"canaries\": %llu, \"drops\": %llu, \"malformed\": %llu, ",
		ull(s->bad_chain), ull(s->bad_ring), ull(s->canaries),
		ull(q->drops), ull(q->malformed));
	fprintf(f, "\"needs_csum\": %llu, \"gso_packets\": %llu}",
		ull(q->needs_csum), ull(q->gso_packets));
}

static void json_device(FILE *f, struct netdev *nd)
{
	const struct vhost_dev *dev = &nd->vdev;
	unsigned int i;

	fprintf(f, "    {\"name\": \"%s\", \"backend\": \"%s\", \"connects\": %llu, \"messages\": %llu, \"bad_messages\": %llu,\n",
		nd->name, nd->backend->name, ull(dev->connects),
		ull(dev->messages), ull(dev->bad_messages));
	fprintf(f, "     \"ctrl_commands\": %llu, \"ctrl_ok\": %llu, \"filtered\": %llu, \"segmented\": %llu,\n",
		ull(nd->ctrl_commands), ull(nd->ctrl_ok), ull(nd->filtered),
		ull(nd->segmented));
	fprintf(f, "     \"script\": ");
	script_report(nd, f);
	fprintf(f, ",\n     \"backend_stats\": {");
	if (nd->backend->report)
		nd->backend->report(nd, f);
	fprintf(f, "},\n     \"queues\": [\n");
	for (i = 0; i < 2U * nd->max_pairs; i++) {
		json_queue(f, nd, i);
		fprintf(f, "%s\n", i + 1 < 2U * nd->max_pairs ? "," : "");
	}
	fprintf(f, "     ]}");
}

int stats_json(const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "w") : stdout;
	struct netdev *nd;
	int err = 0;

	if (!f) {
		vhost_err(NULL, "%s: %m", path);
		return -EIO;
	}
	fprintf(f, "{\n  \"devices\": [\n");
	for (nd = netdevs; nd; nd = nd->next) {
		json_device(f, nd);
		fprintf(f, "%s\n", nd->next ? "," : "");
	}
	fprintf(f, "  ]\n}\n");
	if (f == stdout)
		fflush(f);
	else if (fclose(f))
		err = -EIO;
	return err;
}
