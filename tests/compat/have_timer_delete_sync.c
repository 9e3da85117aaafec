// SPDX-License-Identifier: GPL-2.0
/* The timer functions under their newer names (6.2). */
EXPORTS(timer_delete_sync)
EXPORTS(timer_delete)
TEST(have_timer_delete_sync)
{
	timer_delete_sync(NULL);
	timer_delete(NULL);
}
