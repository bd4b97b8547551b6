#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "crowd.h"
#include "meter.h"
#include "modes.h"
#include "wire.h"

enum { EVENTS = 1024, PATIENCE_MILLIS = 20000, STRIDE = 7919 };

static const double PATIENCE_SECONDS = PATIENCE_MILLIS / 1000.0;
static const double PINGPONG_PAUSE = 300e-6; // lets the server fall asleep, as it is at low load

// Sets the ids of the first waiters, each with a free poster, and takes all answers.
struct waking {
  struct crowd *crowd;
  int sets;   // how many ids are to be set
  int sent;
  int acknowledged;
  int woken;
};

static void set_next(struct waking *waking, struct poster *poster) {
  struct crowd *crowd = waking->crowd;
  if (waking->sent == waking->sets) return;
  send_set(poster->connection, crowd->waiters[waking->sent++].id);
}

static void take_event(struct waking *waking, uint32_t number) {
  struct crowd *crowd = waking->crowd;
  if (number >= POSTERS_FROM) {
    struct poster *poster = &crowd->posters[number - POSTERS_FROM];
    if (!take_set_answer(poster->connection)) return;
    waking->acknowledged++;
    set_next(waking, poster);
    return;
  }
  struct waiter *waiter = &crowd->waiters[number];
  if (!crowd->one_id && (int)number >= waking->sent) fail("a wait was answered before its set");
  if (waiter->is_woken) fail("a wait was answered twice, or its connection closed");
  waiter->is_woken = take_wake(waiter->connection, waiter->id);
  waking->woken += waiter->is_woken;
}

static void wake_all(const struct plan *plan, bool one_id, int posters) {
  struct crowd crowd = crowd_of(plan->waits, one_id);
  crowd_grow(&crowd, plan->waits);
  crowd_add_posters(&crowd, posters);
  struct waking waking = {.crowd = &crowd, .sets = one_id ? 1 : plan->waits};
  struct epoll_event events[EVENTS];

  double start = now();
  struct costs before = costs_of(&server.processes);
  for (int i = 0; i < posters; i++) set_next(&waking, &crowd.posters[i]);
  while (waking.woken < crowd.size || waking.acknowledged < waking.sets) {
    int ready = epoll_wait(crowd.poll, events, EVENTS, PATIENCE_MILLIS);
    if (ready <= 0) {
      fail("%d of %d waits were woken, %d of %d sets answered; the others are lost", waking.woken,
           crowd.size, waking.acknowledged, waking.sets);
    }
    for (int i = 0; i < ready; i++) take_event(&waking, events[i].data.u32);
  }
  struct costs after = costs_of(&server.processes);
  double seconds = now() - start;

  crowd_end(&crowd);
  printf("{\"wakes\":%d,\"sets\":%d,\"seconds\":%.6f,", waking.woken, waking.sets, seconds);
  print_costs(&server.processes, &before, &after);
  printf("}\n");
}

void broadcast(const struct plan *plan) {
  wake_all(plan, true, 1);
}

void storm(const struct plan *plan) {
  wake_all(plan, false, plan->posters);
}

// Asks again and again, since to be woken by the kernel takes longer than what is measured.
static void await_wake(struct waiter *waiter, double since) {
  while (!take_wake(waiter->connection, waiter->id)) {
    if (now() - since > PATIENCE_SECONDS) fail("a wake is lost");
  }
}

static void await_set_answer(int connection, double since) {
  while (!take_set_answer(connection)) {
    if (now() - since > PATIENCE_SECONDS) fail("a set isn't answered");
  }
}

void pingpong(const struct plan *plan) {
  struct crowd crowd = crowd_of(plan->waits, false);
  crowd_grow(&crowd, plan->waits);
  crowd_add_posters(&crowd, 1);
  int poster = crowd.posters[0].connection;
  double *took = allocate(plan->samples, sizeof *took);

  for (int i = 0; i < plan->samples; i++) {
    struct waiter *waiter = &crowd.waiters[(int64_t)i * STRIDE % crowd.size];
    double start = now();
    send_set(poster, waiter->id);
    await_wake(waiter, start);
    took[i] = now() - start;
    await_set_answer(poster, start);
    crowd_park_again(&crowd, waiter);
    pause_for(PINGPONG_PAUSE);
  }

  crowd_end(&crowd);
  printf("{\"wakes\":%d,", plan->samples);
  print_percentiles(took, plan->samples);
  printf("}\n");
  free(took);
}

