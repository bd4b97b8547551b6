// A seed repeats what each client sends, and the bytes are read as they were written.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Answers, idsIn, request } from "../http1.mjs";
import * as http2 from "../http2.mjs";
import { NAMES, plan } from "../plan.mjs";
import { Frames, frame, TEXT } from "../websocket.mjs";

test("theSameSeedMakesTheSameCases", () => {
  for (let number = 1; number <= NAMES.length; number++) {
    assert.deepEqual(plan("one", number), plan("one", number));
    assert.notDeepEqual(plan("one", number), plan("other", number));
  }
});

test("eachCrowdComesInItsTurn", () => {
  const kinds = NAMES.map((_, number) => plan("turns", number).kinds[0]);
  assert.deepEqual(kinds, NAMES);
});

test("answersAreReadInWhateverPiecesTheyCome", () => {
  const heard = [];
  const text = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked" +
    "\r\n\r\n23\r\nevent: set\ndata: 22482\nid: 22482\n\n:\r\n0\r\n\r\n" +
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n" +
    "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\ndoorbell(\"1234567\")" +
    "HTTP/1.1 204 No Content\r\n\r\n";
  for (let size = 1; size < text.length; size += 7) {
    const answers = new Answers({ onAnswer: (answer) => heard.push(answer) });
    for (const method of ["GET", "POST", "GET", "HEAD"]) answers.expect(method);
    for (let at = 0; at < text.length; at += size) {
      answers.push(Buffer.from(text.slice(at, at + size)));
    }
    assert.deepEqual(heard.splice(0).map(({ status, events }) => [status, ...events]),
      [[200, "22482"], [201], [200], [204]]);
  }
});

test("idsAreReadOutOfEachForm", () => {
  const body = 'doorbell(1);\nd.$("0a-b");\n';
  assert.deepEqual(idsIn({ status: 200, body }), ["1", "0a-b"]);
  assert.deepEqual(idsIn({ status: 200, body: '{"set":["2"]}' }), ["2"]);
  assert.deepEqual(idsIn({ status: 204, body: "" }), []);
});

test("aBodyIsSentByItsLengthOrInChunks", () => {
  assert.match(`${request("POST", "/", { body: "1\n2" })}`, /\r\nContent-Length: 3\r\n\r\n1\n2$/);
  assert.match(`${request("POST", "/", { chunks: ["1\n", "2"] })}`,
    /\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n1\n\r\n1\r\n2\r\n0\r\n\r\n$/);
});

test("framesOfAWebSocketAreReadAsTheyWereWritten", () => {
  const heard = [];
  const frames = new Frames((opcode, payload) => heard.push([opcode, `${payload}`]));
  const long = "x".repeat(70_000);
  for (const text of ["", "wait 1", "y".repeat(200), long]) {
    frames.push(frame(TEXT, text, Buffer.of(1, 2, 3, 4)));
    frames.push(frame(TEXT, text, null));
    assert.deepEqual(heard.splice(0), [[TEXT, text], [TEXT, text]]);
  }
});

test("fieldsOfHttp2AreReadAsTheNodeWritesThem", () => {
  const heard = [];
  const frames = new http2.Frames({ headers: (stream, fields, last) =>
    heard.push([stream, last, ...fields]) });
  // An indexed field, one that is to be kept, and then that one from the table.
  const block = Buffer.concat([Buffer.of(0x88, 0x48, 3), Buffer.from("201"), Buffer.of(0xbe),
    http2.fields([["x", "y".repeat(200)]])]);
  frames.push(http2.frame(http2.HEADERS, http2.END_STREAM, 3, block.subarray(0, 4)));
  frames.push(http2.frame(http2.CONTINUATION, http2.END_HEADERS, 3, block.subarray(4)));
  assert.deepEqual(heard, [[3, true, [":status", "201"], ["x", "y".repeat(200)]]]);
});
