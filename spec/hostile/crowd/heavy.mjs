// Clients that have the node hold much for each of them: bodies and messages without an end,
// answers that nobody reads, streams by the hundred.
import { request } from "../http1.mjs";
import {
  DATA, END_HEADERS, frame as http2Frame, HEADERS, PING, PREFACE, requestFields, settings,
} from "../http2.mjs";
import { CONTINUATION, frame, handshake, TEXT } from "../websocket.mjs";

const BULK_BYTES = 2_097_152;
const MESSAGE_BYTES = 65_536;

// Each makes what one client sends; many send the same.
const SEND = {
  body(random) {
    const line = `${random.id()}\n`;
    const most = BULK_BYTES / line.length;
    const body = line.repeat(random.pick([1_000, most, most]));
    return request("POST", "/", { body }).subarray(0, -random.between(1, 100));
  },
  chunkedBody(random) {
    const chunks = Array(random.between(10, 2_000)).fill(`${random.id()}\n`.repeat(20));
    return request("POST", "/", { chunks }).subarray(0, -7);
  },
  message(random) {
    const half = random.between(1, MESSAGE_BYTES / 2);
    const part = (opcode) => frame(opcode, "x".repeat(half), random.bytes(4), { last: false });
    return Buffer.concat([handshake(random.bytes(16)), part(TEXT), part(CONTINUATION)]);
  },
  unread(random) {
    return Buffer.concat(Array(random.between(20, 500)).fill(request("GET", "/doorbell.js")));
  },
  pings(random) {
    const ping = http2Frame(PING, 0, 0, Buffer.alloc(8));
    return Buffer.concat([PREFACE, settings([]), ...Array(random.between(1e3, 3e4)).fill(ping)]);
  },
  streamBodies(random) {
    const streams = random.times(random.between(1, 200), (at) => Buffer.concat([
      http2Frame(HEADERS, END_HEADERS, 2 * at + 1, requestFields("POST", "/")),
      http2Frame(DATA, 0, 2 * at + 1, Buffer.alloc(300, "1")),
    ]));
    return Buffer.concat([PREFACE, settings([]), ...streams]);
  },
  streamsUnread(random) {
    const streams = random.times(random.between(100, 900), (at) => http2Frame(HEADERS,
      END_HEADERS | 1, 2 * at + 1, requestFields("GET", "/doorbell.js")));
    return Buffer.concat([PREFACE, settings([]), ...streams]);
  },
};

export function heavy(random) {
  const kind = random.pick(Object.keys(SEND));
  const bytes = SEND[kind](random);
  const takesNothing = random.chance(0.7);
  const made = { kind, protocol: null, keepsRules: false, bytes, sets: [], takesNothing,
    alpn: bytes.subarray(0, 3).equals(PREFACE.subarray(0, 3)) ? "h2" : "http/1.1" };
  return Array(random.pick([5, 40, 150, 150])).fill(made);
}
