// How many waits a node holds, for one client address and for all, and what one address may begin.
// Needs a node on this machine, started with small limits; run this file alone, since the others wait
// too.
import assert from "node:assert/strict";
import { connect as connectHttp2 } from "./http2.mjs";
import { connect as connectWebSocket } from "./websocket.mjs";
import { ask, facts, open, set, settle, wait } from "./wire.mjs";
import { freshNumber, times } from "./names.mjs";

const PER_ADDRESS = Number(process.env.DOORBELL_MAX_WAITS_PER_ADDRESS ?? 0);
const PER_NODE = Number(process.env.DOORBELL_MAX_WAITS ?? 0);

const CONNECTIONS = Number(process.env.DOORBELL_MAX_CONNECTIONS_PER_ADDRESS ?? 0);
const NEW_CONNECTIONS =
  Number(process.env.DOORBELL_MAX_CONNECTIONS_PER_SECOND_PER_ADDRESS ?? 0);
const NEW_WAITS = Number(process.env.DOORBELL_MAX_WAITS_PER_SECOND_PER_ADDRESS ?? 0);
const SETS = Number(process.env.DOORBELL_MAX_SETS_PER_SECOND_PER_ADDRESS ?? 0);

// A bucket holds the tokens of so many seconds.
const BURST_SECONDS = 10;
const MOST_ASKS = 2_000;

function needs(option, name) {
  return `needs a node with a small ${option}, named here too: ${name}=4`;
}

// Parks as many waits as the limit, from addresses that `from` picks.
async function park(count, from) {
  const id = freshNumber();
  const parked = await Promise.all(times(count, (index) => wait(id, { from: from(index) })));
  await settle();
  for (const wire of parked) wire.isQuiet();
  return { id, parked };
}

async function letGo({ id, parked }) {
  (await set(id)).is(201);
  for (const wire of parked) {
    (await wire.answer()).is(200);
    wire.hangUp();
  }
}

// So many connections that the node has taken: what is open to a client may be in the kernel's queue.
async function hold(count, from) {
  const held = await Promise.all(times(count, () => open({ from })));
  for (const wire of held) {
    (await wire.request("GET", `/${freshNumber()}?timeout=0`).answer()).is(204);
  }
  return held;
}

// Hangs up, until the node has room for another connection.
async function release(held, from) {
  for (const wire of held) wire.hangUp();
  for (let tries = 0; tries < 100; tries++) {
    await settle();
    if ((await ask("GET", `/${freshNumber()}?timeout=0`, { from })).status === 204) return;
  }
  assert.fail("connections that hung up are still counted");
}