// A run of steady: sets fall due at a rate. A set that finds no free poster stays due, and its
// time counts from when it fell due.
struct pace {
  struct crowd *crowd;
  int total;
  int sent;
  int woken;
  int free_posters;
  int turn; // whose poster is next
  double start;
  double rate;
  double *took;
};

static double due(const struct pace *pace) {
  return pace->start + pace->sent / pace->rate;
}

// One of those that are free, in turn: the server closes a connection that idles for long.
static struct poster *free_poster(struct pace *pace) {
  struct poster *poster;
  do {
    poster = &pace->crowd->posters[pace->turn++ % pace->crowd->poster_count];
  } while (poster->is_busy);
  return poster;
}

static void send_due(struct pace *pace) {
  while (pace->sent < pace->total && pace->free_posters > 0 && due(pace) <= now()) {
    struct poster *poster = free_poster(pace);
    struct crowd *crowd = pace->crowd;
    struct waiter *waiter = &crowd->waiters[(int64_t)pace->sent * STRIDE % crowd->size];
    if (waiter->since != 0) fail("a wake is lost, or later than its waiter's next turn");
    waiter->since = due(pace);
    poster->is_busy = true;
    pace->free_posters--;
    pace->sent++;
    send_set(poster->connection, waiter->id);
  }
}

static void take_paced(struct pace *pace, uint32_t number) {
  struct crowd *crowd = pace->crowd;
  if (number >= POSTERS_FROM) {
    struct poster *poster = &crowd->posters[number - POSTERS_FROM];
    if (!take_set_answer(poster->connection)) return;
    poster->is_busy = false;
    pace->free_posters++;
    return;
  }
  struct waiter *waiter = &crowd->waiters[number];
  if (waiter->since == 0) fail("a wait was answered before its set");
  if (!take_wake(waiter->connection, waiter->id)) return;
  pace->took[pace->woken++] = now() - waiter->since;
  crowd_park_again(crowd, waiter);
}

// Waits for events until the next set is due.
static int await_events(struct pace *pace, struct epoll_event *events) {
  double delay = pace->sent < pace->total ? due(pace) - now() : PATIENCE_SECONDS;
  if (pace->free_posters == 0) delay = PATIENCE_SECONDS;
  if (delay < 0) delay = 0;
  struct timespec timeout = {.tv_sec = (time_t)delay};
  timeout.tv_nsec = (long)((delay - (double)timeout.tv_sec) * 1e9);
  int ready = epoll_pwait2(pace->crowd->poll, events, EVENTS, &timeout, NULL);
  if (ready <= 0 && delay == PATIENCE_SECONDS) {
    fail("%d of %d sets woke nobody", pace->sent - pace->woken, pace->sent);
  }
  return ready;
}

void steady(const struct plan *plan) {
  struct crowd crowd = crowd_of(plan->waits, false);
  crowd_grow(&crowd, plan->waits);
  crowd_add_posters(&crowd, plan->posters);
  struct pace pace = {.crowd = &crowd, .rate = plan->rate, .free_posters = plan->posters};
  pace.total = (int)(plan->rate * plan->seconds);
  pace.took = allocate(pace.total, sizeof *pace.took);
  struct epoll_event events[EVENTS];

  int64_t cpu = cpu_of(&server.processes);
  pace.start = now();
  while (pace.woken < pace.total || pace.free_posters < plan->posters) {
    send_due(&pace);
    int ready = await_events(&pace, events);
    for (int i = 0; i < ready; i++) take_paced(&pace, events[i].data.u32);
  }
  cpu = cpu_of(&server.processes) - cpu;
  double seconds = now() - pace.start;

  crowd_end(&crowd);
  printf("{\"wakes\":%d,\"cpuNanos\":%" PRId64 ",\"seconds\":%.6f,", pace.woken, cpu, seconds);
  print_percentiles(pace.took, pace.woken);
  printf("}\n");
  free(pace.took);
}
