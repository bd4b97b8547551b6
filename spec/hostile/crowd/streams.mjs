// Clients of HTTP/2: requests as streams, cancels, floods of small frames, windows of no size, and
// frames that break the rules.
import {
  ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, fields, frame, Frames, GOAWAY, HEADERS, PING,
  PREFACE, PRIORITY, PUSH_PROMISE, requestFields, RST_STREAM, SETTINGS, settings, WINDOW_UPDATE,
  word,
} from "../http2.mjs";
import { spelled } from "./pipelines.mjs";

const CANCEL = 8;
const EVENTS = { accept: "text/event-stream" };
const [HEADER_TABLE_SIZE, , , INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE] = [1, 2, 3, 4, 5];

// Each makes a request: {method, path, headers, body, what, ids}.
const ASK = {
  wait: (random, ids) => get("wait", random.some(ids.set, 3).map((id) => spelled(random, id))),
  longWait: (random, ids) => ({ ...get("wait", random.some(ids.never, 64)), isEndless: true }),
  shortWait: (random, ids) =>
    get("wait", random.some([...ids.set, ...ids.never], 3), `?timeout=${random.pick([0, 0.1])}`),
  head: (random, ids) => ({ ...get("other", random.some(ids.never, 3)), method: "HEAD",
    headers: random.chance(0.5) ? EVENTS : {} }),
  events: (random, ids) => ({ ...get("wait", random.some(ids.set, 3)), headers: EVENTS }),
  longEvents: (random, ids) =>
    ({ ...get("wait", random.some(ids.never, 3)), headers: EVENTS, isEndless: true }),
  set(random, ids) {
    const id = random.pick(ids.contested);
    const body = random.chance(0.5) ? undefined : "x".repeat(random.below(2_000));
    return { method: "POST", path: `/${spelled(random, id)}`, body, what: "set", ids: [id] };
  },
  bulk(random, ids) {
    const names = random.some(ids.contested, 8);
    return { method: "POST", path: "/", body: names.join("\n"), what: "bulk", ids: names };
  },
  page: (random) => ({ method: "GET", path: random.pick(["/", "/doorbell.js"]), what: "other" }),
  wrong: (random) => ({ method: random.pick(["GET", "DELETE"]), path: random.pick(["/x", "/a/b"]),
    what: "other" }),
};

function get(what, ids, query = "") {
  return { method: "GET", path: `/${ids.join(",")}${query}`, what, ids };
}

// Frames beside the requests; `stream` is one that was begun before, or 1.
const BESIDE = {
  cancel: (random, stream) => frame(RST_STREAM, 0, stream, word(CANCEL)),
  ping: (random) => frame(PING, 0, 0, random.bytes(8)),
  window: (random, stream) =>
    frame(WINDOW_UPDATE, 0, random.pick([0, stream]), word(random.between(1, 1_000))),
  settings: (random) => settings([[INITIAL_WINDOW_SIZE, random.pick([0, 1, 65_535, 1_000_000])]]),
  table: (random) => settings([[HEADER_TABLE_SIZE, random.pick([0, 100, 4_096])]]),
  priority: (random, stream) => frame(PRIORITY, 0, stream, Buffer.of(0, 0, 0, 0, 7)),
  unknown: (random) => frame(random.between(16, 255), random.below(256), 0, random.bytes(20)),
  pings: (random) => Buffer.concat(random.times(150, () => BESIDE.ping(random))),
  manySettings: () => Buffer.concat(Array(50).fill(settings([[MAX_FRAME_SIZE, 16_384]]))),
};

