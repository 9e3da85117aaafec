// SPDX-License-Identifier: GPL-2.0
/*
 * vhost-user-net: virtio network devices in a process.
 *
 * Options before the first device set defaults for all that follow; options
 * after --socket or --connect concern that device.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "netdev.h"
#include "script.h"

/* what a device offers unless told otherwise */
#define DEFAULT_FEATURES \
	(BIT(F_CSUM) | BIT(F_GUEST_CSUM) | BIT(F_CTRL_GUEST_OFFLOADS) | \
	 BIT(F_MTU) | BIT(F_MAC) | BIT(F_GUEST_TSO4) | BIT(F_GUEST_TSO6) | \
	 BIT(F_GUEST_ECN) | BIT(F_GUEST_UFO) | BIT(F_HOST_TSO4) | \
	 BIT(F_HOST_TSO6) | BIT(F_HOST_ECN) | BIT(F_HOST_UFO) | \
	 BIT(F_MRG_RXBUF) | BIT(F_STATUS) | BIT(F_CTRL_VQ) | \
	 BIT(F_CTRL_RX) | BIT(F_CTRL_VLAN) | BIT(F_CTRL_RX_EXTRA) | \
	 BIT(F_GUEST_ANNOUNCE) | BIT(F_CTRL_MAC_ADDR) | \
	 BIT(F_DEVICE_STATS) | BIT(F_VQ_NOTF_COAL) | BIT(F_NOTF_COAL) | \
	 BIT(F_GUEST_USO4) | BIT(F_GUEST_USO6) | BIT(F_HOST_USO) | \
	 BIT(F_HASH_REPORT) | BIT(F_GUEST_HDRLEN) | BIT(F_RSS) | \
	 BIT(F_MQ) | BIT(F_SPEED_DUPLEX) | BIT(VIRTIO_F_ANY_LAYOUT) | \
	 BIT(VIRTIO_F_INDIRECT_DESC) | BIT(VIRTIO_F_EVENT_IDX) | \
	 BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_ACCESS_PLATFORM) | \
	 BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_F_IN_ORDER) | \
	 BIT(VIRTIO_F_ORDER_PLATFORM) | BIT(VIRTIO_F_RING_RESET) | \
	 BIT(VHOST_F_LOG_ALL) | BIT(VHOST_USER_F_PROTOCOL_FEATURES))

#define DEFAULT_PFEATURES \
	(BIT(VU_PF_MQ) | BIT(VU_PF_LOG_SHMFD) | BIT(VU_PF_RARP) | \
	 BIT(VU_PF_REPLY_ACK) | BIT(VU_PF_MTU) | BIT(VU_PF_BACKEND_REQ) | \
	 BIT(VU_PF_CONFIG) | BIT(VU_PF_INFLIGHT_SHMFD) | \
	 BIT(VU_PF_RESET_DEVICE) | BIT(VU_PF_CONFIGURE_MEM_SLOTS) | \
	 BIT(VU_PF_STATUS))

struct settings {
	struct netdev *nd;	/* the device options now concern */
	const char *backend;
	const char *json;
	u64 features, pfeatures, canary;
	u16 pairs;
	u16 mtu;
	unsigned int stats_every;
	unsigned int seconds;
	bool poll, no_reconnect;
};

static bool stopping;
static struct loop_source signals;
static struct loop_timer stats_timer, end_timer;

static const char usage[] =
"vhost-user-net: a virtio network device behind a vhost-user socket\n"
"\n"
"usage: vhost-user-net [OPTION...] --socket PATH [OPTION...] [--socket PATH ...]\n"
"\n"
"A device (repeat for more; options after it are its own, before it for all):\n"
"  -s, --socket PATH        listen at PATH for a front end\n"
"  -c, --connect PATH       connect to a front end that listens at PATH\n"
"      --no-reconnect       do not connect again when the connection ends\n"
"  -b, --backend SPEC       where packets go, default sink:\n"
"%s"
"  -q, --queues N           queue pairs, 1 to 64, default 1\n"
"  -m, --mac ADDRESS        default 52:54:00:76:6e:00 and up\n"
"      --mtu N              default 1500\n"
"      --enable F[,F...]    offer these features (see --features)\n"
"      --disable F[,F...]   do not offer these\n"
"      --inband             offer in-band notifications\n"
"      --canary N           count N, 8 bytes, in what the driver posts\n"
"      --script FILE        misbehave as FILE says (Documentation/device-scripts.rst)\n"
"\n"
"The program:\n"
"      --poll               spin rather than sleep\n"
"      --stats SECONDS      print counters at this interval\n"
"      --json FILE          write all counters at exit, - for standard output\n"
"      --seconds N          exit after that time\n"
"  -v, --verbose            say more; -q is for queues\n"
"      --quiet              errors only\n"
"      --features           list the feature names and exit\n"
"  -h, --help               this text\n"
"\n"
"SIGUSR1 prints counters; SIGINT and SIGTERM end the program in order.\n";

