// SPDX-License-Identifier: GPL-2.0
/* A timer can be stopped for good (6.2). */
EXPORTS(timer_shutdown_sync)
TEST(have_timer_shutdown_sync)
{
	timer_shutdown_sync(NULL);
}
