// The published cases of Autobahn's fuzzing client (https://github.com/crossbario/autobahn-testsuite),
// written anew for a node, which takes lines and echoes nothing. What is right here:
//
// 1  text is answered by an error, since it is no line; binary is closed with 1003
// 2  pings are answered; pongs and the rest are as there
// 3  reserved bits are 1002, as there     4  reserved opcodes are 1002, as there
// 5  fragments are as there: a message that is whole is answered by one error
// 6  what is UTF-8 is answered by an error, what is none is closed with 1007, a message once it is whole
// 7  closes are as there
// 9  a message of more than 65,536 bytes is closed with 1009, a binary one with 1003
// 10 as 1.1                               12, 13 no extension is agreed on, and none of its bits taken
//
// A row is the number of a case, what is sent, and what comes: `error` for an answered message, `pong`
// with its payload, and the code that the connection is closed with at the end. `cut` is how many bytes
// are sent at a time.
import { BINARY, CLOSE, closing, CONTINUATION, frame, PING, PONG, TEXT } from "./websocket.mjs";

const ANSWERED = "error";
const HELLO = "Hello-\u00b5@\u00df\u00f6\u00e4\u00fc\u00e0\u00e1-UTF-8!!";
const KOSME = Buffer.from("\u03ba\u1f79\u03c3\u03bc\u03b5");
const SURROGATE = Buffer.from("eda080", "hex");
const EDITED = Buffer.from("edited");
const MESSAGE = 65_536;
const CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const NO_CODES = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535];

const text = (payload, options) => frame(TEXT, payload, options);
const more = (payload, options) => frame(CONTINUATION, payload, { last: false, ...options });
const last = (payload) => frame(CONTINUATION, payload);
const first = (payload) => frame(TEXT, payload, { last: false });
const close = (code, reason) => frame(CLOSE, closing(code, reason));
const bye = close(1000);
const pong = (payload) => `pong ${Buffer.from(payload).toString("latin1")}`;
const hex = (digits) => Buffer.from(digits, "hex");
const row = (name, frames, comes, cut) => [name, [frames].flat(), comes, cut];

// A message in frames of so many bytes.
function fragments(payload, size, opcode = TEXT) {
  const count = Math.max(1, Math.ceil(payload.length / size));
  return Array.from({ length: count }, (_, i) => frame(i ? CONTINUATION : opcode,
    payload.subarray(i * size, (i + 1) * size), { last: i === count - 1 }));
}

const numbered = (group, list, make) => list.map((each, i) => make(`${group}.${i + 1}`, each));

const SIZES = [0, 125, 126, 127, 128, 65_535, MESSAGE, MESSAGE];

const MESSAGES = [
  ...numbered("1.1", SIZES, (name, size) =>
    row(name, [text("*".repeat(size)), bye], [ANSWERED, 1000], name === "1.1.8" ? 997 : 0)),
  ...numbered("1.2", SIZES, (name, size) =>
    row(name, [frame(BINARY, "\xfe".repeat(size / 2)), bye], [1003], name === "1.2.8" ? 997 : 0)),
];

const TEN = Array.from({ length: 10 }, (_, i) => `payload-${i}`);
const PINGS = [
  row("2.1", [frame(PING), bye], [pong(""), 1000]),
  row("2.2", [frame(PING, "Hello, world!"), bye], [pong("Hello, world!"), 1000]),
  row("2.3", [frame(PING, hex("00fffefdfcfb00ff")), bye], [pong(hex("00fffefdfcfb00ff")), 1000]),
  row("2.4", [frame(PING, Buffer.alloc(125, 0xfe)), bye], [pong(Buffer.alloc(125, 0xfe)), 1000]),
  row("2.5", [frame(PING, Buffer.alloc(126, 0xfe)), bye], [1002]),
  row("2.6", [frame(PING, Buffer.alloc(125, 0xfe)), bye], [pong(Buffer.alloc(125, 0xfe)), 1000], 1),
  row("2.7", [frame(PONG), bye], [1000]),
  row("2.8", [frame(PONG, "unsolicited"), bye], [1000]),
  row("2.9", [frame(PONG, "unsolicited"), frame(PING, "x"), bye], [pong("x"), 1000]),
  row("2.10", [...TEN.map((each) => frame(PING, each)), bye], [...TEN.map(pong), 1000]),
  row("2.11", [...TEN.map((each) => frame(PING, each)), bye], [...TEN.map(pong), 1000], 1),
];

