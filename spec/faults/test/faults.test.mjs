// What is not synced may go, and what is synced stays; and the parts of a run miss what is lost.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Random } from "../../hostile/random.mjs";
import { LastingChecker } from "../checker.mjs";
import { Disk } from "../journal.mjs";
import { power } from "../power.mjs";
import { lacksShim } from "../shim.mjs";

const ROOT = 1n;
const [FOLDER, FILE, OTHER] = [2n, 3n, 4n];

function disk(...ops) {
  const made = new Disk(ROOT);
  for (const [op, file, bytes = "", at = 0] of ops) {
    made.do({ op, file, at, bytes: Buffer.from(bytes) });
  }
  return made;
}

function texts(image) {
  return Object.fromEntries([...image].map(([path, bytes]) => [path, bytes && bytes.toString()]));
}

const MADE = [["mkdir", FOLDER, "d"], ["sync", ROOT], ["create", FILE, "d/a"], ["sync", FOLDER]];

test("whatIsSyncedStays", () => {
  const made = disk(...MADE, ["write", FILE, "one"], ["sync", FILE], ["write", FILE, "two", 3]);
  assert.deepEqual(texts(made.left("none")), { d: null, "d/a": "one" });
  assert.deepEqual(texts(made.left("all")), { d: null, "d/a": "onetwo" });
  assert.equal(made.unsynced, 1);
});

test("aWriteThatIsDurableByItselfStays", () => {
  const made = disk(...MADE, ["durable write", FILE, "one"]);
  assert.deepEqual(texts(made.left("none")), { d: null, "d/a": "one" });
});

test("whatAFailedSyncDroppedNoLaterSyncKeeps", () => {
  const made = disk(...MADE, ["write", FILE, "one"], ["failed sync", FILE], ["sync", FILE]);
  assert.deepEqual(texts(made.left("none")), { d: null, "d/a": "" });
});

test("aFolderWhoseNameIsNotSyncedTakesAllAlong", () => {
  const made = disk(["mkdir", FOLDER, "d"], ["create", FILE, "d/a"], ["sync", FOLDER],
    ["write", FILE, "one"], ["sync", FILE]);
  assert.deepEqual(texts(made.left("none")), {});
});

test("aNameThatIsNotSyncedIsTheOneBefore", () => {
  const made = disk(...MADE, ["write", FILE, "old"], ["sync", FILE], ["create", OTHER, "d/b"],
    ["write", OTHER, "new"], ["sync", OTHER], ["rename", 0n, "d/b\nd/a"]);
  assert.deepEqual(texts(made.left("none")), { d: null, "d/a": "old" });
  assert.deepEqual(texts(made.left("all")), { d: null, "d/a": "new" });
});

test("partsOfAWriteAreSectors", () => {
  const made = disk(...MADE, ["write", FILE, "x".repeat(1_200)]);
  const random = new Random("sectors");
  const lengths = new Set(random.times(50, () => made.left(random).get("d/a")?.length ?? -1));
  assert.deepEqual([...lengths].sort((a, b) => a - b), [0, 1_200]);
  const mixed = random.times(50, () => made.left(random).get("d/a").toString("latin1"))
    .filter((text) => text.includes("x") && text.includes("\0"));
  assert.ok(mixed.length > 0);
  for (const text of mixed) assert.match(text, /^(x{512}|\0{512})(x{512}|\0{512})(x{176}|\0{176})$/);
});

test("aNodeThatAcknowledgesBeforeTheSyncIsCaught", { skip: lacksShim() ?? false }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "doorbell-faults-"));
  try {
    const checker = new LastingChecker(60_000);
    await power({ folder, checker, random: new Random("os"), rounds: 1, tell() {}, sync: "os" });
    assert.match(checker.faults[0] ?? "", /of \d+ acknowledged sets are lost/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