enum {
	OPT_NO_RECONNECT = 256, OPT_MTU, OPT_ENABLE, OPT_DISABLE, OPT_INBAND,
	OPT_SCRIPT, OPT_POLL, OPT_STATS, OPT_JSON, OPT_SECONDS, OPT_QUIET,
	OPT_FEATURES, OPT_CANARY,
};

static const struct option options[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "connect", required_argument, NULL, 'c' },
	{ "no-reconnect", no_argument, NULL, OPT_NO_RECONNECT },
	{ "backend", required_argument, NULL, 'b' },
	{ "queues", required_argument, NULL, 'q' },
	{ "mac", required_argument, NULL, 'm' },
	{ "mtu", required_argument, NULL, OPT_MTU },
	{ "enable", required_argument, NULL, OPT_ENABLE },
	{ "disable", required_argument, NULL, OPT_DISABLE },
	{ "inband", no_argument, NULL, OPT_INBAND },
	{ "script", required_argument, NULL, OPT_SCRIPT },
	{ "canary", required_argument, NULL, OPT_CANARY },
	{ "poll", no_argument, NULL, OPT_POLL },
	{ "stats", required_argument, NULL, OPT_STATS },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "verbose", no_argument, NULL, 'v' },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "features", no_argument, NULL, OPT_FEATURES },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static void die(const char *what, const char *arg)
{
	fprintf(stderr, "vhost-user-net: %s: %s (try --help)\n", arg, what);
	exit(2);
}

static void help(void)
{
	char list[2048] = "";
	size_t len = 0;
	unsigned int i;

	for (i = 0; backends[i] && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len,
			"                 %s%s%s\n                     %s\n",
			backends[i]->name, *backends[i]->args ? ":" : "",
			backends[i]->args, backends[i]->help);
	printf(usage, list);
	exit(0);
}

static u64 number(const char *arg, u64 lo, u64 hi)
{
	char *end;
	u64 n = strtoull(arg, &end, 0);

	if (end == arg || *end || n < lo || n > hi)
		die("not a number in range", arg);
	return n;
}

static void change_features(struct settings *s, const char *arg, bool on)
{
	char *copy = strdup(arg), *save = NULL, *p;
	u64 bits = 0;
	int bit;

	for (p = strtok_r(copy, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
		bit = feature_bit(p);
		if (bit < 0)
			die("no such feature (see --features)", p);
		bits |= BIT(bit);
	}
	free(copy);
	if (s->nd) {
		u64 *f = &s->nd->vdev.features_offered;

		*f = on ? *f | bits : *f & ~bits;
	} else {
		s->features = on ? s->features | bits : s->features & ~bits;
	}
}

static int set_backend(struct netdev *nd, const char *spec)
{
	const char *args;

	if (nd->be && nd->backend->close)
		nd->backend->close(nd);
	nd->be = NULL;
	nd->backend = backend_find(spec, &args);
	if (!nd->backend)
		die("no such back end", spec);
	return nd->backend->open(nd, args);
}

static void new_device(struct settings *s, const char *path, bool client)
{
	struct netdev *nd = netdev_new();

	if (!nd)
		die("out of memory", path);
	nd->vdev.path = path;
	nd->vdev.client = client;
	nd->vdev.no_reconnect = s->no_reconnect;
	nd->vdev.features_offered = s->features;
	nd->vdev.pfeatures_offered = s->pfeatures;
	nd->max_pairs = s->pairs;
	nd->mtu = s->mtu;
	nd->poll_mode = s->poll;
	nd->vdev.canary = s->canary;
	s->nd = nd;
	nd->vdev.priv = (void *)s->backend;
}

static void set_mac(struct settings *s, const char *arg)
{
	unsigned int b[ETH_ALEN], i;

	if (!s->nd)
		die("--mac belongs after a device", arg);
	if (sscanf(arg, "%2x:%2x:%2x:%2x:%2x:%2x", &b[0], &b[1], &b[2], &b[3],
		   &b[4], &b[5]) != ETH_ALEN)
		die("not a MAC address", arg);
	for (i = 0; i < ETH_ALEN; i++)
		s->nd->mac[i] = (u8)b[i];
}

static void load_script(struct settings *s, const char *path)
{
	if (!s->nd)
		die("--script belongs after a device", path);
	if (script_load(s->nd, path) < 0)
		exit(2);
}

static void device_option(struct settings *s, int opt, const char *arg)
{
	u16 n;

	switch (opt) {
	case 's':
	case 'c':
		new_device(s, arg, opt == 'c');
		break;
	case 'b':
		if (s->nd)
			s->nd->vdev.priv = (void *)arg;
		else
			s->backend = arg;
		break;
	case 'q':
		n = (u16)number(arg, 1, MAX_PAIRS);
		*(s->nd ? &s->nd->max_pairs : &s->pairs) = n;
		break;
	case OPT_MTU:
		n = (u16)number(arg, 68, 65535);
		*(s->nd ? &s->nd->mtu : &s->mtu) = n;
		break;
	case OPT_NO_RECONNECT:
		*(s->nd ? &s->nd->vdev.no_reconnect : &s->no_reconnect) = true;
		break;
	case OPT_INBAND:
		*(s->nd ? &s->nd->vdev.pfeatures_offered : &s->pfeatures) |=
			BIT(VU_PF_INBAND_NOTIFICATIONS);
		break;
	case 'm':
		set_mac(s, arg);
		break;
	case OPT_CANARY:
		*(s->nd ? &s->nd->vdev.canary : &s->canary) = number(arg, 1, ~0ULL);
		break;
	case OPT_SCRIPT:
		load_script(s, arg);
		break;
	}
}

static void option(struct settings *s, int opt, const char *arg)
{
	switch (opt) {
	case OPT_ENABLE:
	case OPT_DISABLE:
		change_features(s, arg, opt == OPT_ENABLE);
		break;
	case OPT_POLL:
		s->poll = true;
		break;
	case OPT_STATS:
		s->stats_every = (unsigned int)number(arg, 1, 86400);
		break;
	case OPT_JSON:
		s->json = arg;
		break;
	case OPT_SECONDS:
		s->seconds = (unsigned int)number(arg, 1, 86400);
		break;
	case OPT_QUIET:
		vhost_verbosity = VHOST_ERR;
		break;
	case 'v':
		vhost_verbosity = VHOST_DEBUG;
		break;
	case OPT_FEATURES:
		feature_list(stdout);
		exit(0);
	case 'h':
		help();
		break;
	case '?':
		exit(2);
	default:
		device_option(s, opt, arg);
	}
}

static void parse(struct settings *s, int argc, char **argv)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "s:c:b:q:m:vh", options,
				  NULL)) != -1)
		option(s, opt, optarg);
	if (optind < argc)
		die("unexpected argument", argv[optind]);
	if (!netdevs)
		die("no device: give --socket PATH or --connect PATH", argv[0]);
}

