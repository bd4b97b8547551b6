// The protocol's promises are numbered, and the tests that they name exist, in this folder or among
// those of the documents. Needs no node.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

const here = new URL("./", import.meta.url);
const text = readFileSync(new URL("../protocol.md", here), "utf8");
const cited = [...text.matchAll(/`(\w+\.test\.mjs): (\w+)`/g)];
const promises = [...text.matchAll(/^\*\*P(\d+)\.\*\*/gm)].map(([, number]) => Number(number));

function testsOf(file) {
  const path = ["./", "../../docs/test/"].map((folder) => new URL(folder + file, here)).find(existsSync);
  const source = readFileSync(path, "utf8");
  return [...source.matchAll(/^  async (\w+)\(|^test\('(\w+)'/gm)].map(([, name, told]) => name ?? told);
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
