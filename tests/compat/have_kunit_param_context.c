// SPDX-License-Identifier: GPL-2.0
/* Generators of KUnit parameters get the test too (6.19). */
TEST(have_kunit_param_context)
{
	struct kunit_case c = { };

	c.generate_params((struct kunit *)NULL, NULL, NULL);
}
