#define _GNU_SOURCE
#include "CLinux.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

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

void clinux_name_thread(const char *name) { prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0); }

int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

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
