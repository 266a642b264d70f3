#pragma once
// What Linux and the processor offer and Swift cannot see: macros, inline assembly, variadic calls.
// No logic here. Each function says why it exists.
#include <semaphore.h>
#include <stddef.h>
#include <stdint.h>

/// Swift has no prefetch.
static inline void clinux_prefetch(const void *_Nullable address) { __builtin_prefetch(address, 0, 3); }

/// Tells the processor that a loop waits for another thread.
static inline void clinux_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// A cycle counter: about a third of clock_gettime's cost, read once per command.
static inline uint64_t clinux_ticks(void) {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  uint64_t ticks;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
#error "no cycle counter known for this processor"
#endif
}

/// mremap takes a variable number of arguments. Fresh pages where `pages` is null; null if there are none.
void *_Nullable clinux_grow_pages(void *_Nullable pages, size_t old_count, size_t count);

/// CPU_ZERO and CPU_SET are macros. Returns 0 or an errno.
int clinux_pin_thread(int cpu);

/// The processors this process may run on, lowest first, up to `capacity`.
int clinux_allowed_cpus(int *_Nonnull cpus, int capacity);

/// Has the calling thread, and what it starts, run on these processors. Returns 0 or an errno.
int clinux_use_cpus(const int *_Nonnull cpus, int count);

/// prctl is variadic.
void clinux_name_thread(const char *_Nonnull name);

/// eventfd(2), close-on-exec and non-blocking; Glibc's module leaves it out. A descriptor, or -1 and errno.
int clinux_eventfd(void);

/// sem_clockwait(3) on CLOCK_MONOTONIC, which Glibc's module leaves out. 0, or an errno: ETIMEDOUT, EINTR.
int clinux_semaphore_wait(sem_t *_Nonnull semaphore, uint64_t deadline_nanoseconds);

/// What `clinux_add_decimals` returns instead of a length.
enum {
  CLINUX_DECIMAL_INVALID_LEFT = -1,
  CLINUX_DECIMAL_INVALID_RIGHT = -2,
  CLINUX_DECIMAL_NOT_FINITE = -3,
};

/// The sum of two decimal texts as "%.17Lf" prints it. Swift has no long double on every processor, and
/// snprintf is variadic. Returns the length, or one of the codes above.
int clinux_add_decimals(const void *_Nonnull left, size_t left_count, const void *_Nonnull right,
                        size_t right_count, void *_Nonnull sum, size_t capacity);

/// Makes the memory of the process' arguments and environment free for a title, which is what ps and /proc/PID/cmdline
/// show: only the process itself can find it (proc_pid_stat(5), fields 48 to 51). Call once, before there are other
/// threads. 0, or -1 if the memory was not found.
int clinux_claim_process_title(void);

/// Sets the title, cut to the memory there is. Does nothing before `clinux_claim_process_title`.
void clinux_set_process_title(const char *_Nonnull title);

/// Has a signal that ends the process by its own fault leave a line and the stack in the log, then end it as before. Handlers may only
/// call what is safe in them.
void clinux_report_crashes(const char *_Nonnull log_path);
