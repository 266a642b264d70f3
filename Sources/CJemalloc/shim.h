#pragma once
// The system's jemalloc. Linking it also replaces malloc for the Swift runtime, so that one allocator's
// statistics tell the whole truth.
#include <jemalloc/jemalloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/// Refreshes the statistics' snapshot; `mallctl` reads are stale without it.
static inline int cjemalloc_refresh_statistics(void) {
  uint64_t epoch = 1;
  size_t size = sizeof(epoch);
  return mallctl("epoch", &epoch, &size, &epoch, size);
}

/// Reads a `size_t` statistic, 0 where this build lacks it.
static inline size_t cjemalloc_statistic(const char *_Nonnull name) {
  size_t value = 0, size = sizeof(value);
  return mallctl(name, &value, &size, NULL, 0) == 0 ? value : 0;
}

#define CJEMALLOC_TEXT_(x) #x
#define CJEMALLOC_TEXT(x) CJEMALLOC_TEXT_(x)

/// Bytes that threads keep at hand for their next allocations: jemalloc counts them as allocated.
static inline size_t cjemalloc_cached_bytes(void) {
  return cjemalloc_statistic("stats.arenas." CJEMALLOC_TEXT(MALLCTL_ARENAS_ALL) ".tcache_bytes");
}

/// Where the calling thread's counters of bytes ever allocated and ever freed are; 0 where this build has none.
/// Valid for the thread's life.
static inline uintptr_t cjemalloc_allocated_counter(void) {
  uint64_t *counter = NULL;
  size_t size = sizeof(counter);
  return mallctl("thread.allocatedp", &counter, &size, NULL, 0) == 0 ? (uintptr_t)counter : 0;
}

static inline uintptr_t cjemalloc_freed_counter(void) {
  uint64_t *counter = NULL;
  size_t size = sizeof(counter);
  return mallctl("thread.deallocatedp", &counter, &size, NULL, 0) == 0 ? (uintptr_t)counter : 0;
}

/// The value of such a counter, 0 without. From any thread.
static inline int64_t cjemalloc_counter(uintptr_t counter) {
  return counter ? (int64_t)__atomic_load_n((uint64_t *)counter, __ATOMIC_RELAXED) : 0;
}

/// The difference of two such counters, 0 without. From any thread: a counter is one aligned word.
static inline int64_t cjemalloc_net(uintptr_t allocated, uintptr_t freed) {
  if (!allocated || !freed) return 0;
  return (int64_t)(__atomic_load_n((uint64_t *)allocated, __ATOMIC_RELAXED)
                   - __atomic_load_n((uint64_t *)freed, __ATOMIC_RELAXED));
}

/// Which jemalloc this is: its version, and the commit it was built from.
static inline const char *_Nonnull cjemalloc_version(void) {
  const char *version = "unknown";
  size_t size = sizeof(version);
  mallctl("version", &version, &size, NULL, 0);
  return version;
}

/// Returns the pages of freed memory to the system: a control whose name is made with a macro. 0 or an errno.
static inline int cjemalloc_purge(void) {
  return mallctl("arena." CJEMALLOC_TEXT(MALLCTL_ARENAS_ALL) ".purge", NULL, NULL, NULL, 0);
}

/// Reads, and with `new_value` sets, a control of eight bytes. 0 or an errno.
static inline int cjemalloc_control(
    const char *_Nonnull name, int64_t *_Nonnull value, const int64_t *_Nullable new_value) {
  int64_t wanted = new_value ? *new_value : 0;
  size_t size = sizeof(*value);
  return mallctl(name, value, &size, new_value ? &wanted : NULL, new_value ? sizeof(wanted) : 0);
}

// Does what `name` stands for; an error code, 0 for none.
static inline int cjemalloc_call(const char *_Nonnull name) { return mallctl(name, NULL, NULL, NULL, 0); }

/// As `cjemalloc_control`, for controls that hold text. What they return lives as long as jemalloc.
static inline int cjemalloc_text_control(
    const char *_Nonnull name, const char *_Nullable *_Nonnull value,
    const char *_Nullable new_value) {
  size_t size = sizeof(*value);
  return mallctl(
      name, (void *)value, &size, new_value ? (void *)&new_value : NULL,
      new_value ? sizeof(new_value) : 0);
}

