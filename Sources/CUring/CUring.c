#define _GNU_SOURCE
#include "CUring.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

struct curing {
  struct io_uring ring;
  /// Sends queued since the last wait: they complete with their submission, if the socket has room.
  unsigned queued_sends;
};

_Static_assert(CURING_MORE == IORING_CQE_F_MORE, "IORING_CQE_F_MORE");
_Static_assert(CURING_BUFFER == IORING_CQE_F_BUFFER, "IORING_CQE_F_BUFFER");
_Static_assert(CURING_BUFFER_SHIFT == IORING_CQE_BUFFER_SHIFT, "IORING_CQE_BUFFER_SHIFT");

curing *curing_create(unsigned entries, unsigned completion_entries, int *code) {
  curing *self = malloc(sizeof(*self));
  if (self == NULL) {
    *code = -ENOMEM;
    return NULL;
  }
  struct io_uring_params parameters = {
      .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL |
               IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
      .cq_entries = completion_entries,
  };
  self->queued_sends = 0;
  *code = io_uring_queue_init_params(entries, &self->ring, &parameters);
  if (*code != 0) {
    free(self);
    return NULL;
  }
  // Saves looking up the descriptor at each system call; where it is not possible nothing is lost.
  io_uring_register_ring_fd(&self->ring);
  return self;
}

void curing_destroy(curing *self) {
  io_uring_queue_exit(&self->ring);
  free(self);
}

int curing_descriptor(const curing *self) { return self->ring.ring_fd; }

int curing_wait(curing *self, int64_t nanoseconds, unsigned count) {
  if (count > 1) count += self->queued_sends;
  self->queued_sends = 0;
  if (nanoseconds < 0) return io_uring_submit_and_wait(&self->ring, count);
  if (nanoseconds == 0) return io_uring_submit_and_get_events(&self->ring);
  struct __kernel_timespec limit = {
      .tv_sec = nanoseconds / 1000000000,
      .tv_nsec = nanoseconds % 1000000000,
  };
  struct io_uring_cqe *cqe;
  return io_uring_submit_and_wait_timeout(&self->ring, &cqe, count, &limit, NULL);
}

int curing_has_completions(const curing *self) { return io_uring_cq_ready(&self->ring) > 0; }

int curing_has_queued(const curing *self) { return io_uring_sq_ready(&self->ring) > 0; }

unsigned curing_take(curing *self, curing_completion *out, unsigned capacity) {
  unsigned head, count = 0;
  struct io_uring_cqe *cqe;
  io_uring_for_each_cqe(&self->ring, head, cqe) {
    if (count == capacity) break;
    out[count].data = cqe->user_data;
    out[count].result = cqe->res;
    out[count].flags = cqe->flags;
    count++;
  }
  io_uring_cq_advance(&self->ring, count);
  return count;
}

/// The next free submission entry. The kernel takes a full queue whole (SUBMIT_ALL), or says why not.
static int next_entry(curing *self, struct io_uring_sqe **sqe) {
  while ((*sqe = io_uring_get_sqe(&self->ring)) == NULL) {
    int code = io_uring_submit(&self->ring);
    if (code < 0 && code != -EINTR && code != -EAGAIN && code != -EBUSY) return code;
  }
  return 0;
}

int curing_accept_multishot(curing *self, int listener, uint64_t data) {
  struct io_uring_sqe *sqe;
  int code = next_entry(self, &sqe);
  if (code != 0) return code;
  io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, SOCK_CLOEXEC);
  sqe->user_data = data;
  return 0;
}

int curing_receive_multishot(curing *self, int socket, uint16_t group, uint64_t data) {
  struct io_uring_sqe *sqe;
  int code = next_entry(self, &sqe);
  if (code != 0) return code;
  io_uring_prep_recv_multishot(sqe, socket, NULL, 0, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = group;
  sqe->user_data = data;
  return 0;
}

int curing_send(curing *self, int socket, const void *bytes, size_t count, uint64_t data) {
  struct io_uring_sqe *sqe;
  int code = next_entry(self, &sqe);
  if (code != 0) return code;
  self->queued_sends++;
  io_uring_prep_send(sqe, socket, bytes, count, MSG_NOSIGNAL | MSG_WAITALL);
  sqe->user_data = data;
  return 0;
}

int curing_write(curing *self, int file, const void *bytes, size_t count, uint64_t offset,
                 int synced, uint64_t data, unsigned followers, uint64_t follower_data) {
  struct io_uring_sqe *sqe;
  int code = next_entry(self, &sqe);
  if (code != 0) return code;
  io_uring_prep_write(sqe, file, bytes, (unsigned)count, offset);
  if (synced) {
    sqe->rw_flags = RWF_DSYNC;
    // It waits for the disk, so there is no use in trying without a worker first.
    sqe->flags |= IOSQE_ASYNC;
  }
  sqe->user_data = data;
  for (; followers > 0; followers--) {
    struct io_uring_sqe *previous = sqe;
    code = next_entry(self, &sqe);
    if (code != 0) return code;
    // Where a full queue was submitted in between, the rest completes at once.
    previous->flags |= IOSQE_IO_LINK;
    io_uring_prep_nop(sqe);
    sqe->user_data = follower_data;
  }
  return 0;
}

int curing_sync(curing *self, int file, uint64_t data) {
  struct io_uring_sqe *sqe;
  int code = next_entry(self, &sqe);
  if (code != 0) return code;
  io_uring_prep_fsync(sqe, file, IORING_FSYNC_DATASYNC);
  sqe->user_data = data;
  return 0;
}

int curing_poll_readable(curing *self, int descriptor, uint64_t data) {
  struct io_uring_sqe *sqe;
  int code = next_entry(self, &sqe);
  if (code != 0) return code;
  io_uring_prep_poll_multishot(sqe, descriptor, POLLIN);
  sqe->user_data = data;
  return 0;
}

int curing_cancel(curing *self, uint64_t target, uint64_t data) {
  struct io_uring_sqe *sqe;
  int code = next_entry(self, &sqe);
  if (code != 0) return code;
  io_uring_prep_cancel64(sqe, target, 0);
  sqe->user_data = data;
  return 0;
}

int curing_message(curing *self, int ring_descriptor, uint64_t remote_data, uint64_t data) {
  struct io_uring_sqe *sqe;
  int code = next_entry(self, &sqe);
  if (code != 0) return code;
  io_uring_prep_msg_ring(sqe, ring_descriptor, 0, remote_data, 0);
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  sqe->user_data = data;
  return 0;
}

size_t curing_buffers_header_size(unsigned count) {
  size_t size = count * sizeof(struct io_uring_buf);
  return (size + 4095) & ~(size_t)4095;
}

void curing_buffers_unregister(curing *self, uint16_t group) { io_uring_unregister_buf_ring(&self->ring, group); }

int curing_buffers_register(curing *self, void *header, unsigned count, uint16_t group) {
  struct io_uring_buf_reg registration = {
      .ring_addr = (uintptr_t)header, .ring_entries = count, .bgid = group};
  int code = io_uring_register_buf_ring(&self->ring, &registration, 0);
  if (code == 0) io_uring_buf_ring_init(header);
  return code;
}

void curing_buffers_add(void *header, void *address, unsigned length, uint16_t identifier,
                        unsigned count, unsigned offset) {
  io_uring_buf_ring_add(header, address, length, identifier, (int)count - 1, (int)offset);
}

void curing_buffers_publish(void *header, unsigned added) {
  io_uring_buf_ring_advance(header, (int)added);
}
