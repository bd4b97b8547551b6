// Each client's command by itself: what it derives, its timeouts, and what it says to a mistake and
// to a node that is down, silent or none at all. See clients.mjs for the commands.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { freshNumber } from "../conformance/names.mjs";
import { clients, fake, nobody, missing, run, startNode } from "./clients.mjs";

const VECTORS = JSON.parse(readFileSync(new URL("../vectors.json", import.meta.url), "utf8"));
// Text of every kind; all of the vectors are for each client's own tests.
const DERIVED = VECTORS.derived.filter(({ note = "" }) => /newline|BMP|longer|empty|2\^128/.test(note));
const MALFORMED = ["no-id", "340282366920938463463374607431768211456", "1,2"];
// What another try doesn't mend.
const PAGE = "<p>Log in to the hotel network: doorbell(1); {}</p>\n";
const HOPELESS = {
  IsALoginPage: (response) => response.writeHead(200, { "Content-Type": "text/html" }).end(PAGE),
  IsARedirect: (response) => response.writeHead(302, { Location: "https://elsewhere/" }).end(),
  IsPacked: (response) =>
    response.writeHead(200, { "Content-Encoding": "gzip" }).end(gzipSync('{"set":["1"]}')),
  IsNotThere: (response) => response.writeHead(404).end(),
};
// Clients whose commands tell once what is tried again.
const TELLING = ["node", "python"];
const CONCURRENCY = 12; // tests, of which most stand by
const START_MILLIS = 300_000; // of dozens of commands at once, on a machine that is busy
const LATE_MILLIS = 3_000; // of a wait's end, where no answer comes
const SET_MILLIS = 30_000; // that a command may go on trying to set

let node;

function prints(result, stdout, code = 0) {
  const { words, stderr } = result;
  assert.deepEqual([result.code, result.stdout], [code, stdout], `${words}: ${stderr}`);
}

// An error may come after lines that tell which failures were tried again.
function refuses(result) {
  prints(result, "", 2);
  assert.match(result.stderr, /^([^\n]{10,}\n)+$/, result.words);
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

function notInTime(result) {
  prints(result, "", 1);
  assert.equal(result.stderr, "", result.words);
}

// A machine that is busy may keep the node's "not yet" back for longer than a client waits for it.
async function patiently(command) {
  for (let tries = 0; ; tries++) {
    const result = await command();
    if (result.stderr === "" || tries === 9) return result;
  }
}

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

  test(`${client}GivesUpANodeThatFails`, async (t) => {
    const { url, stop } = await fake((request, response) => response.writeHead(500).end());
    t.after(stop);
    await bothGiveUp(client, url);
  });

  for (const [name, answer] of Object.entries(HOPELESS)) {
    test(`${client}TriesNoSecondTimeWhat${name}`, async (t) => {
      let asked = 0;
      const { url, stop } = await fake((request, response) => {
        asked++;
        answer(response);
      });
      t.after(stop);
      for (const words of [["wait", url, "1"], ["wait", url, "1", "9"], ["set", url, "1"]]) {
        asked = 0;
        const refused = await run(client, words);
        refuses(refused);
        assert.equal(asked, 1, refused.stderr);
      }
    });
  }
}

async function bothGiveUp(client, url) {
  const [waited, ...sets] = await Promise.all([
    run(client, ["wait", url, "1", "1"]),
    run(client, ["set", url, "1"]),
    setAll(client, url, "1", "2"),
  ]);
  refuses(waited); // 1 is for what a node said: not yet
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
    notInTime(await patiently(() => command("wait", node.of(client), id, "0")));
    const ids = `${id},${freshNumber()}`;
    const waited = await patiently(() => command("wait", node.of(client), ids, "1.5"));
    notInTime(waited);
    assert.ok(waited.millis >= 1500, `${waited.millis} ms`);
    within(waited, 1500);
  });

  test(`${client}TellsWhatFailedAndGoesOn`, async (t) => {
    let tries = 0;
    const { url, stop } = await fake((request, response) => {
      response.writeHead(tries++ < 2 ? 503 : 201).end();
    });
    t.after(stop);
    const done = await command("set", url, "1");
    prints(done, "first\n");
    if (TELLING.includes(client.name)) assert.match(done.stderr, /^[^\n]{10,}\n$/);
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
