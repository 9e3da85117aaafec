// SPDX-License-Identifier: GPL-2.0
/* Modules may know whether any UDP socket wants GRO (until 6.14 or so). */
#include <net/udp.h>

EXPORTS(udp_encap_needed_key)
EXPORTS(udpv6_encap_needed_key)
TEST(have_udp_encap_keys)
{
	static_key_enabled(&udp_encap_needed_key.key);
	static_key_enabled(&udpv6_encap_needed_key.key);
}