/// A free whose size the caller knows: skips jemalloc's look-up of the extent.
static inline void cjemalloc_free_sized(void *_Nonnull pointer, size_t size) {
  sdallocx(pointer, size, 0);
}

/// What jemalloc says of the slab that a block lies in: pages cut into regions of one size. A block that has pages of
/// its own is the only region of its slab.
typedef struct {
  size_t free_regions;
  size_t regions;
  size_t byte_count;
} cjemalloc_slab_t;

/// The same, and what it says of all slabs of that size in the block's arena: how many of their regions are free, and
/// the slab that the next block will come from (0 if none is at hand).
typedef struct {
  uintptr_t current_slab;
  cjemalloc_slab_t slab;
  size_t all_free_regions;
  size_t all_regions;
} cjemalloc_slabs_t;

/// A control's name, looked up once. Without such a control, `depth` is 0.
typedef struct {
  size_t path[3];
  size_t depth;
} cjemalloc_control_t;

static inline cjemalloc_control_t cjemalloc_find_control(const char *_Nonnull name) {
  cjemalloc_control_t control = {.depth = 3};
  if (mallctlnametomib(name, control.path, &control.depth) != 0) control.depth = 0;
  return control;
}

/// Asks `experimental.utilization.batch_query` for the slabs of `count` blocks; some nanoseconds each. 0 or an errno.
static inline int cjemalloc_find_slabs(
    const cjemalloc_control_t *_Nonnull batch_query, void *_Nonnull const *_Nonnull blocks, size_t count,
    cjemalloc_slab_t *_Nonnull slabs) {
  size_t size = count * sizeof(*slabs);
  return mallctlbymib(
      batch_query->path, batch_query->depth, slabs, &size, (void *)blocks, count * sizeof(*blocks));
}

/// Asks `experimental.utilization.query`, which takes a lock of the arena. 0 or an errno.
static inline int cjemalloc_find_like_slabs(
    const cjemalloc_control_t *_Nonnull query, void *_Nonnull block, cjemalloc_slabs_t *_Nonnull slabs) {
  size_t size = sizeof(*slabs);
  return mallctlbymib(query->path, query->depth, slabs, &size, &block, sizeof(block));
}

/// Memory from the slab that jemalloc fills at the moment, rather than from what the thread has at hand; and back to
/// its slab.
static inline void *_Nullable cjemalloc_allocate_uncached(size_t size, size_t alignment) {
  return mallocx(size, MALLOCX_ALIGN(alignment) | MALLOCX_TCACHE_NONE);
}

static inline void cjemalloc_free_uncached(void *_Nonnull pointer) {
  dallocx(pointer, MALLOCX_TCACHE_NONE);
}

/// Whether threads of jemalloc's own give pages back, also while nothing is allocated or freed. 0 or an errno.
static inline int cjemalloc_set_background_threads(bool wanted) {
  return mallctl("background_thread", NULL, NULL, &wanted, sizeof(wanted));
}

/// What is called `name` of the calling thread's arena: sets it to `milliseconds`, or does it where that is null. 0 or an errno.
static inline int cjemalloc_own_arena(const char *_Nonnull name, const ssize_t *_Nullable milliseconds) {
  unsigned arena = 0;
  size_t size = sizeof(arena);
  int code = mallctl("thread.arena", &arena, &size, NULL, 0);
  if (code != 0) return code;
  char path[48];
  snprintf(path, sizeof(path), "arena.%u.%s", arena, name);
  return mallctl(path, NULL, NULL, (void *)milliseconds, milliseconds ? sizeof(*milliseconds) : 0);
}

/// Within how many milliseconds the calling thread's arena gives back pages that have become free. 0 or an errno.
static inline int cjemalloc_set_decay(ssize_t milliseconds) {
  return cjemalloc_own_arena("dirty_decay_ms", &milliseconds);
}

/// Returns the calling thread's freed pages to the system, however long they have been free. By itself, jemalloc looks after
/// a number of allocations, whatever their size. 0 or an errno.
static inline int cjemalloc_purge_own(void) { return cjemalloc_own_arena("purge", NULL); }
