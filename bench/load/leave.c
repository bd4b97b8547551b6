#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crowd.h"
#include "meter.h"
#include "modes.h"
#include "wire.h"

static const double BETWEEN_HANGUPS = 100e-6; // long enough for a server to be done with each
static const double ABANDON_SECONDS = 1;      // how long churn lets a wait park

static void hang_up(const struct plan *plan, double pause) {
  struct crowd crowd = crowd_of(plan->waits, false);
  crowd_grow(&crowd, plan->waits);
  int64_t cpu = cpu_of(&server.processes);
  for (int i = 0; i < crowd.size; i++) {
    close(crowd.waiters[i].connection);
    if (pause > 0) pause_for(pause);
  }
  await_rest(&server.processes);
  cpu = cpu_of(&server.processes) - cpu;
  printf("{\"hangups\":%d,\"cpuNanos\":%" PRId64 "}\n", crowd.size, cpu);
}

void leave(const struct plan *plan) {
  hang_up(plan, 0);
}

void trickle(const struct plan *plan) {
  hang_up(plan, BETWEEN_HANGUPS);
}

static void abandon(int connection) {
  expect_silence(connection);
  close(connection);
}

void churn(const struct plan *plan) {
  struct crowd crowd = crowd_of(1, false); // only for its ids
  int total = (int)(plan->rate * plan->seconds), open = 0;
  int most_open = (int)(plan->rate * ABANDON_SECONDS) + 1;
  int *connections = allocate(most_open, sizeof *connections);

  int64_t cpu = cpu_of(&server.processes);
  double start = now();
  for (int i = 0; i < total; i++) {
    double early = start + i / plan->rate - now();
    if (early > 0) pause_for(early);
    int *connection = &connections[i % most_open];
    if (open == most_open) {
      abandon(*connection);
    } else {
      open++;
    }
    *connection = dial(i);
    send_wait(*connection, crowd_new_id(&crowd));
  }
  for (int i = 0; i < open; i++) abandon(connections[i]);
  double seconds = now() - start;
  cpu = cpu_of(&server.processes) - cpu;

  crowd_end(&crowd);
  printf("{\"abandoned\":%d,\"cpuNanos\":%" PRId64 ",\"seconds\":%.6f}\n", total, cpu, seconds);
  free(connections);
}

void hold(const struct plan *plan) {
  struct crowd crowd = crowd_of(plan->waits, plan->one_id);
  int size;
  while (scanf("%d", &size) == 1) {
    if (size > plan->waits) fail("more waits than --waits");
    crowd_grow(&crowd, size);
    printf("{\"parked\":%d}\n", crowd.size);
    fflush(stdout);
  }
  crowd_end(&crowd);
}
