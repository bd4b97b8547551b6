// A node under load is killed by SIGKILL at a random moment, again and again on the same store.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Load, lostOf } from "./load.mjs";
import { LastingNode } from "./node.mjs";

// Until the next kill, and within a start.
const MOST_SETS = 400;
const MOST_MILLIS = 900;
const OLD_SETS = 640;

export async function kill({ folder, random, checker, rounds, until, tell, sync }) {
  const node = new LastingNode({ folder, store: `rocksdb:${join(folder, "store")}`,
    options: ["--sync", sync] });
  let looked = 0;
  try {
    await node.start();
    const load = new Load(node, checker, random).begin();
    let kills = 0;
    while (kills < rounds && Date.now() < until && checker.faults.length === 0) {
      await someSets(checker, random);
      await node.kill();
      kills++;
      if (random.chance(0.2)) {
        await killsAtStart(node, random);
        kills++;
      }
      await node.start();
      looked += await allStand(node, checker, random, `kill ${kills}`);
    }
    await load.end();
    await allStand(node, checker, random, "the end");
    const all = checker.stored();
    for (const id of await lostOf(node, all)) checker.fault(`${id} was acknowledged and is lost (P29)`);
    tell(`${node.starts} starts, ${kills} kills, ${all.length} acknowledged sets, looked for ` +
      `${looked + all.length} times, ${checker.counts.told} wakes`);
  } finally {
    await node.stop();
  }
}

// A moment that is as late on a slow machine as on a fast one.
async function someSets(checker, random) {
  const enough = checker.counts.sets + random.below(MOST_SETS);
  await checker.until(() => checker.counts.sets, (sets) => sets >= enough, 1);
}

// Also before it listens, or while it reads its log.
async function killsAtStart(node, random) {
  node.spawn();
  await pause(random.below(MOST_MILLIS));
  await node.kill();
}

// What was acknowledged since the last look, and some of all before.
async function allStand(node, checker, random, when) {
  const ids = [...checker.takeRecent(), ...random.some(checker.older, OLD_SETS)];
  for (const id of await lostOf(node, ids)) {
    checker.fault(`${id} was acknowledged and is lost after ${when} (P29)`);
  }
  return ids.length;
}
