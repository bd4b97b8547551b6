// Clocks and what is made of their readings.
#ifndef METER_H
#define METER_H
#include <stddef.h>
#include <stdint.h>

// Seconds since some moment.
double now(void);

void pause_for(double seconds);

enum { MOST_NUMBERS = 8 };

// A few processes, or the ports of a few servers.
struct numbers {
  int count;
  int of[MOST_NUMBERS];
};

// Of a text like "1,2,3"; fails unless all are above 0.
struct numbers numbers_of(const char *text);

// What processes have used of the processors so far, in nanoseconds: user and system time of all
// their threads, also of those that have ended, and of the kernel's threads that work for them.
int64_t cpu_of(const struct numbers *processes);

// The same of each of them.
struct costs {
  int64_t nanos[MOST_NUMBERS];
};
struct costs costs_of(const struct numbers *processes);

// Prints what was used since then, of all together and of each, as members of JSON.
void print_costs(const struct numbers *processes, const struct costs *since,
                 const struct costs *until);

// Waits until the processes have next to nothing left to do.
void await_rest(const struct numbers *processes);

// Sorts the values, and prints p50, p99, p999 and max in microseconds, each as a member of JSON.
void print_percentiles(double *seconds, int count);

// Ends the program: a sentence on stderr.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Memory that is zeroed and always there.
void *allocate(size_t count, size_t size);
#endif
