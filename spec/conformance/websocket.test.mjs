// WebSocket: the handshake, each line, the frames, and that no wake is lost. The limit of waits on a
// connection is DOORBELL_MAX_WAITS_PER_CONNECTION (1000).
import assert from "node:assert/strict";
import { ask, facts, ID_RULE, isSet, nothingIsSet, open, set, settle, wait } from "./wire.mjs";
import {
  BINARY, CLOSE, closing, connect, CONTINUATION, frame, handshake, PING, PONG, proofOf, TEXT,
} from "./websocket.mjs";
import { decimalOf, freshNumber, freshSealed, freshUuid, times } from "./names.mjs";

const BASE_PATH = process.env.DOORBELL_BASE_PATH;
const MAX_WAITS = Number(process.env.DOORBELL_MAX_WAITS_PER_CONNECTION ?? 1000);
const ROUNDS = Number(process.env.DOORBELL_ROUNDS ?? 2000);
const MESSAGE = 65_536;

async function setAll(ids) {
  (await ask("POST", "/", { body: ids.join("\n") })).is(200);
}

function setLines(ids) {
  return ids.map((id) => `set ${id}`);
}

// A line that is answered by an error does nothing else, and the connection goes on.
async function isRefused(socket, line, rule) {
  await socket.say(line).hears(/^error [^0-9]/);
  await socket.say(line).hears(rule);
}

// What these frames are closed with.
async function isClosedFor(code, ...frames) {
  const socket = await connect();
  await socket.say(`wait ${freshNumber()}`).isQuiet();
  await socket.send(...frames).isClosed(code);
}

async function standsAt(path) {
  const socket = await connect(path);
  const id = freshNumber();
  await socket.say(`set ${id}`).hears(`done ${id}`);
  socket.hangUp();
}

