// Clients that don't come as they should: TLS that breaks off, plain bytes where TLS is spoken,
// protocols that begin in the middle, bytes of no protocol, and requests with some bytes changed.
import { pipeline } from "./pipelines.mjs";
import { streams } from "./streams.mjs";
import { webSocket } from "./websockets.mjs";

const u16 = (value) => Buffer.of(value >> 8, value & 0xff);
const sized = (bytes) => Buffer.concat([u16(bytes.length), bytes]);
const extension = (type, bytes) => Buffer.concat([u16(type), sized(bytes)]);
const record = (type, bytes) => Buffer.concat([Buffer.of(type, 3, 1), sized(bytes)]);

// A ClientHello of TLS 1.3 that a node answers: RFC 8446, 4.1.2.
export function hello(random) {
  const key = Buffer.concat([u16(0x1d), sized(random.bytes(32))]);
  const extensions = Buffer.concat([
    extension(43, Buffer.of(2, 3, 4)),
    extension(10, sized(u16(0x1d))),
    extension(13, sized(Buffer.concat([u16(0x0403), u16(0x0804)]))),
    extension(51, sized(key)),
    extension(16, sized(Buffer.from("\x02h2\x08http/1.1"))),
  ]);
  const body = Buffer.concat([Buffer.of(3, 3), random.bytes(32), Buffer.of(32), random.bytes(32),
    sized(Buffer.concat([u16(0x1301), u16(0x1302)])), Buffer.of(1, 0), sized(extensions)]);
  return record(22, Buffer.concat([Buffer.of(1, 0), sized(body)]));
}

// A handshake that is cut off, goes on wrongly, or comes in pieces.
export function handshake(random) {
  const whole = hello(random);
  const cut = whole.subarray(0, random.between(1, whole.length));
  const bytes = random.pick([
    () => cut,
    () => whole,
    () => Buffer.concat([whole, random.bytes(300)]),
    () => Buffer.concat([whole, whole]),
    () => Buffer.concat([whole, record(20, Buffer.of(1)), record(23, random.bytes(40))]),
    () => Buffer.concat([whole, record(21, Buffer.of(2, 40))]),
    () => record(22, random.bytes(200)),
    () => Buffer.concat([record(22, whole.subarray(5, 50)), record(22, whole.subarray(50))]),
    () => Buffer.concat([Buffer.of(22, 3, 1, 0xff, 0xff), random.bytes(1_000)]),
    () => Buffer.concat(Array(100).fill(record(22, Buffer.alloc(0)))),
    () => mutated(random, whole),
    () => Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    () => random.bytes(random.between(1, 500)),
  ])();
  return { kind: "handshake", protocol: null, secure: false, keepsRules: false, bytes, sets: [] };
}

// What some other client would send, changed in some places.
export function garbage(random, ids) {
  const strangers = { ...ids, never: ids.mutated };
  const make = () => random.pick([pipeline, webSocket, streams])(random, strangers);
  const first = make();
  let { bytes, sets } = first;
  if (random.chance(0.3)) {
    const second = make();
    bytes = Buffer.concat([bytes.subarray(0, random.below(bytes.length)),
      second.bytes.subarray(random.below(second.bytes.length))]);
    sets = [...sets, ...second.sets];
  }
  return { kind: "garbage", protocol: null, keepsRules: false, alpn: alpn(first.protocol),
    bytes: mutated(random, bytes), sets: [...sets, ...strangers.never] };
}

export function alpn(protocol) {
  return protocol === "http2" ? "h2" : "http/1.1";
}

export function mutated(random, bytes) {
  let all = Buffer.from(bytes);
  for (let times = random.between(1, 5); times > 0; times--) {
    const at = random.below(all.length);
    const end = Math.min(all.length, at + random.between(1, 50));
    const parts = random.pick([
      () => [all.subarray(0, at), Buffer.of(all[at] ^ 1 << random.below(8)), all.subarray(at + 1)],
      () => [all.subarray(0, at), all.subarray(end)],
      () => [all.subarray(0, end), all.subarray(at)],
      () => [all.subarray(0, at), random.bytes(end - at), all.subarray(at)],
      () => [all.subarray(0, at), random.bytes(end - at), all.subarray(end)],
    ])();
    all = Buffer.concat(parts);
    if (all.length === 0) return Buffer.of(0);
  }
  return all;
}
