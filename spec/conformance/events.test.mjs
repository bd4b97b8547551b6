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
    .has("Cache-Control", "no-store, no-transform")
    .has("X-Accel-Buffering", "no");
  return new Events(on);
}

function event(id, told) {
  return `event: set\ndata: ${id}\nid: ${told}`;
}

class Events {
  told = "";
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

  // Each event is known by all that was told so far.
  async tells(...ids) {
    for (const id of ids) {
      this.told = this.told ? `${this.told},${id}` : id;
      assert.equal(await this.next(), event(id, this.told));
    }
    return this;
  }

  // What is set in one moment is told in any order.
  async tellsAll(ids) {
    const left = new Set(ids);
    while (left.size > 0) {
      const next = await this.next();
      const id = /\ndata: (.*)\n/.exec(next)?.[1];
      assert.ok(left.delete(id), `wanted one of ${[...left]}: ${next}`);
      this.told = this.told ? `${this.told},${id}` : id;
      assert.equal(next, event(id, this.told));
    }
    return this;
  }

  // The head of a stream goes out with something behind it, if there is nothing to tell yet.
  async begins() {
    assert.equal(await this.wire.next(takeChunk, "a chunk"), ":\n\n");
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
    const events = await (await stream(id)).begins();
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
    await events.tellsAll(ids);
    (await events.ends()).hangUp();
    (await ask("GET", `/${[...ids, 1].join(",")}`, { headers: ACCEPT })).is(400, /\b64\b/);
  },

  async anIdIsNamedByTheTextItWasAskedBy() {
    const uuid = freshUuid();
    const texts = [uuid.toUpperCase(), decimalOf(uuid)];
    const events = await stream(texts);
    (await set(uuid)).is(201);
    await events.tellsAll(texts);
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

  async whoWasToldOfAllIsAnswered204() {
    const [id, uuid, { id: sealed }] = [freshNumber(), freshUuid(), freshSealed()];
    const all = [id, uuid, sealed].join(",");
    const cases = [[id, id], [all, all], [all, `${sealed}, ${decimalOf(uuid)} ,${id},7`]];
    for (const [asked, told] of cases) {
      const headers = { ...ACCEPT, "Last-Event-ID": told };
      (await ask("GET", `/${asked}`, { headers })).is(204).says("");
      (await ask("HEAD", `/${asked}`, { headers })).is(204);
    }
  },

  async whoWasToldOfSomeIsToldOfTheRest() {
    const ids = times(4, freshNumber);
    (await ask("POST", "/", { body: ids.slice(0, 3).join("\n") })).is(200);
    const events = await stream(ids, { headers: { "Last-Event-ID": `${ids[2]},${ids[0]}` } });
    events.told = `${ids[0]},${ids[2]}`;
    await events.tells(ids[1]);
    (await set(ids[3])).is(201);
    (await (await events.tells(ids[3])).ends()).hangUp();
    const headers = { ...ACCEPT, "Last-Event-ID": events.told };
    (await ask("GET", `/${ids.join(",")}`, { headers })).is(204);
  },

  async aLastEventIdOfSomethingElseMeansNothing() {
    const id = freshNumber();
    (await set(id)).is(201);
    for (const other of ["", freshNumber(), "x", "x,1", ",", `${id}x`, "1".repeat(2_000)]) {
      const events = await stream(id, { headers: { "Last-Event-ID": other } });
      (await (await events.tells(id)).ends()).hangUp();
    }
    (await ask("GET", `/${id}`, { headers: { "Last-Event-ID": id } })).is(200);
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
      assert.equal(String(await wire.rest()), `:\n\n${event(id, id)}\n\n`);
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
      await events.tellsAll([one, other]);
      await events.ends();
      (await setter.answer()).is(200);
    }
    wire.hangUp();
    setter.hangUp();
  },
});
