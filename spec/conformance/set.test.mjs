// Setting one variable: who may, who was first, and what is read of the body.
import assert from "node:assert/strict";
import { ask, facts, nothingIsSet, open, set, wait } from "./wire.mjs";
import { decimalOf, freshNumber, freshSealed, freshUuid, sealOf, times } from "./names.mjs";

async function setAllAtOnce(count, idOf, body) {
  const wires = await Promise.all(times(count, () => open()));
  wires.forEach((wire, index) => wire.request("POST", `/${idOf(index)}`, { body }));
  const answers = await Promise.all(wires.map((wire) => wire.answer()));
  wires.forEach((wire) => wire.hangUp());
  return answers.map(({ status }) => status).sort();
}

const ONE_OF_FIFTY = [...Array(49).fill(200), 201];

facts("set", {
  async theFirstSetIsAnswered201AndAnyLaterOne200() {
    const number = freshNumber();
    (await set(number)).is(201).says("").has("Content-Length", "0");
    for (let again = 0; again < 3; again++) {
      (await set(number)).is(200).says("").has("Content-Length", "0");
    }
  },

  async anAnswerToASetIsTheSameWhoeverWaits() {
    const [alone, awaited] = [freshNumber(), freshNumber()];
    const waiting = await Promise.all(times(3, () => wait(awaited)));
    const told = await Promise.all([alone, awaited].map((id) => set(id)));
    assert.equal(...told.map(({ head, body }) => head.replace(/^Date: .*$/im, "") + body));
    for (const each of waiting) (await each.answer()).is(200);
  },

  async aSetIsForGood() {
    const number = freshNumber();
    (await set(number)).is(201);
    (await ask("DELETE", `/${number}`)).is(405);
    (await ask("GET", `/${number}?timeout=0`)).is(200);
  },

  async exactlyOneOfManySettersGets201() {
    const number = freshNumber();
    assert.deepEqual(await setAllAtOnce(50, () => number), ONE_OF_FIFTY);
  },

  async exactlyOneSetterGets201WhateverTheTextOfTheId() {
    const uuid = freshUuid();
    const texts = [uuid, uuid.toUpperCase(), decimalOf(uuid)];
    assert.deepEqual(await setAllAtOnce(50, (index) => texts[index % 3]), ONE_OF_FIFTY);
  },

  async exactlyOneSetterOfASealedIdGets201() {
    const { id, key } = freshSealed();
    assert.deepEqual(await setAllAtOnce(50, () => id, key), ONE_OF_FIFTY);
  },

  async theBodyOfAPlainSetIsIgnored() {
    for (const body of ["", "x", '{"any":1}', "\u0000\u00ff", "x".repeat(65_536)]) {
      (await set(freshNumber(), body)).is(201);
    }
  },

  async aKeySetsItsSealedId() {
    for (const start of ["", "!\"#,;%+&=", "~".repeat(90), "\\x00"]) {
      const key = start + freshSealed().key;
      (await set(sealOf(key), key)).is(201);
    }
    const { id, key } = freshSealed();
    const waiting = await wait(id);
    (await set(id, key)).is(201);
    (await waiting.answer()).is(200).says(`doorbell("${id}");\n`);
    waiting.hangUp();
  },

  async aSecondSetOfASealedIdNeedsTheKeyToo() {
    const { id, key } = freshSealed();
    (await set(id, key)).is(201);
    (await set(id, "wrong")).is(403, /\bkey\b/i);
    (await set(id)).is(403, /\bkey\b/i);
    (await set(id, key)).is(200);
  },

  async whiteSpaceAroundAKeyIsTrimmed() {
    for (const [before, after] of [["", "\n"], ["", "\r\n"], [" \t", " "], ["\r\n\r\n", "\t\n"]]) {
      const { id, key } = freshSealed();
      (await set(id, before + key + after)).is(201);
    }
  },

  async aWrongKeyIsRefusedAndSetsNothing() {
    const { id, key } = freshSealed();
    const wrong = [freshSealed().key, id, key.slice(1), `${key}x`, `${key}\n${key}`, "\u0000"];
    for (const body of wrong) (await set(id, body)).is(403, /\bkey\b/i);
    await nothingIsSet(id);
  },

  async aMissingKeyIsRefusedAndSetsNothing() {
    const { id } = freshSealed();
    for (const body of [undefined, "", " ", "\r\n"]) (await set(id, body)).is(403, /\bkey\b/i);
    await nothingIsSet(id);
  },

  async theHashOfSomethingThatIsNoKeyCannotBeSet() {
    const long = `${freshSealed().key}${"x".repeat(128)}`.slice(0, 129);
    for (const text of ["", "two words", "tab\there", long, "schlüssel", "a\u007fb", "🔔"]) {
      const id = sealOf(text);
      (await set(id, text)).is(403, /\bkey\b/i);
      await nothingIsSet(id);
    }
  },

  async aKeyOf128CharactersIsAKey() {
    const key = freshSealed().key.padEnd(128, "~");
    (await set(sealOf(key), key)).is(201);
  },

  async aRefusedSetEndsNoWait() {
    const { id, key } = freshSealed();
    const waiting = await wait(id);
    (await set(id, "wrong")).is(403);
    waiting.isQuiet();
    (await set(id, key)).is(201);
    (await waiting.answer()).is(200);
    waiting.hangUp();
  },

  async aChunkedBodyIsReadLikeAnyOther() {
    const headers = { "Transfer-Encoding": "chunked" };
    const chunks = (...parts) => [...parts, ""]
      .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("");
    (await ask("POST", `/${freshNumber()}`, { headers, body: chunks("any", "thing") })).is(201);
    const { id, key } = freshSealed();
    const body = chunks(key.slice(0, 5), key.slice(5), "\n");
    (await ask("POST", `/${id}`, { headers, body })).is(201);
    const unkeyed = freshSealed().id;
    (await ask("POST", `/${unkeyed}`, { headers, body: chunks() })).is(403);
  },

  async aSetWithoutAContentLengthHasNoBody() {
    (await ask("POST", `/${freshNumber()}`)).is(201);
  },

  async anyContentTypeWillDo() {
    for (const type of ["text/plain", "application/json", "application/x-www-form-urlencoded"]) {
      const { id, key } = freshSealed();
      const headers = { "Content-Type": type };
      (await ask("POST", `/${id}`, { headers, body: key })).is(201);
    }
  },

  async aMalformedSpreadIsRefusedAndSetsNothing() {
    const number = freshNumber();
    for (const text of ["", "-1", "nan", "1e1", "1.", "0&spread=0", "x", "1".repeat(21)]) {
      (await ask("POST", `/${number}?spread=${text}`)).is(400, /\bspread\b/i);
    }
    (await ask("POST", `/${number}?spread`)).is(400, /\bspread\b/i);
    await nothingIsSet(number);
  },

  async aSpreadIsAtMostAnHour() {
    const number = freshNumber();
    for (const seconds of ["3601", "3600.001", "1".repeat(20)]) {
      (await ask("POST", `/${number}?spread=${seconds}`)).is(400, /\bspread\b/i);
    }
    await nothingIsSet(number);
    (await ask("POST", `/${number}?spread=3600`)).is(201);
    (await ask("POST", `/${freshNumber()}?spread=0.5`)).is(201);
    (await ask("POST", `/${freshNumber()}?spread=0`)).is(201);
  },
});
