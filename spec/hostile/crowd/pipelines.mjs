// Clients of HTTP/1.1 that send several requests at once, of every kind, and read the answers.
import { createHash } from "node:crypto";
import { Answers, idsIn, request } from "../http1.mjs";
import { frame, handshake, TEXT } from "../websocket.mjs";

const EVENTS = { Accept: "text/event-stream" };

// An id as a client may write it.
export function spelled(random, id) {
  if (id.length === 64) return random.chance(0.5) ? id.toUpperCase() : id;
  if (random.chance(0.1)) {
    const hex = BigInt(id).toString(16).padStart(32, "0");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }
  return random.chance(0.1) ? id.padStart(39, "0") : id;
}

// One of these, and perhaps others beside it, as a wait names them.
function list(random, ids, most) {
  return [...new Set(random.some(ids, most))].map((id) => spelled(random, id));
}

function headers(random) {
  const more = {};
  if (random.chance(0.1)) more.Accept = "application/json";
  if (random.chance(0.05)) more["X-Long"] = "x".repeat(random.between(1, 8_000));
  if (random.chance(0.05)) more.Origin = "https://page.test";
  return more;
}

// What a set's body may be, in some way of telling its length.
function body(random, text) {
  if (random.chance(0.7)) return { body: text };
  const chunks = [];
  for (let at = 0; at < text.length;) {
    const length = random.between(1, Math.max(1, Math.min(text.length - at, 500)));
    chunks.push(text.slice(at, at += length));
  }
  return { chunks };
}

