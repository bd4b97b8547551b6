// Requests and answers of any server whose wait is a GET and whose set is a POST.
#ifndef WIRE_H
#define WIRE_H
#include <stdbool.h>
#include <stdint.h>

#include "meter.h"

struct server {
  struct numbers ports;     // of the nodes, which clients take in turn, and to set
  struct numbers set_ports;
  struct numbers processes; // whose time is measured
  const char *wait_path;    // what stands before the id
  const char *set_path;
  bool names_id;            // the answer to a wait has the id in its body
  int client_net;           // clients are 127.1.NET.1 and up, so that runs don't share their ports
};
extern struct server server;

// A connection of the client that is the nth to come. It blocks when it is written.
int dial(int nth);
int dial_to_set(int nth);

void send_wait(int connection, uint64_t id);
void send_set(int connection, uint64_t id);

// Takes the answer, if it is there, and fails unless it is whole and the right one.
bool take_wake(int connection, uint64_t id);
bool take_set_answer(int connection);

// Fails if anything has come, or the server has closed.
void expect_silence(int connection);
#endif
