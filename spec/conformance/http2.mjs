// One connection of HTTP/2 to the node: requests out, answers in, each checked like any other.
import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import { Answer } from "./answer.mjs";
import { HOST, IS_TLS, TRUST, within } from "./wire.mjs";

export async function connect({ from, ...settings } = {}) {
  const url = `${IS_TLS ? "https" : "http"}://${HOST}`;
  const session = http2.connect(url, { ...TRUST, localAddress: from, settings });
  session.unref();
  session.on("error", () => {}); // each of its streams tells of it
  await within(once(session, "remoteSettings"), () => assert.fail("waited in vain for SETTINGS"));
  return new Connection(session);
}

class Connection {
  constructor(session) {
    this.session = session;
  }

  request(method, path, { headers = {}, body } = {}) {
    const stream = this.session.request({ ":method": method, ":path": path, ...headers },
      { endStream: body === undefined });
    const request = new Request(stream, method, path);
    return typeof body === "string" ? request.send(body) : request;
  }

  async ask(method, path, options) {
    return this.request(method, path, options).answer();
  }

  // A ping's round trip: what was sent before has reached the node.
  async settle() {
    const trip = new Promise((resolve, reject) => {
      this.session.ping((failure) => (failure ? reject(failure) : resolve()));
    });
    await within(trip, () => assert.fail("waited in vain for a PING"));
  }

  // The node ends the connection in order.
  async closed() {
    if (this.session.closed) return;
    await within(once(this.session, "close"), () => assert.fail("waited in vain for the end"));
  }

  hangUp() {
    this.session.destroy();
  }
}

// One request and its answer; body `null` leaves the request open, to be sent piece by piece.
class Request {
  #stream;
  #head = null;
  #body = "";
  #over = false;
  #news = () => {};

  constructor(stream, method, path) {
    Object.assign(this, { method, path });
    this.#stream = stream.setEncoding("utf8");
    stream.on("response", (fields) => { this.#head = fields; this.#news(); });
    stream.on("data", (piece) => { this.#body += piece; this.#news(); });
    stream.on("error", (failure) => { this.failure = failure; });
    for (const last of ["end", "close"]) {
      stream.on(last, () => { this.#over = true; this.#news(); });
    }
  }

  send(piece, { last = true } = {}) {
    if (last) this.#stream.end(piece);
    else this.#stream.write(piece);
    return this;
  }

  // Its head alone; the answer follows.
  async head() {
    await this.#until(() => this.#head, "the head of an answer");
    return this;
  }

  async answer() {
    await this.#until(() => this.#over, "an answer");
    if (!this.#head) assert.fail(`${this}: no answer, ${this.failure ?? "and no failure"}`);
    return this.#checked();
  }

  // The next part of an event stream, or what has come of it at its end.
  async event() {
    await this.#until(() => this.#body.includes("\n\n") || this.#over, "an event");
    const end = this.#body.indexOf("\n\n");
    const event = end < 0 ? this.#body : this.#body.slice(0, end);
    this.#body = end < 0 ? "" : this.#body.slice(end + 2);
    return event;
  }

  #checked() {
    const { ":status": status, ...fields } = this.#head;
    const lines = Object.entries(fields)
      .flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}`));
    const head = [`HTTP/1.1 ${status} `, ...lines].join("\r\n");
    const answer = new Answer(head, this.method, `${this}`);
    answer.body = this.#body;
    const length = answer.bodyLength();
    for (const name of ["Connection", "Transfer-Encoding"]) answer.hasNo(name);
    if (!answer.isEventStream()) {
      answer.must(Buffer.byteLength(this.#body) === length, `the body has ${length} bytes`);
    }
    answer.checkWhatEveryAnswerPromises();
    return answer;
  }

  isQuiet() {
    assert.equal(this.#head, null, `${this}: wanted no answer now`);
  }

  hasNoBodyYet() {
    assert.equal(this.#body, "", `${this}: wanted no body now`);
  }

  // Ends it from the client's side.
  cancel() {
    this.#stream.close(http2.constants.NGHTTP2_CANCEL);
  }

  async #until(condition, what) {
    const met = async () => {
      while (!condition()) {
        if (this.#over) assert.fail(`${this}: it ended without ${what}; ${this.failure ?? ""}`);
        await new Promise((resolve) => { this.#news = resolve; });
      }
    };
    await within(met(), () => assert.fail(`${this}: waited in vain for ${what}`));
  }

  toString() {
    return `${this.method} ${this.path} over HTTP/2`;
  }
}
