// HTTP/2: a stream is a wait. With prior knowledge, or over TLS by ALPN. Of the frames themselves
// h2spec has more. The limit of streams is DOORBELL_MAX_WAITS_PER_CONNECTION (1000).
import assert from "node:assert/strict";
import { connect } from "./http2.mjs";
import { ask, facts, HOST, ID_RULE, isSet, nothingIsSet, open, set, settle } from "./wire.mjs";
import { freshNumber, freshSealed, freshSmallNumber, times } from "./names.mjs";

const MAX_STREAMS = Number(process.env.DOORBELL_MAX_WAITS_PER_CONNECTION ?? 1000);
const EVENTS = { accept: "text/event-stream" };
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const [DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY] = [0, 1, 3, 4, 7];
const [END_STREAM, END_HEADERS] = [1, 4];
const REFUSED_STREAM = 7;
const CANCEL = 8;
const ENHANCE_YOUR_CALM = 11;

// Runs a test on a connection of its own.
async function on(test, settings) {
  const client = await connect(settings);
  await test(client);
  client.hangUp();
}

function shuffled(list) {
  return list.map((each) => [Math.random(), each]).sort(([a], [b]) => a - b).map(([, each]) => each);
}

// Frames by hand, for what no client does.
function frame(type, flags, stream, payload = Buffer.alloc(0)) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

// The head of a request, its fields from the static table of RFC 7541 and as literals.
function head(method, stream, path, flags) {
  const literal = (index, text) => [Buffer.of(index, text.length), Buffer.from(text)];
  const fields = [Buffer.of(method, 0x86), ...literal(4, path), ...literal(1, HOST)];
  return frame(HEADERS, END_HEADERS | flags, stream, Buffer.concat(fields));
}

function get(stream, path) {
  return head(0x82, stream, path, END_STREAM);
}

function post(stream, path) {
  return head(0x83, stream, path, 0);
}

function cancel(stream) {
  return frame(RST_STREAM, 0, stream, Buffer.of(0, 0, 0, CANCEL));
}

// A connection with as many waits parked, their streams numbered from 1 on.
async function parked(count, id) {
  const wire = await open({ protocol: "h2" });
  const waits = times(count, (index) => get(2 * index + 1, `/${id}`));
  wire.send(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0), ...waits]));
  return wire;
}

function takeFrame(bytes) {
  const end = bytes.length < 9 ? Infinity : 9 + bytes.readUIntBE(0, 3);
  if (bytes.length < end) return null;
  const [type, stream] = [bytes[3], bytes.readUInt32BE(5)];
  return { taken: { type, stream, payload: bytes.subarray(9, end) }, rest: bytes.subarray(end) };
}

// The next frame of a type that matters here.
async function nextFrame(wire, ...types) {
  for (;;) {
    const next = await wire.next(takeFrame, "a frame");
    if (types.includes(next.type)) return next;
  }
}

