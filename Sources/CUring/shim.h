#pragma once
#ifndef _GNU_SOURCE
// What Glibc's own module is built with; without it, types such as fd_set differ between the two.
#define _GNU_SOURCE
#endif
// Debian's liburing. Its inline functions import into Swift; its macros and a few later constants do not.
#include <liburing.h>
#include <stdint.h>

/// `io_uring_for_each_cqe` as a function: copies up to `capacity` waiting completions and marks them seen.
static inline unsigned curing_take(struct io_uring *_Nonnull ring, struct io_uring_cqe *_Nonnull out,
                                   unsigned capacity) {
  unsigned head, count = 0;
  struct io_uring_cqe *cqe;
  io_uring_for_each_cqe(ring, head, cqe) {
    if (count == capacity) break;
    out[count++] = *cqe;
  }
  io_uring_cq_advance(ring, count);
  return count;
}

/// Publishes one buffer back to a provided-buffer ring.
static inline void curing_recycle(struct io_uring_buf_ring *_Nonnull ring, void *_Nonnull address,
                                  unsigned length, unsigned short identifier, int mask, int offset) {
  io_uring_buf_ring_add(ring, address, length, identifier, mask, offset);
}

static inline void curing_publish(struct io_uring_buf_ring *_Nonnull ring, int count) {
  io_uring_buf_ring_advance(ring, count);
}

static inline void curing_set_data(struct io_uring_sqe *_Nonnull sqe, uint64_t data) {
  sqe->user_data = data;
}

/// Marks a receive as choosing its buffer from `group`.
static inline void curing_select_buffer(struct io_uring_sqe *_Nonnull sqe, unsigned short group) {
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = group;
}

/// No completion if the operation succeeds.
static inline void curing_skip_success(struct io_uring_sqe *_Nonnull sqe) {
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

enum {
  CURING_SETUP_FLAGS = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
  CURING_CQE_MORE = IORING_CQE_F_MORE,
  CURING_CQE_BUFFER = IORING_CQE_F_BUFFER,
  CURING_CQE_BUFFER_SHIFT = IORING_CQE_BUFFER_SHIFT,
};
