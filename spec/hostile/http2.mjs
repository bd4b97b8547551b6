// HTTP/2 frames as bytes (RFC 9113) with the fields of RFC 7541, which are written plainly and read
// as the node writes them.

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
export const [DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY,
  WINDOW_UPDATE, CONTINUATION] = Array(10).keys();
export const [END_STREAM, ACK, END_HEADERS] = [1, 1, 4];

export function frame(type, flags, stream, payload = Buffer.alloc(0)) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function word(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

// From [[identifier, value], …].
export function settings(pairs) {
  return frame(SETTINGS, 0, 0, Buffer.concat(pairs.map(([identifier, value]) =>
    Buffer.concat([Buffer.of(identifier >> 8, identifier & 0xff), word(value)]))));
}

// Fields that no table keeps: RFC 7541, 6.2.2.
export function fields(list) {
  return Buffer.concat(list.flatMap(([name, value]) =>
    [Buffer.of(0), text(name), text(String(value))]));
}

function text(string) {
  const bytes = Buffer.from(string, "latin1");
  const length = [];
  let left = bytes.length - 127;
  if (left < 0) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  for (length.push(127); left >= 128; left >>>= 7) length.push((left & 0x7f) | 0x80);
  return Buffer.concat([Buffer.of(...length, left), bytes]);
}

export function requestFields(method, path, headers = {}) {
  return fields([[":method", method], [":path", path], [":scheme", "http"],
    [":authority", "doorbell.test"], ...Object.entries(headers)]);
}

const STATIC = [":authority", [":method", "GET"], [":method", "POST"], [":path", "/"],
  [":path", "/index.html"], [":scheme", "http"], [":scheme", "https"],
  ...[200, 204, 206, 304, 400, 404, 500].map((status) => [":status", `${status}`]),
  "accept-charset", "accept-encoding", "accept-language", "accept-ranges", "accept",
  "access-control-allow-origin", "age", "allow", "authorization", "cache-control",
  "content-disposition", "content-encoding", "content-language", "content-length",
  "content-location", "content-range", "content-type", "cookie", "date", "etag", "expect",
  "expires", "from", "host", "if-match", "if-modified-since", "if-none-match", "if-range",
  "if-unmodified-since", "last-modified", "link", "location", "max-forwards",
  "proxy-authenticate", "proxy-authorization", "range", "referer", "refresh", "retry-after",
  "server", "set-cookie", "strict-transport-security", "transfer-encoding", "user-agent", "vary",
  "via", "www-authenticate"].map((entry) => [entry].flat().concat("").slice(0, 2));

// The fields of one connection's answers, in order. Text in Huffman's code isn't read: the node
// writes none below 512 bytes.
class FieldReader {
  #table = [];

  read(bytes) {
    const found = [];
    let at = 0;
    const integer = (bits) => {
      const most = (1 << bits) - 1;
      let value = bytes[at++] & most;
      if (value < most) return value;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++];
        value += (byte & 0x7f) << shift;
        if (byte < 128) return value;
      }
    };
    const string = () => {
      if (bytes[at] >= 128) throw new Error("a field in Huffman's code");
      const length = integer(7);
      return bytes.toString("latin1", at, at += length);
    };
    const entry = (index) => {
      const known = index <= STATIC.length ? STATIC[index - 1] : this.#table[index - 62];
      if (!known) throw new Error("a field of no table");
      return known;
    };
    while (at < bytes.length) {
      const first = bytes[at];
      if (first >= 0x80) {
        found.push(entry(integer(7)));
      } else if (first >= 0x20 && first < 0x40) {
        integer(5);
      } else {
        const index = integer(first >= 0x40 ? 6 : 4);
        const field = [index > 0 ? entry(index)[0] : string(), string()];
        if (first >= 0x40) this.#table.unshift(field);
        found.push(field);
      }
    }
    return new Map(found);
  }
}

// Reads what a node sends. `on` has any of headers(stream, fields, last),
// data(stream, bytes, last),
// reset(stream, code), settings(), ping(payload), goAway(code).
export class Frames {
  #bytes = Buffer.alloc(0);
  #fields = new FieldReader();
  #headers = null;

  constructor(on) {
    this.on = on;
  }

  push(bytes) {
    this.#bytes = this.#bytes.length > 0 ? Buffer.concat([this.#bytes, bytes]) : bytes;
    while (this.#bytes.length >= 9) {
      const length = this.#bytes.readUIntBE(0, 3);
      if (this.#bytes.length < 9 + length) return;
      const [type, flags] = this.#bytes.subarray(3, 5);
      const stream = this.#bytes.readUInt32BE(5) & 0x7fffffff;
      const payload = this.#bytes.subarray(9, 9 + length);
      this.#bytes = this.#bytes.subarray(9 + length);
      this.#onFrame(type, flags, stream, payload);
    }
  }

  #onFrame(type, flags, stream, payload) {
    const last = (flags & END_STREAM) !== 0;
    switch (type) {
      case HEADERS: this.#headers = { last, parts: [] }; // falls through: the block may go on
      case CONTINUATION:
        this.#headers.parts.push(payload);
        if ((flags & END_HEADERS) === 0) return;
        this.on.headers?.(
          stream, this.#fields.read(Buffer.concat(this.#headers.parts)), this.#headers.last);
        return;
      case DATA: return this.on.data?.(stream, payload, last);
      case RST_STREAM: return this.on.reset?.(stream, payload.readUInt32BE(0));
      case SETTINGS: return (flags & ACK) === 0 ? this.on.settings?.() : undefined;
      case PING: return (flags & ACK) === 0 ? this.on.ping?.(payload) : undefined;
      case GOAWAY: return this.on.goAway?.(payload.readUInt32BE(4));
      default:
    }
  }
}
