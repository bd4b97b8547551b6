// Event streams: a wait that tells of each of its variables as it is set.
import assert from "node:assert/strict";
import { takeChunk } from "./answer.mjs";
import { ask, facts, ID_RULE, open, set, settle } from "./wire.mjs";
import { decimalOf, freshNumber, freshSealed, freshUuid, times } from "./names.mjs";

const ACCEPT = { Accept: "text/event-stream" };

// A stream of events that was asked for on `wire`.
async function stream(ids, { query = "", headers = {}, wire } = {}) {
  const path = `/${[ids].flat().join(",")}${query}`;
  const on = (wire ?? await open()).request("GET", path, { headers: { ...ACCEPT, ...headers } });
  (await on.answer()).is(200)
    .has("Content-Type", "text/event-stream")
    .has("Transfer-Encoding", "chunked")
    .has("X-Accel-Buffering", "no");
  return new Events(on);
}

class Events {
  #text = "";

  constructor(wire) {
    this.wire = wire;
  }

  // The next event, or the end of the stream, which is empty; comments are passed over.
  async next() {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const event = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        if (!event.startsWith(":")) return event;
      } else {
        const chunk = await this.wire.next(takeChunk, "a chunk");
        if (chunk === "") return this.#text;
        this.#text += chunk;
      }
    }
  }

  async tells(...ids) {
    for (const id of ids) assert.equal(await this.next(), `event: set\ndata: ${id}`);
    return this;
  }

  async ends() {
    assert.equal(await this.next(), "");
    return this.wire;
  }

  isQuiet() {
    this.wire.isQuiet();
  }
}

