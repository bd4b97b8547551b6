// Clients that keep all rules, over each protocol and on each loop, for as long as the node lives:
// they wait and set beside the crowd, and tell the checker what they hear.
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Answers, idsIn, request } from "./http1.mjs";
import * as http2 from "./http2.mjs";
import * as ws from "./websocket.mjs";
import { Wire } from "./wire.mjs";

const ADDRESS = "127.0.0.1";
const EVENTS = { accept: "text/event-stream" };
const CUT = { status: 0, ids: [] };

// One connection; it is opened again if the node said that it would close it, and only then.
// A question is answered by {status, ids}; status 0 means that the connection was cut.
class Speaker {
  constructor(node, checker, name, protocol) {
    Object.assign(this, { node, checker, protocol, name: `the honest ${name}` });
    this.isLeaving = false;
    this.open();
  }

  open() {
    this.mayClose = false;
    const alpn = this.protocol === "http2" ? "h2" : "http/1.1";
    const wire = this.wire = new Wire(this.node, { from: this.node.from ?? ADDRESS, alpn });
    this.opened = wire.opened;
    this.begin();
    wire.onBytes = (bytes) => {
      try {
        this.push(bytes);
      } catch (unreadable) {
        this.checker.fault(`${this.name} can't read its answer: ${unreadable.message}`);
      }
    };
    wire.onOver = () => this.#over(wire);
  }

  async #over(wire) {
    const why = wire.failure ? `: ${wire.failure.message}` : "";
    this.cut();
    if (this.isLeaving) return;
    if (!(await wire.opened)) {
      this.isLeaving = true;
      this.checker.fault(`${this.name} can't connect${why}`);
      return;
    }
    if (!this.mayClose) {
      this.checker.fault(`${this.name} was cut off, though it keeps the rules (P69)${why}`);
    }
    this.open();
  }

  isToldToGo(how) {
    if (!this.isLeaving) this.checker.fault(`${this.name} is told ${how}`);
  }

  leave() {
    this.isLeaving = true;
    this.wire.hangUp();
  }
}

class Http1Speaker extends Speaker {
  begin() {
    this.asked = [];
    this.answers = new Answers({
      onAnswer: (answer) => {
        if (answer.headers.get("connection") === "close") this.mayClose = true;
        this.asked.shift()({ status: answer.status, ids: idsIn(answer), text: answer.body });
      },
    });
  }

  push(bytes) {
    this.answers.push(bytes);
  }

  cut() {
    for (const answered of this.asked) answered(CUT);
    this.asked = [];
  }

  async ask(method, path, options) {
    if (!(await this.opened)) return CUT;
    return new Promise((resolve) => {
      this.answers.expect(method);
      this.asked.push(resolve);
      this.wire.write(request(method, path, options));
    });
  }

  wait(ids, { events, query = "" } = {}) {
    return this.ask("GET", `/${ids.join(",")}${query}`, { headers: events ? EVENTS : {} });
  }

  set(id, key = "") {
    return this.ask("POST", `/${id}`, { body: key });
  }

  setMany(lines) {
    return this.ask("POST", "/", { body: lines.join("\n") });
  }
}

class Http2Speaker extends Speaker {
  begin() {
    this.asked = new Map();
    this.stream = 1;
    this.wire.write(Buffer.concat([http2.PREFACE, http2.settings([])]));
    this.frames = new http2.Frames({
      settings: () => this.wire.write(http2.frame(http2.SETTINGS, http2.ACK, 0)),
      ping: (payload) => this.wire.write(http2.frame(http2.PING, http2.ACK, 0, payload)),
      headers: (stream, fields, last) => {
        const asked = this.asked.get(stream);
        if (!asked) return;
        asked.status = Number(fields.get(":status"));
        asked.isEvents = fields.get("content-type") === "text/event-stream";
        if (last) this.end(stream);
      },
      data: (stream, bytes, last) => {
        const window = http2.word(bytes.length);
        if (bytes.length > 0) this.wire.write(http2.frame(http2.WINDOW_UPDATE, 0, 0, window));
        const asked = this.asked.get(stream);
        if (asked) asked.body += bytes.toString("latin1");
        if (last) this.end(stream);
      },
      reset: (stream, code) => {
        if (code !== 0) this.checker.fault(`${this.name}: a stream was reset with ${code}`);
        this.end(stream);
      },
      goAway: (code) => this.isToldToGo(`GOAWAY ${code}`),
    });
  }

  push(bytes) {
    this.frames.push(bytes);
  }

  end(stream) {
    const asked = this.asked.get(stream);
    if (!asked) return;
    this.asked.delete(stream);
    const events = [...asked.body.matchAll(/^data: (\S+)$/gm)].map(([, id]) => id);
    asked.resolve({ status: asked.status, ids: idsIn({ ...asked, events }) });
  }

