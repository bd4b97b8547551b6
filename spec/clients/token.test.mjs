// Each client's command at a node that wants a token of who sets: it comes from DOORBELL_TOKEN, goes
// with sets alone, and what the node refuses is an error at once.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freshNumber } from "../conformance/names.mjs";
import { clients, missing, run, serve } from "./clients.mjs";

const TOKEN = "a-token_of~the/shop+0==";
const AT_ONCE_MILLIS = 300_000; // on a machine that is busy

let node;
let folder;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "doorbell-tokens-"));
  const file = join(folder, "tokens");
  writeFileSync(file, `shop ${TOKEN}\n`);
  chmodSync(file, 0o600);
  node = await serve("--set-policy", "token", "--set-token-file", file);
});
after(async () => {
  await node?.stop();
  rmSync(folder, { recursive: true });
});

function refuses(result, status) {
  assert.deepEqual([result.code, result.stdout], [2, ""], result.stderr);
  assert.match(result.stderr, /\btoken\b/, result.words);
  assert.ok(!result.stderr.includes(TOKEN), result.words);
  assert.ok(result.millis < AT_ONCE_MILLIS, `${status}: ${result.words} took ${result.millis} ms`);
}

describe("token", { concurrency: 4 }, () => {
  for (const client of clients) {
    const skip = missing(client) && `${missing(client)} is not there`;

    test(`${client}SetsByTheTokenOfItsEnvironment`, { skip }, async () => {
      const [one, two] = [freshNumber(), freshNumber()];
      const environment = { DOORBELL_TOKEN: TOKEN };
      const set = await run(client, ["set", node.url, one], { environment });
      assert.deepEqual([set.code, set.stdout], [0, "first\n"], set.stderr);
      const many = await run(client, ["setAll", node.url], { input: `${one}\n${two}\n`, environment });
      assert.deepEqual([many.code, many.stdout], [0, "1 1\n"], many.stderr);
    });

    test(`${client}WaitsWithoutOne`, { skip }, async () => {
      const id = freshNumber();
      const headers = { Authorization: `Bearer ${TOKEN}` };
      assert.equal((await fetch(`${node.url}/${id}`, { method: "POST", headers })).status, 201);
      const wait = await run(client, ["wait", node.url, id, "60"], {});
      assert.deepEqual([wait.code, wait.stdout], [0, `${id}\n`], wait.stderr);
    });

    test(`${client}IsRefusedAtOnceWithoutATokenOrWithAnother`, { skip }, async () => {
      const id = freshNumber();
      refuses(await run(client, ["set", node.url, id]), 401);
      refuses(await run(client, ["setAll", node.url], { input: id }), 401);
      const environment = { DOORBELL_TOKEN: `${TOKEN}=` };
      refuses(await run(client, ["set", node.url, id], { environment }), 403);
      assert.equal((await fetch(`${node.url}/${id}?timeout=0`)).status, 204);
    });

    test(`${client}RefusesWhatIsNoToken`, { skip }, async () => {
      const environment = { DOORBELL_TOKEN: "two words" };
      const set = await run(client, ["set", node.url, freshNumber()], { environment });
      assert.equal(set.code, 2);
      assert.match(set.stderr, /token has letters/i);
      assert.ok(!set.stderr.includes("two words"));
    });
  }
});
