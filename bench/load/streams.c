// Parks very many waits over a few connections of WebSocket or HTTP/2, wakes them, and says what
// that cost the server. One thread, epoll, on the loopback. A lost wake, an early or a wrong one
// ends it with status 1.
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "meter.h"
#include "wire.h"

static const char USAGE[] =
    "usage: streams KIND --port PORT --pid PID [OPTION]...\n"
    "  KIND             websocket or http2\n"
    "  --pid PID        the server's process, whose time is measured\n"
    "  --waits N        how many waits there are in the end (10000)\n"
    "  --connections N  over how many connections (100)\n"
    "  --shared         all connections wait for the same ids\n"
    "  --unrested       the server always has something to do: nobody waits until it rests\n"
    "  --net N          clients are 127.1.N.1 and up, 0 to 255 (0)\n"
    "Parks as many waits as each line of stdin says. After its end, sets their ids, and takes all\n"
    "wakes.\n";

enum {
  EVENTS = 512, PATIENCE_MILLIS = 30000, SETS_IN_FLIGHT = 256, REST = 2048, INPUT = 1 << 16,
  BATCH = 500,                   // ids in a message, or requests in a send
  TEXT = 0x81, PING = 0x89, PONG = 0x8a, MASKED = 0x80, TWO_BYTES = 126,
  HEADERS = 1, SETTINGS = 4, GOAWAY = 7, RST_STREAM = 3, ACK = 1, FRAME_HEAD = 9,
  STATUS_200 = 0x88              // in HPACK's static table
};

struct link {
  int socket;
  int rest_size;
  unsigned char rest[REST];      // the beginning of a frame
};

static bool is_http2, is_shared, is_unrested;
static int waits = 10000, links = 100, parked, woken, acknowledged, sent;
static uint64_t first_id;
static struct link *link_of;     // the last one sets
static bool *is_woken;
static int poll_set;

static uint64_t id_of(int index) {
  return first_id + (is_shared ? index / links : index);
}

static void put(int socket, const void *bytes, int size) {
  for (int done = 0; done < size;) {
    ssize_t more = send(socket, (const char *)bytes + done, size - done, MSG_NOSIGNAL);
    if (more < 0) fail("the server closed: %s", strerror(errno));
    done += (int)more;
  }
}

// A client masks its frames; with zeros is allowed.
static void put_message(int socket, const char *text, int size) {
  unsigned char frame[8 + INPUT] = {TEXT};
  int at = 2;
  frame[1] = MASKED | (size < TWO_BYTES ? size : TWO_BYTES);
  if (size >= TWO_BYTES) {
    frame[at++] = (unsigned char)(size >> 8);
    frame[at++] = (unsigned char)size;
  }
  memcpy(frame + at + 4, text, size);
  put(socket, frame, at + 4 + size);
}

static void put_set(uint64_t id) {
  char text[64];
  put_message(link_of[links].socket, text, snprintf(text, sizeof text, "set %" PRIu64, id));
}

static void open_websocket(int socket) {
  char answer[2048] = "";
  static const char request[] =
      "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
  put(socket, request, sizeof request - 1);
  ssize_t size = recv(socket, answer, sizeof answer - 1, 0);
  if (size <= 0 || strncmp(answer, "HTTP/1.1 101 ", 13) != 0) fail("no WebSocket: %s", answer);
}

static void open_http2(int socket) {
  static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";
  put(socket, preface, sizeof preface);
}

static void open_link(int index, bool http2) {
  struct link *link = &link_of[index];
  link->socket = dial(index);
  if (http2) {
    open_http2(link->socket);
  } else {
    open_websocket(link->socket);
  }
  struct epoll_event interest = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
  if (epoll_ctl(poll_set, EPOLL_CTL_ADD, link->socket, &interest)) fail("epoll_ctl");
}

static int wait_line(char *text, int link, int from, int to) {
  int size = sprintf(text, "wait");
  for (int i = from; i < to; i++) {
    size += sprintf(text + size, " %" PRIu64, id_of(i * links + link));
  }
  return size;
}