const BREAK = {
  headersOnNone: () => frame(HEADERS, END_HEADERS, 0, requestFields("GET", "/1")),
  evenStream: () => frame(HEADERS, END_HEADERS, 2, requestFields("GET", "/1")),
  dataOnIdle: () => frame(DATA, 0, 9_999, Buffer.from("x")),
  continuation: (random, stream) => frame(CONTINUATION, 0, stream, Buffer.of(0)),
  unfinished: () => Buffer.concat([frame(HEADERS, 0, 9_001, Buffer.of(0x82)),
    frame(PING, 0, 0, Buffer.alloc(8))]),
  manyContinuations: (random) => Buffer.concat([
    frame(HEADERS, 0, 9_001, requestFields("GET", "/1")),
    ...random.times(300, () => frame(CONTINUATION, 0, 9_001, fields([["x", "y".repeat(100)]])))]),
  badIndex: () => frame(HEADERS, END_HEADERS, 9_003, Buffer.of(0xff, 0xff, 0x7f)),
  upperCase: () => frame(HEADERS, END_HEADERS | END_STREAM, 9_005,
    Buffer.concat([requestFields("GET", "/1"), fields([["Accept", "x"]])])),
  noMethod: () => frame(HEADERS, END_HEADERS | END_STREAM, 9_007, fields([[":path", "/1"]])),
  resetIdle: () => frame(RST_STREAM, 0, 9_999, word(CANCEL)),
  resetNone: () => frame(RST_STREAM, 0, 0, word(CANCEL)),
  windowOfNone: (random, stream) => frame(WINDOW_UPDATE, 0, stream, word(0)),
  windowTooBig: () => Buffer.concat(
    Array(2).fill(frame(WINDOW_UPDATE, 0, 0, word(0x7fffffff)))),
  settingsLength: () => frame(SETTINGS, 0, 0, Buffer.alloc(5)),
  settingsValue: () => settings([[INITIAL_WINDOW_SIZE, 0xffffffff]]),
  pingLength: () => frame(PING, 0, 0, Buffer.alloc(7)),
  push: (random, stream) => frame(PUSH_PROMISE, END_HEADERS, stream, Buffer.alloc(4)),
  goAway: () => frame(GOAWAY, 0, 0, Buffer.alloc(8)),
  tooLong: () => frame(DATA, 0, 1, Buffer.alloc(16_385)),
  padding: (random, stream) => frame(DATA, 8, stream, Buffer.of(200, 1, 2)),
  settingsAck: () => frame(SETTINGS, ACK, 0, Buffer.alloc(6)),
};

function frames(random, stream, { method, path, headers, body }) {
  const block = requestFields(method, path, headers);
  const last = body === undefined ? END_STREAM : 0;
  const cut = random.chance(0.2) ? random.below(block.length) : block.length;
  const head = cut === block.length ? [frame(HEADERS, END_HEADERS | last, stream, block)]
    : [frame(HEADERS, last, stream, block.subarray(0, cut)),
      frame(CONTINUATION, END_HEADERS, stream, block.subarray(cut))];
  if (body === undefined) return head;
  const half = random.below(body.length + 1);
  return [...head, frame(DATA, 0, stream, Buffer.from(body.slice(0, half))),
    frame(DATA, END_STREAM, stream, Buffer.from(body.slice(half)))];
}

const KEEP_RULES = { wait: 10, shortWait: 3, head: 4, events: 4, set: 8, bulk: 2, page: 1,
  wrong: 1 };
const PROXY = { longWait: 10, longEvents: 3, wait: 3, shortWait: 3, events: 1, set: 1 };
const BREAK_RULES = { ...KEEP_RULES, longWait: 4, longEvents: 6 };

export function streams(random, ids) {
  const keepsRules = random.chance(0.4);
  const requests = new Map();
  const parts = opening(random);
  const count = random.pick([1, 5, 30, 100]);
  for (let stream = 1; stream < 2 * count; stream += 2) {
    const asked = ASK[random.weighted(keepsRules ? KEEP_RULES : BREAK_RULES)](random, ids);
    requests.set(stream, asked);
    parts.push(...frames(random, stream, asked));
    const known = random.pick([stream, 1 + 2 * random.below((stream + 1) / 2)]);
    if (random.chance(0.4)) {
      const beside = random.pick(Object.keys(BESIDE));
      parts.push(BESIDE[beside](random, known));
      if (beside === "cancel") requests.get(known).isCancelled = true;
    }
    if (!keepsRules && random.chance(0.05)) {
      parts.push(BREAK[random.pick(Object.keys(BREAK))](random, known));
    }
  }
  return client("HTTP/2", keepsRules, requests, parts);
}