const RESERVED_BITS = [
  row("3.1", text(HELLO, { reserved: 1 }), [1002]),
  row("3.2", [text("x"), text("x", { reserved: 2 }), frame(PING)], [ANSWERED, 1002]),
  row("3.3", [text("x"), text("x", { reserved: 3 }), frame(PING)], [ANSWERED, 1002], 7),
  row("3.4", [text("x"), text("x", { reserved: 4 }), frame(PING)], [ANSWERED, 1002], 1),
  row("3.5", frame(BINARY, hex("00ff"), { reserved: 5 }), [1002]),
  row("3.6", frame(PING, "x", { reserved: 6 }), [1002]),
  row("3.7", frame(CLOSE, closing(1000), { reserved: 7 }), [1002]),
];

const RESERVED_OPCODES = [["4.1", [3, 4, 5, 6, 7]], ["4.2", [11, 12, 13, 14, 15]]]
  .flatMap(([group, opcodes]) => numbered(group, opcodes, (name, opcode) => {
    const payload = opcode % 8 === 3 || opcode % 8 === 5 ? "" : "x";
    const after = /[345]$/.test(name);
    return row(name, [...(after ? [text("x")] : []), frame(opcode, payload), frame(PING)],
      after ? [ANSWERED, 1002] : [1002], name.endsWith("5") ? 1 : 0);
  }));

const TWO = [first("fragment1"), last("fragment2")];
const PINGED = [first("fragment1"), frame(PING, "ping"), last("fragment2")];
const ORPHAN = [last("not to continue"), text("x")];
const ORPHANS = [more("not to continue"), text("x")];
const FIVE = [
  first("1"), more("2"), frame(PING, "a"), more("3"), more("4"), frame(PING, "b"), last("5"), bye,
];
const FRAGMENTS = [
  row("5.1", [frame(PING, "x", { last: false }), last("y")], [1002]),
  row("5.2", [frame(PONG, "x", { last: false }), last("y")], [1002]),
  ...[0, 9, 1].map((cut, i) => row(`5.${3 + i}`, [...TWO, bye], [ANSWERED, 1000], cut)),
  ...[0, 9, 1].map((cut, i) => row(`5.${6 + i}`, [...PINGED, bye], [pong("ping"), ANSWERED, 1000], cut)),
  ...[0, 9, 1].map((cut, i) => row(`5.${9 + i}`, ORPHAN, [1002], cut)),
  ...[0, 9, 1].map((cut, i) => row(`5.${12 + i}`, ORPHANS, [1002], cut)),
  row("5.15", [...TWO, more("not to continue"), text("x")], [ANSWERED, 1002]),
  row("5.16", [...ORPHANS, ...ORPHANS], [1002]),
  row("5.17", [...ORPHAN, ...ORPHAN], [1002]),
  row("5.18", [first("fragment1"), text("fragment2")], [1002]),
  row("5.19", FIVE, [pong("a"), pong("b"), ANSWERED, 1000], 11),
  row("5.20", FIVE, [pong("a"), pong("b"), ANSWERED, 1000]),
];

const whole = (payload) => [text(payload), bye];
const sound = (frames) => [[...frames, bye], [ANSWERED, 1000]];
const join = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
const BROKEN = join(KOSME, SURROGATE, EDITED);
const TOO_HIGH = [KOSME, hex("f4908080"), EDITED];
const TOO_HIGH_CUT = [join(KOSME, hex("f4")), hex("90"), join(hex("8080"), EDITED)];
const inThree = (parts) => [first(parts[0]), more(parts[1]), last(parts[2])];

