// Each client's command by itself: what it derives, its timeouts, and what it says to a mistake and
// to a node that is down, silent or none at all. See clients.mjs for the commands.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { freshNumber } from "../conformance/names.mjs";
import { clients, fake, nobody, missing, run, startNode } from "./clients.mjs";

const VECTORS = JSON.parse(readFileSync(new URL("../vectors.json", import.meta.url), "utf8"));
// Text of every kind; all of the vectors are for each client's own tests.
const DERIVED = VECTORS.derived.filter(({ note = "" }) => /newline|BMP|longer|empty|2\^128/.test(note));
const MALFORMED = ["no-id", "340282366920938463463374607431768211456", "1,2"];
const CONCURRENCY = 12; // tests, of which most stand by
const START_MILLIS = 20_000; // of dozens of commands at once, on a machine that is busy
const LATE_MILLIS = 3_000; // of a wait's end, where no answer comes
const SET_MILLIS = 30_000; // that a command may go on trying to set

let node;

function prints(result, stdout, code = 0) {
  const { words, stderr } = result;
  assert.deepEqual([result.code, result.stdout], [code, stdout], `${words}: ${stderr}`);
}

function refuses(result) {
  prints(result, "", 2);
  assert.match(result.stderr, /^[^\n]{10,}\n$/, result.words);
}

function within(result, millis) {
  assert.ok(result.millis < millis + START_MILLIS, `${result.words} took ${result.millis} ms`);
}

before(async () => {
  node = await startNode();
});
after(() => node?.stop());

describe("alone", { concurrency: CONCURRENCY }, () => {
  for (const client of clients) givesUp(client);
  for (const client of clients) answers(client);
});

function setAll(client, url, ...list) {
  return run(client, ["setAll", url], { input: `${list.join("\n")}\n` });
}

// What takes long, and next to no work.
function givesUp(client) {
  test(`${client}GivesUpANodeThatIsDown`, async (t) => {
    const { url, stop } = await nobody();
    t.after(stop);
    await bothGiveUp(client, url);
  });

  test(`${client}GivesUpANodeThatIsSilent`, async (t) => {
    const { url, stop } = await fake(() => {});
    t.after(stop);
    await bothGiveUp(client, url);
  });

  test(`${client}DoesNotBelieveNonsense`, async (t) => {
    const { url, stop } = await fake((request, response) => {
      response.writeHead(200, { "Content-Type": "text/html" });
      response.end("<p>Log in to the hotel network: doorbell(1); {}</p>\n");
    });
    t.after(stop);
    await bothGiveUp(client, url);
  });
}

async function bothGiveUp(client, url) {
  const [waited, ...sets] = await Promise.all([
    run(client, ["wait", url, "1", "1"]),
    run(client, ["set", url, "1"]),
    setAll(client, url, "1", "2"),
  ]);
  assert.ok([1, 2].includes(waited.code), waited.words); // what can't pass is an error at once
  assert.equal(waited.stdout, "", waited.words);
  within(waited, 1000 + LATE_MILLIS);
  for (const set of sets) {
    refuses(set);
    within(set, SET_MILLIS);
  }
}

function answers(client) {
  const command = (...words) => run(client, words);

  test(`${client}IsThere`, () => {
    assert.equal(missing(client), undefined, `${client.command.join(" ")} is not all there`);
  });

  test(`${client}DerivesAsTheVectorsSay`, async () => {
    assert.equal(DERIVED.length, 5);
    for (const { secret, topic, version, id, key } of DERIVED) {
      prints(await command("derive", secret, topic, version), `${id} ${key}\n`);
    }
    refuses(await command("derive", "secret", "topic", "01"));
    refuses(await command("derive", "", "topic", "1"));
  });

  test(`${client}RefusesAMalformedIdAndSetsNothing`, async () => {
    for (const id of MALFORMED) refuses(await command("set", node.of(client), id));
    for (const id of ["no-id", `1,${MALFORMED[1]}`, "1,,2"]) {
      refuses(await command("wait", node.of(client), id, "5"));
    }
    const id = freshNumber();
    refuses(await setAll(client, node.of(client), id, "no-id"));
    refuses(await setAll(client, node.of(client), id, "", id));
    assert.equal(await node.isSet(id), false);
  });

  test(`${client}RefusesWhatIsNoCommand`, async () => {
    refuses(await command());
    refuses(await command("unset", node.of(client), "1"));
    refuses(await command("set", "not a url", "1"));
    refuses(await command("wait", node.of(client), "1", "soon"));
  });

  test(`${client}TellsThatAWaitIsNotInTime`, async () => {
    const id = freshNumber();
    prints(await command("wait", node.of(client), id, "0"), "", 1);
    const waited = await command("wait", node.of(client), `${id},${freshNumber()}`, "1.5");
    prints(waited, "", 1);
    assert.ok(waited.millis >= 1500, `${waited.millis} ms`);
    within(waited, 1500);
  });

  test(`${client}TriesASetAgainUntilItIsStored`, async (t) => {
    let tries = 0;
    const { url, stop } = await fake((request, response) => {
      tries++;
      if (tries === 1) request.socket.destroy();
      else response.writeHead(tries === 2 ? 503 : 201).end();
    });
    t.after(stop);
    prints(await command("set", url, "1"), "first\n");
    assert.equal(tries, 3);
  });
}