static void signal_ready(struct loop_source *src, u32 events)
{
	struct signalfd_siginfo info;

	(void)events;
	if (read(src->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGUSR1)
		stats_print(stdout);
	else
		stopping = true;
}

static void catch_signals(void)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0 || loop_add(&signals, fd, signal_ready, NULL) < 0)
		die("cannot wait for signals", "signalfd");
}

static void stats_fired(struct loop_timer *timer)
{
	const struct settings *s = timer->arg;

	stats_print(stdout);
	loop_timer_set(timer, loop_time() + s->stats_every * NSEC_PER_SEC);
}

static void end_fired(struct loop_timer *timer)
{
	(void)timer;
	stopping = true;
}

static void start_timers(struct settings *s)
{
	stats_timer.fire = stats_fired;
	stats_timer.arg = s;
	end_timer.fire = end_fired;
	if (s->stats_every)
		loop_timer_set(&stats_timer,
			       loop_time() + s->stats_every * NSEC_PER_SEC);
	if (s->seconds)
		loop_timer_set(&end_timer,
			       loop_time() + s->seconds * NSEC_PER_SEC);
}

static bool work(void)
{
	struct netdev *nd;
	bool more = false;

	for (nd = netdevs; nd; nd = nd->next)
		more |= netdev_work(nd);
	return more;
}

static int run(struct settings *s)
{
	bool more = false;
	int err;

	while (!stopping) {
		loop_turn(!more && !s->poll);
		more = work();
	}
	err = s->json ? stats_json(s->json) : 0;
	while (netdevs) {
		struct netdev *nd = netdevs;

		netdevs = nd->next;
		netdev_free(nd);
	}
	return err;
}

int main(int argc, char **argv)
{
	struct settings s = {
		.backend = "sink",
		.features = DEFAULT_FEATURES,
		.pfeatures = DEFAULT_PFEATURES,
		.pairs = 1,
		.mtu = 1500,
	};
	struct netdev *nd;

	if (loop_init() < 0)
		die("cannot create an epoll descriptor", argv[0]);
	parse(&s, argc, argv);
	catch_signals();
	for (nd = netdevs; nd; nd = nd->next) {
		nd->poll_mode = s.poll;
		if (set_backend(nd, nd->vdev.priv ? nd->vdev.priv :
				s.backend) < 0 || netdev_start(nd) < 0)
			return 1;
	}
	start_timers(&s);
	return run(&s) ? 1 : 0;
}
