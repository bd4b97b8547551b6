// Waiting: what holds a wait, and what ends it.
import assert from "node:assert/strict";
import { inOneOf } from "../tries.mjs";
import { ask, facts, isSet, set, settle, wait } from "./wire.mjs";
import { freshNumber, freshSealed, freshSmallNumber, freshUuid, times } from "./names.mjs";

const MAX_WAIT = process.env.DOORBELL_MAX_WAIT;
const NO_PLAIN_NUMBERS = [
  "", "-1", "+1", "%2B1", "1e9", "1E3", "nan", "NaN", "inf", "Infinity", "0x10", "1.", ".5",
  "1.2.3", "1,5", "1s", "%201", "1%20", "1_000", "%D9%A1", "1".repeat(21),
];

// Asserts that the wait is still held, then sets `id` and returns the answer.
async function isHeldUntilSet(waiting, id, key) {
  await settle();
  waiting.isQuiet();
  (await set(id, key)).is(201);
  const answer = (await waiting.answer()).is(200);
  waiting.hangUp();
  return answer;
}

const FACTS = {
  async aWaitEndsWhenSomebodySets() {
    const number = freshSmallNumber();
    const answer = await isHeldUntilSet(await wait(number), number);
    answer.says(`doorbell(${number});\n`);
  },

  async aWaitForASetVariableIsAnsweredAtOnce() {
    const number = freshNumber();
    (await set(number)).is(201);
    for (const query of ["", "?timeout=3600", "?timeout=0"]) {
      (await ask("GET", `/${number}${query}`)).is(200).says(`doorbell("${number}");\n`);
    }
  },

  async everyWaiterIsAnswered() {
    const number = freshNumber();
    const waiting = await Promise.all(times(30, () => wait(number)));
    await settle();
    (await set(number)).is(201);
    for (const wire of waiting) {
      (await wire.answer()).is(200);
      wire.hangUp();
    }
  },

  async twoWaitsForOneIdOnOnePathAreBothHeld() {
    const number = freshNumber();
    const [first, second] = [await wait(number), await wait(number)];
    await isHeldUntilSet(second, number);
    (await first.answer()).is(200);
    first.hangUp();
  },

  async aWaitByUuidEndsByASetOfTheDecimal() {
    const uuid = freshUuid();
    const decimal = BigInt(`0x${uuid.replaceAll("-", "")}`).toString();
    const waiting = await wait(uuid);
    (await isHeldUntilSet(waiting, decimal)).says(`doorbell("${uuid}");\n`);
  },

  async theFirstSetEndsAWaitForMany() {
    const sealed = freshSealed();
    for (const [id, key] of [[freshNumber()], [freshUuid()], [sealed.id, sealed.key]]) {
      const list = [freshNumber(), id, freshUuid(), freshSealed().id];
      (await isHeldUntilSet(await wait(list), id, key)).says(`doorbell("${id}");\n`);
    }
  },

  async aWaitForManyNamesAllThatAreSetInTheOrderAsked() {
    const [a, b, c, d] = times(4, freshSmallNumber);
    for (const id of [d, b]) (await set(id)).is(201);
    const path = `/${[a, b, c, d].join(",")}`;
    (await ask("GET", path)).is(200).says(`doorbell(${b});\ndoorbell(${d});\n`);
    (await ask("GET", path, { headers: { Accept: "application/json" } }))
      .is(200).says(`{"set":["${b}","${d}"]}\n`);
  },

  async aWaitNotSetInTimeIsAnswered204() {
    const number = freshNumber();
    (await ask("GET", `/${number}?timeout=0.05`)).is(204);
    (await ask("GET", `/${number}?timeout=0.2`)).is(204);
    (await ask("GET", `/${number},${freshUuid()}?timeout=0.1`)).is(204);
  },

  // Whichever way a machine that stood still takes what is over meanwhile.
  async aShorterTimeoutEndsFirst() {
    const seconds = ["0.9", "0.5", "0.1"];
    const endInTurn = async () => {
      const ended = [];
      await Promise.all(seconds.map(async (timeout) => {
        (await ask("GET", `/${freshNumber()}?timeout=${timeout}`)).is(204);
        ended.push(timeout);
      }));
      return ended;
    };
    const wanted = seconds.toReversed();
    assert.deepEqual(await inOneOf(5, endInTurn, (ended) => `${ended}` === `${wanted}`), wanted);
  },

  async aTimeoutDoesNotEndAWaitEarly() {
    const begun = performance.now();
    (await ask("GET", `/${freshNumber()}?timeout=0.8`)).is(204);
    const seconds = (performance.now() - begun) / 1000;
    assert.ok(seconds >= 0.75, `a wait of 0.8 s ended after ${seconds} s`);
  },

  async aTimeoutOfZeroOnlyAsks() {
    for (const zero of ["0", "0.0", "00", "0.000000000000000000"]) {
      (await ask("GET", `/${freshNumber()}?timeout=${zero}`)).is(204);
    }
  },

  async whoOnlyAsksIsAnsweredTheSameWhoeverWaits() {
    const [alone, awaited] = [freshNumber(), freshNumber()];
    const waiting = await wait(awaited);
    const told = await Promise.all([alone, awaited].map((id) => ask("GET", `/${id}?timeout=0`)));
    assert.equal(...told.map(({ head, body }) => head.replace(/^Date: .*$/im, "") + body));
    waiting.hangUp();
  },

  async aTimeoutMayBeADecimalOfTwentyCharacters() {
    const number = freshNumber();
    (await set(number)).is(201);
    for (const seconds of ["1", "0.5", "007", "00000000000000000.01", "1".repeat(20)]) {
      (await ask("GET", `/${number}?timeout=${seconds}`)).is(200);
    }
  },

  async aTimeoutThatIsNoPlainNumberIsRefused() {
    for (const text of NO_PLAIN_NUMBERS) {
      (await ask("GET", `/${freshNumber()}?timeout=${text}`)).is(400, /\btimeout\b/i);
    }
    (await ask("GET", `/${freshNumber()}?timeout`)).is(400, /\btimeout\b/i);
  },

  async aTimeoutGivenTwiceIsRefused() {
    (await ask("GET", `/${freshNumber()}?timeout=0&timeout=0`)).is(400, /\btimeout\b/i);
  },

  async aSetVariableDoesNotExcuseABadTimeout() {
    const number = freshNumber();
    (await set(number)).is(201);
    (await ask("GET", `/${number}?timeout=soon`)).is(400, /\btimeout\b/i);
  },

  async aLongTimeoutIsCappedAndNotRefused() {
    const number = freshNumber();
    const waiting = await wait(number, { query: "?timeout=1000000000" });
    await isHeldUntilSet(waiting, number);
  },

  async theNodesCapEndsAWait(t) {
    if (!MAX_WAIT) return t.skip("needs a node with --max-wait 1s, and is alone there: DOORBELL_MAX_WAIT=1");
    for (const query of ["", "?timeout=1000000000"]) {
      (await ask("GET", `/${freshNumber()}${query}`)).is(204);
    }
    (await ask("GET", `/${freshNumber()}`, { headers: { Prefer: "wait=9999" } })).is(204);
  },

  async preferWaitMeansTheSameAsTimeout() {
    for (const preference of ["wait=0", "Wait=0", "respond-async, wait=0", "wait=0.05"]) {
      const headers = { Prefer: preference };
      (await ask("GET", `/${freshNumber()}`, { headers })).is(204);
    }
    const headers = { Prefer: ["handling=lenient", "wait=0"] };
    (await ask("GET", `/${freshNumber()}`, { headers })).is(204);
  },

  async aMalformedPreferWaitIsRefused() {
    for (const wrong of ["wait=x", "wait=-1", "wait=1e9", "wait=nan"]) {
      const headers = { Prefer: wrong };
      (await ask("GET", `/${freshNumber()}`, { headers })).is(400, /\b(wait|prefer|timeout)\b/i);
    }
  },

  async otherPreferencesAreIgnored() {
    const headers = { Prefer: "respond-async, handling=strict, waiting=x" };
    (await ask("GET", `/${freshNumber()}?timeout=0`, { headers })).is(204);
  },

  async theQuerysTimeoutWinsOverPrefer() {
    const patient = { Prefer: "wait=3600" };
    (await ask("GET", `/${freshNumber()}?timeout=0`, { headers: patient })).is(204);
    const number = freshNumber();
    const hasty = { Prefer: "wait=0" };
    await isHeldUntilSet(await wait(number, { query: "?timeout=60", headers: hasty }), number);
  },

  async otherQueryNamesAreIgnored() {
    const number = freshNumber();
    const query = "?_=0.123&Timeout=x&x&=&&time%6Futs=1&a=%zz&wait=0";
    await isHeldUntilSet(await wait(number, { query }), number);
    (await ask("GET", `/${number}?`)).is(200);
  },

  async headOnlyAsks() {
    const number = freshNumber();
    for (const query of ["", "?timeout=60"]) {
      (await ask("HEAD", `/${number}${query}`)).is(204);
    }
    (await set(number)).is(201);
    (await ask("HEAD", `/${number}`)).is(200);
    (await ask("HEAD", `/${freshNumber()},${number}`)).is(200);
  },

  async aHangUpLeavesTheOthersWaiting() {
    const number = freshNumber();
    const [gone, patient] = [await wait(number), await wait(number)];
    gone.hangUp();
    await isHeldUntilSet(patient, number);
  },

  async aWaitSetsNothing() {
    const number = freshNumber();
    (await wait(number)).hangUp();
    (await ask("GET", `/${number}?timeout=0`)).is(204);
    assert.equal(await isSet(number), false);
  },
};

// With such a cap, a slow machine's other waits would be over before they are set.
const { theNodesCapEndsAWait } = FACTS;
facts("wait", MAX_WAIT ? { theNodesCapEndsAWait } : FACTS);
