// The protocol's promises are numbered, and the tests of this folder that they name exist. Needs
// no node.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const here = new URL("./", import.meta.url);
const text = readFileSync(new URL("../protocol.md", here), "utf8");
const cited = [...text.matchAll(/`(\w+\.test\.mjs): (\w+)`/g)];
const promises = [...text.matchAll(/^\*\*P(\d+)\.\*\*/gm)].map(([, number]) => Number(number));

function testsOf(file) {
  const source = readFileSync(new URL(file, here), "utf8");
  return [...source.matchAll(/^  async (\w+)\(/gm)].map(([, name]) => name);
}

test("promisesAreNumberedInOrder", () => {
  assert.ok(promises.length > 0);
  assert.deepEqual(promises, promises.map((_, index) => index + 1));
});

test("everyTestThatAPromiseNamesExists", () => {
  for (const [, file, name] of cited) {
    assert.ok(testsOf(file).includes(name), `there is no ${file}: ${name}`);
  }
});
