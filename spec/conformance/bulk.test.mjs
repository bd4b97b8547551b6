// POST / sets many, a line each: all of them or, when a line is wrong, none.
import { ask, facts, nothingIsSet, set, wait } from "./wire.mjs";
import { decimalOf, freshNumber, freshSealed, freshUuid, times } from "./names.mjs";

async function setMany(body, { query = "", headers } = {}) {
  return ask("POST", `/${query}`, { body, headers });
}

function counted(answer, wasSet, already) {
  return answer.is(200)
    .has("Content-Type", /^application\/json\b/)
    .says(`{"set":${wasSet},"already":${already}}\n`);
}

// A body whose second line is wrong is refused by that line's number, and sets nothing.
async function lineIsRefused(line, status, end = "\n") {
  const [before, after] = times(2, freshNumber);
  const answer = await setMany(`${before}${end}${line}${end}${after}${end}`);
  answer.is(status, /\bline 2\b/i);
  await nothingIsSet(before, after);
}

facts("bulk", {
  async aLineEachSetsMany() {
    const ids = [freshNumber(), freshUuid(), freshNumber()];
    counted(await setMany(ids.join("\n")), 3, 0);
    for (const id of ids) (await set(id)).is(200);
  },

  async whatWasSetBeforeCountsAsAlready() {
    const [old, fresh] = times(2, freshNumber);
    (await set(old)).is(201);
    counted(await setMany(`${old}\n${fresh}\n`), 1, 1);
    counted(await setMany(`${old}\n${fresh}\n`), 0, 2);
  },

  async anIdTwiceCountsOnceAsSetAndOnceAsAlready() {
    const uuid = freshUuid();
    counted(await setMany(`${uuid}\n${decimalOf(uuid)}\n${uuid.toUpperCase()}\n`), 1, 2);
  },

  async lfAndCrlfBothEndALineAndTheLastIsOptional() {
    for (const [end, last] of [["\n", ""], ["\n", "\n"], ["\r\n", ""], ["\r\n", "\r\n"]]) {
      const { id, key } = freshSealed();
      counted(await setMany(`${freshNumber()}${end}${id} ${key}${last}`), 2, 0);
    }
  },

  async aSealedLineCarriesItsKey() {
    const sealed = times(50, freshSealed);
    counted(await setMany(sealed.map(({ id, key }) => `${id} ${key}\n`).join("")), 50, 0);
    (await ask("GET", `/${sealed[49].id}`)).is(200);
  },

  async aKeyAfterAPlainIdIsIgnored() {
    const id = freshNumber();
    counted(await setMany(`${id} any-key`), 1, 0);
    (await ask("GET", `/${id}`)).is(200);
  },

  async aBulkSetEndsWaits() {
    const ids = times(3, freshNumber);
    const waiting = await Promise.all(ids.map((id) => wait(id)));
    counted(await setMany(ids.join("\n")), 3, 0);
    for (const wire of waiting) {
      (await wire.answer()).is(200);
      wire.hangUp();
    }
  },

  async tenThousandLinesAreTaken() {
    const ids = times(10_000, freshNumber);
    counted(await setMany(`${ids.join("\n")}\n`), 10_000, 0);
    for (const id of [ids[0], ids[4_999], ids[9_999]]) (await ask("GET", `/${id}`)).is(200);
  },

  async tenThousandSealedLinesWithTheLongestKeysFit() {
    const { id, key } = freshSealed();
    const line = `${id} ${key}\r\n`;
    counted(await setMany(line.repeat(10_000)), 1, 9_999);
  },

  async oneLineMoreIsRefusedAndSetsNothing() {
    const ids = times(10_001, freshNumber);
    (await setMany(ids.join("\n"))).is(413, /10,?000/);
    await nothingIsSet(ids[0], ids[5_000], ids[10_000]);
  },

  async aBadLineInTheMiddleIsNamedAndNothingIsSet() {
    const ids = times(10_000, freshNumber);
    const lines = ids.with(4_999, "bad");
    (await setMany(lines.join("\n"))).is(400, /\bline 5,?000\b/i);
    await nothingIsSet(ids[0], ids[4_998], ids[5_000], ids[9_999]);
  },

  async aBadFirstOrLastLineIsNamedToo() {
    const id = freshNumber();
    (await setMany(`-1\n${id}`)).is(400, /\bline 1\b/i);
    (await setMany(`${id}\n${id}\n${"1".repeat(40)}`)).is(400, /\bline 3\b/i);
    await nothingIsSet(id);
  },

  async aMalformedIdIsRefusedByItsLine() {
    const many = `${freshNumber()},${freshNumber()}`;
    for (const id of ["abc", "-1", "1".repeat(40), many, "%31", "schlüssel"]) {
      await lineIsRefused(id, 400);
    }
  },

  async anEmptyLineIsRefusedByItsNumber() {
    await lineIsRefused("", 400);
    await lineIsRefused("", 400, "\r\n");
    const id = freshNumber();
    (await setMany(`\n${id}`)).is(400, /\bline 1\b/i);
    (await setMany(`${id}\n\n`)).is(400, /\bline 2\b/i);
    await nothingIsSet(id);
  },

  async threeWordsOnALineAreRefused() {
    await lineIsRefused(`${freshNumber()} one two`, 400);
    const { id, key } = freshSealed();
    await lineIsRefused(`${id} ${key} more`, 400);
  },

  async aMalformedKeyIsRefusedByItsLine() {
    for (const key of ["x".repeat(129), "schlüssel", "a\u007fb", "a\u0000b"]) {
      await lineIsRefused(`${freshSealed().id} ${key}`, 400);
    }
  },

  async aSealedLineWithoutItsKeyIsRefused() {
    const { id } = freshSealed();
    await lineIsRefused(id, 403);
    await nothingIsSet(id);
  },

  async aSealedLineWithAWrongKeyIsRefused() {
    const { id } = freshSealed();
    await lineIsRefused(`${id} ${freshSealed().key}`, 403);
    await nothingIsSet(id);
  },

  async anEmptyBodyIsRefused() {
    (await setMany("")).is(400);
    (await setMany(undefined)).is(400);
  },

  async theContentTypeIsNotLookedAt() {
    for (const type of ["application/json", "text/plain; charset=utf-16", "nonsense"]) {
      counted(await setMany(freshNumber(), { headers: { "Content-Type": type } }), 1, 0);
    }
  },

  async aBulkSetMayBeChunked() {
    const line = `${freshNumber()}\n`;
    const headers = { "Transfer-Encoding": "chunked" };
    const body = `3\r\n${line.slice(0, 3)}\r\n${(line.length - 3).toString(16)}\r\n` +
      `${line.slice(3)}\r\n0\r\n\r\n`;
    counted(await setMany(body, { headers }), 1, 0);
  },

  async aBulkSetMayBeSpread() {
    const id = freshNumber();
    (await setMany(id, { query: "?spread=x" })).is(400, /\bspread\b/i);
    (await setMany(id, { query: "?spread=3601" })).is(400, /\bspread\b/i);
    await nothingIsSet(id);
    counted(await setMany(id, { query: "?spread=1.5" }), 1, 0);
    (await ask("GET", `/${id}`)).is(200);
  },
});
