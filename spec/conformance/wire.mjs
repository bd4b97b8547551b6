// One TCP connection to the node: bytes out, answers in. Also the words that most tests speak in.
//
// DOORBELL_URL names the node; for https://, DOORBELL_CA is the file with the certificate to trust
// if the system's aren't. DOORBELL_HEAD_TIMEOUT tells its limit for a slow head, in seconds
// (10); DOORBELL_ROUNDS how often a wait and a set race (2000). What only some nodes do is skipped
// until it is named: DOORBELL_BASE_PATH; DOORBELL_MAX_WAIT (wait.test.mjs alone, 1 second);
// DOORBELL_IDLE_TIMEOUT (limits.test.mjs alone); DOORBELL_MAX_WAITS and all limits of an address,
// like DOORBELL_MAX_WAITS_PER_ADDRESS (quota.test.mjs alone); what access.test.mjs names, it alone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import net from "node:net";
import { describe, it } from "node:test";
import tls from "node:tls";
import { story, takeAnswer } from "./answer.mjs";

export const HEAD_TIMEOUT = parseFloat(process.env.DOORBELL_HEAD_TIMEOUT ?? 10);
const PATIENCE_MILLIS = (HEAD_TIMEOUT * 2 + 10) * 1000;
const NODE_URL = nodeUnderTest();
export const IS_TLS = NODE_URL.protocol === "https:";
export const NODE = {
  host: NODE_URL.hostname.replace(/^\[|\]$/g, ""),
  port: Number(NODE_URL.port || (IS_TLS ? 443 : 80)),
};
export const TRUST = process.env.DOORBELL_CA ? { ca: readFileSync(process.env.DOORBELL_CA) } : {};
// What the detail of a refused id speaks of.
export const ID_RULE = /\b(ids?|number|digits|UUID)\b/i;
export const HOST = `${NODE.host}:${NODE.port}`;

function nodeUnderTest() {
  try {
    const url = new URL(process.env.DOORBELL_URL);
    if (/^https?:$/.test(url.protocol) && url.pathname === "/") return url;
  } catch {
    // It is no URL at all.
  }
  process.stderr.write("Name the node to test, for example: " +
    "DOORBELL_URL=http://127.0.0.1:8080 node --test spec/conformance/*.test.mjs\n");
  process.exit(2);
}

// Runs an object of tests, all at the same time; the name of a method is the fact that it proves.
export function facts(theme, tests, concurrency = true) {
  describe(theme, { concurrency }, () => {
    for (const [name, test] of Object.entries(tests)) it(name, test);
  });
}

// What the promise is kept with; `late` is called, and throws, if that takes too long.
export async function within(promise, late) {
  let alarm;
  const tooLate = new Promise((resolve) => { alarm = setTimeout(resolve, PATIENCE_MILLIS); });
  try {
    return await Promise.race([promise, tooLate.then(late)]);
  } finally {
    clearTimeout(alarm);
  }
}

// A connection; `from` is the client's own address, for limits that count by address. Over TLS,
// `protocol` is what it asks for by ALPN.
export async function open({ from, protocol = "http/1.1" } = {}) {
  const options = { ...NODE, ...TRUST, localAddress: from, noDelay: true };
  const wire = new Wire(
    IS_TLS ? tls.connect({ ...options, ALPNProtocols: [protocol] }) : net.connect(options));
  await wire.connected();
  return wire;
}

class Wire {
  #socket;
  #received = Buffer.alloc(0);
  #sent = "";
  #asked = [];
  #over = false;
  #failure = null;
  #news = () => {};

