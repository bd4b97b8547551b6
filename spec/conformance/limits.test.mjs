// What is too long or too slow: it is answered, and then the connection is closed.
import { ask, facts, HEAD_TIMEOUT, nothingIsSet, open } from "./wire.mjs";
import { freshNumber, freshSealed, times } from "./names.mjs";

const BODY_LIMIT = 65_536;
const BULK_LIMIT = 2_097_152;
const LINE_LIMIT = 8_192;
const FIELDS_LIMIT = 16_384;
const TOO_SLOW = /\btoo (long|slow)\b|\bseconds?\b/i;

async function isRefusedAndClosed(wire, status, rule) {
  (await wire.answer()).is(status, rule).has("Connection", "close");
  await wire.closed();
}

function requestLine(length) {
  const [start, end] = [`GET /${freshNumber()}?timeout=0&_=`, " HTTP/1.1"];
  return start + "x".repeat(length - start.length - end.length) + end;
}

// A head that is never finished: a byte of it now and then, until it is answered.
async function dripUntilAnswered(wire, bytes) {
  const drip = setInterval(() => wire.send(bytes), (HEAD_TIMEOUT * 1000) / 8);
  try {
    await isRefusedAndClosed(wire, 408, TOO_SLOW);
  } finally {
    clearInterval(drip);
  }
}

facts("limits", {
  async aBodyUpToTheLimitIsRead() {
    (await ask("POST", `/${freshNumber()}`, { body: "x".repeat(BODY_LIMIT) })).is(201);
    const { id, key } = freshSealed();
    (await ask("POST", `/${id}`, { body: key.padEnd(BODY_LIMIT) })).is(201);
  },

  async aBodyBeyondTheLimitIs413AndSetsNothing() {
    const number = freshNumber();
    const { id, key } = freshSealed();
    for (const target of [number, id]) {
      const wire = await open();
      wire.request("POST", `/${target}`, { body: key.padEnd(BODY_LIMIT + 1) });
      await isRefusedAndClosed(wire, 413, /65,?536/);
    }
    await nothingIsSet(number, id);
  },

  async aChunkedBodyBeyondTheLimitIs413AndSetsNothing() {
    const number = freshNumber();
    const wire = await open();
    wire.request("POST", `/${number}`, { headers: { "Transfer-Encoding": "chunked" } });
    for (let chunk = 0; chunk < 5; chunk++) wire.send(`4000\r\n${"x".repeat(0x4000)}\r\n`);
    await isRefusedAndClosed(wire, 413, /65,?536/);
    await nothingIsSet(number);
  },

  async aBulkBodyBeyondTheLimitIs413AndSetsNothing() {
    const id = freshNumber();
    const wire = await open();
    wire.request("POST", "/", { body: `${id}\n`.padEnd(BULK_LIMIT + 1, "1") });
    await isRefusedAndClosed(wire, 413, /2,?097,?152|2 MiB/);
    await nothingIsSet(id);
  },

  async aRequestLineUpToTheLimitIsRead() {
    const wire = await open();
    wire.send(`${requestLine(LINE_LIMIT - 2)}\r\nHost: x\r\n\r\n`, "GET");
    (await wire.answer()).is(204);
    wire.hangUp();
  },

  async aRequestLineBeyondTheLimitIs414() {
    const wire = await open();
    wire.send(`${requestLine(LINE_LIMIT + 1)}\r\nHost: x\r\n\r\n`, "GET");
    await isRefusedAndClosed(wire, 414, /8,?192/);
  },

  async aRequestLineThatNeverEndsIs414AndClosed() {
    const wire = await open();
    wire.send(`GET /${"1".repeat(2 * LINE_LIMIT)}`, "GET");
    (await wire.answer()).is(414, /8,?192/).has("Connection", "close");
    await wire.floodUntilClosed();
  },

  async headerFieldsUpToTheLimitAreRead() {
    const others = "Host: x\r\nConnection: close\r\nX: \r\n".length;
    const headers = { Host: "x", Connection: "close", X: "x".repeat(FIELDS_LIMIT - others - 2) };
    (await ask("GET", `/${freshNumber()}?timeout=0`, { headers })).is(204);
  },

  async headerFieldsBeyondTheLimitAre431() {
    const path = `/${freshNumber()}?timeout=0`;
    const large = { X: "x".repeat(FIELDS_LIMIT + 1) };
    const many = { X: times(200, () => "x".repeat(100)) };
    for (const headers of [large, many]) {
      const wire = await open();
      await isRefusedAndClosed(wire.request("GET", path, { headers }), 431, /16,?384/);
    }
  },

  async aHeaderThatNeverEndsIs431AndClosed() {
    const wire = await open();
    wire.send(`GET /1?timeout=0 HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(2 * FIELDS_LIMIT)}`, "GET");
    (await wire.answer()).is(431, /16,?384/).has("Connection", "close");
    await wire.floodUntilClosed();
  },

  async aSlowHeadIs408() {
    const wire = await open();
    wire.send("GET /1?timeout=0 HTTP/1.1\r\nHost: x\r\nX-Slow: ", "GET");
    await dripUntilAnswered(wire, "x");
  },

  async aSlowRequestLineIs408() {
    const wire = await open();
    wire.send("G", "GET");
    await dripUntilAnswered(wire, "E");
  },

  async aSlowBodyIs408AndSetsNothing() {
    const number = freshNumber();
    const wire = await open();
    wire.send(`POST /${number} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n`, "POST");
    await dripUntilAnswered(wire, "x");
    await nothingIsSet(number);
  },

  async aLargeBodyThatComesSlowlyIs408AndSetsNothing() {
    const number = freshNumber();
    const wire = await open();
    wire.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2097152\r\n\r\n`, "POST");
    wire.send(`${number}\n`);
    await dripUntilAnswered(wire, "1\n".repeat(4_096));
    await nothingIsSet(number);
  },

  async aHeadThatStopsHalfWayIs408() {
    const wire = await open();
    wire.send("GET /1 HTTP/1.1\r\nHo", "GET");
    await isRefusedAndClosed(wire, 408, TOO_SLOW);
  },

  async theNextHeadOnAConnectionIsTimedToo() {
    const wire = await open();
    wire.request("GET", `/${freshNumber()}?timeout=0`);
    (await wire.answer()).is(204);
    wire.send("GET /1 HTTP/1.1\r\nHo", "GET");
    await isRefusedAndClosed(wire, 408, TOO_SLOW);
  },

  async anIdleConnectionIsClosedWithoutAWord(t) {
    if (!process.env.DOORBELL_IDLE_TIMEOUT) {
      return t.skip("needs a node that closes idle connections soon: DOORBELL_IDLE_TIMEOUT=6");
    }
    const wire = await open();
    wire.request("GET", `/${freshNumber()}?timeout=0`);
    (await wire.answer()).is(204);
    await Promise.all([wire.closed(), (await open()).closed()]);
  },
});
