// Bytes that a proxy and a node may read in two ways: see smuggling.mjs.
import assert from "node:assert/strict";
import { facts, isSet, open, set } from "./wire.mjs";
import { A, B, ROWS } from "./smuggling.mjs";
import { freshNumber } from "./names.mjs";

const AT_A_TIME = 16;


// What a node makes of such bytes, in the words of a row. An honest request comes right behind them;
// its answer, which nobody else's is like, ends the count.
async function readBy(bytes) {
  const [a, b, known] = [freshNumber(), freshNumber(), freshNumber()].map((id) => id.padStart(39, "0"));
  (await set(known)).is(201);
  const wire = await open();
  const honest = `GET /${known}?callback=honest HTTP/1.1\r\nHost: x\r\n\r\n`;
  wire.send(bytes.replaceAll(A, a).replaceAll(B, b) + honest);
  const statuses = [];
  let end = "";
  for (;;) {
    const answer = await wire.answer().catch(() => null);
    if (answer?.body === `honest("${known}");\n`) break;
    if (!answer) end = " end";
    if (!answer) break;
    statuses.push(answer.status);
  }
  wire.hangUp();
  const sets = ((await isSet(a)) ? "A" : "") + ((await isSet(b)) ? "B" : "");
  return `${statuses.join(" ")}${sets && ` ${sets}`}${end}`;
}

facts("smuggling", {
  async bytesAreReadInOneWay() {
    const wrong = [];
    const rows = [...ROWS];
    const lanes = Array.from({ length: AT_A_TIME }, async () => {
      for (let row; (row = rows.shift());) {
        const [name, bytes, wanted] = row;
        const read = await readBy(bytes);
        if (read !== wanted) wrong.push(`${name}: ${read}, not ${wanted}`);
      }
    });
    await Promise.all(lanes);
    assert.ok(ROWS.length >= 100);
    assert.deepEqual(wrong, []);
  },
});
