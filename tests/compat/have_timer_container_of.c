// SPDX-License-Identifier: GPL-2.0
/* from_timer() under its newer name (6.16). */
TEST(have_timer_container_of)
{
	struct virtqueue_timer { struct timer_list timer; } *v;

	v = timer_container_of(v, (struct timer_list *)NULL, timer);
}
