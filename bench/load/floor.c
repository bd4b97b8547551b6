// The least that a server of waits and sets can do, as the limit to measure against: one thread,
// epoll, and of HTTP no more than the method and the digits. Nothing is checked or freed, and no
// wait ever runs out. With a log, what it costs to keep sets: those that came together are appended
// and flushed to the disk together, and answered then.
//   floor PORT [LOG]     GET /ID waits, POST /ID sets
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  VARIABLE_BITS = 22,
  VARIABLES = 1 << VARIABLE_BITS,
  MOST_VARIABLES = VARIABLES / 4 * 3, // a fuller table would be slow, and a full one endless
  FILES = 1 << 20,
  BACKLOG = 4096,
  EVENTS = 512,
};

struct variable {
  uint64_t id;
  int waiter; // the waiter that came last, as its socket; 0 is none
  bool is_used;
  bool is_set;
};

// Open addressing. It is so large, and so sparse, that no set ever waits for it to grow.
static struct variable *table;
static int variables;
static int next_waiter[FILES]; // by socket: the waiter of the same variable that came before it
static int sets_log = -1;
static uint64_t unkept[EVENTS];
static int setters[EVENTS]; // of what isn't kept yet
static int unkept_count;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct variable *variable_of(uint64_t id) {
  uint64_t hash = id * 0x9E3779B97F4A7C15u >> (64 - VARIABLE_BITS);
  while (table[hash].is_used && table[hash].id != id) hash = (hash + 1) % VARIABLES;
  struct variable *variable = &table[hash];
  if (!variable->is_used) {
    if (++variables > MOST_VARIABLES) {
      fprintf(stderr, "floor: the table is full\n");
      exit(1);
    }
    *variable = (struct variable){.id = id, .is_used = true};
  }
  return variable;
}

static void send_bytes(int client, const char *bytes, int length) {
  // A client that has gone is noticed when its socket is read.
  (void)!send(client, bytes, length, MSG_NOSIGNAL);
}

static void answer_wait(int client, uint64_t id) {
  char body[64], bytes[256];
  int body_length = sprintf(body, "doorbell(%" PRIu64 ");", id);
  int length = sprintf(bytes,
                       "HTTP/1.1 200 OK\r\ncontent-type: text/javascript\r\n"
                       "content-length: %d\r\n\r\n%s",
                       body_length, body);
  send_bytes(client, bytes, length);
}

static void wait_for(struct variable *variable, int client) {
  if (variable->is_set) {
    answer_wait(client, variable->id);
  } else {
    next_waiter[client] = variable->waiter;
    variable->waiter = client;
  }
}

static void answer_set(int client) {
  static const char no_content[] = "HTTP/1.1 204 No Content\r\n\r\n";
  send_bytes(client, no_content, sizeof no_content - 1);
}

static void set(struct variable *variable, int client) {
  variable->is_set = true;
  for (int waiter = variable->waiter; waiter != 0; waiter = next_waiter[waiter]) {
    answer_wait(waiter, variable->id);
  }
  variable->waiter = 0;
  if (sets_log < 0) {
    answer_set(client);
  } else {
    unkept[unkept_count] = variable->id;
    setters[unkept_count++] = client;
  }
}

static void keep_sets(void) {
  ssize_t length = unkept_count * sizeof *unkept;
  if (write(sets_log, unkept, length) != length || fdatasync(sets_log)) fail("log");
  for (int i = 0; i < unkept_count; i++) answer_set(setters[i]);
  unkept_count = 0;
}

static void read_request(int client) {
  static char bytes[65536];
  ssize_t length = recv(client, bytes, sizeof bytes - 1, 0);
  if (length <= 0) {
    close(client);
    return;
  }
  bytes[length] = 0;
  char *path = strchr(bytes, '/');
  if (path == NULL) return;
  struct variable *variable = variable_of(strtoull(path + 1, NULL, 10));
  if (bytes[0] == 'G') {
    wait_for(variable, client);
  } else {
    set(variable, client);
  }
}

static void watch(int poll, int socket) {
  struct epoll_event interest = {.events = EPOLLIN, .data.fd = socket};
  if (epoll_ctl(poll, EPOLL_CTL_ADD, socket, &interest)) fail("epoll_ctl");
}

static void accept_all(int poll, int listener) {
  int client, yes = 1;
  while ((client = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    if (client >= FILES) fail("too many files");
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    watch(poll, client);
  }
}

static int listen_on(int port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&address, sizeof address)) fail("bind");
  if (listen(listener, BACKLOG)) fail("listen");
  return listener;
}

int main(int count, char **arguments) {
  if (count != 2 && count != 3) {
    fprintf(stderr, "usage: floor PORT [LOG]\n");
    return 2;
  }
  if (count == 3) {
    sets_log = open(arguments[2], O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
    if (sets_log < 0) fail(arguments[2]);
  }
  table = calloc(VARIABLES, sizeof *table);
  int listener = listen_on(atoi(arguments[1])), poll = epoll_create1(0);
  if (table == NULL || poll < 0) fail("start");
  watch(poll, listener);
  for (;;) {
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(poll, events, EVENTS, -1);
    for (int i = 0; i < ready; i++) {
      int socket = events[i].data.fd;
      if (socket == listener) {
        accept_all(poll, listener);
      } else {
        read_request(socket);
      }
    }
    if (unkept_count > 0) keep_sets();
  }
}