// Groups 6.7 to 6.23: each text alone is UTF-8, or isn't.
const IS_UTF_8 = {
  6.7: "00 c280 e0a080 f0908080", 6.9: "7f dfbf efbfbf f48fbfbf", 6.11: "ed9fbf ee8080 efbfbd f48fbfbf",
  6.22: Array.from({ length: 17 }, (_, plane) => [0xfffe, 0xffff].map((point) =>
    Buffer.from(String.fromCodePoint(plane * 0x1_0000 + point)).toString("hex")).join(" ")).join(" "),
  6.23: "efbfb9 efbfba efbfbb efbfbc efbfbd efbfbe efbfbf",
};
const spaced = (from, to) => Array.from({ length: to - from + 1 }, (_, i) =>
  `${(from + i).toString(16)}20`).join("");
const CUT_SHORT = "c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf";
const IS_NO_UTF_8 = {
  6.8: "f888808080 fc8480808080", "6.10": "f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf",
  6.12: `80 bf ${[2, 3, 4, 5, 6].map((count) => "80bf80bf80bf".slice(0, 2 * count)).join(" ")} ${
    Array.from({ length: 64 }, (_, i) => (0x80 + i).toString(16)).join("")}`,
  6.13: [[0xc0, 0xdf], [0xe0, 0xef], [0xf0, 0xf7], [0xf8, 0xfb], [0xfc, 0xfd]]
    .map(([from, to]) => spaced(from, to)).join(" "),
  6.14: CUT_SHORT, 6.15: CUT_SHORT.replaceAll(" ", ""), 6.16: "fe ff fefeffff",
  6.17: "c0af e080af f08080af f8808080af fc80808080af",
  6.18: "c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf",
  6.19: "c080 e08080 f0808080 f880808080 fc8080808080",
  "6.20": "eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf",
  6.21: "eda080edb080 eda080edbfbf edadbfedb080 edadbfedbfbf edae80edb080 edae80edbfbf " +
    "edafbfedb080 edafbfedbfbf",
};
const alone = (groups, comes) => Object.entries(groups).flatMap(([group, texts]) =>
  numbered(group, texts.split(" "), (name, digits) => row(name, whole(hex(digits)), comes)));

const UTF_8 = [
  row("6.1.1", ...sound([text("")])),
  row("6.1.2", ...sound([first(""), more(""), last("")])),
  row("6.1.3", ...sound([first(""), more("middle"), last("")])),
  row("6.2.1", ...sound([text(HELLO)])),
  row("6.2.2", ...sound(fragments(Buffer.from(HELLO), 14))),
  row("6.2.3", ...sound(fragments(Buffer.from(HELLO), 1))),
  row("6.2.4", ...sound(fragments(KOSME, 1))),
  row("6.3.1", whole(BROKEN), [1007]),
  row("6.3.2", fragments(BROKEN, 1), [1007]),
  row("6.4.1", inThree(TOO_HIGH), [1007]),
  row("6.4.2", inThree(TOO_HIGH_CUT), [1007]),
  row("6.4.3", text(join(...TOO_HIGH)), [1007], 10),
  row("6.4.4", text(join(...TOO_HIGH_CUT)), [1007], 1),
  row("6.5.1", ...sound([text(HELLO)])),
  row("6.5.2", ...sound([text(join("\ufeff", HELLO))])),
  ...numbered("6.6", Array.from({ length: KOSME.length }, (_, i) => i + 1), (name, length) =>
    row(name, whole(KOSME.subarray(0, length)),
      [2, 5, 7, 9, 11].includes(length) ? [ANSWERED, 1000] : [1007])),
  ...alone(IS_UTF_8, [ANSWERED, 1000]),
  ...alone(IS_NO_UTF_8, [1007]),
  row("6.11.5", whole(hex("f4908080")), [1007]),
];

