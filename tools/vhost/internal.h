/* SPDX-License-Identifier: GPL-2.0 */
/* Shared between the files of the library, not with programs. */
#ifndef VHOST_INTERNAL_H
#define VHOST_INTERNAL_H

#include "vhost.h"

/* mem.c */
int vhost_mem_add(struct vhost_dev *dev, const struct vu_region *r, int fd);
int vhost_mem_remove(struct vhost_dev *dev, const struct vu_region *r);
void vhost_mem_clear(struct vhost_dev *dev);
void *vhost_map_fd(struct vhost_dev *dev, int fd, u64 size, u64 offset,
		   void **map, size_t *map_len);
void vhost_mem_guard(void);

/* vq.c */
void vhost_vq_init(struct vhost_dev *dev, unsigned int index);
void vhost_vq_start(struct vhost_vq *vq);
void vhost_vq_stop(struct vhost_vq *vq);
void vhost_vq_reset(struct vhost_vq *vq);
void vhost_vq_enable(struct vhost_vq *vq, bool on);
void vhost_vq_set_base(struct vhost_vq *vq, u32 base);
u32 vhost_vq_get_base(const struct vhost_vq *vq);
int vhost_vq_translate(struct vhost_vq *vq);
void vhost_vq_drain_kick(struct vhost_vq *vq);
void vhost_vq_broken(struct vhost_vq *vq, const char *fmt, ...)
	printf_like(2, 3);
void vhost_update_running(struct vhost_dev *dev);

/* split.c */
int split_pop(struct vhost_vq *vq, struct vhost_chain *chain);
void split_push(struct vhost_vq *vq, u32 id, u32 len);
void split_flush(struct vhost_vq *vq);
bool split_wants_call(struct vhost_vq *vq);
bool split_enable_kick(struct vhost_vq *vq);
void split_disable_kick(struct vhost_vq *vq);

/* packed.c */
int packed_pop(struct vhost_vq *vq, struct vhost_chain *chain);
void packed_push(struct vhost_vq *vq, u32 id, u32 len, u16 ndesc);
void packed_flush(struct vhost_vq *vq);
bool packed_wants_call(struct vhost_vq *vq);
bool packed_enable_kick(struct vhost_vq *vq);
void packed_disable_kick(struct vhost_vq *vq);

/* sg.c */
int vhost_sg_add(struct vhost_vq *vq, struct vhost_chain *chain, u64 gpa,
		 u32 len, bool write);

/* dirty.c */
int vhost_log_set(struct vhost_dev *dev, const struct vu_log *log, int fd);
void vhost_log_clear(struct vhost_dev *dev);
void vhost_log_write(struct vhost_dev *dev, u64 gpa, u64 len);
void vhost_log_ring(struct vhost_vq *vq, u64 off, u64 len);

/* inflight.c */
int vhost_inflight_get(struct vhost_dev *dev, struct vu_inflight *req);
int vhost_inflight_set(struct vhost_dev *dev, const struct vu_inflight *req,
		       int fd);
void vhost_inflight_clear(struct vhost_dev *dev);
void vhost_inflight_start(struct vhost_vq *vq);
void vhost_inflight_mark(struct vhost_vq *vq, struct vhost_chain *chain);
void vhost_inflight_forget(struct vhost_vq *vq, const struct vhost_chain *chain);
void vhost_inflight_push(struct vhost_vq *vq, const struct vhost_chain *chain);
void vhost_inflight_flush(struct vhost_vq *vq);
bool vhost_inflight_next(struct vhost_vq *vq, u16 *id);

/* inflight_packed.c */
u64 vhost_inflight_packed_bytes(u16 queue_size);
void vhost_inflight_packed_start(struct vhost_vq *vq);
bool vhost_inflight_packed_desc(struct vhost_vq *vq, struct vhost_chain *chain,
				u16 n, struct vring_packed_desc *d);
void vhost_inflight_packed_mark(struct vhost_vq *vq, struct vhost_chain *chain);
void vhost_inflight_packed_forget(struct vhost_vq *vq,
				  const struct vhost_chain *chain);
void vhost_inflight_packed_push(struct vhost_vq *vq,
				const struct vhost_chain *chain);
void vhost_inflight_packed_flush(struct vhost_vq *vq);

/* msg.c, conn.c */
void vhost_handle(struct vhost_dev *dev, struct vu_msg *msg);
int vhost_send(struct vhost_dev *dev, int fd, struct vu_msg *msg, int send_fd);
int vhost_backend_send(struct vhost_dev *dev, u32 request, const void *payload,
		       u32 size);
void vhost_close_fds(struct vu_msg *msg);
int vhost_take_fd(struct vu_msg *msg);
void vhost_dev_reset(struct vhost_dev *dev);
int vhost_handle_ring(struct vhost_dev *dev, struct vu_msg *msg);
int vhost_handle_memory(struct vhost_dev *dev, struct vu_msg *msg);

#endif
