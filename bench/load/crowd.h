// Waits that are parked at the server, and connections that set.
#ifndef CROWD_H
#define CROWD_H
#include <stdbool.h>
#include <stdint.h>

struct waiter {
  int connection;
  uint64_t id;
  double since;  // in steady: when its set was due; 0 while it is parked
  bool is_woken; // in broadcast and storm, where it doesn't wait again
};

struct poster {
  int connection;
  bool is_busy;
};

struct crowd {
  struct waiter *waiters;
  int size;   // how many are parked
  int poll;   // epoll; an event's number is a waiter's index, or a poster's above POSTERS_FROM
  bool one_id;
  uint64_t next_id;
  struct poster *posters;
  int poster_count;
};

enum { POSTERS_FROM = 1 << 30 };

// A crowd of nobody yet, which can become as large as this.
struct crowd crowd_of(int largest, bool one_id);

// Parks more waits until the crowd has this size, and lets the server come to rest; fails if one
// is answered.
void crowd_grow(struct crowd *crowd, int size);

// Connections that keep alive, to set from.
void crowd_add_posters(struct crowd *crowd, int count);

// An id that nobody has seen yet.
uint64_t crowd_new_id(struct crowd *crowd);

// Parks a waiter that was woken again, on a new id.
void crowd_park_again(struct crowd *crowd, struct waiter *waiter);

// Closes everything, and lets the server come to rest.
void crowd_end(struct crowd *crowd);
#endif
