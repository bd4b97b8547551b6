#define _GNU_SOURCE
#include "meter.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const double REST_SECONDS = 0.1; // a process rests if it uses less than 1 % for so long,
static const double REST_SHARE = 0.01;
static const double PATIENCE_SECONDS = 30; // and ought to within this time

static int64_t nanoseconds(clockid_t clock) {
  struct timespec time;
  if (clock_gettime(clock, &time)) fail("the process can't be measured");
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

double now(void) {
  return nanoseconds(CLOCK_MONOTONIC) / 1e9;
}

void pause_for(double seconds) {
  struct timespec time = {.tv_sec = (time_t)seconds};
  time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
  nanosleep(&time, NULL);
}

struct numbers numbers_of(const char *text) {
  struct numbers numbers = {0};
  for (const char *at = text;;) {
    char *end;
    long number = strtol(at, &end, 10);
    if (end == at || number <= 0 || numbers.count == MOST_NUMBERS) fail("no numbers: %s", text);
    numbers.of[numbers.count++] = (int)number;
    if (*end == 0) return numbers;
    if (*end != ',') fail("no numbers: %s", text);
    at = end + 1;
  }
}

static int64_t cpu_of_one(int process) {
  clockid_t clock;
  if (clock_getcpuclockid(process, &clock)) fail("there is no process %d", process);
  return nanoseconds(clock);
}

int64_t cpu_of(const struct numbers *processes) {
  int64_t sum = 0;
  for (int i = 0; i < processes->count; i++) sum += cpu_of_one(processes->of[i]);
  return sum;
}

struct costs costs_of(const struct numbers *processes) {
  struct costs costs = {0};
  for (int i = 0; i < processes->count; i++) costs.nanos[i] = cpu_of_one(processes->of[i]);
  return costs;
}

void print_costs(const struct numbers *processes, const struct costs *since,
                 const struct costs *until) {
  int64_t sum = 0;
  printf("\"cpuNanosOfEach\":[");
  for (int i = 0; i < processes->count; i++) {
    int64_t nanos = until->nanos[i] - since->nanos[i];
    sum += nanos;
    printf("%s%" PRId64, i ? "," : "", nanos);
  }
  printf("],\"cpuNanos\":%" PRId64, sum);
}

void await_rest(const struct numbers *processes) {
  double end = now() + PATIENCE_SECONDS;
  for (;;) {
    int64_t before = cpu_of(processes);
    pause_for(REST_SECONDS);
    if ((double)(cpu_of(processes) - before) < REST_SHARE * REST_SECONDS * 1e9) return;
    if (now() > end) fail("the server doesn't come to rest");
  }
}

static int compare(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

void print_percentiles(double *seconds, int count) {
  if (count == 0) fail("nothing was measured");
  qsort(seconds, count, sizeof *seconds, compare);
  printf("\"p50\":%.2f,\"p99\":%.2f,\"p999\":%.2f,\"max\":%.2f", seconds[count / 2] * 1e6,
         seconds[(int)(count * 0.99)] * 1e6, seconds[(int)(count * 0.999)] * 1e6,
         seconds[count - 1] * 1e6);
}

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "park: ");
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  va_end(arguments);
  exit(1);
}

void *allocate(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (memory == NULL) fail("out of memory");
  return memory;
}
