// One connection and its requests: reuse, pipelining, framing, old and odd HTTP.
import {
  ask, facts, IS_TLS, isSet, nothingIsSet, open, requestBytes, set, settle,
} from "./wire.mjs";
import { freshNumber, freshSealed, freshSmallNumber, times } from "./names.mjs";

const BEHIND_A_WAIT = 16_384;

function asksIf(id) {
  return requestBytes("HEAD", `/${id}`);
}

async function isRefusedAndClosed(text, status, method = "GET") {
  const wire = await open();
  wire.send(text, method);
  (await wire.answer()).is(status).has("Connection", "close");
  await wire.closed();
}

facts("connection", {
  async aConnectionServesManyRequests() {
    const wire = await open();
    const number = freshNumber();
    const { id } = freshSealed();
    const requests = [
      ["GET", `/${number}?timeout=0`, 204], ["POST", `/${number}`, 201], ["GET", `/${number}`, 200],
      ["GET", "/abc", 400], ["POST", `/${id}`, 403], ["GET", "/a/b", 404], ["PUT", "/1", 405],
      ["OPTIONS", "/1", 204], ["HEAD", `/${number}`, 200], ["POST", `/${number}`, 200],
    ];
    for (const [method, path, status] of requests) {
      (await wire.request(method, path, { body: method === "POST" ? "x" : undefined }).answer())
        .is(status);
    }
    wire.hangUp();
  },

  async whoSendsNoMoreIsAnsweredAndThenTheConnectionIsClosed() {
    for (let round = 0; round < 20; round++) {
      const [one, other, unset, partly] = times(4, freshNumber);
      const wire = await open();
      wire.request("POST", `/${one}`).request("GET", `/${unset}`);
      wire.request("GET", `/${one}`).request("POST", `/${other}`, { body: "x" });
      wire.send(requestBytes("POST", `/${partly}`, { body: "xx" }).subarray(0, -1));
      wire.saysNoMore();
      if (!IS_TLS) {
        for (const status of [201, 204, 200, 201]) (await wire.answer()).is(status);
        await wire.closed();
      }
      await wire.rest();
      while (!(await isSet(other))) await settle();
      await nothingIsSet(unset, partly);
    }
  },

  async aParkedWaitOfAClientThatSendsNoMoreIsAnswered204() {
    const [id, other] = [freshNumber(), freshNumber()];
    const wire = await open();
    wire.request("GET", `/${id}`).request("POST", `/${other}`);
    await settle();
    wire.saysNoMore();
    if (!IS_TLS) for (const status of [204, 201]) (await wire.answer()).is(status);
    await wire.rest();
    while (!(await isSet(other))) await settle();
  },

  async emptyLinesBetweenRequestsAreIgnored() {
    const wire = await open();
    for (const lines of ["\r\n", "\r\n\r\n", "\r\n"]) {
      wire.send(lines);
      await settle();
      (await wire.request("GET", `/${freshNumber()}?timeout=0`).answer()).is(204);
    }
    const post = requestBytes("POST", `/${freshNumber()}`, { body: "x" });
    wire.send(Buffer.concat([post, Buffer.from("\r\n"), post, Buffer.from("\r\n")]), "POST");
    (await wire.answer()).is(201);
    (await wire.answer()).is(200);
    await settle();
    wire.isQuiet();
    wire.hangUp();
  },

  async aWaitLeavesTheConnectionUsable() {
    const wire = await open();
    for (let round = 0; round < 3; round++) {
      const number = freshNumber();
      wire.request("GET", `/${number}`);
      await settle();
      (await set(number)).is(201);
      (await wire.answer()).is(200);
      (await wire.request("GET", `/${freshNumber()}?timeout=0.05`).answer()).is(204);
    }
    wire.hangUp();
  },

  async connectionCloseIsHonoured() {
    const [number, unset] = [freshNumber(), freshNumber()];
    const requests = [
      ["POST", `/${number}`, 201], ["GET", `/${number}`, 200], ["GET", `/${unset}?timeout=0`, 204],
      ["GET", `/${unset}?timeout=0.05`, 204], ["GET", "/abc", 400],
    ];
    for (const [method, path, status] of requests) {
      (await ask(method, path)).is(status).has("Connection", /\bclose\b/i);
    }
  },

  async requestsInOnePacketAreAnsweredInTheirOrder() {
    const wire = await open();
    const [one, other] = [freshSmallNumber(), freshSmallNumber()];
    wire.send(Buffer.concat([
      requestBytes("POST", `/${one}`, { body: "ignored" }),
      requestBytes("GET", `/${one}`),
      requestBytes("GET", `/${other}?timeout=0`),
      requestBytes("GET", "/abc"),
    ]), "POST");
    for (let rest = 0; rest < 3; rest++) wire.send("", "GET");
    (await wire.answer()).is(201);
    (await wire.answer()).is(200).says(`doorbell(${one});\n`);
    (await wire.answer()).is(204);
    (await wire.answer()).is(400);
    wire.hangUp();
  },

  async requestsBehindAParkedWaitAreServedAfterIt() {
    const wire = await open();
    const [first, second] = [freshNumber(), freshNumber()];
    wire.send(Buffer.concat([
      requestBytes("GET", `/${first}`), requestBytes("POST", `/${second}`, { body: "x" }),
    ]), "GET").send("", "POST");
    await settle();
    wire.isQuiet();
    await nothingIsSet(second);
    (await set(first)).is(201);
    (await wire.answer()).is(200);
    (await wire.answer()).is(201);
    wire.hangUp();
  },

  async requestsSentLaterBehindAParkedWaitAreServedAfterIt() {
    const wire = await open();
    const [first, second] = [freshNumber(), freshNumber()];
    wire.request("GET", `/${first}`);
    await settle();
    wire.request("GET", `/${second}`);
    await settle();
    (await set(second)).is(201);
    (await set(first)).is(201);
    (await wire.answer()).is(200).says(`doorbell("${first}");\n`);
    (await wire.answer()).is(200).says(`doorbell("${second}");\n`);
    wire.hangUp();
  },

  async aParkedWaitKeepsUpTo16384BytesBehindIt() {
    const wire = await open();
    const number = freshNumber();
    const count = Math.floor(BEHIND_A_WAIT / asksIf(number).length);
    wire.request("GET", `/${number}`);
    await settle();
    for (let behind = 0; behind < count; behind++) wire.send(asksIf(number), "HEAD");
    await settle();
    wire.isQuiet();
    (await set(number)).is(201);
    (await wire.answer()).is(200);
    for (let behind = 0; behind < count; behind++) (await wire.answer()).is(200);
    wire.hangUp();
  },

  async moreBytesBehindAParkedWaitAre413() {
    for (const pause of [settle, () => {}]) {
      const wire = await open();
      wire.request("GET", `/${freshNumber()}`);
      await pause();
      wire.send(asksIf("1".padEnd(30, "0")).toString("latin1").repeat(400));
      (await wire.answer()).is(413, /16,?384/).has("Connection", "close");
      await wire.closed();
    }
  },

  async aRequestMayComeByteByByte() {
    const wire = await open();
    const { id, key } = freshSealed();
    for (const byte of requestBytes("POST", `/${id}`, { body: key })) {
      wire.send(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    wire.send("", "POST");
    (await wire.answer()).is(201);
    wire.hangUp();
  },

  async aBodyOnAWaitIsReadPast() {
    const wire = await open();
    const number = freshNumber();
    wire.request("GET", `/${number}?timeout=0`, { body: "GET /1 HTTP/1.1\r\n\r\n" });
    (await wire.answer()).is(204);
    (await wire.request("POST", `/${number}`).answer()).is(201);
    wire.hangUp();
  },

  async expect100ContinueIsGranted() {
    const wire = await open();
    const { id, key } = freshSealed();
    const headers = { Expect: "100-continue", "Content-Length": key.length };
    (await wire.request("POST", `/${id}`, { headers }).answer()).is(100);
    (await wire.send(key, "POST").answer()).is(201);
    (await wire.request("HEAD", `/${id}`).answer()).is(200);
    wire.hangUp();
  },

  async aBodyTooLongIsRefusedBeforeItIsSent() {
    const number = freshNumber();
    const headers = { Expect: "100-continue", "Content-Length": 65_537 };
    (await ask("POST", `/${number}`, { headers })).is(413, /65,?536/);
    await nothingIsSet(number);
  },

  async anotherExpectationIs417() {
    const number = freshNumber();
    const headers = { Expect: "miracles" };
    (await ask("POST", `/${number}`, { headers, body: "x" })).is(417);
    await nothingIsSet(number);
  },

  async http10IsServedAndClosed() {
    const number = freshSmallNumber();
    const wire = await open();
    wire.send(`POST /${number} HTTP/1.0\r\n\r\n`, "POST");
    (await wire.answer()).is(201);
    await wire.closed();
    const waiting = await open();
    const other = freshSmallNumber();
    waiting.send(`GET /${other} HTTP/1.0\r\n\r\n`, "GET");
    await settle();
    waiting.isQuiet();
    (await set(other)).is(201);
    (await waiting.answer()).is(200).says(`doorbell(${other});\n`);
    await waiting.closed();
  },

  async http10IsKeptAliveOnRequest() {
    const wire = await open();
    for (let round = 0; round < 3; round++) {
      wire.send(`POST /${freshNumber()} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`, "POST");
      (await wire.answer()).is(201).has("Connection", /^keep-alive$/i);
    }
    wire.hangUp();
  },

  async http11NeedsExactlyOneHost() {
    const line = `GET /${freshNumber()}?timeout=0 HTTP/1.1\r\n`;
    await isRefusedAndClosed(`${line}\r\n`, 400);
    await isRefusedAndClosed(`${line}Host: a\r\nHost: a\r\n\r\n`, 400);
  },

  async whatIsNoHostIs400() {
    const line = `GET /${freshNumber()}?timeout=0 HTTP/1.1\r\nHost:`;
    for (const host of [
      "", " a b", " a/b", " a@b", " a..b", " .a", " a\x01", " a\x7f", " \xe9", " a:x", " :80", " ::1",
      " [::1", " [x]", " a,\tb", " a?b", " a#b", " a\\b",
    ]) await isRefusedAndClosed(`${line}${host}\r\n\r\n`, 400);
    for (const host of ["a.", "a:", "A_b:80", "[::1]:80", "127.0.0.1"]) {
      const wire = await open();
      (await wire.send(`${line} ${host}\r\n\r\n`, "GET").answer()).is(204);
      wire.hangUp();
    }
    const target = `GET http://u@a/${freshNumber()}?timeout=0 HTTP/1.1\r\nHost: a\r\n\r\n`;
    const wire = await open();
    (await wire.send(target, "GET").answer()).is(400, /host/);
    wire.hangUp();
  },

  async aFoldedFieldIs400() {
    const line = `GET /${freshNumber()}?timeout=0 HTTP/1.1\r\n`;
    const long = `X: ${"x".repeat(600)}\r\n b`;
    for (const fold of ["X: a\r\n b", "X: a\r\n\tb", "X: a\r\n \0", " X: a", long]) {
      await isRefusedAndClosed(`${line}${fold}\r\nHost: x\r\n\r\n`, 400);
      await isRefusedAndClosed(`${line}Host: x\r\n${fold}\r\n\r\n`, 400);
    }
  },

  async aRequestLineHasOneSpaceBetweenItsWords() {
    for (const line of [
      "GET\t/1 HTTP/1.1", "GET /1\tHTTP/1.1", "GET  /1 HTTP/1.1", "GET /1  HTTP/1.1",
      " GET /1 HTTP/1.1", "GET /1 HTTP/1.1 ", "GET\v/1 HTTP/1.1", "GET /1\fHTTP/1.1", "\0GET /1 HTTP/1.1",
      "GET /1 http/1.1", "GET /1 HTTP/1.10", "GET /1 HTTP/01.1", "GET /1?\x01 HTTP/1.1",
    ]) await isRefusedAndClosed(`${line}\r\nHost: x\r\n\r\n`, 400);
  },

  async anotherTransferEncodingIs501() {
    for (const coding of ["gzip", "gzip, chunked", "identity"]) {
      const number = freshNumber();
      const head = `POST /${number} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ${coding}\r\n\r\n`;
      await isRefusedAndClosed(`${head}0\r\n\r\n`, 501, "POST");
      await nothingIsSet(number);
    }
  },

  async anotherVersionOfHttpIs505() {
    for (const version of ["2.0", "3.0", "0.9"]) {
      await isRefusedAndClosed(`GET /1?timeout=0 HTTP/${version}\r\nHost: x\r\n\r\n`, 505);
    }
  },

  async aMalformedRequestIs400() {
    const line = "GET /1?timeout=0 HTTP/1.1\r\n";
    const heads = [
      "GET\r\n\r\n", "GET /1?timeout=0\r\n\r\n", "GET /1?timeout=0 HTPP/1.1\r\nHost: x\r\n\r\n",
      `${line}Host: x\r\nX-Space : x\r\n\r\n`, `${line}Host: x\r\nno colon\r\n\r\n`,
      `${line}Host: x\r\n: no name\r\n\r\n`,
    ];
    for (const head of heads) await isRefusedAndClosed(head, 400);
  },

  async aBodyOfUncertainLengthIs400AndSetsNothing() {
    const number = freshNumber();
    const framings = [
      "Content-Length: 1\r\nContent-Length: 2", "Content-Length: -1", "Content-Length: x",
      "Content-Length: 3\r\nTransfer-Encoding: chunked",
    ];
    for (const framing of framings) {
      const head = `POST /${number} HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`;
      await isRefusedAndClosed(`${head}0\r\n\r\n`, 400, "POST");
    }
    const chunked = "Host: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const chunk of ["zz\r\n", "-1\r\n", "\r\n"]) {
      await isRefusedAndClosed(`POST /${number} HTTP/1.1\r\n${chunked}${chunk}`, 400, "POST");
    }
    await nothingIsSet(number);
  },

  async anEmptyLineBeforeARequestIsSkipped() {
    const wire = await open();
    const number = freshNumber();
    wire.send("\r\n", "POST").send(requestBytes("POST", `/${number}`));
    (await wire.answer()).is(201);
    wire.hangUp();
  },

  async aHangUpInTheMiddleOfARequestSetsNothing() {
    const numbers = times(3, freshNumber);
    for (const number of numbers) {
      const whole = requestBytes("POST", `/${number}`, { body: "x".repeat(100) });
      const wire = await open();
      wire.send(whole.subarray(0, whole.length - 1));
      await settle();
      wire.hangUp();
    }
    await settle();
    for (const number of numbers) {
      if (await isSet(number)) throw new Error(`half a request has set ${number}`);
    }
  },
});