facts("events", {
  async aStreamTellsOfASetAndEnds() {
    const id = freshNumber();
    const events = await stream(id);
    await settle();
    events.isQuiet();
    (await set(id)).is(201);
    (await (await events.tells(id)).ends()).hangUp();
  },

  async itTellsOfEachAsItIsSetAndEndsWithTheLast() {
    const sealed = freshSealed();
    const ids = [freshNumber(), sealed.id, freshUuid(), freshNumber()];
    (await set(ids[3])).is(201);
    const events = await (await stream(ids)).tells(ids[3]);
    for (const id of [ids[2], ids[0]]) {
      await settle();
      events.isQuiet();
      (await set(id)).is(201);
      await events.tells(id);
    }
    (await set(sealed.id, sealed.key)).is(201);
    (await (await events.tells(sealed.id)).ends()).hangUp();
  },

  async whatIsSetAlreadyIsToldAtOnce() {
    const ids = times(3, freshNumber);
    for (const id of ids) (await set(id)).is(201);
    const events = await stream(ids);
    (await (await events.tells(...ids)).ends()).hangUp();
  },

  async sixtyFourIdsMakeAStream() {
    const ids = times(64, freshNumber);
    const events = await stream(ids);
    (await ask("POST", "/", { body: ids.join("\n") })).is(200);
    const told = [];
    for (const _ of ids) told.push(await events.next());
    assert.deepEqual(told.sort(), ids.map((id) => `event: set\ndata: ${id}`).sort());
    (await events.ends()).hangUp();
    (await ask("GET", `/${[...ids, 1].join(",")}`, { headers: ACCEPT })).is(400, /\b64\b/);
  },

  async anIdIsNamedByTheTextItWasAskedBy() {
    const uuid = freshUuid();
    const texts = [uuid.toUpperCase(), decimalOf(uuid)];
    const events = await stream(texts);
    (await set(uuid)).is(201);
    const told = [await events.next(), await events.next()];
    assert.deepEqual(told.sort(), texts.map((id) => `event: set\ndata: ${id}`).sort());
    (await events.ends()).hangUp();
  },

  async theTimeoutEndsItWithoutAnEvent() {
    const [id, other] = [freshNumber(), freshNumber()];
    (await set(id)).is(201);
    for (const query of ["?timeout=0", "?timeout=0.1"]) {
      (await (await stream(other, { query })).ends()).hangUp();
      (await (await (await stream([other, id], { query })).tells(id)).ends()).hangUp();
    }
    const headers = { Prefer: "wait=0.1" };
    (await (await stream(other, { headers })).ends()).hangUp();
  },

  async theConnectionGoesOnAfterAStream() {
    const wire = await open();
    for (let round = 0; round < 3; round++) {
      const id = freshNumber();
      const events = await stream(id, { wire });
      wire.request("GET", `/${id}`);
      (await set(id)).is(201);
      await (await events.tells(id)).ends();
      (await wire.answer()).is(200).says(`doorbell("${id}");\n`);
    }
    wire.hangUp();
  },

  async closeIsHonouredAfterAStream() {
    const id = freshNumber();
    (await set(id)).is(201);
    const events = await stream(id, { headers: { Connection: "close" } });
    await (await (await events.tells(id)).ends()).closed();
  },

  async headIsAnsweredByTheHeadAlone() {
    const wire = await open();
    const [id, unset] = [freshNumber(), freshNumber()];
    (await set(id)).is(201);
    for (const path of [`/${id}`, `/${unset}`, `/${unset}?timeout=60`]) {
      wire.request("HEAD", path, { headers: ACCEPT });
      (await wire.answer()).is(200).has("Content-Type", "text/event-stream");
    }
    (await wire.request("HEAD", "/").answer()).is(200);
    wire.isQuiet();
    wire.hangUp();
  },

  async overHttp10ItHasNoChunksAndEndsWithTheConnection() {
    for (const field of ["", "Connection: keep-alive\r\n"]) {
      const id = freshNumber();
      const wire = await open();
      wire.send(`GET /${id} HTTP/1.0\r\nAccept: text/event-stream\r\n${field}\r\n`, "GET");
      (await wire.answer()).is(200)
        .has("Content-Type", "text/event-stream")
        .has("Connection", "close")
        .hasNo("Transfer-Encoding");
      (await set(id)).is(201);
      assert.equal(String(await wire.rest()), `event: set\ndata: ${id}\n\n`);
      wire.hangUp();
    }
  },

  async anErrorIsAProblemAsEver() {
    const wire = await open();
    const wrong = [["/abc", 400], [`/${freshNumber()}?timeout=x`, 400], ["/a/b", 404]];
    for (const [path, status] of wrong) {
      (await wire.request("GET", path, { headers: ACCEPT }).answer()).is(status);
    }
    const empty = `/${freshNumber()},,${freshNumber()}`;
    (await wire.request("GET", empty, { headers: ACCEPT }).answer()).is(400, ID_RULE);
    wire.hangUp();
  },

  async theHighestQualityDecidesWhetherItIsAStream() {
    const id = freshNumber();
    (await set(id)).is(201);
    const streams = [
      "text/event-stream, */*", "application/json;q=0.5, text/event-stream",
      "TEXT/Event-Stream;q=1", "text/event-stream, application/json",
      "text/html, text/event-stream;q=0.1",
    ];
    for (const accept of streams) {
      (await (await (await stream(id, { headers: { Accept: accept } })).tells(id)).ends()).hangUp();
    }
    const others = [
      "application/json, text/event-stream", "text/event-stream;q=0", "text/*",
      "text/event-stream;q=0.5, text/javascript", "application/json, text/event-stream;q=0.9",
    ];
    for (const accept of others) {
      (await ask("GET", `/${id}`, { headers: { Accept: accept } })).is(200)
        .has("Content-Type", /^(application\/json|text\/javascript)\b/);
    }
  },

  async aStreamThatHangsUpLeavesTheOthersWaiting() {
    const id = freshNumber();
    const [gone, patient] = [await stream(id), await stream([id, freshNumber()])];
    gone.wire.hangUp();
    await settle();
    (await set(id)).is(201);
    (await patient.tells(id)).wire.hangUp();
  },

  async noSetIsLostToAStreamThatBeginsMeanwhile() {
    const rounds = Math.ceil(Number(process.env.DOORBELL_ROUNDS ?? 2000) / 4);
    const [wire, setter] = await Promise.all([open(), open()]);
    for (let round = 0; round < rounds; round++) {
      const [one, other] = times(2, freshNumber);
      const set = () => setter.request("POST", "/", { body: `${one}\n${other}` });
      if (round % 2) set();
      const begun = stream([one, other], { wire });
      if (round % 2 === 0) set();
      const events = await begun;
      assert.deepEqual([await events.next(), await events.next()].sort(),
        [one, other].map((id) => `event: set\ndata: ${id}`).sort());
      await events.ends();
      (await setter.answer()).is(200);
    }
    wire.hangUp();
    setter.hangUp();
  },
});
