// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scenario files of tests/hostile on the in-memory device, in each buffer
 * mode. What vhost-user devices do with them: tests/hostile/run.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>

#include "script.h"

static char *script_dir = "";
module_param_named(scripts, script_dir, charp, 0444);
MODULE_PARM_DESC(scripts, "directory of the scenario files");

struct scenario {
	const char *name;
	const char *counter;	/* of queue 0, rises once per lie; NULL: not this kind */
	bool slow;		/* takes seconds, whatever the buffers */
};

static const struct scenario scenarios[] = {
	{ "used-length", "len_over" },
	{ "used-length-short", "len_short" },
	{ "num-buffers", "num_buffers" },
	{ "gso-type", "hdr_bad" },
	{ "gso-size", "hdr_bad" },
	{ "csum-start", "hdr_bad" },
	{ "used-id" }, { "used-twice" }, { "used-index" }, { "tx-used-id" },
	{ "irq-storm", .slow = true }, { "irq-lost", .slow = true },
	{ "tx-stall", .slow = true }, { "tx-stuck", .slow = true }, { "gone", .slow = true },
};

static void scenario_desc(const struct scenario *sc, char *desc)
{
	strscpy(desc, sc->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(scenario, scenarios, scenario_desc);

/* A packet gets through, each way. */
static bool scenario_flows(struct net_env *env)
{
	bool in, out;

	net_flush_caps(env);
	rtnl_lock();
	/* Where interrupts were lost the ring may be full of what nobody fetched. */
	if (net_rxq(env)->live) {
		net_rx(env, 700, 5, 0);
		memdev_interrupt(net_rxq(env));
	}
	rtnl_unlock();
	in = net_wait(env->kept);
	net_send(env, 300, 6, 0);
	rtnl_lock();
	out = net_rxq(env)->live && net_take(env) > 0;
	if (out)
		memdev_interrupt(net_txq(env));
	rtnl_unlock();
	return in && out;
}

static void scenario_play(struct net_env *env, struct script *s)
{
	unsigned long end = jiffies + 10 * HZ;
	u32 i;

	for (i = 0; i < 300 || (!script_over(s) && time_before(jiffies, end)); i++) {
		net_send(env, 300, i, 0);
		rtnl_lock();
		script_step(s, i);
		rtnl_unlock();
		local_bh_disable();
		local_bh_enable();
		net_flush_caps(env);
		if (i % 8 == 7)
			usleep_range(1000, 2000);
	}
}

static void scenario_one(struct kunit *test, const struct scenario *sc,
			 const struct net_param *p)
{
	struct script *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct net_env *env = net_start(test, p, NULL);
	char path[256];
	u64 before = 0;
	bool flows;

	KUNIT_ASSERT_NOT_NULL(test, s);
	snprintf(path, sizeof(path), "%s/%s.script", script_dir, sc->name);
	KUNIT_ASSERT_EQ_MSG(test, script_load(s, env, path), 0, "%s", path);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	if (sc->counter)
		before = net_stat(env, "rx", sc->counter);
	scenario_play(env, s);
	net_settle(env);
	if (sc->counter)
		KUNIT_EXPECT_EQ_MSG(test, net_stat(env, "rx", sc->counter), before + s->lies,
				    "%s: %s", p->name, sc->counter);
	script_end(s);
	/* Where sending has stopped, the watchdog looks every five seconds. */
	flows = net_wait_for(scenario_flows(env), 12);
	KUNIT_EXPECT_TRUE_MSG(test, flows,
			      "%s: no traffic any more", p->name);
	net_close(env);
	net_remove(env);
}

static void scenario_survived(struct kunit *test)
{
	const struct scenario *sc = test->param_value;
	unsigned int i;

	if (!net_ours())
		kunit_skip(test, "the kernel's driver is measured by tests/hostile/run");
	if (!*script_dir)
		kunit_skip(test, "no directory of scenario files was given");
	/* Each buffer mode, or only mergeable, split and packed, with event index. */
	for (i = sc->slow ? 5 : 3; i < 12; i += sc->slow ? 6 : i == 5 ? 4 : 1)
		scenario_one(test, sc, &net_params[i]);
}

static struct kunit_case script_cases[] = {
	KUNIT_CASE_PARAM_ATTR(scenario_survived, scenario_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite script_suite = {
	.name = "virtnet_scenarios",
	.test_cases = script_cases,
};

kunit_test_suite(script_suite);