// Each makes a request: {bytes, method, what, ids, closes}. `ids` are those that it waits for or
// sets; `closes` says that the node ends the connection after its answer, or that it may.
const MAKERS = {
  wait(random, ids) {
    const names = list(random, ids.set, random.chance(0.2) ? 64 : 2);
    if (random.chance(0.2)) names.push(random.pick(ids.never));
    const query = random.chance(0.2) ? `?_=${random.below(1e9)}` : "";
    return get("wait", names, random, query);
  },
  shortWait(random, ids) {
    const seconds = random.pick(["0", "0.01", "0.1", "0.3"]);
    return get("wait", list(random, [...ids.set, ...ids.never], 4), random, `?timeout=${seconds}`);
  },
  longWait(random, ids) {
    return { ...get("wait", list(random, ids.never, 64), random, ""), isEndless: true };
  },
  head(random, ids) {
    const path = `/${list(random, [...ids.set, ...ids.never], 3).join(",")}`;
    const more = random.chance(0.4) ? EVENTS : headers(random);
    return { bytes: request("HEAD", path, { headers: more }), method: "HEAD", what: "other" };
  },
  events(random, ids) {
    return stream(random, list(random, ids.set, 3), "");
  },
  shortEvents(random, ids) {
    const names = list(random, [...ids.set, ...ids.never], 3);
    return stream(random, names, `?timeout=${random.pick(["0", "0.05", "0.3"])}`);
  },
  longEvents(random, ids) {
    return { ...stream(random, list(random, ids.never, 3), ""), isEndless: true };
  },
  set(random, ids) {
    const id = random.pick(ids.contested);
    const text = random.chance(0.3) ? "x".repeat(random.between(0, 2_000)) : "";
    const expects = random.chance(0.1) ? { Expect: "100-continue" } : {};
    return post("set", [id], `/${spelled(random, id)}`, {
      ...body(random, text), headers: { ...headers(random), ...expects },
    });
  },
  sealedSet(random) {
    const key = `key-${random.id()}`;
    const id = createHash("sha256").update(key).digest("hex");
    const isRight = random.chance(0.5);
    const text = isRight ? key : `${key}x`;
    return post(isRight ? "set" : "other", [id], `/${spelled(random, id)}`, body(random, text));
  },
  bulk(random, ids) {
    const names = random.some(ids.contested, 8);
    const more = random.times(random.pick([0, 0, 20, 300]), () => random.id());
    const lines = [...names, ...more];
    return post("bulk", lines, "/", body(random, lines.join("\n")));
  },
  badBulk(random, ids) {
    const text = `${random.id()}\n${random.pick(["x", "", "1 2 3"])}\n${random.pick(ids.never)}`;
    return post("other", [], "/", body(random, text));
  },
  options() {
    return { bytes: request("OPTIONS", "*"), method: "OPTIONS", what: "other" };
  },
  page(random) {
    return { bytes: request("GET", random.pick(["/", "/doorbell.js"])), method: "GET",
      what: "other" };
  },
  wrong(random, ids) {
    const [method, path] = random.pick([["GET", "/x"], ["GET", "/1,,2"], ["DELETE", "/1"],
      ["GET", "/a/b/c"], ["GET", "/1?timeout=-1"], ["POST", "/1,2"], ["GET", "/%zz"],
      ["GET", `/${"&".repeat(random.between(1, 8_000))}`], ["POST", "/doorbell.js"],
      ["GET", `/1?callback=${"x".repeat(65)}`], ["POST", `/${random.pick(ids.never)}?spread=x`]]);
    const bare = { bytes: request(method, path), method, what: "other" };
    return method === "POST" ? { ...bare, bytes: request(method, path, { body: "" }) } : bare;
  },
  old(random, ids) {
    const id = random.pick(ids.contested);
    const isKept = random.chance(0.7);
    const headers = isKept ? { Connection: "keep-alive" } : {};
    return { ...post("set", [id], `/${id}`, { version: "1.0", headers, body: "" }),
      closes: !isKept };
  },
  last(random, ids) {
    const id = random.pick(ids.contested);
    const more = { headers: { Connection: "close" }, body: "" };
    return { ...post("set", [id], `/${id}`, more), closes: true };
  },
  broken(random) {
    const bytes = Buffer.from(random.pick(["GET /1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "\0\0\0\r\n",
      "GET /1 HTTP/3.0\r\nHost: x\r\n\r\n",
      "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
      "POST /1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      `GET /${"1".repeat(9_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(17_000)}\r\n\r\n`]));
    return { bytes, method: "GET", what: "other", closes: true, isBroken: true };
  },
  upgrade(random, ids) {
    const lines = random.some(ids.set, 3).map((id) => frame(TEXT, `wait ${id}`, random.bytes(4)));
    return { bytes: Buffer.concat([handshake(random.bytes(16)), ...lines]), method: "GET",
      what: "other", closes: true, isBroken: true };
  },
};

function get(what, names, random, query) {
  const bytes = request("GET", `/${names.join(",")}${query}`, { headers: headers(random) });
  return { bytes, method: "GET", what, ids: names };
}

function stream(random, names, query) {
  const version = random.chance(0.05) ? "1.0" : "1.1";
  const told = random.chance(0.2) ? { "Last-Event-ID": random.some(names, 3).join(",") } : {};
  const headers = { ...EVENTS, ...told };
  const bytes = request("GET", `/${names.join(",")}${query}`, { headers, version });
  return { bytes, method: "GET", what: "events", ids: names, closes: version === "1.0" };
}

function post(what, ids, path, options) {
  return { bytes: request("POST", path, options), method: "POST", what, ids };
}

const KEEP_RULES = { wait: 12, shortWait: 6, head: 6, events: 4, shortEvents: 4, set: 10,
  sealedSet: 2, bulk: 2, badBulk: 1, options: 1, page: 1, wrong: 3, old: 1, last: 1 };
const BREAK_RULES = { ...KEEP_RULES, longWait: 2, longEvents: 6, broken: 2, upgrade: 1 };

// A pipeline; begins with a wait mostly, so that all the rest stands behind it.
export function pipeline(random, ids) {
  const keepsRules = random.chance(0.4);
  const weights = keepsRules ? KEEP_RULES : BREAK_RULES;
  const kinds = random.times(random.pick([1, 2, 3, 4, 8, 30]), () => random.weighted(weights));
  if (random.chance(0.7)) kinds.unshift("wait");
  const requests = [];
  let bytes = 0;
  for (const kind of kinds) {
    const made = MAKERS[kind](random, ids);
    bytes += made.bytes.length;
    if (bytes > 16_000 && keepsRules) break;
    requests.push(made);
    if (made.closes && keepsRules) break;
  }
  return { kind: "pipeline", protocol: "http1", requests, keepsRules,
    bytes: Buffer.concat(requests.map((each) => each.bytes)),
    sets: requests.flatMap(({ what, ids }) => (what === "set" || what === "bulk" ? ids : [])) };
}

// Hears what a client of HTTP/1.1 is answered, and tells the checker.
export class PipelineReader {
  #open;
  #asked;

  constructor(client, checker) {
    this.checker = checker;
    this.who = client.name;
    this.keepsRules = client.keepsRules;
    this.#open = [...client.requests];
    this.#asked = [...client.requests];
    this.answers = new Answers({
      onAnswer: (answer) => this.#onAnswer(answer),
      onEvent: (id) => checker.isTold(id, this.who),
    });
    for (const { method } of client.requests) this.answers.expect(method);
    // Those that keep the rules are told of an event that was stored before they came.
    this.known = new Set(client.requests.flatMap(({ what, ids }) =>
      (what === "wait" ? ids.filter((id) => checker.isStored(id)) : [])));
  }

  push(bytes) {
    this.answers.push(bytes);
  }

  end() {
    this.answers.end();
  }

  // What isn't answered yet, up to the request that closes the connection.
  missing() {
    return this.#open;
  }

  #onAnswer(answer) {
    const { what, ids } = this.#open.shift() ?? { what: "other" };
    const { status } = answer;
    if (this.#asked.shift()?.closes) this.#open = [];
    if (status === 429 || status === 503) this.checker.counts.refused++;
    if (status === 408 && this.keepsRules) this.checker.fault(`${this.who} is told it is slow`);
    if (answer.headers.get("connection") === "close") this.#open = [];
    if (what === "wait") {
      for (const id of idsIn(answer)) this.checker.isTold(id, this.who);
      if (status === 204) {
        for (const id of ids) this.checker.isToldUnset(id, this.known.has(id), this.who);
      }
    } else if (what === "set" && (status === 200 || status === 201)) {
      this.checker.setIsAnswered(ids[0], status === 201, this.who);
    } else if (what === "bulk" && status === 200) {
      this.#onBulk(ids, JSON.parse(answer.body));
    }
  }

  // Its numbers tell who was the first where it is true of all, or of none.
  #onBulk(ids, { set, already }) {
    if (set + already !== ids.length) {
      this.checker.fault(`${this.who} set ${ids.length} ids and was told ${set} and ${already}`);
    }
    for (const id of ids) {
      this.checker.setIsAnswered(id, set === ids.length ? true : null, this.who);
    }
  }
}
