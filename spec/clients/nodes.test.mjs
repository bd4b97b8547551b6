// Each client's command with several nodes: two over one Redis, of which one hangs and then is no
// more, and servers that say what a node may say. See clients.mjs for the commands.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { freshNumber, freshSealed } from "../conformance/names.mjs";
import { between, clients, fake, mute, nobody, run, serve } from "./clients.mjs";

const LONG = "600"; // seconds, of a wait that ends by a set
// Seconds, which no client asks of a node that it hasn't heard yet; later it asks for 20 to 25.
const HELD = 15;
const PARTED = "9"; // seconds of a wait, of which each of three nodes gets some 3.7
const WOKEN_MILLIS = 8_000; // of 25 s in which a node looks up what it was not told of
const TOKEN = "a-token_of~the/shop+0==";
const NO_REDIS = spawnSync("redis-server", ["--version"]).error && "there is no redis-server";

function prints(result, stdout) {
  const { words, stderr } = result;
  assert.deepEqual([result.code, result.stdout], [0, stdout], `${words}: ${stderr}`);
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

// Another one may take the port meanwhile, so there are some tries.
async function startRedis() {
  for (let tries = 0; tries < 5; tries++) {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), "doorbell-redis-"));
    const words = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", folder];
    const redis = spawn("redis-server", words, { stdio: ["ignore", "pipe", "inherit"] });
    const stop = () => {
      redis.kill();
      rmSync(folder, { recursive: true });
    };
    process.once("exit", () => redis.kill());
    for await (const line of createInterface({ input: redis.stdout })) {
      if (!line.includes("Ready to accept connections")) continue;
      redis.stdout.resume();
      return { url: `redis://127.0.0.1:${port}`, stop };
    }
    stop();
  }
  throw new Error("redis-server did not start");
}

async function isSet(node, id) {
  return (await fetch(`${node.url}/${id}?timeout=0`)).status === 200;
}

describe("two nodes over Redis", { skip: NO_REDIS, concurrency: false }, () => {
  let redis;
  let nodes = [];

  before(async () => {
    redis = await startRedis();
    nodes = await Promise.all([1, 2].map(() => serve("--store", redis.url)));
    for (const { url } of nodes) {
      while ((await fetch(`${url}/${freshNumber()}`, { method: "POST" })).status !== 201);
    }
  });
  after(async () => {
    await Promise.all(nodes.map(({ stop }) => stop()));
    redis?.stop();
  });

  async function allSet() {
    const [, other] = nodes;
    const list = nodes.map(({ url }) => url).join();
    await Promise.all(clients.map(async (client) => {
      const [id, many, sealed] = [freshNumber(), freshNumber(), freshSealed()];
      prints(await run(client, ["set", list, id]), "first\n");
      prints(await run(client, ["set", list, sealed.id, sealed.key]), "first\n");
      const input = `${many}\n${sealed.id} ${sealed.key}\n`;
      prints(await run(client, ["setAll", list], { input }), "1 1\n");
      for (const one of [id, many, sealed.id]) assert.ok(await isSet(other, one), client.name);
    }));
  }

  test("whatIsSetAtOneEndsAWaitAtTheOther", async (t) => {
    const [one, other] = nodes.map(({ url }) => url);
    const door = await between(one);
    t.after(door.stop);
    await Promise.all(clients.map(async (client) => {
      const id = freshNumber();
      const wait = run(client, ["wait", `${door.url},${other}`, id, LONG]);
      await door.waitsFor(id, HELD);
      prints(await run(client, ["set", `${other},${one}`, id]), "first\n");
      const began = performance.now();
      prints(await wait, `${id}\n`);
      assert.ok(performance.now() - began < WOKEN_MILLIS, `${client} was not woken`);
      assert.equal(door.countAfter(id, HELD), 0, `${client} had to look again`);
    }));
  });

  test("allClientsSetAtTheOtherWhereOneHangs", async () => {
    nodes[0].signal("SIGSTOP");
    try {
      await allSet();
    } finally {
      nodes[0].signal("SIGCONT");
    }
  });

  test("allClientsSetAtTheOtherWhereOneIsNoMore", async () => {
    nodes[0].signal("SIGKILL");
    await allSet();
  });
});

describe("several nodes", { concurrency: true }, () => {
  for (const client of clients) {
    test(`${client}AsksTheNextNodeWhereOneIsDownOrFullEachWithTheToken`, async (t) => {
      const asked = [];
      const says = (status) => fake(({ headers }, response) => {
        asked.push([status, headers.authorization]);
        response.writeHead(status).end();
      });
      const [down, full, next] = [await nobody(), await says(503), await says(201)];
      for (const { stop } of [down, full, next]) t.after(stop);
      const list = [down.url.replace("http", "https"), full.url, full.url, next.url].join();
      const environment = { DOORBELL_TOKEN: TOKEN };
      prints(await run(client, ["set", list, "1"], { environment }), "first\n");
      assert.deepEqual(asked, [[503, `Bearer ${TOKEN}`], [201, `Bearer ${TOKEN}`]]);
    });

    test(`${client}LeavesNodesThatHangInAWait`, async (t) => {
      const next = await fake((request, response) => response.end('{"set":["1"]}'));
      const silent = await fake(() => {});
      const deaf = await mute();
      for (const { stop } of [silent, deaf, next]) t.after(stop);
      const list = [silent.url, deaf.url.replace("http", "https"), next.url].join();
      prints(await run(client, ["wait", list, "1", PARTED]), "1\n");
    });

    test(`${client}TriesARefusalNowhereElseAndNamesAllThatItTried`, async (t) => {
      const down = await nobody();
      const refusing = await fake((request, response) => response.writeHead(403).end());
      let asked = 0;
      const next = await fake((request, response) => {
        asked++;
        response.writeHead(201).end();
      });
      for (const { stop } of [down, refusing, next]) t.after(stop);
      const list = [down, refusing, next].map(({ url }) => url).join();
      const { code, stdout, stderr } = await run(client, ["set", list, "1"]);
      assert.deepEqual([code, stdout, asked], [2, "", 0], stderr);
      const last = stderr.trimEnd().split("\n").at(-1);
      for (const { url } of [down, refusing]) assert.ok(last.includes(url), stderr);
      assert.match(last, /403/);
    });
  }
});
