// A node that speaks TLS. Needs https:// in DOORBELL_URL; the whole suite is then over TLS too.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { takeAnswer } from "./answer.mjs";
import { facts, IS_TLS, NODE, requestBytes, TRUST, within } from "./wire.mjs";
import { freshNumber } from "./names.mjs";

const OFFERS_ALL = { minVersion: "TLSv1", ciphers: "DEFAULT:@SECLEVEL=0" };

// The node's tests, skipped where there is no TLS.
function overTls(tests) {
  return Object.fromEntries(Object.entries(tests).map(([name, test]) => [
    name,
    (t) => (IS_TLS ? test(t) : t.skip("needs a node with TLS: DOORBELL_URL=https://…")),
  ]));
}

// What a handshake with these options agrees on; `request` is sent then, and its answer read.
async function handshake(options, request) {
  const socket = tls.connect({ ...NODE, ...TRUST, ...options });
  try {
    await within(once(socket, "secureConnect"), () => assert.fail("waited in vain for TLS"));
    const agreed = { version: socket.getProtocol(), protocol: socket.alpnProtocol };
    if (request) agreed.answer = await answerTo(socket, request);
    return agreed;
  } finally {
    socket.destroy();
  }
}

async function answerTo(socket, request) {
  let received = Buffer.alloc(0);
  socket.on("data", (bytes) => { received = Buffer.concat([received, bytes]); });
  const ended = once(socket, "end");
  socket.write(request);
  await within(ended, () => assert.fail("waited in vain for an answer and the end"));
  const { taken, rest } = takeAnswer(received, "GET", request.toString("latin1"));
  assert.equal(rest.length, 0);
  return taken;
}

function ask(id) {
  return requestBytes("GET", `/${id}?timeout=0`, { headers: { Connection: "close" } });
}

facts("tls", overTls({
  async aHandshakeThatIsNotOverInTimeIsClosed() {
    const hello = Buffer.from([22, 3, 1, 1, 0, 1, 0, 0, 252, 3, 3]);
    for (const part of [hello.subarray(0, 1), hello.subarray(0, 5), hello]) {
      const socket = net.connect(NODE);
      socket.on("error", () => {});
      const over = once(socket, "close");
      socket.resume().write(part);
      await within(over, () => assert.fail("waited in vain for the end"));
    }
  },

  async tls12And13AreSpoken() {
    for (const version of ["TLSv1.2", "TLSv1.3"]) {
      const options = { minVersion: version, maxVersion: version };
      const agreed = await handshake(options, ask(freshNumber()));
      assert.equal(agreed.version, version);
      agreed.answer.is(204);
    }
  },

  async anOlderVersionIsRefused() {
    for (const version of ["TLSv1", "TLSv1.1"]) {
      const options = { ...OFFERS_ALL, maxVersion: version };
      await assert.rejects(handshake(options), /alert protocol version/i);
    }
    assert.equal((await handshake(OFFERS_ALL)).version, "TLSv1.3");
  },

  async aWeakCipherIsRefused() {
    const weak = "AES128-SHA:AES256-SHA256:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES256-SHA:@SECLEVEL=0";
    const options = { ciphers: weak, maxVersion: "TLSv1.2" };
    await assert.rejects(handshake(options), /alert handshake failure/i);
  },

  async alpnPicksHttp2WhereItIsOffered() {
    const offers = [
      [["h2", "http/1.1"], "h2"], [["http/1.1", "h2"], "h2"], [["h2"], "h2"],
      [["http/1.1"], "http/1.1"],
    ];
    for (const [ALPNProtocols, picked] of offers) {
      assert.equal((await handshake({ ALPNProtocols })).protocol, picked, `${ALPNProtocols}`);
    }
  },

  async whoOffersNoKnownProtocolIsServedByHttp11() {
    for (const options of [{}, { ALPNProtocols: ["http/1.1"] }, { ALPNProtocols: ["spdy/3"] }]) {
      (await handshake(options, ask(freshNumber()))).answer.is(204);
    }
  },

  async aPlainRequestIsToldToUseHttps() {
    for (const request of [ask(freshNumber()), Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]) {
      const socket = net.connect(NODE);
      (await answerTo(socket, request)).is(400, /\bhttps\b/).has("Connection", "close");
      socket.destroy();
    }
  },

  async whatIsNoTlsAtAllIsClosed() {
    const record = [Buffer.of(22, 3, 1, 0, 5, 1, 2, 3, 4, 5), Buffer.alloc(100, 22)];
    for (const bytes of record) {
      const socket = net.connect(NODE).on("error", () => {}).resume();
      const closed = once(socket, "close");
      socket.write(bytes);
      await within(closed, () => assert.fail("waited in vain for the end"));
    }
  },
}));
