// A small node of one loop that speaks HTTP/1.1 and WebSocket, and lies where it is told to.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import { canonical } from "../checker.mjs";
import { Frames, frame, PING, PONG, TEXT } from "../websocket.mjs";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const ID = "([0-9a-f]{64}|[0-9a-f-]{36}|\\d{1,39})";
const LINE = new RegExp(`^((wait|forget)( ${ID})+|set ${ID}( \\S+)?)\n?$`, "i");
const FORM = { "Content-Type": "text/javascript" };
const STREAM = { "Content-Type": "text/event-stream" };

export class FakeNode {
  host = "127.0.0.1";
  pid = null;
  ended = null;
  #set = new Set();
  #waiting = new Map();
  #taken = new Map();
  #count = 0;
  #server = createServer((request, response) => this.#onRequest(request, response));

  // places: {perAddress, all}; `lie` is one of those in checker.test.mjs, or null.
  constructor(places, lie) {
    Object.assign(this, { places, lie });
    this.#server.on("upgrade", (...all) => this.#onUpgrade(...all));
    this.#server.keepAliveTimeout = 0;
  }

  async listen() {
    this.#server.listen(0, this.host);
    await once(this.#server, "listening");
    this.port = this.#server.address().port;
    return this;
  }

  trouble() {
    return null;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  // Each so many times, if it is told to lie so.
  #lies(lie, each) {
    return this.lie === lie && ++this.#count % each === 0;
  }

  async #onRequest(request, response) {
    const { pathname, searchParams } = new URL(request.url, "http://fake.test");
    let body = "";
    for await (const piece of request) body += piece;
    const ids = pathname.slice(1).split(",").filter(Boolean);
    if (request.method === "POST") {
      this.#onSet(ids[0], body, response);
    } else if (request.method === "GET" && searchParams.get("timeout") !== "0") {
      this.#onWait(ids, request, response);
    } else {
      this.#answer(response, ids, request.method);
    }
  }

  #onSet(id, body, response) {
    if (this.#lies("cuts a setter", 20)) {
      response.destroy();
      return;
    }
    const all = id ? [id] : body.split("\n").map((line) => line.split(" ")[0]);
    const firsts = all.filter((each) => this.#sets(each)).length;
    if (this.#lies("forgets a set", 20)) this.#set.delete(canonical(all[0]));
    if (this.#lies("answers no setter", 20)) return;
    if (id) {
      response.writeHead(firsts || this.lie === "two firsts" ? 201 : 200, { "Content-Length": 0 });
      response.end();
    } else {
      response.end(JSON.stringify({ set: firsts, already: all.length - firsts }));
    }
  }

  #sets(id) {
    const name = canonical(id);
    const isFirst = !this.#set.has(name);
    this.#set.add(name);
    for (const wake of this.#waiting.get(name) ?? []) {
      if (!this.#lies("loses a wake", 20)) wake();
    }
    this.#waiting.delete(name);
    return isFirst;
  }

  #isSet(id) {
    return this.#set.has(canonical(id));
  }

  #answer(response, ids, method) {
    const found = ids.filter((id) => this.#isSet(id));
    if (this.#lies("false 200", 10)) found.push(ids.at(-1));
    const text = found.map((id) => `doorbell("${id}");\n`).join("");
    response.writeHead(found.length > 0 ? 200 : 204,
      found.length > 0 ? { ...FORM, "Content-Length": text.length } : {});
    response.end(method === "HEAD" ? "" : text);
  }

  #onWait(ids, request, response) {
    const isStream = request.headers.accept === "text/event-stream";
    const leave = this.#park(ids, request.socket, () => {
      if (!isStream) {
        this.#answer(response, ids, "GET");
        return;
      }
      if (!response.headersSent) response.writeHead(200, STREAM);
      response.end(ids.map((id) => `event: set\ndata: ${id}\n\n`).join(""));
    });
    if (leave === null) {
      response.writeHead(429, { "Content-Length": 0 }).end();
      return;
    }
    if (isStream && !response.headersSent) response.writeHead(200, STREAM).flushHeaders();
    response.on("close", leave);
  }

  // Has `wake` run once, now or later; returns what gives the place back, or null if there is none.
  #park(ids, socket, wake) {
    const address = socket.remoteAddress;
    const all = [...this.#taken.values()].reduce((sum, count) => sum + count, 0);
    const own = this.#taken.get(address) ?? 0;
    if (own >= this.places.perAddress || all >= this.places.all) return null;
    let isParked = true;
    this.#taken.set(address, own + 1);
    const leave = () => {
      if (isParked && !this.#lies("leaks a place", 20)) {
        this.#taken.set(address, this.#taken.get(address) - 1);
      }
      isParked = false;
    };
    const once = () => {
      if (!isParked) return;
      leave();
      wake();
    };
    if (ids.some((id) => this.#isSet(id))) {
      once();
    } else {
      for (const id of ids) {
        const name = canonical(id);
        this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), once]);
      }
    }
    return leave;
  }

  #onUpgrade(request, socket, behind) {
    const proof = createHash("sha1").update(request.headers["sec-websocket-key"] + GUID);
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
      `Connection: Upgrade\r\nSec-WebSocket-Accept: ${proof.digest("base64")}\r\n\r\n`);
    const leaves = new Map();
    let message = "";
    const frames = new Frames((opcode, payload, last) => {
      if (opcode === PING) socket.write(frame(PONG, payload, null));
      if (opcode > TEXT) return;
      message += payload;
      if (!last) return;
      this.#onLine(message, socket, leaves);
      message = "";
    });
    socket.on("error", () => {});
    socket.on("close", () => leaves.forEach((leave) => leave()));
    socket.on("data", (bytes) => frames.push(bytes));
    frames.push(behind);
  }

  #onLine(line, socket, leaves) {
    const say = (text) => socket.write(frame(TEXT, text, null));
    if (!LINE.test(line)) {
      say("error it is no line");
      return;
    }
    const [verb, ...ids] = line.trim().split(" ");
    if (verb === "set") {
      this.#sets(ids[0]);
      say(`done ${ids[0]}`);
      return;
    }
    for (const id of ids) {
      leaves.get(id)?.();
      leaves.delete(id);
      if (verb !== "wait") continue;
      const leave = this.#park([id], socket, () => say(`set ${id}`));
      if (leave) leaves.set(id, leave);
      else say(`error ${id}: there is no room`);
    }
  }
}
