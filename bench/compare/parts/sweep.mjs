// What it costs to look all ids that are waited for up in the store, again and again.
import { setTimeout as sleep } from "node:timers/promises";
import { streams } from "../load.mjs";
import { Nodes } from "../nodes.mjs";
import { cpuNanos } from "../processes.mjs";
import { freePort } from "../servers.mjs";

const STEPS = 20;
const PATIENCE_MILLIS = 60_000;
const TIMES = { swept: "25s", unswept: "1h" };
const SWEEP_MILLIS = 25_000;

export const sweepOverRedis = (bench) => sweep(bench, "nodesSweep");

// figure: whose subjects are the node and the store, each with a sweep and without.
export async function sweep(bench, figure, setup = {}) {
  const names = Object.keys(TIMES);
  await bench.rounds(figure, names, (name) => swept(bench, figure, setup, name), 1);
}

async function swept(bench, figure, shared, name) {
  const { streamed, connections, sweepSeconds } = bench.settings;
  const admin = await freePort();
  const setup = await Nodes.start(bench, { ...shared, options: ["--max-waits", String(2 * streamed),
    "--store-sweep", TIMES[name], "--admin", `127.0.0.1:${admin}`] });
  const crowd = streams(setup.nodes[0], "websocket",
    { waits: streamed, connections, unrested: true });
  for (let step = 1; step <= STEPS; step++) {
    await crowd.grow(step * streamed / STEPS);
    await untilParked(admin, step * streamed / STEPS);
  }
  await sleep(Math.min(SWEEP_MILLIS, sweepSeconds * 1000)); // one round, for the JVM to compile
  const [node, store] = [setup.nodes[0], setup.stores[0]];
  const read = async () => ({ at: performance.now(), node: cpuNanos(node.pid),
    store: store.cpuNanos(), looks: (await store.info()).keyspace_misses });
  const before = await read();
  await sleep(sweepSeconds * 1000);
  const after = await read();
  await untilParked(admin, streamed); // else fewer were looked up
  if (after.looks !== undefined) {
    const seconds = (after.at - before.at) / 1000;
    bench.record("nodesLooks", name, (after.looks - before.looks) / seconds);
  }
  for (const server of ["node", "store"]) {
    const share = (after[server] - before[server]) / 1e6 / (after.at - before.at);
    bench.record(figure, `${server}${name}`, share * 100);
  }
  await crowd.leave();
  await setup.end();
}

async function untilParked(admin, count) {
  for (const end = Date.now() + PATIENCE_MILLIS; ; await sleep(100)) {
    const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
    const all = [...text.matchAll(/^doorbell_parked_waits\{[^}]*\} (\d+)/gm)];
    const parked = all.reduce((sum, [, value]) => sum + Number(value), 0);
    if (parked === count) return;
    if (Date.now() > end) throw new Error(`${parked} of ${count} waits are parked`);
  }
}