facts("handshake", {
  async aWebSocketIsOpenedOnTheRoot() {
    await standsAt("/");
    await standsAt("/?any=query");
  },

  async aWebSocketStandsUnderDoorbellAndTheBasePath() {
    for (const path of ["/doorbell", "/doorbell/"]) await standsAt(path);
    if (BASE_PATH) {
      for (const path of ["", "/", "/doorbell/"]) await standsAt(BASE_PATH + path);
    }
  },

  async theAcceptIsThatOfTheRfc() {
    const key = "dGhlIHNhbXBsZSBub25jZQ==";
    assert.equal(proofOf(key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    const wire = await open();
    const headers = handshake({ "Sec-WebSocket-Key": key });
    (await wire.request("GET", "/", { headers }).answer()).is(101)
      .has("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
      .has("Connection", /^upgrade$/i)
      .has("Upgrade", /^websocket$/i)
      .hasNo("Sec-WebSocket-Protocol")
      .hasNo("Sec-WebSocket-Extensions");
    wire.hangUp();
  },

  async namesInAHandshakeAreInAnyCaseAndAmongOthers() {
    const wire = await open();
    const headers = handshake({
      Upgrade: "WebSocket", Connection: "keep-alive, uPGRADE", Origin: "https://app.example",
      "Sec-WebSocket-Protocol": "a, b", "Sec-WebSocket-Extensions": "permessage-deflate",
    });
    (await wire.request("GET", "/", { headers }).answer()).is(101)
      .hasNo("Sec-WebSocket-Protocol")
      .hasNo("Sec-WebSocket-Extensions");
    wire.hangUp();
  },

  async anotherVersionIs426() {
    for (const version of [8, 14, "x", null]) {
      const headers = handshake({ "Sec-WebSocket-Version": version });
      const wire = await open();
      (await wire.request("GET", "/", { headers }).answer()).is(426, /\b13\b/)
        .has("Sec-WebSocket-Version", "13");
      (await wire.request("HEAD", "/").answer()).is(200);
      wire.hangUp();
    }
  },

  async aKeyThatIsNot16BytesIs400() {
    for (const key of ["", null, "x", "AAAA", "dGhlIHNhbXBsZSBub25jZQ=?", "A".repeat(24)]) {
      const headers = handshake({ "Sec-WebSocket-Key": key, Connection: "Upgrade, close" });
      (await ask("GET", "/", { headers })).is(400, /\bSec-WebSocket-Key\b/);
    }
  },

  async whatAsksForNoWebSocketIsServedAsEver() {
    const half = [{ Connection: "close" }, { Upgrade: "h2c" }, { Upgrade: null }];
    for (const headers of half) {
      const all = handshake({ Connection: "Upgrade, close", ...headers });
      (await ask("GET", "/", { headers: all })).is(200).has("Content-Type", /^text\/plain\b/);
    }
    const headers = handshake({ Connection: "Upgrade, close" });
    (await ask("GET", `/${freshNumber()}?timeout=0`, { headers })).is(204);
    (await ask("POST", `/${freshNumber()}`, { headers })).is(201);
    (await ask("HEAD", "/", { headers })).is(200);
  },

  async framesMayComeRightBehindTheHandshake() {
    const wire = await open();
    const id = freshNumber();
    const fields = Object.entries(handshake()).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `GET / HTTP/1.1\r\nHost: x\r\n${fields.join("")}\r\n`;
    wire.send(Buffer.concat([Buffer.from(head), frame(TEXT, `set ${id}`)]), "GET");
    (await wire.answer()).is(101);
    const line = `done ${id}`;
    const whole = await wire.next(
      (bytes) => (bytes.length < 2 + line.length ? null : { taken: bytes, rest: Buffer.alloc(0) }),
      "a frame");
    assert.deepEqual(whole, frame(TEXT, line, { mask: null }));
    wire.hangUp();
  },
});

facts("lines", {
  async aWaitIsToldWhenSomebodySets() {
    const socket = await connect();
    const id = freshNumber();
    await socket.say(`wait ${id}`).isQuiet();
    (await set(id)).is(201);
    await socket.hears(`set ${id}`);
    await socket.isQuiet();
    socket.hangUp();
  },

  async aWaitForASetVariableIsToldAtOnce() {
    const socket = await connect();
    const [id, unset] = [freshNumber(), freshNumber()];
    (await set(id)).is(201);
    await socket.say(`wait ${unset} ${id}`).hears(`set ${id}`);
    await socket.say(`wait ${id}`).hears(`set ${id}`);
    await socket.isQuiet();
    socket.hangUp();
  },

  async eachOfManyIsToldAsItIsSet() {
    const socket = await connect();
    const ids = [freshNumber(), freshUuid(), freshNumber()];
    await socket.say(`wait ${ids.join(" ")}`).isQuiet();
    for (const id of [ids[1], ids[2], ids[0]]) {
      (await set(id)).is(201);
      await socket.hears(`set ${id}`);
    }
    socket.hangUp();
  },

  async allWhoWaitAreTold() {
    const id = freshNumber();
    const sockets = await Promise.all(times(20, () => connect()));
    for (const socket of sockets) await socket.say(`wait ${id}`).isQuiet();
    const parked = await wait(id);
    await settle();
    await sockets[7].say(`set ${id}`).hears(`set ${id}`);
    await sockets[7].hears(`done ${id}`);
    for (const socket of sockets) if (socket !== sockets[7]) await socket.hears(`set ${id}`);
    (await parked.answer()).is(200);
    for (const socket of [...sockets, parked]) socket.hangUp();
  },

  async anIdIsNamedByTheTextItWasAskedBy() {
    const socket = await connect();
    const uuid = freshUuid();
    const decimal = decimalOf(uuid);
    const texts = [uuid, uuid.toUpperCase(), decimal];
    if (decimal.length < 39) texts.push(decimal.padStart(39, "0"));
    await socket.say(`wait ${texts.join(" ")}`).isQuiet();
    (await set(decimal)).is(201);
    await socket.hearsAll(setLines([...new Set(texts)]));
    await socket.say(`set ${uuid.toUpperCase()}`).hears(`done ${uuid.toUpperCase()}`);
    socket.hangUp();
  },

  async twoWaitsByTheSameTextAreOne() {
    const socket = await connect();
    const id = freshNumber();
    await socket.say(`wait ${id} ${id}`, `wait ${id}`).isQuiet();
    (await set(id)).is(201);
    await socket.hears(`set ${id}`);
    await socket.isQuiet();
    socket.hangUp();
  },

  async aForgottenWaitIsNotTold() {
    const socket = await connect();
    const [kept, forgotten, never] = times(3, freshNumber);
    await socket.say(`wait ${forgotten} ${kept}`, `forget ${forgotten} ${never}`).isQuiet();
    for (const id of [forgotten, never, kept]) (await set(id)).is(201);
    await socket.hears(`set ${kept}`);
    await socket.isQuiet();
    await socket.say(`wait ${forgotten}`).hears(`set ${forgotten}`);
    socket.hangUp();
  },

  async aSetIsDoneWhenItIsStored() {
    const socket = await connect();
    const id = freshUuid();
    const parked = await wait(id);
    await settle();
    await socket.say(`set ${id}`).hears(`done ${id}`);
    (await parked.answer()).is(200);
    parked.hangUp();
    assert.ok(await isSet(id));
    (await set(id)).is(200);
    await socket.say(`set ${id}`, `set ${id} key`).hears(`done ${id}`);
    await socket.hears(`done ${id}`);
    socket.hangUp();
  },

  async onesOwnWaitIsToldBeforeOnesOwnSetIsDone() {
    const socket = await connect();
    const id = freshNumber();
    await socket.say(`wait ${id}`, `set ${id}`).hears(`set ${id}`);
    await socket.hears(`done ${id}`);
    socket.hangUp();
  },

  async aSealedIdIsSetByItsKey() {
    const socket = await connect();
    const { id, key } = freshSealed();
    await socket.say(`wait ${id}`).isQuiet();
    for (const line of [`set ${id}`, `set ${id} ${key}x`, `set ${id} `, `set ${id} ${key} `]) {
      await socket.say(line).hears(new RegExp(`^error ${id}: .*\\bkey\\b`));
    }
    await nothingIsSet(id);
    await socket.say(`set ${id} ${key}`).hears(`set ${id}`);
    await socket.hears(`done ${id}`);
    socket.hangUp();
  },

  async aMalformedLineDoesNothing() {
    const socket = await connect();
    const [one, other] = [freshNumber(), freshNumber()];
    await socket.say(`wait ${other}`).isQuiet();
    const verbs = [
      "", " ", "wait", "wait ", "forget", "set", "Wait 1", "WAIT 1", "ask 1", "wait\t1", " wait 1",
      `{"wait":["${one}"]}`, `wait\u00a0${one}`,
    ];
    for (const line of verbs) await isRefused(socket, line, /\b(wait ID|id is)\b/);
    const lists = [
      `${one} abc`, `${one}  `, `${one} `, ` ${one}`, `${one},${other}`, `-${one}`, `${one}\n\n`,
    ];
    for (const list of lists) {
      await isRefused(socket, `wait ${list}`, ID_RULE);
      await isRefused(socket, `forget ${other} ${list}x`, ID_RULE);
    }
    for (const line of [`set abc`, `set `, `set ${one},${other}`, `set  ${one}`]) {
      await isRefused(socket, line, ID_RULE);
    }
    await socket.say(`set ${one} two keys`).hears(new RegExp(`^error ${one}: .*\\bkey\\b`));
    await nothingIsSet(one);
    (await set(one)).is(201);
    await socket.isQuiet();
    (await set(other)).is(201);
    await socket.hears(`set ${other}`);
    socket.hangUp();
  },

  async aLineMayEndWithANewline() {
    const socket = await connect();
    const id = freshNumber();
    await socket.say(`wait ${id}\n`, `set ${id}\n`).hears(`set ${id}`);
    await socket.hears(`done ${id}`);
    socket.hangUp();
  },

  async oneConnectionHoldsManyWaitsAndNoMore() {
    const socket = await connect();
    const ids = times(MAX_WAITS, freshNumber);
    const [more, again] = times(2, freshNumber);
    for (let from = 0; from < MAX_WAITS; from += 500) {
      socket.say(`wait ${ids.slice(from, from + 500).join(" ")}`);
    }
    await socket.say(`wait ${more}`)
      .hears(new RegExp(`^error ${more}: .*\\b${MAX_WAITS} waits\\b`));
    const [first, second] = ids.splice(0, 2);
    await socket.say(`forget ${first}`, `wait ${again}`).isQuiet();
    (await set(second)).is(201);
    await socket.hears(`set ${second}`);
    await socket.say(`wait ${first}`).isQuiet();
    ids.push(again, first);
    await setAll(ids);
    await socket.hearsAll(setLines(ids));
    await socket.isQuiet();
    socket.hangUp();
  },
});

facts("frames", {
  async aMessageMayComeInFragmentsWithPingsBetween() {
    const socket = await connect();
    const id = freshNumber();
    socket.send(
      frame(TEXT, "se", { last: false }),
      frame(PING, "now"),
      frame(CONTINUATION, "", { last: false }),
      frame(CONTINUATION, `t ${id}`, { last: false }));
    assert.equal(String(await socket.frame(PONG)), "now");
    await socket.isQuiet();
    await nothingIsSet(id);
    await socket.send(frame(CONTINUATION, "")).hears(`done ${id}`);
    await socket.say(`wait ${id}`).hears(`set ${id}`);
    socket.hangUp();
  },

  async framesMayComeByteByByte() {
    const socket = await connect();
    const [id, other] = [freshNumber(), freshNumber()];
    const bytes = Buffer.concat([
      frame(TEXT, `wait ${id} ${other} ${times(4, freshNumber).join(" ")}`), frame(PING, "x"),
      frame(TEXT, "set ", { last: false }), frame(CONTINUATION, id),
    ]);
    for (const byte of bytes) {
      socket.send(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    assert.equal(String(await socket.frame(PONG)), "x");
    await socket.hears(`set ${id}`);
    await socket.hears(`done ${id}`);
    socket.hangUp();
  },

  async manyFramesMayComeAtOnce() {
    const socket = await connect();
    const ids = times(300, freshNumber);
    socket.say(...ids.map((id) => `wait ${id}`), ...setLines(ids));
    await socket.hearsAll([...setLines(ids), ...ids.map((id) => `done ${id}`)]);
    socket.hangUp();
  },

  async aPingIsAnsweredByItsPayload() {
    const socket = await connect();
    for (const payload of ["", "a", "\u{1f514}", "x".repeat(125)]) {
      socket.send(frame(PING, payload));
      assert.equal(String(await socket.frame(PONG)), payload);
    }
    socket.send(frame(PONG, "unasked"));
    await socket.isQuiet();
    socket.hangUp();
  },

  async aMessageThatIsNotWholeInTimeIsClosedWith1008() {
    await isClosedFor(1008, frame(TEXT, "wait", { last: false }));
    await isClosedFor(1008, frame(TEXT, "wait 1").subarray(0, 7));
  },

  async aMessageUpToTheLimitIsRead() {
    const line = `forget ${`${"1".repeat(39)} `.repeat(1638)}`.padEnd(MESSAGE, "1");
    const socket = await connect();
    await socket.say(line).isQuiet();
    const [start, end] = [line.slice(0, 30_000), line.slice(30_000)];
    socket.send(frame(TEXT, start, { last: false }), frame(CONTINUATION, end));
    await socket.isQuiet();
    socket.hangUp();
  },

  async aMessageBeyondTheLimitIsClosedWith1009() {
    for (const length of [MESSAGE + 1, 2 ** 31, 2 ** 32 + 5, 2n ** 63n]) {
      const huge = frame(TEXT, "", { length });
      await isClosedFor(1009, huge);
      await isClosedFor(1009, huge.subarray(0, 14));
    }
    await isClosedFor(1009, frame(TEXT, "x".repeat(MESSAGE), { last: false }),
      frame(CONTINUATION, "x"));
  },

  async aCloseIsAnsweredByItsCode() {
    for (const code of [1000, 1001, 1003, 1011, 3000, 4999]) {
      const socket = await connect();
      socket.send(frame(CLOSE, closing(code, "bye \u{1f514}")));
      assert.equal((await socket.frame(CLOSE)).readUInt16BE(0), code);
      await socket.wire.closed();
    }
    const socket = await connect();
    socket.send(frame(CLOSE));
    assert.equal((await socket.frame(CLOSE)).readUInt16BE(0), 1000);
    await socket.wire.closed();
  },

  async nothingIsDoneForWhatComesBehindAClose() {
    const socket = await connect();
    const id = freshNumber();
    socket.send(frame(CLOSE, closing(1000)), frame(TEXT, `set ${id}`));
    await socket.frame(CLOSE);
    await socket.wire.closed();
    await nothingIsSet(id);
  },

  async aBrokenFrameIsClosedWith1002() {
    const broken = [
      [frame(TEXT, "wait 1", { mask: null })],
      ...[1, 2, 4].map((reserved) => [frame(TEXT, "wait 1", { reserved })]),
      ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [frame(opcode)]),
      [frame(CONTINUATION, "wait 1")],
      [frame(TEXT, "wait 1", { last: false }), frame(TEXT, "wait 1")],
      [frame(PING, "x".repeat(126))],
      [frame(PING, "x", { last: false })],
      [frame(CLOSE, "x", { last: false })],
      [frame(CLOSE, "x")],
      ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535]
        .map((code) => [frame(CLOSE, closing(code))]),
    ];
    await Promise.all(broken.map((frames) => isClosedFor(1002, ...frames)));
  },

  async aBinaryMessageIsClosedWith1003() {
    await isClosedFor(1003, frame(BINARY, "wait 1"));
    await isClosedFor(1003, frame(BINARY, "wait 1", { last: false }));
  },

  async whatIsNoUtf8IsClosedWith1007() {
    const wrong = [[0xc0, 0x80], [0xff], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]];
    for (const bytes of wrong.map((list) => Buffer.from(list))) {
      await isClosedFor(1007, frame(TEXT, bytes));
      await isClosedFor(1007, frame(CLOSE, Buffer.concat([closing(1000), bytes])));
    }
    await isClosedFor(1007, frame(TEXT, Buffer.of(0xe2, 0x82), { last: false }),
      frame(CONTINUATION, ""));
    const socket = await connect();
    socket.send(frame(TEXT, Buffer.of(0xe2, 0x82), { last: false }),
      frame(CONTINUATION, Buffer.of(0xac)));
    await socket.hears(/^error a line is /);
    socket.hangUp();
  },

  async aHangUpInTheMiddleOfAFrameSetsNothing() {
    const ids = times(3, freshNumber);
    for (const id of ids) {
      const socket = await connect();
      socket.send(frame(TEXT, `set ${id}`).subarray(0, -1));
      await settle();
      socket.hangUp();
    }
    await settle();
    await nothingIsSet(...ids);
  },
});

facts("wakes", {
  // A wait and a set of the same variable begin at the same moment, by either road.
  async noWaitOverWebSocketIsLost() {
    const [socket, other, wire] = await Promise.all([connect(), connect(), open()]);
    for (let round = 0; round < ROUNDS; round++) {
      const id = freshNumber();
      const byHttp = round % 4 < 2;
      const sides = [
        () => socket.say(`wait ${id}`),
        () => (byHttp ? wire.request("POST", `/${id}`) : other.say(`set ${id}`)),
      ];
      for (const side of round % 2 ? sides : sides.reverse()) side();
      await Promise.all([
        socket.hears(`set ${id}`),
        byHttp ? wire.answer().then((answer) => answer.is(201)) : other.hears(`done ${id}`),
      ]);
    }
    for (const each of [socket, other, wire]) each.hangUp();
  },

  // Far more is told than the kernel keeps for a client that doesn't read, so the node must.
  async aSlowReaderLosesNoWake() {
    const sealed = times(100, freshSealed);
    const known = sealed.map(({ id }) => id);
    (await ask("POST", "/", { body: sealed.map(({ id, key }) => `${id} ${key}`).join("\n") }))
      .is(200);
    const parked = times(MAX_WAITS - known.length, freshNumber);
    const socket = await connect();
    await socket.say(`wait ${parked.join(" ")}`).isQuiet();
    socket.wire.takeNothing();
    const lines = 1000;
    const asked = frame(TEXT, `wait ${known.join(" ")}`);
    for (let line = 0; line < lines; line++) socket.send(asked);
    await setAll(parked);
    socket.wire.takeAgain();
    const counts = new Map();
    for (const line of await socket.lines(lines * known.length + parked.length)) {
      counts.set(line, (counts.get(line) ?? 0) + 1);
    }
    for (const line of setLines(known)) assert.equal(counts.get(line), lines, line);
    for (const line of setLines(parked)) assert.equal(counts.get(line), 1, line);
    await socket.isQuiet();
    socket.hangUp();
  },
});
