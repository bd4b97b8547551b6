// WebSocket frames as bytes (RFC 6455): a client's are written, right and wrong ones; those of the
// node are read.
import { request } from "./http1.mjs";

export const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10];

export function handshake(key, path = "/") {
  return request("GET", path, {
    headers: {
      Upgrade: "websocket",
      Connection: "Upgrade",
      "Sec-WebSocket-Version": 13,
      "Sec-WebSocket-Key": key.toString("base64"),
    },
  });
}

// `mask` has four bytes, or is null for a frame that isn't masked.
export function frame(opcode, payload, mask, { last = true, reserved = 0 } = {}) {
  const data = Buffer.from(payload);
  const first = (last ? 0x80 : 0) | (reserved << 4) | opcode;
  const head = Buffer.concat([Buffer.of(first), lengthBytes(data.length)]);
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

// Reads frames, masked or not; `onFrame` gets (opcode, payload, last).
export class Frames {
  #bytes = Buffer.alloc(0);

  constructor(onFrame) {
    this.onFrame = onFrame;
  }

  push(bytes) {
    this.#bytes = this.#bytes.length > 0 ? Buffer.concat([this.#bytes, bytes]) : bytes;
    while (this.#readFrame());
  }

  #readFrame() {
    if (this.#bytes.length < 2) return false;
    const code = this.#bytes[1] & 0x7f;
    const isMasked = this.#bytes[1] >= 0x80;
    let start = code < 126 ? 2 : code === 126 ? 4 : 10;
    if (this.#bytes.length < start + 4 * isMasked) return false;
    const length = code < 126 ? code
      : code === 126 ? this.#bytes.readUInt16BE(2) : Number(this.#bytes.readBigUInt64BE(2));
    const mask = isMasked ? this.#bytes.subarray(start, start += 4) : null;
    if (this.#bytes.length < start + length) return false;
    const payload = Buffer.from(this.#bytes.subarray(start, start + length));
    if (mask) payload.forEach((byte, index) => { payload[index] = byte ^ mask[index % 4]; });
    const [first] = this.#bytes;
    this.#bytes = this.#bytes.subarray(start + length);
    this.onFrame(first & 0xf, payload, first >= 0x80);
    return true;
  }
}
