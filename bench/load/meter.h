// Clocks and what is made of their readings.
#ifndef METER_H
#define METER_H
#include <stdint.h>
#include <sys/types.h>

// Seconds since some moment.
double now(void);

void pause_for(double seconds);

// What a process has used of the processors so far, in nanoseconds: user and system time of all
// its threads, also of those that have ended, and of the kernel's threads that work for it.
int64_t cpu_of(pid_t process);

// Waits until a process has next to nothing left to do.
void await_rest(pid_t process);

// Sorts the values, and prints p50, p99, p999 and max in microseconds, each as a member of JSON.
void print_percentiles(double *seconds, int count);

// Ends the program: a sentence on stderr.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Memory that is zeroed and always there.
void *allocate(size_t count, size_t size);
#endif
