#define _GNU_SOURCE
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "meter.h"

enum { CLIENTS_OF_ADDRESS = 10000, ANSWER_SIZE = 4096 };

struct server server;

static const char BROWSER_FIELDS[] =
    "Host: localhost\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0 Safari/537.36\r\n"
    "Accept: */*\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en\r\n"
    "Referer: http://localhost/app\r\n"
    "Connection: keep-alive\r\n";

static int dial_one_of(const struct numbers *ports, int nth) {
  int connection = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  if (connection < 0) fail("socket: %s", strerror(errno));
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  setsockopt(connection, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  uint32_t client = 0x7f010001u + (server.client_net << 8) + nth / CLIENTS_OF_ADDRESS;
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(client)};
  struct sockaddr_in to = {.sin_family = AF_INET,
                           .sin_port = htons(ports->of[nth % ports->count]),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(connection, (struct sockaddr *)&from, sizeof from) ||
      connect(connection, (struct sockaddr *)&to, sizeof to)) {
    fail("connection %d: %s", nth, strerror(errno));
  }
  return connection;
}

int dial(int nth) {
  return dial_one_of(&server.ports, nth);
}

int dial_to_set(int nth) {
  return dial_one_of(&server.set_ports, nth);
}

static void send_all(int connection, const char *bytes, int length) {
  if (send(connection, bytes, length, MSG_NOSIGNAL) != length) {
    fail("the server closed before a request: %s", strerror(errno));
  }
}

void send_wait(int connection, uint64_t id) {
  char bytes[1024];
  int length = snprintf(bytes, sizeof bytes, "GET %s%" PRIu64 " HTTP/1.1\r\n%s\r\n",
                        server.wait_path, id, BROWSER_FIELDS);
  send_all(connection, bytes, length);
}

void send_set(int connection, uint64_t id) {
  char bytes[512];
  int length = snprintf(bytes, sizeof bytes,
                        "POST %s%" PRIu64 " HTTP/1.1\r\nHost: localhost\r\n"
                        "Content-Length: 0\r\n\r\n",
                        server.set_path, id);
  send_all(connection, bytes, length);
}

// Whether these bytes are an answer from its first byte to its last. Answers are so small that a
// server sends each in one piece.
static bool is_whole(const char *bytes) {
  const char *end = strstr(bytes, "\r\n\r\n");
  if (end == NULL) return false;
  const char *field = strcasestr(bytes, "\r\nContent-Length:");
  long length = field != NULL && field < end ? atol(field + strlen("\r\nContent-Length:")) : 0;
  return (long)strlen(end + 4) == length;
}

// Takes an answer that has to begin so; false if none has come yet.
static bool take(int connection, const char *start, char bytes[ANSWER_SIZE]) {
  ssize_t length = recv(connection, bytes, ANSWER_SIZE - 1, MSG_DONTWAIT);
  if (length < 0 && errno == EAGAIN) return false;
  if (length <= 0) fail("the server closed without an answer");
  bytes[length] = 0;
  if (strncmp(bytes, start, strlen(start)) != 0) fail("wanted %s, got: %s", start, bytes);
  if (!is_whole(bytes)) fail("the answer isn't one: %s", bytes);
  return true;
}

bool take_wake(int connection, uint64_t id) {
  char bytes[ANSWER_SIZE], name[24];
  if (!take(connection, "HTTP/1.1 200 ", bytes)) return false;
  snprintf(name, sizeof name, "%" PRIu64, id);
  if (server.names_id && strstr(bytes, name) == NULL) fail("the wake of %s has: %s", name, bytes);
  return true;
}

bool take_set_answer(int connection) {
  char bytes[ANSWER_SIZE];
  return take(connection, "HTTP/1.1 20", bytes);
}

void expect_silence(int connection) {
  char bytes[ANSWER_SIZE];
  ssize_t length = recv(connection, bytes, sizeof bytes - 1, MSG_DONTWAIT);
  if (length < 0 && errno == EAGAIN) return;
  bytes[length > 0 ? length : 0] = 0;
  fail("a parked wait was %s", length > 0 ? "answered before its set" : "closed");
}
