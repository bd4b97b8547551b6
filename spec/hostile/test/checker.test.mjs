// The checker sees each lie of a node, and none where there is none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { tryNode } from "../run.mjs";
import { FakeNode } from "./fake.mjs";

const PLACES = { perAddress: 60, all: 220 };
// What the checker says of each lie.
const LIES = {
  "false 200": /was told that \d+ is set, which nobody ever set|is set, and nobody ever set it/,
  "two firsts": /two setters of \w+ were the first/,
  "loses a wake": /who waits for \w+, gets no answer/,
  "forgets a set": /sets were answered and are gone|who waits for \w+, gets no answer/,
  "cuts a setter": /the honest .* was cut off, though it keeps the rules/,
  "answers no setter": /the honest .* gets no answer/,
  "leaks a place": /places of 127\.0\.0\.\d stay taken/,
};

async function faultsOf(lie, { crowds = [], patience, cases }) {
  const node = await new FakeNode(PLACES, lie).listen();
  try {
    const { faults } = await tryNode(node, {
      seed: "checker", millis: 60_000, patience, loops: 1, places: PLACES, crowds,
      protocols: ["http1", "websocket"], only: Array.from({ length: cases }, (_, at) => at + 1),
    });
    return faults;
  } finally {
    node.stop();
  }
}

test("anHonestNodeHasNoFault", async () => {
  const crowds = ["webSockets"];
  assert.deepEqual(await faultsOf(null, { crowds, patience: 60_000, cases: 3 }), []);
});

for (const [lie, sentence] of Object.entries(LIES)) {
  test(`aNodeThat_${lie.replaceAll(" ", "_")}_isCaught`, async () => {
    const faults = await faultsOf(lie, { patience: 5_000, cases: 10 });
    assert.ok(faults.some((fault) => sentence.test(fault)), `${lie}: ${faults.join("\n")}`);
  });
}