facts("quota", {
  async anAddressWithTooManyWaitsGets429(t) {
    const name = "DOORBELL_MAX_WAITS_PER_ADDRESS";
    if (!PER_ADDRESS) return t.skip(needs("--max-waits-per-address", name));
    const from = "127.0.0.2";
    const crowd = await park(PER_ADDRESS, () => from);
    (await ask("GET", `/${freshNumber()}`, { from })).is(429);
    (await ask("GET", `/${freshNumber()}?timeout=0`, { from })).is(204);
    const other = await park(1, () => "127.0.0.3");
    await letGo(crowd);
    await letGo(other);
    (await ask("GET", `/${freshNumber()}?timeout=0.05`, { from })).is(204);
  },

  async aWaitThatHungUpIsNoLongerCounted(t) {
    const name = "DOORBELL_MAX_WAITS_PER_ADDRESS";
    if (!PER_ADDRESS) return t.skip(needs("--max-waits-per-address", name));
    const from = "127.0.0.4";
    for (let round = 0; round < 3; round++) {
      const { parked } = await park(PER_ADDRESS, () => from);
      for (const wire of parked) wire.hangUp();
      await settle();
    }
  },

  async aNodeWithTooManyWaitsAnswers503(t) {
    if (!PER_NODE) return t.skip(needs("--max-waits", "DOORBELL_MAX_WAITS"));
    const each = PER_ADDRESS || PER_NODE;
    const crowd = await park(PER_NODE, (index) => `127.0.1.${1 + Math.floor(index / each)}`);
    const refused = await ask("GET", `/${freshNumber()}`, { from: "127.0.2.1" });
    refused.is(503, /\bwaits?\b/i);
    (await ask("GET", `/${freshNumber()}?timeout=0`, { from: "127.0.2.1" })).is(204);
    (await set(freshNumber())).is(201);
    await letGo(crowd);
    const { parked } = await park(1, () => "127.0.2.1");
    assert.equal(parked.length, 1);
    parked[0].hangUp();
  },

  async waitsOverWebSocketAreCountedEach(t) {
    const name = "DOORBELL_MAX_WAITS_PER_ADDRESS";
    if (!PER_ADDRESS) return t.skip(needs("--max-waits-per-address", name));
    const from = "127.0.0.5";
    for (let round = 0; round < 3; round++) {
      const socket = await connectWebSocket("/", { from });
      const ids = times(PER_ADDRESS, freshNumber);
      const more = freshNumber();
      await socket.say(`wait ${ids.join(" ")}`, `wait ${ids[0]}`).isQuiet();
      await socket.say(`wait ${more}`).hears(new RegExp(`^error ${more}: .*\\bwaits\\b`));
      (await ask("GET", `/${more}`, { from })).is(429);
      (await set(ids[0])).is(201);
      await socket.hears(`set ${ids[0]}`);
      await socket.say(`wait ${more}`, `forget ${ids[1]}`).isQuiet();
      await letGo(await park(1, () => from));
      socket.hangUp();
      await settle();
      await letGo(await park(PER_ADDRESS, () => from));
    }
  },

  async streamsOfHttp2AreCountedEach(t) {
    const name = "DOORBELL_MAX_WAITS_PER_ADDRESS";
    if (!PER_ADDRESS) return t.skip(needs("--max-waits-per-address", name));
    const from = "127.0.0.6";
    const client = await connectHttp2({ from });
    for (let round = 0; round < 3; round++) {
      const waits = times(PER_ADDRESS, () => client.request("GET", `/${freshNumber()}`));
      (await client.ask("GET", `/${freshNumber()}`)).is(429);
      (await ask("GET", `/${freshNumber()}`, { from })).is(429);
      waits[0].cancel();
      await client.settle();
      await letGo(await park(1, () => from));
      for (const waiting of waits.slice(1)) waiting.cancel();
      await client.settle();
    }
    times(PER_ADDRESS, () => client.request("GET", `/${freshNumber()}`));
    await client.settle();
    client.hangUp();
    await settle();
    await letGo(await park(PER_ADDRESS, () => from));
  },

  async eachIdOfAWaitTakesAPlace(t) {
    const name = "DOORBELL_MAX_WAITS_PER_ADDRESS";
    if (!PER_ADDRESS || PER_ADDRESS > 63) return t.skip(needs("--max-waits-per-address", name));
    const from = "127.0.0.8";
    const ids = times(PER_ADDRESS, freshNumber);
    for (const headers of [{}, { Accept: "text/event-stream" }]) {
      (await ask("GET", `/${ids},${freshNumber()}`, { from, headers })).is(429);
      const all = await wait(`${ids}`, { from, headers });
      await settle();
      (await ask("GET", `/${freshNumber()}`, { from })).is(429);
      all.hangUp();
      await settle();
    }
    const client = await connectHttp2({ from });
    (await client.ask("GET", `/${ids},${freshNumber()}`)).is(429);
    const all = client.request("GET", `/${ids}`);
    await client.settle();
    (await ask("GET", `/${freshNumber()}`, { from })).is(429);
    all.cancel();
    await client.settle();
    await letGo(await park(PER_ADDRESS, () => from));
    client.hangUp();
  },

  async aListThatTheNodeHasNoRoomForIs503(t) {
    if (!PER_NODE || PER_NODE > 63) return t.skip(needs("--max-waits", "DOORBELL_MAX_WAITS"));
    const list = times(PER_NODE + 1, freshNumber);
    (await ask("GET", `/${list}`, { from: "127.0.3.1" })).is(503, /\bwaits?\b/i);
    (await ask("GET", `/${list}?timeout=0`, { from: "127.0.3.1" })).is(204);
  },

  async streamsOfEventsAreCountedEach(t) {
    const name = "DOORBELL_MAX_WAITS_PER_ADDRESS";
    if (!PER_ADDRESS) return t.skip(needs("--max-waits-per-address", name));
    const from = "127.0.0.7";
    const headers = { Accept: "text/event-stream" };
    const list = `${freshNumber()},${freshNumber()}`;
    const half = Math.floor(PER_ADDRESS / 2);
    const streams = await Promise.all(times(half, () => wait(list, { from, headers })));
    for (const wire of streams) (await wire.answer()).is(200);
    (await ask("GET", `/${list}`, { from, headers })).is(429);
    (await ask("GET", `/${list}`, { from })).is(429);
    for (const wire of streams) wire.hangUp();
    await settle();
    await letGo(await park(PER_ADDRESS, () => from));
  },

  async aConnectionTooManyIs429WhateverItAsksFor(t) {
    const name = "DOORBELL_MAX_CONNECTIONS_PER_ADDRESS";
    if (!CONNECTIONS) return t.skip(needs("--max-connections-per-address", name));
    const from = "127.0.0.9";
    const held = await hold(CONNECTIONS, from);
    const id = freshNumber();
    for (const [method, path] of [["GET", `/${id}`], ["POST", `/${id}`], ["HEAD", `/${id}`],
      ["GET", "/"], ["OPTIONS", "/"]]) {
      const refused = await ask(method, path, { from });
      refused.is(429, /\bconnections\b/).has("Connection", "close");
    }
    (await ask("GET", `/${id}?timeout=0`, { from: "127.0.0.10" })).is(204);
    (await held[0].request("GET", `/${id}?timeout=0`).answer()).is(204);
    const silent = await open({ from });
    (await silent.answer()).is(429);
    await release([silent, ...held], from);
  },

  async aConnectionTooManyIs429OverHttp2AndWebSocketToo(t) {
    const name = "DOORBELL_MAX_CONNECTIONS_PER_ADDRESS";
    if (!CONNECTIONS) return t.skip(needs("--max-connections-per-address", name));
    const from = "127.0.0.11";
    const held = await hold(CONNECTIONS, from);
    const client = await connectHttp2({ from });
    (await client.ask("GET", `/${freshNumber()}`)).is(429, /\bconnections\b/);
    await client.closed();
    await assert.rejects(connectWebSocket("/", { from }), /429/);
    await release(held, from);
    const socket = await connectWebSocket("/", { from });
    await socket.say(`wait ${freshNumber()}`).isQuiet();
    socket.hangUp();
  },

  async anAddressThatConnectsTooOftenGets429(t) {
    const name = "DOORBELL_MAX_CONNECTIONS_PER_SECOND_PER_ADDRESS";
    if (!NEW_CONNECTIONS) return t.skip(needs("--max-connections-per-second-per-address", name));
    const from = "127.0.0.12";
    const begun = performance.now();
    let taken = 0; // while a slow machine asks, some more may
    while (taken < MOST_ASKS && (await ask("OPTIONS", "/", { from })).status !== 429) taken++;
    const seconds = BURST_SECONDS + (performance.now() - begun) / 1_000 + 1;
    assert.ok(taken >= BURST_SECONDS * NEW_CONNECTIONS, `${taken} are taken`);
    assert.ok(taken <= seconds * NEW_CONNECTIONS, `${taken} are taken as if in ${seconds} s`);
    (await ask("GET", `/${freshNumber()}?timeout=0`, { from: "127.0.0.13" })).is(204);
  },

  async anAddressThatWaitsTooOftenGets429(t) {
    const name = "DOORBELL_MAX_WAITS_PER_SECOND_PER_ADDRESS";
    if (!NEW_WAITS) return t.skip(needs("--max-waits-per-second-per-address", name));
    const from = "127.0.0.14";
    const id = freshNumber();
    const all = times(Math.min(64, BURST_SECONDS * NEW_WAITS), freshNumber);
    const socket = await connectWebSocket("/", { from });
    const client = await connectHttp2({ from });
    let status = 204;
    while (status === 204) status = (await ask("GET", `/${all}?timeout=0`, { from })).status;
    const refused = await ask("GET", `/${all}`, { from });
    refused.is(429, /\bwaits a second\b/);
    (await client.ask("GET", `/${all}?timeout=0`)).is(429, /\bwaits a second\b/);
    (await ask("HEAD", `/${all}`, { from })).is(429);
    for (let i = 0; i < BURST_SECONDS * NEW_WAITS; i++) socket.say(`wait ${freshNumber()}`);
    socket.say(`wait ${id}`);
    let line = await socket.hears();
    while (!line.startsWith(`error ${id}: `)) line = await socket.hears();
    assert.match(line, /\bwaits a second\b/);
    (await ask("GET", `/${id}?timeout=0`, { from: "127.0.0.15" })).is(204);
    socket.hangUp();
    client.hangUp();
  },

  async anAddressThatSetsTooMuchGets429AndSetsNothing(t) {
    const name = "DOORBELL_MAX_SETS_PER_SECOND_PER_ADDRESS";
    if (!SETS) return t.skip(needs("--max-sets-per-second-per-address", name));
    const from = "127.0.0.16";
    const lines = () => times(BURST_SECONDS * SETS, freshNumber);
    (await ask("POST", "/", { from, body: lines().join("\n") })).is(200);
    const more = lines();
    const refused = await ask("POST", "/", { from, body: more.join("\n") });
    refused.is(429, /\bsets a second\b/);
    (await ask("GET", `/${more[0]}?timeout=0`, { from })).is(204);
    (await set(more[0])).is(201);
    (await ask("POST", `/${more[1]}`, { from: "127.0.0.17" })).is(201);
  },

  async moreSetsThanABucketHoldsAreMadeAndOwed(t) {
    const name = "DOORBELL_MAX_SETS_PER_SECOND_PER_ADDRESS";
    if (!SETS) return t.skip(needs("--max-sets-per-second-per-address", name));
    const from = "127.0.0.18";
    const many = times(3 * BURST_SECONDS * SETS, freshNumber);
    (await ask("POST", "/", { from, body: many.join("\n") })).is(200);
    (await ask("POST", `/${freshNumber()}`, { from })).is(429);
  },
}, false);
