#define _GNU_SOURCE
#include "crowd.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "meter.h"
#include "wire.h"

struct crowd crowd_of(int largest, bool one_id) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  // A run's ids begin where no earlier run has come to, and stay below 2^53.
  uint64_t first = (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
  struct crowd crowd = {.one_id = one_id, .next_id = first, .poll = epoll_create1(0)};
  crowd.waiters = allocate(largest, sizeof *crowd.waiters);
  if (crowd.poll < 0) fail("no epoll");
  return crowd;
}

static void watch(struct crowd *crowd, int connection, uint32_t number) {
  struct epoll_event interest = {.events = EPOLLIN, .data.u32 = number};
  if (epoll_ctl(crowd->poll, EPOLL_CTL_ADD, connection, &interest)) fail("epoll_ctl");
}

uint64_t crowd_new_id(struct crowd *crowd) {
  return crowd->next_id++;
}

void crowd_grow(struct crowd *crowd, int size) {
  for (; crowd->size < size; crowd->size++) {
    struct waiter *waiter = &crowd->waiters[crowd->size];
    bool shares = crowd->one_id && crowd->size > 0;
    waiter->id = shares ? crowd->waiters[0].id : crowd_new_id(crowd);
    waiter->connection = dial(crowd->size);
    send_wait(waiter->connection, waiter->id);
    watch(crowd, waiter->connection, crowd->size);
  }
  await_rest(&server.processes);
  struct epoll_event early;
  if (epoll_wait(crowd->poll, &early, 1, 0) > 0) {
    expect_silence(crowd->waiters[early.data.u32].connection);
  }
}

void crowd_add_posters(struct crowd *crowd, int count) {
  crowd->posters = allocate(count, sizeof *crowd->posters);
  crowd->poster_count = count;
  for (int i = 0; i < count; i++) {
    crowd->posters[i].connection = dial_to_set(i);
    watch(crowd, crowd->posters[i].connection, POSTERS_FROM + i);
  }
  await_rest(&server.processes);
}

void crowd_park_again(struct crowd *crowd, struct waiter *waiter) {
  waiter->since = 0;
  waiter->id = crowd_new_id(crowd);
  send_wait(waiter->connection, waiter->id);
}

void crowd_end(struct crowd *crowd) {
  for (int i = 0; i < crowd->size; i++) close(crowd->waiters[i].connection);
  for (int i = 0; i < crowd->poster_count; i++) close(crowd->posters[i].connection);
  close(crowd->poll);
  free(crowd->waiters);
  free(crowd->posters);
  await_rest(&server.processes);
}