  cut() {
    for (const { resolve } of this.asked.values()) resolve(CUT);
    this.asked.clear();
  }

  async ask(method, path, headers, body) {
    if (!(await this.opened)) return CUT;
    const stream = this.stream;
    this.stream += 2;
    const flags = http2.END_HEADERS | (body ? 0 : http2.END_STREAM);
    return new Promise((resolve) => {
      this.asked.set(stream, { resolve, body: "", status: 0 });
      const fields = http2.requestFields(method, path, headers);
      this.wire.write(http2.frame(http2.HEADERS, flags, stream, fields));
      if (body) {
        this.wire.write(http2.frame(http2.DATA, http2.END_STREAM, stream, Buffer.from(body)));
      }
    });
  }

  wait(ids, { events, query = "" } = {}) {
    return this.ask("GET", `/${ids.join(",")}${query}`, events ? EVENTS : {});
  }

  set(id, key) {
    return this.ask("POST", `/${id}`, {}, key);
  }
}

class WebSocketSpeaker extends Speaker {
  begin() {
    this.waiting = new Map();
    this.setting = new Map();
    const frames = new ws.Frames((opcode, payload) => this.onFrame(opcode, payload));
    this.answers = new Answers({
      onAnswer: ({ status }) =>
        this.checker.fault(`${this.name}: its handshake is answered ${status}`),
      onUpgrade: (bytes) => frames.push(bytes),
    });
    this.answers.expect("GET");
    this.wire.write(ws.handshake(Buffer.alloc(16)));
  }

  push(bytes) {
    this.answers.push(bytes);
  }

  say(line) {
    this.wire.write(ws.frame(ws.TEXT, line, Buffer.of(1, 2, 3, 4)));
  }

  onFrame(opcode, payload) {
    if (opcode === ws.PING) this.wire.write(ws.frame(ws.PONG, payload, Buffer.of(1, 2, 3, 4)));
    if (opcode === ws.CLOSE) this.isToldToGo(`to close, ${payload.readUInt16BE(0)}`);
    if (opcode !== ws.TEXT) return;
    const [verb, id] = payload.toString("latin1").split(" ");
    if (verb === "set") this.#end(this.waiting, id, { status: 200, ids: [id] });
    if (verb === "done") this.#end(this.setting, id, { status: 200, ids: [] });
    if (verb === "error") {
      const refused = { status: 503, ids: [] };
      this.#end(this.waiting, id.slice(0, -1), refused);
      this.#end(this.setting, id.slice(0, -1), refused);
    }
  }

  #end(asked, id, answer) {
    for (const resolve of asked.get(id) ?? []) resolve(answer);
    asked.delete(id);
  }

  cut() {
    for (const asked of [this.waiting, this.setting]) {
      for (const id of [...asked.keys()]) this.#end(asked, id, CUT);
    }
  }

  async #ask(asked, ids, line) {
    if (!(await this.opened)) return CUT;
    return new Promise((resolve) => {
      for (const id of ids) asked.set(id, [...(asked.get(id) ?? []), resolve]);
      this.say(line);
    });
  }

  // An id that isn't set stays behind, as it does in a page's life; it is forgotten then.
  async wait(ids) {
    const answer = await this.#ask(this.waiting, ids, `wait ${ids.join(" ")}`);
    const rest = ids.filter((id) => this.waiting.delete(id));
    if (rest.length > 0) this.say(`forget ${rest.join(" ")}`);
    return answer;
  }

  async set(id, key) {
    // It says nothing of who was the first.
    const { status } = await this.#ask(this.setting, [id], `set ${key ? `${id} ${key}` : id}`);
    return { status, ids: [], isVague: true };
  }
}

const SPEAKERS = { http1: Http1Speaker, http2: Http2Speaker, websocket: WebSocketSpeaker };
export const PROTOCOLS = Object.keys(SPEAKERS);

export function speak(node, checker, name, protocol) {
  return new SPEAKERS[protocol](node, checker, name, protocol);
}

export class Honest {
  #node;
  #checker;
  #pending = new Set();

  // `loops` is how many the node has; connections come to them in turn.
  constructor(node, checker, { loops, protocols = PROTOCOLS }) {
    Object.assign(this, { loops, protocols });
    this.#node = node;
    this.#checker = checker;
    const some = (what, protocol, count) => Array.from({ length: count }, (_, index) =>
      speak(node, checker, `${what} ${index} over ${protocol}`, protocol));
    const each = (what) => protocols.flatMap((protocol) =>
      some(what, protocol, protocol === "http1" ? 2 * loops : loops));
    this.waiters = each("waiter");
    this.setters = each("setter");
    this.busy = some("setter of many", "http1", loops);
  }