facts("http2", {
  async whatIsNoHostIs400OverHttp2() {
    await on(async (client) => {
      for (const host of ["a b", "a/b", "u@a", "a..b", "a:x"]) {
        const headers = { ":authority": host };
        (await client.ask("GET", `/${freshNumber()}?timeout=0`, { headers })).is(400, /host/i);
      }
    });
  },

  // More than sockets take at once: what is left waits for room, and must not wait in vain.

  async aStreamIsAWait() {
    await on(async (client) => {
      const id = freshSmallNumber();
      const waiting = client.request("GET", `/${id}`);
      await client.settle();
      waiting.isQuiet();
      (await set(id)).is(201);
      (await waiting.answer()).is(200)
        .has("Content-Type", "text/javascript; charset=utf-8")
        .says(`doorbell(${id});\n`);
    });
  },

  async exactlyOneOfManySettersGets201() {
    await on(async (client) => {
      const id = freshNumber();
      const setters = times(50, () => client.request("POST", `/${id}`));
      const statuses = [];
      for (const setter of setters) statuses.push((await setter.answer()).says("").status);
      assert.deepEqual(statuses.sort(), [...times(49, () => 200), 201]);
    });
  },

  async waitsThatAreNotSetAre204() {
    await on(async (client) => {
      for (const query of ["?timeout=0", "?timeout=0.05"]) {
        (await client.ask("GET", `/${freshNumber()}${query}`)).is(204).says("");
      }
      const headers = { prefer: "wait=0" };
      (await client.ask("GET", `/${freshNumber()}`, { headers })).is(204).says("");
    });
  },

  async everyKindOfAnswerIsComplete() {
    await on(async (client) => {
      const [id, unset] = [freshNumber(), freshNumber()];
      const sealed = freshSealed();
      (await client.ask("POST", `/${id}`)).is(201).has("Content-Length", "0");
      (await client.ask("POST", `/${id}`)).is(200).has("Content-Length", "0");
      (await client.ask("POST", `/${sealed.id}`, { body: `${sealed.key}\r\n` })).is(201);
      (await client.ask("GET", `/${id}`, { headers: { accept: "application/json" } })).is(200)
        .says(`{"set":["${id}"]}\n`);
      (await client.ask("GET", `/doorbell/${id}?callback=a.b`)).is(200).says(`a.b("${id}");\n`);
      (await client.ask("GET", "/")).is(200).has("Content-Type", /^text\/plain\b/);
      (await client.ask("GET", "/doctor")).is(200).has("Content-Type", /^text\/html\b/);
      (await client.ask("GET", "/doorbell.js")).is(200).has("Content-Type", /^text\/javascript\b/);
      (await client.ask("OPTIONS", `/${unset}`)).is(204)
        .has("Allow", "GET, HEAD, POST, OPTIONS").has("Access-Control-Max-Age", "86400");
      (await client.ask("POST", "/", { body: `${id}\n${unset}` })).is(200)
        .says('{"set":1,"already":1}\n');
    });
  },

  async headIsAnsweredByTheHeadOfGet() {
    await on(async (client) => {
      const id = freshNumber();
      (await client.ask("HEAD", `/${id}`)).is(204);
      (await set(id)).is(201);
      for (const path of [`/${id}`, "/", "/doorbell.js", "/abc", "/a/b"]) {
        const [head, get] = [await client.ask("HEAD", path), await client.ask("GET", path)];
        for (const { fields } of [head, get]) fields.delete("date");
        assert.deepEqual(Object.fromEntries(head.fields), Object.fromEntries(get.fields), path);
        head.is(get.status).says("");
      }
    });
  },

  async anErrorIsAProblemAndTheConnectionGoesOn() {
    await on(async (client) => {
      const id = freshNumber();
      (await client.ask("GET", "/abc")).is(400, ID_RULE);
      (await client.ask("GET", `/${id}?timeout=x`)).is(400, /\btimeout\b/);
      (await client.ask("POST", `/${freshSealed().id}`, { body: "x" })).is(403, /\bkey\b/);
      (await client.ask("GET", "/a/b")).is(404, /\bpath\b/);
      (await client.ask("PUT", `/${id}`)).is(405).has("Allow", "GET, HEAD, POST, OPTIONS");
      (await client.ask("GET", `/${id}?${"x".repeat(8_192)}`)).is(414, /8,?192/);
      (await client.ask("POST", `/${id}`, { headers: { expect: "miracles" } })).is(417);
      const large = { headers: { x: "x".repeat(16_384) } };
      (await client.ask("GET", `/${id}?timeout=0`, large)).is(431, /16,?384/);
      const many = { headers: { x: times(300, () => "x".repeat(100)) } };
      (await client.ask("GET", `/${id}?timeout=0`, many)).is(431, /16,?384/);
      (await client.ask("POST", "/", { body: `${id}\nabc` })).is(400, /\bline 2\b/);
      (await client.ask("GET", `/${id}?timeout=0`)).is(204);
    });
  },

  async aBodyTooLongIs413AndTheConnectionGoesOn() {
    await on(async (client) => {
      const id = freshNumber();
      const { id: other, key } = freshSealed();
      const parked = client.request("GET", `/${other}`);
      const headers = { "content-length": 65_537 };
      (await client.ask("POST", `/${id}`, { headers, body: null })).is(413, /65,?536/);
      (await client.ask("POST", `/${id}`, { body: "x".repeat(1_000_000) })).is(413, /65,?536/);
      (await client.ask("POST", "/", { body: `${id}\n`.padEnd(2_097_153, "1") })).is(413);
      await nothingIsSet(id);
      (await client.ask("POST", `/${other}`, { body: key.padEnd(65_536) })).is(201);
      (await parked.answer()).is(200);
    });
  },

  async aBodyCountsOnlyWhenItIsComplete() {
    await on(async (client) => {
      const { id, key } = freshSealed();
      const parts = client.request("POST", `/${id}`, { body: null });
      for (const part of [key.slice(0, 1), key.slice(1, 3), key.slice(3)]) {
        parts.send(part, { last: false });
        await client.settle();
      }
      await nothingIsSet(id);
      parts.send("\n");
      (await parts.answer()).is(201);
    });
  },

  async aRequestThatBreaksOffSetsNothing() {
    const wire = await open({ protocol: "h2" });
    const [one, other, done] = times(3, freshSealed);
    const begin = (stream, { id, key }) =>
      [post(stream, `/${id}`), frame(DATA, 0, stream, Buffer.from(key))];
    wire.send(Buffer.concat([
      PREFACE, frame(SETTINGS, 0, 0), ...begin(1, one), ...begin(3, other), ...begin(5, done),
      cancel(1), frame(DATA, END_STREAM, 5),
    ]));
    assert.equal((await nextFrame(wire, HEADERS, RST_STREAM, GOAWAY)).stream, 5);
    wire.hangUp();
    await settle();
    await nothingIsSet(one.id, other.id);
    assert.ok(await isSet(done.id));
  },

  async tenThousandLinesAreTakenAndOneMoreIsNot() {
    await on(async (client) => {
      const ids = times(10_000, freshNumber);
      const parked = [ids[0], ids[9_999]].map((id) => client.request("GET", `/${id}`));
      (await client.ask("POST", "/", { body: [...ids, 1].join("\n") })).is(413, /10,?000/);
      (await client.ask("POST", "/", { body: ids.join("\n") })).is(200)
        .says('{"set":10000,"already":0}\n');
      for (const waiting of parked) (await waiting.answer()).is(200);
    });
  },

  async aSlowRequestIs408AndTheConnectionGoesOn() {
    await on(async (client) => {
      const { id, key } = freshSealed();
      const slow = client.request("POST", `/${id}`, { body: null });
      slow.send(key, { last: false });
      (await slow.answer()).is(408);
      await nothingIsSet(id);
      (await client.ask("POST", `/${id}`, { body: key })).is(201);
    });
  },

  async aBodyThatComesByAndByIs408AndTheConnectionGoesOn() {
    await on(async (client) => {
      const { id, key } = freshSealed();
      const parked = client.request("GET", `/${id}`);
      const slow = client.request("POST", `/${id}`, { body: null });
      const dripping = setInterval(() => slow.send("x", { last: false }), 100);
      (await slow.answer().finally(() => clearInterval(dripping))).is(408);
      (await client.ask("POST", `/${id}`, { body: key })).is(201);
      (await parked.answer()).is(200);
    });
  },

  async aHeadThatIsNotWholeInTimeEndsTheConnection() {
    const wire = await parked(1, freshNumber());
    wire.send(frame(HEADERS, END_STREAM, 3, Buffer.of(0x82)));
    assert.equal((await nextFrame(wire, HEADERS, RST_STREAM, GOAWAY)).type, HEADERS);
    assert.equal((await nextFrame(wire, HEADERS, RST_STREAM, GOAWAY)).type, GOAWAY);
    await wire.rest();
  },

  async aCancelledWaitLeavesTheOthersWaiting() {
    await on(async (client) => {
      const id = freshNumber();
      const [gone, patient] = times(2, () => client.request("GET", `/${id}`));
      await client.settle();
      gone.cancel();
      await client.settle();
      (await set(id)).is(201);
      (await patient.answer()).is(200);
    });
  },

  async aStreamOfEventsTellsOfEachAsItIsSet() {
    await on(async (client) => {
      const ids = times(3, freshNumber);
      (await set(ids[2])).is(201);
      const events = client.request("GET", `/${ids.join(",")}`, { headers: EVENTS });
      const told = [];
      for (const id of [ids[2], ids[0], ids[1]]) {
        if (id !== ids[2]) (await client.ask("POST", `/${id}`)).is(201);
        told.push(id);
        assert.equal(await events.event(), `event: set\ndata: ${id}\nid: ${told}`);
      }
      (await events.answer()).is(200).has("Content-Type", "text/event-stream").says("");
      const asks = client.request("GET", `/${freshNumber()}?timeout=0.1`, { headers: EVENTS });
      (await asks.answer()).is(200).has("Content-Type", "text/event-stream").says(":\n\n");
      (await client.ask("HEAD", `/${freshNumber()}`, { headers: EVENTS })).is(200)
        .has("Content-Type", "text/event-stream").says("");
      (await client.ask("GET", "/abc", { headers: EVENTS })).is(400, ID_RULE);
      const again = { ...EVENTS, "last-event-id": ids.join(",") };
      (await client.ask("GET", `/${ids.join(",")}`, { headers: again })).is(204);
    });
  },

  async whoGivesNoWindowGetsTheAnswerWhenItDoes() {
    await on(async (client) => {
      const id = freshNumber();
      const events = client.request("GET", `/${id}`, { headers: EVENTS });
      const waiting = client.request("GET", `/${id}`);
      const page = client.request("GET", "/doorbell.js");
      const none = client.request("GET", `/${freshNumber()}?timeout=0`);
      (await none.answer()).is(204);
      (await client.ask("POST", `/${id}`)).is(201);
      for (const request of [events, waiting, page]) (await request.head()).hasNoBodyYet();
      await client.settle();
      for (const request of [events, waiting, page]) request.hasNoBodyYet();
      client.session.settings({ initialWindowSize: 100_000 });
      (await events.answer()).is(200).says(`:\n\nevent: set\ndata: ${id}\nid: ${id}\n\n`);
      (await waiting.answer()).is(200).says(`doorbell("${id}");\n`);
      (await page.answer()).is(200);
    }, { initialWindowSize: 0 });
  },

  async framesMayComeByteByByte() {
    const wire = await open({ protocol: "h2" });
    const id = freshNumber();
    (await set(id)).is(201);
    const bytes = Buffer.concat([PREFACE, frame(SETTINGS, 0, 0), get(1, `/${id}`)]);
    for (const byte of bytes) {
      wire.send(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    assert.equal((await nextFrame(wire, HEADERS, RST_STREAM, GOAWAY)).type, HEADERS);
    wire.hangUp();
  },

  async anotherPrefaceIs505() {
    const wire = await open();
    wire.send("PRI / HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET");
    (await wire.answer()).is(505).has("Connection", "close");
    await wire.closed();
  },
});

// What keeps the machine busy comes after what is timed.
facts("http2, many", {
  async aCrowdOfLargeAnswersComesWhole() {
    await on(async (client) => {
      client.session.setLocalWindowSize(2 ** 26);
      const requests = times(MAX_STREAMS / 2, () => client.request("GET", "/doorbell.js"));
      const answers = await Promise.all(requests.map((request) => request.answer()));
      for (const answer of answers) answer.is(200).says(answers[0].body);
    }, { initialWindowSize: 2 ** 20 });
  },

  async manyWaitsOfOneConnectionEndOneByOne() {
    await on(async (client) => {
      const waits = times(300, (index) => {
        const id = freshNumber();
        const list = index % 3 ? id : `${freshNumber()},${id}`;
        return { id, waiting: client.request("GET", `/${list}`) };
      });
      await client.settle();
      const parked = new Set(waits.map(({ waiting }) => waiting));
      for (const { id, waiting } of shuffled(waits)) {
        const setting = client.request("POST", `/${id}`);
        (await waiting.answer()).is(200).says(`doorbell("${id}");\n`);
        (await setting.answer()).is(201);
        parked.delete(waiting);
        for (const other of parked) other.isQuiet();
      }
    });
  },

  async noWaitOverHttp2IsLost() {
    const rounds = Number(process.env.DOORBELL_ROUNDS ?? 2000);
    const [waiter, setter] = await Promise.all([connect(), connect()]);
    for (let round = 0; round < rounds; round++) {
      const id = freshNumber();
      const [first, second] = round % 4 < 2 ? [waiter, setter] : [waiter, waiter];
      const sides = [
        () => first.request("GET", `/${id}`), () => second.request("POST", `/${id}`),
      ];
      const [one, other] = (round % 2 ? sides : sides.reverse()).map((side) => side());
      const statuses = [(await one.answer()).status, (await other.answer()).status];
      assert.deepEqual(statuses.sort(), [200, 201]);
    }
    waiter.hangUp();
    setter.hangUp();
  },

  async aStreamTooManyIsRefusedAndTheOthersLive() {
    const wire = await open({ protocol: "h2" });
    const ids = times(MAX_STREAMS + 1, freshNumber);
    const numbers = ids.map((_, index) => 2 * index + 1);
    wire.send(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0),
      ...ids.map((id, index) => get(numbers[index], `/${id}`))]));
    const refused = await nextFrame(wire, RST_STREAM, HEADERS, GOAWAY);
    assert.deepEqual([refused.type, refused.stream, refused.payload.readUInt32BE(0)],
      [RST_STREAM, numbers.at(-1), REFUSED_STREAM]);
    (await ask("POST", "/", { body: `${ids[0]}\n${ids.at(-2)}\n${ids.at(-1)}` })).is(200);
    const woken = [await nextFrame(wire, HEADERS, GOAWAY), await nextFrame(wire, HEADERS, GOAWAY)];
    assert.deepEqual(woken.map(({ stream }) => stream).sort((a, b) => a - b),
      [numbers[0], numbers.at(-2)]);
    const again = numbers.at(-1) + 2;
    wire.send(Buffer.concat([cancel(numbers[1]), get(again, `/${ids.at(-1)}`)]));
    assert.equal((await nextFrame(wire, HEADERS, RST_STREAM, GOAWAY)).stream, again);
    wire.hangUp();
  },

  async aCancelThatCrossesItsAnswerIsAnsweredByNothing() {
    const [id, unset] = [freshNumber(), freshNumber()];
    (await set(id)).is(201);
    const wire = await parked(500, unset);
    const streams = times(300, (index) => 1001 + 2 * index);
    const crossing = streams.flatMap((stream) => [get(stream, `/${id}`), cancel(stream)]);
    wire.send(Buffer.concat(crossing));
    await settle();
    (await set(unset)).is(201);
    const told = new Set();
    while (told.size < 500) {
      const { type, stream } = await nextFrame(wire, HEADERS, RST_STREAM, GOAWAY);
      assert.equal(type, HEADERS);
      if (stream < 1001) told.add(stream);
    }
    wire.hangUp();
  },

  async aBusyProxyMayCancelManyWaits() {
    await on(async (client) => {
      const id = freshNumber();
      const patient = times(300, () => client.request("GET", `/${id}`));
      for (let round = 0; round < 30; round++) {
        const gone = times(100, () => client.request("GET", `/${freshNumber()}`));
        await client.settle();
        for (const request of gone) request.cancel();
      }
      await client.settle();
      (await set(id)).is(201);
      for (const request of patient) (await request.answer()).is(200);
    });
  },

  async aFloodOfCancelsIsCutOffAfterItsWaitsWereAnswered() {
    const wire = await parked(20, freshNumber());
    const frames = times(15_000, (index) => 101 + 2 * index)
      .flatMap((stream) => [get(stream, `/${stream}`), cancel(stream)]);
    wire.send(Buffer.concat(frames));
    const told = [];
    for (let next; next?.type !== GOAWAY; told.push(next)) {
      next = await nextFrame(wire, HEADERS, GOAWAY);
    }
    assert.equal(told.at(-1).payload.readUInt32BE(4), ENHANCE_YOUR_CALM);
    assert.equal(told.filter(({ stream }) => stream > 0 && stream < 101).length, 20);
    await wire.rest();
    wire.hangUp();
  },
});