  constructor(socket) {
    this.#socket = socket.unref(); // what a failed test leaves open must not hold up the suite
    socket.on("data", (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#news();
    });
    socket.on("error", (failure) => { this.#failure = failure; });
    for (const last of ["end", "close"]) {
      socket.on(last, () => { this.#over = true; this.#news(); });
    }
  }

  connected() {
    return this.#until(() => this.#socket.readyState === "open" || this.#over, "a connection");
  }

  // Sends bytes as they are; `method` is that of the request in them, if one begins there.
  send(bytes, method) {
    if (method) this.#asked.push(method);
    this.#sent = (this.#sent + bytes.toString("latin1")).slice(-4000);
    if (!this.#over) this.#socket.write(bytes, "latin1");
    return this;
  }

  request(method, path, options) {
    return this.send(requestBytes(method, path, options), method);
  }

  // The next answer on this connection; of an event stream, its head.
  async answer() {
    const method = this.#asked.shift() ?? "GET";
    return this.next((bytes) => takeAnswer(bytes, method, this.#sent), "an answer");
  }

  // What `take` makes of the bytes that came: {taken, rest}, or null until there are enough.
  async next(take, what) {
    let next = null;
    await this.#until(() => {
      next = take(this.#received);
      return next || this.#over;
    }, what);
    if (!next) this.#fail(`the connection ended without ${what}`);
    this.#received = next.rest;
    return next.taken;
  }

  // All that comes until the node closes.
  async rest() {
    await this.#until(() => this.#over, "the connection to be closed");
    return this.#received;
  }

  // Leaves what comes in the kernel, for as long as it has room; and takes it again.
  takeNothing() {
    this.#socket.pause();
  }

  takeAgain() {
    this.#socket.resume();
  }

  // Ends the sending side.
  saysNoMore() {
    this.#socket.end();
    return this;
  }

  // Waits for the node to close; nothing may come before it does.
  async closed() {
    await this.#until(() => this.#over, "the connection to be closed");
    this.isQuiet();
    this.hangUp();
  }

  // Goes on sending for as long as the node lets it.
  async floodUntilClosed() {
    const more = Buffer.alloc(65_536, "x");
    const pour = (failure) => failure || this.#over || this.#socket.write(more, pour);
    pour();
    await this.closed();
  }

  isQuiet() {
    if (this.#received.length > 0) this.#fail("wanted no bytes now");
  }

  hangUp() {
    this.#socket.destroy();
  }

  async #until(condition, what) {
    const met = async () => {
      while (!condition()) {
        await new Promise((resolve) => {
          this.#news = resolve;
          if (this.#socket.connecting) this.#socket.once("connect", resolve);
        });
      }
    };
    await within(met(), () => this.#fail(`waited in vain for ${what}`));
  }

  #fail(claim) {
    const received = this.#received.toString("latin1") + (this.#failure ?? "");
    assert.fail(`${claim}\n${story(this.#sent, received)}`);
  }
}

// headers: {Name: value}; null leaves one out, a list sends it once for each value.
export function requestBytes(method, path, { headers = {}, body, version = "1.1" } = {}) {
  const chunked = headers["Transfer-Encoding"] !== undefined;
  const length = body === undefined || chunked ? null : Buffer.byteLength(body);
  const fields = Object.entries({ Host: HOST, "Content-Length": length, ...headers })
    .flatMap(([name, values]) => [values].flat().map((value) => [name, value]))
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${method} ${path} HTTP/${version}\r\n${fields.join("")}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), Buffer.from(body ?? "")]);
}

// One request on a connection of its own, which the node closes after the answer.
export async function ask(method, path, { headers = {}, from, ...options } = {}) {
  const wire = await open({ from });
  wire.request(method, path, { ...options, headers: { Connection: "close", ...headers } });
  const answer = await wire.answer();
  await wire.closed();
  return answer;
}

// A wait that has been sent and not yet answered.
export async function wait(ids, { query = "", headers, from } = {}) {
  const wire = await open({ from });
  return wire.request("GET", `/${[ids].flat().join(",")}${query}`, { headers });
}

export async function set(id, key) {
  return ask("POST", `/${id}`, { body: key });
}

export async function isSet(id) {
  return (await ask("HEAD", `/${id}`)).status === 200;
}

export async function nothingIsSet(...ids) {
  for (const id of ids) (await ask("GET", `/${id}?timeout=0`)).is(204);
}

// Some round trips elsewhere: what was sent before has reached the node when they are done.
export async function settle() {
  for (let trip = 0; trip < 5; trip++) (await ask("HEAD", "/")).is(200);
}
