// Parks waits at a server of event variables and wakes them, and says what that cost the server.
// One thread, epoll, on the loopback. A lost wake, an early answer or a wrong one ends it with
// status 1.
#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meter.h"
#include "modes.h"
#include "wire.h"

static const char USAGE[] =
    "usage: park MODE --port PORT --pid PID [OPTION]...\n"
    "  MODE              broadcast, storm, pingpong, steady, leave, trickle, churn or hold\n"
    "  --port PORT       of the server, or PORT,PORT of nodes that share their sets: the clients\n"
    "                    take them in turn\n"
    "  --set-port PORT   where the sets go, likewise (that of the waits)\n"
    "  --pid PID         the process whose time is measured, or PID,PID\n"
    "  --waits N         how many waits are parked (1000)\n"
    "  --wait-path PATH  what stands before the id in a GET (/)\n"
    "  --set-path PATH   and in a POST (/)\n"
    "  --names-id        the answer to a wait has the id in its body\n"
    "  --posters N       connections that set, in storm and steady (32)\n"
    "  --samples N       sets of pingpong (2000)\n"
    "  --rate N          sets or connections each second, in steady and churn (1000)\n"
    "  --seconds N       how long steady and churn go on (10)\n"
    "  --one-id          hold parks all waits on one id\n"
    "  --net N           clients are 127.1.N.1 and up, 0 to 255 (0)\n";

static const struct {
  const char *name;
  void (*run)(const struct plan *);
} modes[] = {{"broadcast", broadcast}, {"storm", storm}, {"pingpong", pingpong},
             {"steady", steady},       {"leave", leave}, {"trickle", trickle},
             {"churn", churn},         {"hold", hold}};

static const struct option options[] = {
    {"port", required_argument, NULL, 'p'},      {"pid", required_argument, NULL, 'P'},
    {"waits", required_argument, NULL, 'n'},     {"wait-path", required_argument, NULL, 'w'},
    {"set-path", required_argument, NULL, 's'},  {"names-id", no_argument, NULL, 'i'},
    {"posters", required_argument, NULL, 'o'},   {"samples", required_argument, NULL, 'm'},
    {"rate", required_argument, NULL, 'r'},      {"seconds", required_argument, NULL, 't'},
    {"one-id", no_argument, NULL, '1'},          {"net", required_argument, NULL, 'f'},
    {"set-port", required_argument, NULL, 'q'},  {NULL, 0, NULL, 0}};

_Noreturn static void refuse(void) {
  fputs(USAGE, stderr);
  exit(2);
}

static double positive(const char *text) {
  char *end;
  double number = strtod(text, &end);
  if (end == text || *end != 0 || number <= 0) fail("no positive number: %s", text);
  return number;
}

static void take_option(int option, struct plan *plan) {
  switch (option) {
    case 'p': server.ports = numbers_of(optarg); break;
    case 'q': server.set_ports = numbers_of(optarg); break;
    case 'P': server.processes = numbers_of(optarg); break;
    case 'w': server.wait_path = optarg; break;
    case 's': server.set_path = optarg; break;
    case 'i': server.names_id = true; break;
    case 'f': server.client_net = atoi(optarg) & 255; break;
    case 'n': plan->waits = (int)positive(optarg); break;
    case 'o': plan->posters = (int)positive(optarg); break;
    case 'm': plan->samples = (int)positive(optarg); break;
    case 'r': plan->rate = positive(optarg); break;
    case 't': plan->seconds = positive(optarg); break;
    case '1': plan->one_id = true; break;
    default: refuse();
  }
}

int main(int count, char **arguments) {
  struct plan plan = {.waits = 1000, .posters = 32, .samples = 2000, .rate = 1000, .seconds = 10};
  server = (struct server){.wait_path = "/", .set_path = "/"};
  for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
    take_option(option, &plan);
  }
  if (optind != count - 1 || server.ports.count == 0 || server.processes.count == 0) refuse();
  if (server.set_ports.count == 0) server.set_ports = server.ports;
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    if (strcmp(modes[i].name, arguments[optind]) == 0) {
      modes[i].run(&plan);
      return 0;
    }
  }
  refuse();
}
