// SPDX-License-Identifier: GPL-2.0
/*
 * Partial checksums, completed before a program sees the packet: an XDP buffer
 * cannot say that its checksum is still to be computed, and a program may send
 * it where nobody will.
 */
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>

#include <net/checksum.h>

/* Add bytes from @from on, of a part of the packet that starts at @at. */
static __wsum virtnet_xdp_csum_part(__wsum sum, const void *part, u32 len,
				    u32 at, u32 from)
{
	u32 skip = from > at ? from - at : 0;

	if (skip >= len)
		return sum;
	return csum_block_add(sum, csum_partial(part + skip, len - skip, 0),
			      at + skip - from);
}

/* Of the whole packet from @from to its end. */
static __wsum virtnet_xdp_csum_all(struct xdp_buff *xdp, u32 from)
{
	u32 at = xdp->data_end - xdp->data, i;
	const struct skb_shared_info *sinfo;
	const skb_frag_t *frag;
	__wsum sum;

	sum = virtnet_xdp_csum_part(0, xdp->data, at, 0, from);
	if (likely(!xdp_buff_has_frags(xdp)))
		return sum;
	sinfo = xdp_get_shared_info_from_buff(xdp);
	for (i = 0; i < sinfo->nr_frags; i++) {
		frag = &sinfo->frags[i];
		sum = virtnet_xdp_csum_part(sum, skb_frag_address(frag),
					    skb_frag_size(frag), at, from);
		at += skb_frag_size(frag);
	}
	return sum;
}

/* The byte at an offset that lies within the packet. */
static u8 *virtnet_xdp_byte(struct xdp_buff *xdp, u32 at)
{
	u32 len = xdp->data_end - xdp->data;
	const skb_frag_t *frag;

	if (likely(at < len))
		return xdp->data + at;
	frag = xdp_get_shared_info_from_buff(xdp)->frags;
	for (at -= len; at >= skb_frag_size(frag); frag++)
		at -= skb_frag_size(frag);
	return skb_frag_address(frag) + at;
}

/**
 * virtnet_xdp_csum() - complete a partial checksum
 * @xdp: the packet, in one buffer or several
 * @start: where the checksummed part starts
 * @offset: where the checksum is, from there
 *
 * Both passed the header gate: the checksum lies within the packet, though not
 * necessarily within one buffer. Virtio 1.3, 5.1.6.4.2.
 */
void virtnet_xdp_csum(struct xdp_buff *xdp, u32 start, u32 offset)
{
	__sum16 sum = csum_fold(virtnet_xdp_csum_all(xdp, start));
	u8 bytes[sizeof(sum)];

	if (!sum)
		sum = CSUM_MANGLED_0;
	memcpy(bytes, &sum, sizeof(sum));
	*virtnet_xdp_byte(xdp, start + offset) = bytes[0];
	*virtnet_xdp_byte(xdp, start + offset + 1) = bytes[1];
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_xdp_csum);
