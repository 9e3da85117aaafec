// SPDX-License-Identifier: GPL-2.0
/* Commands for the coalescing of one queue (6.6). */
TEST(have_virtio_net_ctrl_coal_vq)
{
	struct virtio_net_ctrl_coal_vq coal;

	HAS_TYPE(coal.vqn, __le16);
}
