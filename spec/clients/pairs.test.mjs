// Whatever one client sets, every client sees: a client that waited before, and one that comes
// later. See clients.mjs for the commands.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { decimalOf, freshNumber, freshSealed, freshUuid, uuidOf } from "../conformance/names.mjs";
import { clients, run, startNode } from "./clients.mjs";

const LONG = "600"; // seconds, of a wait that ends by a set
const CONCURRENCY = 4; // tests, of two cores or more

let node;

function set(client, ...words) {
  return run(client, ["set", node.of(client), ...words]);
}

function prints(result, stdout, code = 0) {
  const { words, stderr } = result;
  assert.deepEqual([result.code, result.stdout], [code, stdout], `${words}: ${stderr}`);
}

function refuses(result) {
  prints(result, "", 2);
  assert.match(result.stderr, /^[^\n]+\n$/, result.words);
}

function lines(ids) {
  return ids.map((id) => `${id}\n`).join("");
}

// Every client waits for one of the ids while `work` is done; gives what each printed. A wait that
// ends before its request was on its way has failed, and the check of what it printed tells how.
async function whileAllWait(ids, work) {
  const list = ids.join();
  const waits = clients.map((client) => run(client, ["wait", node.of(client), list, LONG]));
  await Promise.all(clients.map((client, i) => Promise.race([node.waitsFor(client, list), waits[i]])));
  await work();
  return Promise.all(waits);
}

async function allSee(ids) {
  const list = ids.join();
  const asks = clients.map((client) => run(client, ["wait", node.of(client), list, LONG]));
  for (const asked of await Promise.all(asks)) prints(asked, lines(ids));
}

before(async () => {
  node = await startNode();
});
after(() => node?.stop());

describe("pairs", { concurrency: CONCURRENCY }, () => {
  for (const setter of clients) {
    test(`${setter}SetsANumberThatAllWaitFor`, async () => {
      const id = freshNumber();
      const waited = await whileAllWait([id], async () => {
        prints(await set(setter, id), "first\n");
      });
      for (const wait of waited) prints(wait, lines([id]));
      prints(await set(setter, id), "already\n");
      await allSee([id]);
    });

    test(`${setter}SetsAUuidWhoseNumberAllWaitFor`, async () => {
      const uuid = freshUuid();
      const waited = await whileAllWait([decimalOf(uuid)], async () => {
        prints(await set(setter, uuid.toUpperCase()), "first\n");
      });
      for (const wait of waited) prints(wait, lines([decimalOf(uuid)]));
    });

    test(`${setter}SetsANumberWhoseUuidAllSee`, async () => {
      const id = freshNumber();
      prints(await set(setter, id), "first\n");
      await allSee([uuidOf(id).toUpperCase()]);
    });

    test(`${setter}SetsASealedIdByItsKeyAlone`, async () => {
      const { id, key } = freshSealed();
      const waited = await whileAllWait([id], async () => {
        for (const words of [[], ["wrong"], [`${key}x`]]) refuses(await set(setter, id, ...words));
        assert.equal(await node.isSet(id), false);
        prints(await set(setter, id, key), "first\n");
      });
      for (const wait of waited) prints(wait, lines([id]));
      refuses(await set(setter, id, "wrong"));
    });

    test(`${setter}SetsAVersionThatItDerived`, async () => {
      const topic = `room/${freshNumber()}`;
      const derived = await run(setter, ["derive", "secret", topic, "7"]);
      prints(derived, derived.stdout);
      const [id, key] = derived.stdout.trim().split(" ");
      const waited = await whileAllWait([id], async () => {
        prints(await set(setter, id, key), "first\n");
      });
      for (const wait of waited) prints(wait, lines([id]));
    });

    test(`${setter}SetsManyAndCountsThem`, async () => {
      const [one, other, unset] = [freshNumber(), freshUuid(), freshNumber()];
      const sealed = freshSealed();
      const setAll = (...list) =>
        run(setter, ["setAll", node.of(setter)], { input: lines(list) });
      const ids = [sealed.id, unset, one, other];
      const waited = await whileAllWait(ids, async () => {
        refuses(await setAll(one, "no-id", other));
        refuses(await setAll(one, `${sealed.id} wrong`, other));
        refuses(await setAll(one, sealed.id));
        for (const id of ids) assert.equal(await node.isSet(id), false, "all or nothing");
        const all = await setAll(one, other, `${sealed.id} ${sealed.key}`, one);
        prints(all, "3 1\n");
      });
      // The first that is set ends a wait, and others may be set by then.
      for (const wait of waited) {
        const printed = wait.stdout.split("\n").slice(0, -1);
        assert.ok(printed.length > 0, `${wait.words}: ${wait.stderr}`);
        assert.deepEqual(printed, ids.filter((id) => id !== unset && printed.includes(id)));
      }
      for (const client of clients) {
        const late = await run(client, ["wait", node.of(client), ids.join(), LONG]);
        prints(late, lines(ids.filter((id) => id !== unset)));
      }
    });
  }
});
