#pragma once
// The system's jemalloc. Linking it also replaces malloc for the Swift runtime, so that one allocator's
// statistics tell the whole truth.
#include <jemalloc/jemalloc.h>
#include <stdbool.h>
#include <stdint.h>

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

/// A free whose size the caller knows: skips jemalloc's look-up of the extent.
static inline void cjemalloc_free_sized(void *_Nonnull pointer, size_t size) {
  sdallocx(pointer, size, 0);
}
