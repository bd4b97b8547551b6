// One answer as it stood on the wire, read strictly and checked for what every answer promises.
import assert from "node:assert/strict";

const STATUS_LINE = /^HTTP\/1\.[01] (\d{3}) [\t\x20-\x7e]*$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e]*?)[ \t]*$/;
const DATE = new RegExp("^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d " +
  "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \\d{4} \\d\\d:\\d\\d:\\d\\d GMT$");
const INSIDE = /exception|java|netty|rocksdb|\bnull\b|undefined|\n./i;

// Takes the first whole answer off `bytes`: {taken, rest}, or null when more has to come. Of an event
// stream this is the head, and takeChunk goes on.
export function takeAnswer(bytes, method, sent) {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const answer = new Answer(bytes.subarray(0, end).toString("latin1"), method, sent);
  const bodyEnd = end + 4 + answer.bodyLength();
  if (bytes.length < bodyEnd) return null;
  answer.body = bytes.subarray(end + 4, bodyEnd).toString("utf8");
  if (answer.status >= 200) answer.checkWhatEveryAnswerPromises();
  return { taken: answer, rest: bytes.subarray(bodyEnd) };
}

// Takes one chunk of a body off `bytes`, as text; the last one is empty.
export function takeChunk(bytes) {
  const line = bytes.indexOf("\r\n");
  if (line < 0) return null;
  const length = bytes.subarray(0, line).toString("latin1");
  assert.match(length, /^[0-9a-f]+$/i, "a chunk begins with its length");
  const end = line + 2 + parseInt(length, 16);
  if (bytes.length < end + 2) return null;
  assert.equal(bytes.subarray(end, end + 2).toString("latin1"), "\r\n", "a chunk's end");
  return { taken: bytes.subarray(line + 2, end).toString("utf8"), rest: bytes.subarray(end + 2) };
}

export class Answer {
  constructor(head, method, sent) {
    Object.assign(this, { head, method, sent, body: "", fields: new Map() });
    const [statusLine, ...lines] = head.split("\r\n");
    this.status = Number(this.mustMatch(STATUS_LINE, statusLine, "a status line")[1]);
    for (const line of lines) {
      const [, name, value] = this.mustMatch(FIELD, line, "a header field");
      const before = this.header(name);
      this.fields.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
    }
  }

  header(name) {
    return this.fields.get(name.toLowerCase());
  }

  json() {
    return JSON.parse(this.body);
  }

  hasNoBodyByStatus() {
    return this.status < 200 || this.status === 204 || this.status === 304;
  }

  isEventStream() {
    return this.status === 200 && this.header("Content-Type") === "text/event-stream";
  }

  // A length is always named, except for event streams: nothing else is chunked, nothing ends with
  // the connection.
  bodyLength() {
    const length = this.header("Content-Length");
    if (this.isEventStream()) {
      this.must(length === undefined, "nobody knows the length of an event stream");
      return 0;
    }
    this.must(this.header("Transfer-Encoding") === undefined, "only event streams are chunked");
    if (this.hasNoBodyByStatus()) {
      this.must(length === undefined, `a ${this.status} has no Content-Length`);
      return 0;
    }
    this.mustMatch(/^\d+$/, length ?? "none", "a Content-Length");
    return this.method === "HEAD" ? 0 : Number(length);
  }

  checkWhatEveryAnswerPromises() {
    this.has("Access-Control-Allow-Origin", "*");
    this.has("Cross-Origin-Resource-Policy", "cross-origin");
    this.has("Cache-Control", this.isEventStream() ? "no-store, no-transform" : "no-store");
    this.has("Date", DATE);
    this.must(this.header("Set-Cookie") === undefined, "no cookies, ever");
    if (this.status === 204) this.hasNo("X-Content-Type-Options");
    if (Number(this.header("Content-Length")) > 0 || this.isEventStream()) {
      this.has("X-Content-Type-Options", "nosniff");
    }
    const page = /^text\/html\b/.test(this.header("Content-Type")); // which few tests ask for
    if (this.status >= 400 && !page) this.checkProblem();
    if (this.status === 429 || this.status === 503) this.has("Retry-After", /^[1-9]\d*$/);
  }

  checkProblem() {
    this.has("Content-Type", /^application\/problem\+json\b/);
    if (this.method === "HEAD") return;
    this.must(this.body.endsWith("}\n"), "a problem is a JSON object and a newline");
    const { type, title, status, detail } = this.json();
    this.must(type === "about:blank", "type is about:blank");
    this.must(typeof title === "string" && title !== "", "title names the status");
    this.must(status === this.status, "the problem's status is the answer's");
    this.must(typeof detail === "string" && detail !== "", "detail is a sentence");
    this.must(!INSIDE.test(detail), "detail tells the rule, never the inside");
  }

  // The assertions of the tests; each returns the answer, so they chain.
  is(status, rule) {
    this.must(this.status === status, `wanted ${status}, received ${this.status}`);
    if (rule && this.method !== "HEAD") {
      this.must(rule.test(this.json().detail), `the detail names the rule: ${rule}`);
    }
    return this;
  }

  has(name, wanted) {
    const value = this.header(name) ?? "(none)";
    const same = wanted instanceof RegExp ? wanted.test(value) : value === wanted;
    this.must(same, `${name}: wanted ${wanted}, received ${value}`);
    return this;
  }

  hasNo(name) {
    this.must(this.header(name) === undefined, `wanted no ${name}`);
    return this;
  }

  says(body) {
    this.must(this.body === body, `wanted the body ${JSON.stringify(body)}`);
    return this;
  }

  must(truth, claim) {
    if (truth) return;
    assert.fail(`${claim}\n${story(this.sent, `${this.head}\r\n\r\n${this.body}`)}`);
  }

  mustMatch(pattern, text, claim) {
    const match = pattern.exec(text);
    this.must(match, `wanted ${claim}, received ${JSON.stringify(text)}`);
    return match;
  }
}

// What went over the wire, for the message of a failure.
export function story(sent, received) {
  return `--- sent\n${clip(sent)}\n--- received\n${clip(received)}\n---`;
}

function clip(text) {
  const shown = text.replaceAll("\r\n", "\n");
  if (shown.length <= 1200) return shown;
  return `${shown.slice(0, 600)}\n… ${shown.length - 1000} more …\n${shown.slice(-400)}`;
}
