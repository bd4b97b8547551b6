// Very many waits on one node, over a few connections that each hold their share of them.
import { streams as crowdOf } from "../load.mjs";
import { liveHeapBytes } from "../processes.mjs";

const KINDS = ["websocket", "http2"];
const FIRST_SHARE = 0.1; // what is parked already when the heap is read for the first time

async function woken(bench, kind, shared) {
  const { streamed, connections } = bench.settings;
  const options = ["--max-waits", String(2 * streamed)];
  const server = await bench.fresh("node", { options });
  const crowd = crowdOf(server, kind, { waits: streamed, connections, shared });
  const first = streamed * FIRST_SHARE;
  await crowd.grow(first);
  await liveHeapBytes(server.pid); // the first look leaves things behind
  const before = await liveHeapBytes(server.pid);
  await crowd.grow(streamed);
  const after = await liveHeapBytes(server.pid);
  const { cpuNanos, wakes } = JSON.parse(await crowd.end());
  await server.end();
  return { bytes: (after - before) / (streamed - first), micros: cpuNanos / 1000 / wakes };
}

export async function streams(bench) {
  await bench.rounds("streams", KINDS, async (kind) => {
    const { bytes, micros } = await woken(bench, kind, false);
    bench.record("streamHeld", kind, bytes);
    bench.record("streamOneByOne", kind, micros);
    bench.record("streamAtOnce", kind, (await woken(bench, kind, true)).micros);
  }, bench.settings.freshRounds);
}