// GET, http, localhost, and the path: each as a literal that no table keeps.
static int wait_request(unsigned char *frame, int link, int slot) {
  static const unsigned char fields[] = "\x82\x86\x01\x09localhost\x04";
  char path[32];
  int path_size = sprintf(path, "/%" PRIu64, id_of(slot * links + link));
  int at = FRAME_HEAD;
  memcpy(frame + at, fields, sizeof fields - 1);
  at += sizeof fields - 1;
  frame[at++] = (unsigned char)path_size;
  memcpy(frame + at, path, path_size);
  at += path_size;
  int size = at - FRAME_HEAD, stream = 1 + 2 * slot;
  unsigned char head[FRAME_HEAD] = {0, 0, (unsigned char)size, HEADERS, 5, 0, 0,
                                    (unsigned char)(stream >> 8), (unsigned char)stream};
  memcpy(frame, head, FRAME_HEAD);
  return at;
}

static void park_on(int link, int from, int to) {
  static char bytes[BATCH * 128];
  for (int slot = from; slot < to;) {
    int end = slot + BATCH < to ? slot + BATCH : to, size = 0;
    if (is_http2) {
      for (int i = slot; i < end; i++) {
        size += wait_request((unsigned char *)bytes + size, link, i);
      }
      put(link_of[link].socket, bytes, size);
    } else {
      size = wait_line(bytes, link, slot, end);
      put_message(link_of[link].socket, bytes, size);
    }
    slot = end;
  }
}

static void on_wake(int index) {
  if (index < 0 || index >= parked || is_woken[index]) fail("a wake that nobody waits for");
  if (id_of(index) - first_id >= (uint64_t)sent) fail("a wait was answered before its set");
  is_woken[index] = true;
  woken++;
}

static void on_message(int link, const char *text, int size) {
  char line[128] = "";
  memcpy(line, text, size < 127 ? size : 127);
  if (strncmp(line, "done ", 5) == 0) {
    acknowledged++;
  } else if (strncmp(line, "set ", 4) == 0) {
    int nth = (int)(strtoull(line + 4, NULL, 10) - first_id);
    on_wake(is_shared ? nth * links + link : nth);
  } else {
    fail("the server says: %s", line);
  }
}

static void on_frame(int link, const unsigned char *frame, int type, int size) {
  static const unsigned char ack[FRAME_HEAD] = {0, 0, 0, SETTINGS, ACK};
  int stream = frame[5] << 24 | frame[6] << 16 | frame[7] << 8 | frame[8];
  if (type == HEADERS) {
    if (size < 1 || frame[FRAME_HEAD] != STATUS_200) fail("stream %d has no 200", stream);
    on_wake((stream - 1) / 2 * links + link);
  } else if (type == SETTINGS && !(frame[4] & ACK)) {
    put(link_of[link].socket, ack, sizeof ack);
  } else if (type == GOAWAY || type == RST_STREAM) {
    fail("the server ends stream %d", stream);
  }
}

// Takes one frame; answers its size, or 0 if it isn't all there.
static int take_frame(int link, const unsigned char *bytes, int size) {
  static const unsigned char pong[] = {PONG, MASKED, 0, 0, 0, 0};
  if (is_http2 && link < links) {
    if (size < FRAME_HEAD) return 0;
    int payload = bytes[0] << 16 | bytes[1] << 8 | bytes[2];
    if (size < FRAME_HEAD + payload) return 0;
    on_frame(link, bytes, bytes[3], payload);
    return FRAME_HEAD + payload;
  }
  if (size < 2 || size < 2 + bytes[1]) return 0;
  if (bytes[0] == PING) put(link_of[link].socket, pong, sizeof pong);
  if (bytes[0] == TEXT) on_message(link, (const char *)bytes + 2, bytes[1]);
  return 2 + bytes[1];
}

