#pragma once
// Debian's liburing behind plain functions. Swift does not see <liburing.h> itself: it drags in libc headers whose
// types then clash with those of Swift's Glibc module, and its iteration and some constants are macros.
// One call per operation; no logic.
#include <stddef.h>
#include <stdint.h>

typedef struct curing curing;

typedef struct curing_completion {
  uint64_t data;
  int32_t result;
  uint32_t flags;
} curing_completion;

enum { CURING_MORE = 1 << 1, CURING_BUFFER = 1 << 0, CURING_BUFFER_SHIFT = 16 };

/// A ring for the calling thread, or NULL and a negative errno in `code`.
curing *_Nullable curing_create(unsigned entries, unsigned completion_entries, int *_Nonnull code);
void curing_destroy(curing *_Nonnull ring);
int curing_descriptor(const curing *_Nonnull ring);

/// Submits, and waits for `count` completions: at most `nanoseconds`, for ever if negative, not at all if 0.
/// With a count over 1 the sends among what is submitted do not count.
int curing_wait(curing *_Nonnull ring, int64_t nanoseconds, unsigned count);
int curing_has_completions(const curing *_Nonnull ring);
/// Whether operations are queued that have not been submitted.
int curing_has_queued(const curing *_Nonnull ring);
/// Copies up to `capacity` completions out and marks them seen.
unsigned curing_take(curing *_Nonnull ring, curing_completion *_Nonnull out, unsigned capacity);

// Operations are queued; a full queue is submitted first. 0, or the negative errno of that submission.
int curing_accept_multishot(curing *_Nonnull ring, int listener, uint64_t data);
int curing_receive_multishot(curing *_Nonnull ring, int socket, uint16_t group, uint64_t data);
int curing_send(curing *_Nonnull ring, int socket, const void *_Nonnull bytes, size_t count,
                uint64_t data);
/// With `synced` it is done when the bytes are on disk, as if fdatasync followed. Its completion comes with those of
/// `followers` operations that do nothing.
int curing_write(curing *_Nonnull ring, int file, const void *_Nonnull bytes, size_t count, uint64_t offset,
                 int synced, uint64_t data, unsigned followers, uint64_t follower_data);
/// fdatasync.
int curing_sync(curing *_Nonnull ring, int file, uint64_t data);
int curing_poll_readable(curing *_Nonnull ring, int descriptor, uint64_t data);
int curing_cancel(curing *_Nonnull ring, uint64_t target, uint64_t data);
int curing_message(curing *_Nonnull ring, int ring_descriptor, uint64_t remote_data, uint64_t data);

/// Bytes that a buffer ring of `count` entries needs before its buffers.
size_t curing_buffers_header_size(unsigned count);
/// Registers `header` (page-aligned) as buffer ring `group`.
int curing_buffers_register(curing *_Nonnull ring, void *_Nonnull header, unsigned count,
                            uint16_t group);
/// From here on no receive takes a buffer of `group`.
void curing_buffers_unregister(curing *_Nonnull ring, uint16_t group);
/// Queues a buffer as the `offset`-th since the last publication.
void curing_buffers_add(void *_Nonnull header, void *_Nonnull address, unsigned length,
                        uint16_t identifier, unsigned count, unsigned offset);
void curing_buffers_publish(void *_Nonnull header, unsigned added);