const CLOSES = [
  row("7.1.1", [text("x"), bye], [ANSWERED, 1000]),
  row("7.1.2", [bye, bye], [1000]),
  row("7.1.3", [bye, frame(PING)], [1000]),
  row("7.1.4", [bye, text("x")], [1000]),
  row("7.1.5", [first("x"), bye, last("y")], [1000]),
  row("7.1.6", [text("*".repeat(262_144)), bye, frame(PING)], [1009]),
  row("7.3.1", frame(CLOSE), [1000]),
  row("7.3.2", frame(CLOSE, "a"), [1002]),
  row("7.3.3", close(1000), [1000]),
  row("7.3.4", close(1000, "Hello World!"), [1000]),
  row("7.3.5", close(1000, "*".repeat(123)), [1000]),
  row("7.3.6", close(1000, "*".repeat(124)), [1002]),
  row("7.5.1", frame(CLOSE, join(closing(1000), BROKEN)), [1007]),
  ...numbered("7.7", CODES, (name, code) => row(name, close(code), [code])),
  ...numbered("7.9", NO_CODES, (name, code) => row(name, close(code), [1002])),
  ...numbered("7.13", [5000, 65_535], (name, code) => row(name, close(code, "x"), [1002])),
];

const LARGE = [MESSAGE, 4 * MESSAGE, 16 * MESSAGE];
const PIECES = [64, 256, 1024, 4096, 16_384, MESSAGE];
const LIMITS = [
  ...numbered("9.1", LARGE, (name, size) =>
    row(name, [text("*".repeat(size)), bye], size > MESSAGE ? [1009] : [ANSWERED, 1000])),
  ...numbered("9.2", LARGE, (name, size) => row(name, frame(BINARY, Buffer.alloc(size)), [1003])),
  ...numbered("9.3", PIECES, (name, size) =>
    row(name, fragments(Buffer.alloc(2 * MESSAGE, "*"), size), [1009])),
  ...numbered("9.4", PIECES, (name, size) =>
    row(name, fragments(Buffer.alloc(2 * MESSAGE), size, BINARY), [1003])),
  ...numbered("9.5", PIECES.slice(0, 5), (name, size) =>
    row(name, [text("*".repeat(MESSAGE)), bye], [ANSWERED, 1000], size)),
  ...numbered("9.6", PIECES.slice(0, 5), (name, size) =>
    row(name, frame(BINARY, Buffer.alloc(MESSAGE)), [1003], size)),
  ...numbered("9.7", [0, 16, 64, 256, 1024, 4096], (name, size) =>
    row(name, [...Array(1000).fill(text("*".repeat(size))), bye], [...Array(1000).fill(ANSWERED), 1000])),
  ...numbered("9.8", [0, 16, 64], (name, size) =>
    row(name, Array(1000).fill(frame(BINARY, Buffer.alloc(size))), [1003])),
  row("10.1.1", [...fragments(Buffer.alloc(MESSAGE, "*"), 1300), bye], [ANSWERED, 1000]),
];

const COMPRESSED = [
  row("12.1.1", text(hex("f248cdc9c90700"), { reserved: 4 }), [1002]),
  row("13.1.1", [frame(TEXT, hex("f248cd"), { reserved: 4, last: false }), last(hex("c9c90700"))], [1002]),
];

// No case of Autobahn's: a client that masks nothing.
const UNMASKED = [TEXT, BINARY, CONTINUATION, PING, PONG, CLOSE].map((opcode) =>
  row(`unmasked ${opcode}`, frame(opcode, opcode === CLOSE ? closing(1000) : "x", { mask: null }), [1002]));

export const CASES = [
  ...MESSAGES, ...PINGS, ...RESERVED_BITS, ...RESERVED_OPCODES, ...FRAGMENTS, ...UTF_8, ...CLOSES,
  ...LIMITS, ...COMPRESSED, ...UNMASKED,
];
