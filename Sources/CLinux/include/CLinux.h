#pragma once
// What Linux and the processor offer and Swift cannot see: macros, inline assembly, variadic calls.
// No logic here. Each function says why it exists.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <immintrin.h>
#include <x86intrin.h>
#endif

/// Swift has no prefetch.
static inline void clinux_prefetch(const void *_Nullable address) { __builtin_prefetch(address, 0, 3); }

/// A cycle counter: about a third of clock_gettime's cost, read once per command.
static inline uint64_t clinux_ticks(void) {
#if defined(__x86_64__)
  return __rdtsc();
#elif defined(__aarch64__)
  uint64_t ticks;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
#error "no cycle counter known for this processor"
#endif
}

/// CPU_ZERO and CPU_SET are macros. Returns 0 or an errno.
static inline int clinux_pin_thread(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return sched_setaffinity(0, sizeof(set), &set) == 0 ? 0 : errno;
}

/// The processors this process may run on, lowest first, up to `capacity`.
static inline int clinux_allowed_cpus(int *_Nonnull cpus, int capacity) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 0;
  int count = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE && count < capacity; cpu++)
    if (CPU_ISSET(cpu, &set)) cpus[count++] = cpu;
  return count;
}

/// prctl is variadic.
static inline void clinux_name_thread(const char *_Nonnull name) {
  prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0);
}
