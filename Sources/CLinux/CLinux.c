#define _GNU_SOURCE
#include "CLinux.h"
#include <sys/mman.h>

#include <ctype.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

int clinux_pin_thread(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return sched_setaffinity(0, sizeof(set), &set) == 0 ? 0 : errno;
}

int clinux_allowed_cpus(int *cpus, int capacity) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 0;
  int count = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE && count < capacity; cpu++)
    if (CPU_ISSET(cpu, &set)) cpus[count++] = cpu;
  return count;
}

int clinux_use_cpus(const int *cpus, int count) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int index = 0; index < count; index++) CPU_SET(cpus[index], &set);
  return sched_setaffinity(0, sizeof(set), &set) == 0 ? 0 : errno;
}

void clinux_name_thread(const char *name) { prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0); }

int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_semaphore_wait(sem_t *semaphore, uint64_t deadline_nanoseconds) {
  struct timespec deadline = {
      .tv_sec = (time_t)(deadline_nanoseconds / 1000000000),
      .tv_nsec = (long)(deadline_nanoseconds % 1000000000),
  };
  return sem_clockwait(semaphore, CLOCK_MONOTONIC, &deadline) == 0 ? 0 : errno;
}

// The whole of a text, as strtold reads it; no leading space, no NaN, nothing out of range.
static int parse_decimal(const void *text, size_t count, long double *value) {
  char copy[5 * 1024];
  if (count == 0 || count >= sizeof(copy)) return 0;
  memcpy(copy, text, count);
  copy[count] = 0;
  if (isspace((unsigned char)copy[0])) return 0;
  char *end;
  errno = 0;
  *value = strtold(copy, &end);
  if ((size_t)(end - copy) != count || isnan(*value)) return 0;
  return !(errno == ERANGE && (isinf(*value) || *value == 0)) && errno != EINVAL;
}

int clinux_add_decimals(const void *left, size_t left_count, const void *right, size_t right_count,
                        void *sum, size_t capacity) {
  long double first, second;
  if (!parse_decimal(left, left_count, &first)) return CLINUX_DECIMAL_INVALID_LEFT;
  if (!parse_decimal(right, right_count, &second)) return CLINUX_DECIMAL_INVALID_RIGHT;
  first += second;
  if (isnan(first) || isinf(first)) return CLINUX_DECIMAL_NOT_FINITE;
  return snprintf(sum, capacity, "%.17Lf", first);
}

static char *title_memory;
static size_t title_capacity;

int clinux_claim_process_title(void) {
  char text[2048];
  FILE *file = fopen("/proc/self/stat", "re");
  if (!file) return -1;
  size_t count = fread(text, 1, sizeof(text) - 1, file);
  fclose(file);
  text[count] = 0;
  // The second field is the name in parentheses, which may hold anything.
  char *field = strrchr(text, ')');
  if (!field) return -1;
  unsigned long bounds[4] = {0};
  int number = 2;
  for (field = strchr(field, ' '); field; field = strchr(field + 1, ' ')) {
    number++;
    if (number >= 48 && number <= 51) bounds[number - 48] = strtoul(field + 1, NULL, 10);
  }
  char *start = (char *)bounds[0];
  char *end = (char *)(bounds[2] == bounds[1] ? bounds[3] : bounds[1]);
  if (!start || end <= start) return -1;
  // Whoever holds pointers into it gets copies.
  for (char **entry = environ; entry && *entry; entry++) {
    if (*entry < start || *entry >= end) continue;
    char *copy = strdup(*entry);
    if (!copy) return -1;
    *entry = copy;
  }
  program_invocation_name = strdup(program_invocation_name);
  char *slash = strrchr(program_invocation_name, '/');
  program_invocation_short_name = slash ? slash + 1 : program_invocation_name;
  title_memory = start;
  title_capacity = (size_t)(end - start);
  return 0;
}

void clinux_set_process_title(const char *title) {
  if (title_capacity == 0) return;
  size_t count = strlen(title);
  if (count >= title_capacity) count = title_capacity - 1;
  memset(title_memory, 0, title_capacity);
  memcpy(title_memory, title, count);
}

static char crash_log[4096];

static void report_crash(int number, siginfo_t *info, void *context) {
  (void)context;
  int file = crash_log[0] ? open(crash_log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : STDOUT_FILENO;
  if (file >= 0) {
    char line[160];
    int count = snprintf(line, sizeof(line), "%d:M # Martlet crashed by signal: %d, at address %p\n--- STACK TRACE\n",
                         (int)getpid(), number, info->si_addr);
    if (write(file, line, (size_t)count) == count) {
      void *frames[64];
      backtrace_symbols_fd(frames, backtrace(frames, 64), file);
    }
  }
  raise(number);
}

void clinux_report_crashes(const char *log_path) {
  // Loads what backtrace needs before it is needed.
  void *frame;
  backtrace(&frame, 1);
  strncpy(crash_log, log_path, sizeof(crash_log) - 1);
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_sigaction = report_crash;
  action.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER;
  const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
  for (size_t index = 0; index < sizeof(numbers) / sizeof(numbers[0]); index++)
    sigaction(numbers[index], &action, NULL);
}

void *clinux_grow_pages(void *pages, size_t old_count, size_t count) {
  void *grown = pages
      ? mremap(pages, old_count, count, MREMAP_MAYMOVE)
      : mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return grown == MAP_FAILED ? NULL : grown;
}
