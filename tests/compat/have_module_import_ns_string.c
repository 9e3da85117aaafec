// SPDX-License-Identifier: GPL-2.0
/* Symbol namespaces are strings (6.13). */
#undef MODULE_INFO
/* The older form makes a string of its argument, so that this one would be quoted twice. */
#define MODULE_INFO(tag, info) static_assert(sizeof(info) == sizeof("NS"), #tag)
TEST(have_module_import_ns_string)
{
	MODULE_IMPORT_NS("NS");
}
