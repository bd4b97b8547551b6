// What parked waits need: the growth between some waits and many, in a server of its own that was
// warm with some.
import { hold, park } from "../load.mjs";
import { directBytes, liveHeapBytes, proportionalBytes, residentBytes } from "../processes.mjs";
import { isNode } from "../servers.mjs";

const RESIDENT_SUBJECTS = ["node", "peer", "floor"];
const TRACKING = "-XX:NativeMemoryTracking=summary";
const MEGABYTE = 1e6;

// Bytes for each wait that is added, by each of the readers.
async function growth(bench, server, readers, oneId = false) {
  const { base, waits, memoryWarmRounds } = bench.settings;
  // So often that a JVM's young generation is resident before the waits come.
  for (let round = 0; round < memoryWarmRounds; round++) {
    await park(server, "storm", { waits: base });
    await park(server, "broadcast", { waits: base });
  }
  const crowd = hold(server, waits, oneId);
  const read = async (size) => {
    await crowd.grow(size);
    const values = [];
    for (const reader of readers) values.push(await reader(server.pid));
    return values;
  };
  await read(base); // the first look leaves things behind in a JVM
  const before = await read(base);
  const after = await read(waits);
  await crowd.end();
  return after.map((value, index) => (value - before[index]) / (waits - base));
}

// Without a collection, the waits of a JVM would lie where garbage lay before and seem to be free.
async function bytesAfterCollection(pid) {
  await liveHeapBytes(pid);
  return proportionalBytes(pid);
}

async function resident(bench, name) {
  const server = await bench.fresh(name);
  const reader = isNode(name) ? bytesAfterCollection : proportionalBytes;
  const [bytes] = await growth(bench, server, [reader]);
  bench.record("resident", name, bytes);
  await server.end();
}

async function held(bench, oneId) {
  const server = await bench.fresh("node", { java: TRACKING });
  const [heap, direct] = await growth(bench, server, [liveHeapBytes, directBytes], oneId);
  bench.record("held", oneId ? "oneId" : "node", heap + direct);
  if (!oneId) {
    bench.record("held", "heap", heap);
    bench.record("held", "direct", direct);
  }
  await server.end();
}

export async function memory(bench) {
  const turns = [
    ...bench.subjects(RESIDENT_SUBJECTS).map((name) => () => resident(bench, name)),
    () => held(bench, false), () => held(bench, true),
  ];
  await bench.rounds("memory", turns, (turn) => turn(), bench.settings.freshRounds);
}

// A node as it is started by hand, with nothing but parked waits.
export async function footprint(bench) {
  const waits = bench.settings.footprint;
  await bench.rounds("footprint", ["node"], async (name) => {
    const server = await bench.fresh(name, { core: null });
    const crowd = hold(server, waits);
    await crowd.grow(waits);
    bench.record("footprint", name, residentBytes(server.pid) / MEGABYTE);
    await crowd.end();
    await server.end();
  }, bench.settings.freshRounds);
}
