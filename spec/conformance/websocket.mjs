// One WebSocket to the node, frame by frame: RFC 6455 by hand, so that tests can break its rules.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { open } from "./wire.mjs";

export const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10];
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const NODE_SENDS = [TEXT, CLOSE, PING, PONG];

export function handshake(headers = {}) {
  return {
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Version": 13,
    "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
    ...headers,
  };
}

export function proofOf(key) {
  return createHash("sha1").update(key + GUID).digest("base64");
}

export async function connect(path = "/", { from, headers: more } = {}) {
  const wire = await open({ from });
  const headers = handshake(more);
  (await wire.request("GET", path, { headers }).answer()).is(101)
    .has("Sec-WebSocket-Accept", proofOf(headers["Sec-WebSocket-Key"]));
  return new Socket(wire);
}

// A frame of a client's; `mask` null leaves it unmasked, `length` claims another than the payload's.
export function frame(opcode, payload = "", options = {}) {
  const { last = true, reserved = 0, mask = randomBytes(4) } = options;
  const data = Buffer.from(payload);
  const length = lengthBytes(options.length ?? data.length);
  const head = Buffer.concat([Buffer.of((last ? 0x80 : 0) | (reserved << 4) | opcode), length]);
  if (!mask) return Buffer.concat([head, data]);
  head[1] |= 0x80;
  return Buffer.concat([head, mask, data.map((byte, index) => byte ^ mask[index % 4])]);
}

function lengthBytes(length) {
  if (length < 126) return Buffer.of(length);
  if (length < 65_536) return Buffer.of(126, length >> 8, length & 0xff);
  const bytes = Buffer.alloc(9, 127);
  bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}

export function closing(code, reason = "") {
  return Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)]);
}

// Takes one of the node's frames off `bytes`: {taken: {opcode, payload}, rest}, or null.
function takeFrame(bytes) {
  if (bytes.length < 2) return null;
  const [first, second] = bytes;
  assert.equal(first & 0xf0, 0x80, "the node's frames are whole, with no reserved bits");
  assert.ok(NODE_SENDS.includes(first & 0xf), `the node sends no frames of type ${first & 0xf}`);
  assert.ok(second <= 126, "the node's frames are unmasked and short");
  const start = second < 126 ? 2 : 4;
  if (bytes.length < start) return null;
  const length = second < 126 ? second : bytes.readUInt16BE(2);
  assert.ok(second < 126 || length >= 126, "a length is told as shortly as it can be");
  if (bytes.length < start + length) return null;
  const payload = bytes.subarray(start, start + length);
  return { taken: { opcode: first & 0xf, payload }, rest: bytes.subarray(start + length) };
}

class Socket {
  constructor(wire) {
    this.wire = wire;
  }

  send(...frames) {
    this.wire.send(Buffer.concat(frames));
    return this;
  }

  say(...lines) {
    return this.send(...lines.map((line) => frame(TEXT, line)));
  }

  async anyFrame() {
    return this.wire.next(takeFrame, "a frame");
  }

  // The next frame, of this type; a ping of the node comes whenever it likes.
  async frame(opcode) {
    let next;
    do next = await this.anyFrame(); while (next.opcode === PING && opcode !== PING);
    assert.equal(next.opcode, opcode, `a frame of another type: ${next.payload}`);
    return next.payload;
  }

  // The next line; it matches `wanted`, if it is told.
  async hears(wanted) {
    const line = (await this.frame(TEXT)).toString("latin1");
    if (wanted instanceof RegExp) assert.match(line, wanted);
    else if (wanted !== undefined) assert.equal(line, wanted);
    return line;
  }

  // The next lines, so many.
  async lines(count) {
    const lines = [];
    const take = (bytes) => {
      let rest = bytes;
      let next;
      const before = lines.length;
      while (lines.length < count && (next = takeFrame(rest))) {
        assert.equal(next.taken.opcode, TEXT, `a frame of another type: ${next.taken.payload}`);
        lines.push(next.taken.payload.toString("latin1"));
        rest = next.rest;
      }
      return lines.length > before ? { taken: lines, rest } : null;
    };
    while (lines.length < count) await this.wire.next(take, "a line");
    return lines;
  }

  // These lines come next, in any order.
  async hearsAll(lines) {
    assert.deepEqual((await this.lines(lines.length)).sort(), [...lines].sort());
  }

  // Nothing was said before this was asked.
  async isQuiet() {
    const probe = randomBytes(8);
    this.send(frame(PING, probe));
    assert.deepEqual(await this.frame(PONG), probe);
    return this;
  }

  // The node closes, with this code and a reason, and ends the connection when it is answered.
  async isClosed(code) {
    const payload = await this.frame(CLOSE);
    assert.equal(payload.readUInt16BE(0), code, payload.subarray(2).toString());
    this.send(frame(CLOSE, closing(code)));
    await this.wire.closed();
  }

  hangUp() {
    this.wire.hangUp();
  }
}
