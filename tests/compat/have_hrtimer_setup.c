// SPDX-License-Identifier: GPL-2.0
/* An hrtimer is set up with its function (6.13). */
EXPORTS(hrtimer_setup)
TEST(have_hrtimer_setup)
{
	hrtimer_setup(NULL, NULL, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
}