static void take(int index) {
  static unsigned char input[REST + INPUT];
  struct link *link = &link_of[index];
  for (;;) {
    memcpy(input, link->rest, link->rest_size);
    ssize_t more = recv(link->socket, input + link->rest_size, INPUT, MSG_DONTWAIT);
    if (more < 0 && errno == EAGAIN) return;
    if (more <= 0) fail("the server closed a connection");
    int size = link->rest_size + (int)more, at = 0;
    for (int frame; (frame = take_frame(index, input + at, size - at)) > 0;) at += frame;
    link->rest_size = size - at;
    if (link->rest_size > REST) fail("a frame of more than %d bytes", REST);
    memcpy(link->rest, input + at, link->rest_size);
  }
}

static void take_all(int patience) {
  struct epoll_event events[EVENTS];
  int ready = epoll_wait(poll_set, events, EVENTS, patience);
  if (ready <= 0 && patience > 0) {
    fail("%d of %d waits were woken, %d of %d sets answered; the others are lost", woken, parked,
         acknowledged, sent);
  }
  for (int i = 0; i < ready; i++) take((int)events[i].data.u32);
}

// Waits for the next size, and answers the server's pings meanwhile: it hangs up on who doesn't.
static bool next_size(int *size) {
  struct pollfd inputs[] = {{.fd = 0, .events = POLLIN}, {.fd = poll_set, .events = POLLIN}};
  for (;;) {
    poll(inputs, 2, -1);
    if (inputs[1].revents) take_all(0);
    if (inputs[0].revents) return scanf("%d", size) == 1;
  }
}

static void grow(int size) {
  if (size > waits || size % links != 0 || size < parked) fail("%d waits can't be parked", size);
  for (int i = 0; i < links; i++) park_on(i, parked / links, size / links);
  parked = size;
  if (!is_unrested) await_rest(&server.processes);
  take_all(0);
  if (woken > 0) fail("a parked wait was answered before its set");
  printf("{\"parked\":%d}\n", parked);
  fflush(stdout);
}

static void wake(void) {
  int sets = is_shared ? parked / links : parked;
  double start = now();
  int64_t cpu = cpu_of(&server.processes);
  while (woken < parked || acknowledged < sets) {
    while (sent < sets && sent - acknowledged < SETS_IN_FLIGHT) put_set(first_id + sent++);
    take_all(PATIENCE_MILLIS);
  }
  cpu = cpu_of(&server.processes) - cpu;
  printf("{\"wakes\":%d,\"sets\":%d,\"cpuNanos\":%" PRId64 ",\"seconds\":%.6f}\n", woken, sets, cpu,
         now() - start);
}

static void take_option(int option) {
  switch (option) {
    case 'p': server.ports = numbers_of(optarg); break;
    case 'P': server.processes = numbers_of(optarg); break;
    case 'n': waits = atoi(optarg); break;
    case 'c': links = atoi(optarg); break;
    case 'f': server.client_net = atoi(optarg) & 255; break;
    case 's': is_shared = true; break;
    case 'u': is_unrested = true; break;
    default: fputs(USAGE, stderr); exit(2);
  }
}

static const struct option options[] = {
    {"port", required_argument, NULL, 'p'},  {"pid", required_argument, NULL, 'P'},
    {"waits", required_argument, NULL, 'n'}, {"connections", required_argument, NULL, 'c'},
    {"net", required_argument, NULL, 'f'},   {"shared", no_argument, NULL, 's'},
    {"unrested", no_argument, NULL, 'u'},    {NULL, 0, NULL, 0}};

int main(int count, char **arguments) {
  for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
    take_option(option);
  }
  is_http2 = optind == count - 1 && strcmp(arguments[optind], "http2") == 0;
  bool is_known = is_http2 || (optind == count - 1 && strcmp(arguments[optind], "websocket") == 0);
  bool is_asked = server.ports.count > 0 && server.processes.count > 0;
  if (!is_known || !is_asked || links < 1 || waits < links) take_option(0);
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  first_id = (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
  poll_set = epoll_create1(0);
  link_of = allocate(links + 1, sizeof *link_of);
  is_woken = allocate(waits, sizeof *is_woken);
  for (int i = 0; i < links; i++) open_link(i, is_http2);
  open_link(links, false);
  for (int size; next_size(&size);) grow(size);
  wake();
  return 0;
}