function opening(random) {
  const window = random.chance(0.4) ? [[INITIAL_WINDOW_SIZE, 0]] : [];
  return [PREFACE, settings(window), ...(random.chance(0.5) ? [frame(SETTINGS, ACK, 0)] : [])];
}

function client(kind, keepsRules, requests, parts) {
  const sets = [...requests.values()]
    .flatMap(({ what, ids }) => (what === "set" || what === "bulk" ? ids : []));
  return { kind, protocol: "http2", keepsRules, requests, sets, bytes: Buffer.concat(parts) };
}

// A proxy with many users, most of whom leave before they are answered; some stay.
export function proxy(random, ids) {
  const requests = new Map();
  const parts = opening(random);
  const parked = [];
  const count = random.pick([50, 300, 1_500]);
  const cancel = (stream) => {
    requests.get(stream).isCancelled = true;
    parts.push(BESIDE.cancel(random, stream));
  };
  for (let stream = 1; stream < 2 * count; stream += 2) {
    const asked = ASK[random.weighted(PROXY)](random, ids);
    requests.set(stream, asked);
    parts.push(...frames(random, stream, asked));
    const stays = !asked.isEndless && random.chance(0.2);
    if (!stays) parked.push(stream);
    if (parked.length > 400 || random.chance(0.1)) parked.splice(0).forEach(cancel);
  }
  parked.forEach(cancel);
  return client("proxy", true, requests, parts);
}

// Hears the heads of answers over HTTP/2, and what event streams and waits tell.
export class StreamReader {
  #open;
  #lastAnswered = 0;

  constructor(client, checker) {
    const who = client.name;
    Object.assign(this, { checker, who });
    const unread = new Map();
    this.#open = new Map([...client.requests].filter(([, { isCancelled }]) => !isCancelled));
    this.frames = new Frames({
      headers: (stream, answer) => {
        this.#open.delete(stream);
        this.#lastAnswered = Math.max(stream, this.#lastAnswered);
        const { what, ids } = client.requests.get(stream) ?? {};
        const status = Number(answer.get(":status"));
        if (status === 429 || status === 503) checker.counts.refused++;
        if (what === "set" && (status === 200 || status === 201)) {
          checker.setIsAnswered(ids[0], status === 201, who);
        }
      },
      data: (stream, bytes) => {
        if (client.requests.get(stream)?.what !== "wait") return;
        const lines = ((unread.get(stream) ?? "") + bytes.toString("latin1")).split("\n");
        unread.set(stream, lines.pop());
        for (const line of lines) {
          const id = /^(?:doorbell\("?|data: )([\w-]+)/.exec(line)?.[1];
          if (id) checker.isTold(id, who);
        }
      },
      reset: (stream, code) => {
        const isOpen = this.#open.delete(stream);
        if (!client.keepsRules) return;
        if (isOpen) checker.fault(`${who}: stream ${stream} was reset`);
        if (client.requests.get(stream)?.isCancelled && code !== 0) {
          checker.fault(`${who}: its reset of stream ${stream} is answered by a reset (P100)`);
        }
      },
      goAway: (code) => {
        if (client.keepsRules) checker.fault(`${who}: GOAWAY ${code}`);
        if (code !== 0) this.#onGoAway();
      },
    });
  }

  // Parked waits are answered before, whoever broke the rules. What the node had read is known only
  // up to the last stream that it answered.
  #onGoAway() {
    const lost = [...this.#open].filter(([stream, { what }]) =>
      what === "wait" && stream < this.#lastAnswered);
    if (lost.length > 0) {
      this.checker.fault(`${this.who}: GOAWAY with ${lost.length} waits unanswered (P100)`);
    }
  }

  push(bytes) {
    this.frames.push(bytes);
  }

  end() {}

  missing() {
    return [...this.#open.values()];
  }
}