  get speakers() {
    return [...this.waiters, ...this.setters, ...this.busy];
  }

  // Keeps each loop busy for some milliseconds, by a set of many that were set before.
  keepBusy(times) {
    const lines = Array.from({ length: 10_000 }, (_, index) => String(10n ** 30n + BigInt(index)));
    for (let time = 0; time < times; time++) {
      for (const speaker of this.busy) {
        this.#follow(this.#within(speaker.setMany(lines), `${speaker.name}, for 10000 ids,`));
      }
    }
  }

  // Some wait for a new id, or for one that the crowd waits for too, and some set it.
  beat(random, id = null, never = []) {
    const key = !id && random.chance(0.2) ? `key-${random.id()}` : undefined;
    const fresh = key ? createHash("sha256").update(key).digest("hex") : random.id();
    this.#follow(this.#wake(random, id ?? fresh, key, never));
  }

  // Waits for an id that the crowd sets by itself; what it returns judges whether it was heard. Who
  // waits on a connection of HTTP/1.1 would hold up those behind it.
  listen(random, id) {
    const speaker = random.pick(this.waiters.filter(({ protocol }) => protocol !== "http1"));
    const answered = speaker.wait([id]);
    return () => this.#hears(speaker.name, () => answered, id);
  }

  // Ends when all that was begun has ended.
  async quiet() {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  async leave() {
    await this.quiet();
    for (const speaker of this.speakers) speaker.leave();
  }

  // The node is told to end: parked waits are answered 204, or over WebSocket the connection ends.
  async hearsTheEnd(tellNode) {
    const parked = this.waiters.map((speaker) => [speaker, speaker.wait(["4712"])]);
    await Promise.all(this.setters.map((speaker) => speaker.set("4711")));
    for (const speaker of this.speakers) speaker.isLeaving = true;
    tellNode();
    for (const [speaker, answered] of parked) {
      const { status } = await this.#within(answered, `${speaker.name}, who waits at the end,`);
      const wanted = speaker.protocol === "websocket" ? 0 : 204;
      if (status === wanted) continue;
      this.#checker.fault(`${speaker.name} hears ${status} at the end (P27)`);
    }
  }

  #follow(promise) {
    this.#pending.add(promise);
    promise.finally(() => this.#pending.delete(promise));
  }

  async #wake(random, id, key, never) {
    const waiters = random.some(this.waiters, 4).map((speaker) => {
      const isAmong = random.chance(0.2) && never.length > 0;
      const ids = isAmong ? random.shuffled([id, random.pick(never)]) : [id];
      return [speaker, ids, { events: !isAmong && random.chance(0.3) }];
    });
    const setters = random.some(this.setters, 3);
    const millis = random.pick([0, 0, 1, 10]);
    const [late] = random.some(this.waiters, 1);
    const heard = waiters.map(([speaker, ids, form]) =>
      this.#hears(speaker.name, () => speaker.wait(ids, form), id));
    if (millis > 0) await pause(millis);
    const said = await Promise.all(setters.map((speaker) => this.#sets(speaker, id, key)));
    await Promise.all(heard);
    if (said.every((status) => status > 0)) {
      await this.#hears(late.name, () => late.wait([id]), id);
    }
  }

  async #hears(name, wait, id) {
    const answer = await this.#asked(wait, `${name}, who waits for ${id},`);
    for (const told of answer.ids) this.#checker.isTold(told, name);
    if (answer.status === 204) {
      this.#checker.fault(`${name} was answered 204, though it had set no limit of time`);
    } else if (answer.status === 200 && !answer.ids.includes(id)) {
      this.#checker.fault(`${name} waits for ${id} and isn't told of it, but of ${answer.ids}`);
    }
  }

  async #sets(speaker, id, key) {
    this.#checker.setBegins(id);
    const { status, isVague } = await this.#asked(() => speaker.set(id, key),
      `${speaker.name}, who sets ${id},`);
    if (status === 200 || status === 201) {
      this.#checker.setIsAnswered(id, isVague ? null : status === 201, speaker.name);
    }
    return status;
  }

  // Asks, and asks again while the node has no room.
  async #asked(ask, who) {
    const isRefused = ({ status }) => status === 429 || status === 503;
    const answer = await this.#checker.until(async () => {
      const one = await this.#within(ask(), who);
      if (isRefused(one)) this.#checker.counts.refused++;
      return one;
    }, (one) => !isRefused(one));
    if (answer.status >= 300) this.#checker.fault(`${who} is answered ${answer.status}`);
    return answer;
  }

  async #within(promise, who) {
    const { patience } = this.#checker;
    const answer = await this.#checker.within(promise);
    if (answer === null) this.#checker.fault(`${who} gets no answer within ${patience / 1_000} s`);
    return answer ?? CUT;
  }
}
