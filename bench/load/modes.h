// What park can do with a crowd of parked waits. Each prints its figures as one line of JSON.
#ifndef MODES_H
#define MODES_H
#include <stdbool.h>

struct plan {
  int waits;
  int posters;
  int samples;
  double rate;
  double seconds;
  bool one_id;
};

void broadcast(const struct plan *plan); // all wait for one id, and one POST wakes them
void storm(const struct plan *plan);     // an id for each waiter; the posters set all of them
void pingpong(const struct plan *plan);  // one set at a time; its waiter waits again
void steady(const struct plan *plan);    // sets at a constant rate; their waiters wait again
void leave(const struct plan *plan);     // all hang up at once
void trickle(const struct plan *plan);   // all hang up, one after the other
void churn(const struct plan *plan);     // connect, wait and abandon at a constant rate
void hold(const struct plan *plan);      // parks as many as stdin says, line by line, until its end
#endif
