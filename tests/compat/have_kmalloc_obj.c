// SPDX-License-Identifier: GPL-2.0
/* Allocation by type (7.0; backported to 6.12). */
TEST(have_kmalloc_obj)
{
	int *p = kmalloc_obj(*p);

	p = kzalloc_obj(*p, GFP_ATOMIC);
	p = kzalloc_objs(*p, 3);
}
