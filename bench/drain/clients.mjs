// Clients that park waits over each protocol, and note when and how each of them ends. Each wait has
// an id of its own; those of a kind are `first`, `first + 1` and on.
import { createHash, randomBytes } from "node:crypto";
import http2 from "node:http2";
import net from "node:net";

const TOGETHER = 200; // connections that are opened at a time
const STREAMS = 500; // of one connection of HTTP/2
const GOING_AWAY = 1001;
const [TEXT, CLOSE] = [1, 8];

export const KINDS = ["http1", "http2", "events", "websocket"];

const connected = (port) => new Promise((resolve, reject) => {
  const socket = net.connect(port, "127.0.0.1", () => {
    socket.off("error", reject);
    resolve(socket);
  });
  socket.once("error", reject);
});

const head = (id, more = "") => `GET /${id} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

// A connection whose whole text `isAnswered` judges: what it is called, once it has come. `end` may hear
// of a fault behind that, too.
async function ask(port, { request, isAnswered, onEnd }, end) {
  const socket = await connected(port);
  let text = "";
  let how;
  socket.setEncoding("latin1").on("data", (piece) => {
    text += piece;
    how ??= isAnswered(text);
    if (how !== undefined) {
      end(how);
      socket.end(onEnd);
    }
  });
  socket.on("error", ({ code }) => end(how === undefined ? code : `${how}, and then ${code}`));
  socket.on("close", () => how ?? end("closed without an answer"));
  socket.write(request);
  return () => socket.destroy();
}

const answered = (text) => {
  if (!text.includes("\r\n\r\n")) return undefined;
  const closes = /^connection: close\r$/im.test(text) ? ", closes" : "";
  return `${text.slice(9, 12)}${closes}`;
};

const http1 = (port, id, end) => ask(port, { request: head(id), isAnswered: answered }, end);

// A stream that ends by its last chunk, and has told of nothing.
const events = (port, id, end) => ask(port, {
  request: head(id, "Accept: text/event-stream\r\n"),
  isAnswered: (text) => (text.endsWith("0\r\n\r\n")
    ? text.includes("event: set") ? "told" : "ended" : undefined),
}, end);

function frame(opcode, payload) {
  const mask = randomBytes(4);
  return Buffer.concat([Buffer.of(0x80 | opcode, 0x80 | payload.length), mask,
    payload.map((byte, index) => byte ^ mask[index % 4])]);
}

// Says what it waits for right behind the handshake, and answers the close frame by its code.
function websocket(port, id, end) {
  const key = randomBytes(16).toString("base64");
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
  const handshake = head("", `${upgrade}Sec-WebSocket-Key: ${key}\r\n`);
  return ask(port, {
    request: Buffer.concat([Buffer.from(handshake), frame(TEXT, Buffer.from(`wait ${id}`))]),
    isAnswered: (text) => {
      const bytes = Buffer.from(text.slice(text.indexOf("\r\n\r\n") + 4), "latin1");
      if (!text.includes(`${accept}\r\n`) || bytes.length < 4) return undefined;
      return bytes[0] === (0x80 | CLOSE) ? `closed by ${bytes.readUInt16BE(2)}` : `${bytes}`;
    },
    onEnd: frame(CLOSE, Buffer.of(GOING_AWAY >> 8, GOING_AWAY & 0xff)),
  }, end);
}

function streams(port, first, count, end) {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {}); // Its streams tell of it.
  for (let id = first; id < first + count; id++) {
    const stream = session.request({ ":path": `/${id}` });
    let told = false;
    const tell = (how) => {
      if (!told) end(id, how);
      told = true;
    };
    stream.on("response", (fields) => tell(`${fields[":status"]}`));
    stream.on("error", ({ code }) => tell(code));
    stream.on("close", () => tell("closed without an answer"));
    stream.resume();
  }
  return () => session.destroy();
}

// What a wait of each kind hears from a node that ends.
export const RIGHT = { http1: "204, closes", http2: "204", events: "ended",
  websocket: `closed by ${GOING_AWAY}` };

// Parks `count` waits; `onEnd(id, how)` hears the end of each. Resolves with what ends them all.
export async function park(kind, { port, first, count }, onEnd) {
  const ends = [];
  if (kind === "http2") {
    for (let at = 0; at < count; at += STREAMS) {
      ends.push(streams(port, first + at, Math.min(STREAMS, count - at), onEnd));
    }
  } else {
    const one = { http1, events, websocket }[kind];
    for (let at = 0; at < count; at += TOGETHER) {
      const ids = Array.from({ length: Math.min(TOGETHER, count - at) }, (_, i) => first + at + i);
      ends.push(...await Promise.all(ids.map((id) => one(port, id, (how) => onEnd(id, how)))));
    }
  }
  return () => ends.forEach((end) => end());
}
