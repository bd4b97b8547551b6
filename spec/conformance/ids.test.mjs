// What names an event variable, and which texts name the same one.
import { readFileSync } from "node:fs";
import { ask, facts, ID_RULE, isSet, nothingIsSet, set, wait } from "./wire.mjs";
import {
  decimalOf, freshNumber, freshSealed, freshSmallNumber, freshUuid, times, uuidOf,
} from "./names.mjs";

const vectors = JSON.parse(readFileSync(new URL("../vectors.json", import.meta.url)));
const LARGEST = "340282366920938463463374607431768211455";

async function isNoId(text) {
  const path = `/${encodeURIComponent(text)}`;
  (await ask("GET", `${path}?timeout=0`)).is(400, ID_RULE);
  (await ask("POST", path)).is(400, ID_RULE);
}

async function areOneVariable(one, other, key) {
  (await set(one, key)).is(201);
  (await set(other, key)).is(200);
  (await ask("GET", `/${other}`)).is(200);
}

// The vectors are the same in every run, so the first set may have been made long ago.
async function isSetByItsKey(id, key) {
  await set(id, key);
  (await set(id, key)).is(200);
  (await ask("GET", `/${id}`)).is(200).says(`doorbell("${id}");\n`);
}

facts("ids", {
  async everyValidVectorIsAnId() {
    for (const { text } of vectors.ids.valid) {
      const answer = await ask("GET", `/${text}?timeout=0`);
      answer.must(answer.status === 200 || answer.status === 204, `${text} is an id`);
    }
  },

  async everyInvalidVectorIsRefused() {
    const alone = vectors.ids.invalid.filter(({ text }) => text !== "" && text !== "1,2");
    for (const { text } of alone) await isNoId(text);
  },

  async aSetVectorIsNamedByItsLiteral() {
    for (const { text, kind, literal } of vectors.ids.valid) {
      if (kind === "sealed") continue;
      await set(text);
      (await ask("GET", `/${text}`)).is(200).says(`doorbell(${literal});\n`);
    }
  },

  async aSealedVectorIsSetByItsKey() {
    for (const { key, id } of vectors.sealed) await isSetByItsKey(id, key);
  },

  async aDerivedVectorIsSetByItsKey() {
    for (const { key, id } of vectors.derived) await isSetByItsKey(id, key);
  },

  async aUuidVectorIsItsDecimal() {
    for (const { uuid, decimal } of vectors.uuids) {
      await set(uuid);
      (await ask("POST", `/${decimal}`)).is(200);
    }
  },

  async aNumberBelow2To128IsAnId() {
    await set(LARGEST);
    (await ask("GET", `/${LARGEST}`)).is(200).says(`doorbell("${LARGEST}");\n`);
  },

  async theNumber2To128IsRefused() {
    await isNoId("340282366920938463463374607431768211456");
  },

  async fortyDigitsAreRefusedEvenWithLeadingZeros() {
    await isNoId("1".repeat(40));
    await isNoId("0".repeat(39) + "7");
  },

  async leadingZerosDoNotMatter() {
    const number = freshSmallNumber();
    await areOneVariable(number, `000${number}`);
  },

  async aUuidAndItsDecimalAreOneVariable() {
    const uuid = freshUuid();
    await areOneVariable(uuid, decimalOf(uuid));
    const number = freshNumber();
    await areOneVariable(number, uuidOf(number));
  },

  async aUuidMayBeInAnyCase() {
    const uuid = freshUuid();
    await areOneVariable(uuid, uuid.toUpperCase());
  },

  async aSealedIdMayBeInAnyCase() {
    const { id, key } = freshSealed();
    await areOneVariable(id.toUpperCase(), id, key);
  },

  async aSealedIdIsNeverTheSameAsANumber() {
    const { id, key } = freshSealed();
    (await set(id, key)).is(201);
    const halves = [id.slice(0, 32), id.slice(32)].map((hex) => BigInt(`0x${hex}`).toString());
    await nothingIsSet(...halves);

    const number = freshNumber();
    (await set(number)).is(201);
    const hex = BigInt(number).toString(16).padStart(32, "0");
    await nothingIsSet(hex.padStart(64, "0"), hex.padEnd(64, "0"), hex + hex);
  },

  async sixtyFourDecimalDigitsAreASealedId() {
    const digits = times(64, () => Math.floor(Math.random() * 10)).join("");
    await nothingIsSet(digits);
    (await set(digits)).is(403);
  },

  async anAnswerNamesAnIdInTheTextItWasAskedBy() {
    const uuid = freshUuid();
    const texts = [uuid, uuid.toUpperCase(), decimalOf(uuid)];
    await set(uuid);
    for (const text of texts) {
      (await ask("GET", `/${text}`)).is(200).says(`doorbell("${text}");\n`);
      (await ask("GET", `/${text}`, { headers: { Accept: "application/json" } }))
        .is(200).says(`{"set":["${text}"]}\n`);
    }
  },

  async anIdMayBePercentEncoded() {
    const number = freshSmallNumber();
    const encoded = [...number].map((digit) => `%3${digit}`).join("");
    (await ask("POST", `/${encoded}`)).is(201);
    (await ask("GET", `/${encoded}`)).is(200).says(`doorbell(${number});\n`);
    (await ask("GET", `/${freshNumber()}%2C${number}`)).is(200).says(`doorbell(${number});\n`);
    const { id, key } = freshSealed();
    (await set(id, key)).is(201);
    const hex = id.replaceAll("a", "%61").replaceAll("b", "%62");
    (await ask("GET", `/${hex}`)).is(200).says(`doorbell("${id}");\n`);
  },

  async aBadPercentEscapeIsRefused() {
    for (const text of ["%", "%3", "%zz", "1%", "%-1", "5%2F6", "%ff", "%00"]) {
      (await ask("GET", `/${text}?timeout=0`)).is(400);
    }
  },

  async anEmptyItemInAListIsRefused() {
    const number = freshNumber();
    for (const list of [`${number},`, `,${number}`, `${number},,${freshNumber()}`, ","]) {
      (await ask("GET", `/${list}?timeout=0`)).is(400, ID_RULE);
    }
  },

  async sixtyFourIdsMakeAWait() {
    const sealed = times(64, freshSealed);
    const list = sealed.map(({ id }) => id);
    (await ask("GET", `/${list.join(",")}?timeout=0`)).is(204);
    const waiting = await wait(list);
    (await set(list[63], sealed[63].key)).is(201);
    (await waiting.answer()).is(200).says(`doorbell("${list[63]}");\n`);
    waiting.hangUp();
  },

  async sixtyFiveIdsAreRefused() {
    const list = times(65, freshNumber).join(",");
    (await ask("GET", `/${list}`)).is(400, /\b64\b/);
  },

  async aRefusedListIsNotWaitedFor() {
    const number = freshNumber();
    (await set(number)).is(201);
    (await ask("GET", `/${number},abc`)).is(400, ID_RULE);
  },

  async aSetNamesOneId() {
    const [one, other] = times(2, freshNumber);
    (await ask("POST", `/${one},${other}`)).is(400, ID_RULE);
    await nothingIsSet(one, other);
  },

  async anUnknownIdIsUnset() {
    for (const id of [freshNumber(), freshUuid(), freshSealed().id]) {
      (await ask("GET", `/${id}?timeout=0`)).is(204);
      if (await isSet(id)) throw new Error(`${id} is set, though nobody set it`);
    }
  },
});
