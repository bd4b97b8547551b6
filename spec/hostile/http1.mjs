// HTTP/1.1 as bytes: requests are written, right and wrong ones; answers are read as they come.

export function request(method, path, { headers = {}, body, chunks, version = "1.1" } = {}) {
  const fields = { Host: "doorbell.test", ...headers };
  if (chunks) fields["Transfer-Encoding"] = "chunked";
  else if (body !== undefined) fields["Content-Length"] = Buffer.byteLength(body);
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${method} ${path} HTTP/${version}\r\n${lines.join("")}\r\n`;
  const parts = chunks?.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  return Buffer.from(head + (parts ? `${parts.join("")}0\r\n\r\n` : body ?? ""), "latin1");
}

// Reads answers off a connection. `onAnswer` gets each whole one; `onEvent` each id that an event
// stream tells; `onUpgrade` the bytes behind a 101. `expect` names the method of each request.
export class Answers {
  #bytes = Buffer.alloc(0);
  #methods = [];
  #answer = null;
  #upgraded = false;

  constructor({ onAnswer, onEvent = () => {}, onUpgrade = () => {} }) {
    Object.assign(this, { onAnswer, onEvent, onUpgrade });
  }

  expect(method) {
    this.#methods.push(method);
  }

  // Throws if the bytes are no answers.
  push(bytes) {
    this.#bytes = this.#bytes.length > 0 ? Buffer.concat([this.#bytes, bytes]) : bytes;
    if (this.#upgraded) this.#upgrade();
    while (!this.#upgraded && (this.#answer ? this.#readBody() : this.#readHead()));
  }

  // The node ended its side, which ends an answer without a length.
  end() {
    if (this.#answer?.read === this.#readRest) this.#finish();
  }

  #upgrade() {
    this.#upgraded = true;
    const rest = this.#bytes;
    this.#bytes = Buffer.alloc(0);
    this.onUpgrade(rest);
  }

  #readHead() {
    const end = this.#bytes.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const [first, ...lines] = this.#bytes.toString("latin1", 0, end).split("\r\n");
    const status = Number(/^HTTP\/1\.[01] (\d{3}) /.exec(first)?.[1]);
    if (!status) throw new Error(`no answer begins with ${JSON.stringify(first.slice(0, 80))}`);
    const headers = new Map(lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }));
    this.#bytes = this.#bytes.subarray(end + 4);
    if (status === 101) this.#upgrade();
    if (status < 200) return status !== 101;
    const method = this.#methods.shift();
    if (method === undefined && status !== 408) throw new Error(`an unasked answer, ${status}`);
    const isEvents = headers.get("content-type") === "text/event-stream";
    this.#answer = { status, headers, body: "", isEvents, events: [], unread: "" };
    this.#answer.read = this.#way(method, status, headers);
    return true;
  }

  #way(method, status, headers) {
    if (method === "HEAD" || status === 204) return this.#readNothing;
    if (headers.get("transfer-encoding") === "chunked") return this.#readChunk;
    return headers.has("content-length") ? this.#readLength : this.#readRest;
  }

  #readBody() {
    return this.#answer.read.call(this);
  }

  #readNothing() {
    return this.#finish();
  }

  #readLength() {
    const length = Number(this.#answer.headers.get("content-length"));
    if (this.#bytes.length < length) return false;
    this.#take(length);
    return this.#finish();
  }

  #readChunk() {
    const line = this.#bytes.indexOf("\r\n");
    if (line < 0) return false;
    const text = this.#bytes.toString("latin1", 0, line);
    if (!/^[0-9a-f]+$/i.test(text)) throw new Error(`no chunk begins with ${text.slice(0, 80)}`);
    const length = parseInt(text, 16);
    if (this.#bytes.length < line + 2 + length + 2) return false;
    this.#bytes = this.#bytes.subarray(line + 2);
    this.#take(length);
    this.#bytes = this.#bytes.subarray(2);
    return length > 0 || this.#finish();
  }

  #readRest() {
    this.#take(this.#bytes.length);
    return false;
  }

  #take(length) {
    const text = this.#bytes.toString("latin1", 0, length);
    this.#bytes = this.#bytes.subarray(length);
    this.#answer.body += text;
    if (!this.#answer.isEvents) return;
    const events = (this.#answer.unread + text).split("\n\n");
    this.#answer.unread = events.pop();
    for (const event of events) {
      const id = /^event: set\ndata: (\S+)/.exec(event)?.[1];
      if (id) {
        this.#answer.events.push(id);
        this.onEvent(id);
      }
    }
  }

  #finish() {
    const answer = this.#answer;
    this.#answer = null;
    this.onAnswer(answer);
    return true;
  }
}

// The ids that the answer of a wait names.
export function idsIn({ status, body, isEvents, events }) {
  if (isEvents) return events;
  if (status !== 200) return [];
  if (body.startsWith("{")) return JSON.parse(body).set;
  return [...body.matchAll(/^[\w$.]+\("?([0-9a-fA-F-]+)"?\);$/gm)].map(([, id]) => id);
}
