// What it takes to share sets: nodes over one Redis or several, beside nodes that have their sets
// for themselves.
import { hold, park, postNew, WRK_CONNECTIONS } from "../load.mjs";
import { Nodes } from "../nodes.mjs";
import { cpuNanos } from "../processes.mjs";

const IDS_APART = 1e12; // so far the ids of two nodes' sets are from one another
const MICRO = 1000;
// What Redis calls these figures.
const OF_INFO = { memory: "used_memory", log: "aof_current_size", in: "total_net_input_bytes",
  out: "total_net_output_bytes" };
const COUNTS = ["one", "two", "three"];

const SHARED = {
  one: { nodes: 1 }, two: { nodes: 2 }, three: { nodes: 3 },
  always: { nodes: 2, fsync: "always" },
  oneOfThree: { nodes: 1, redis: 3 }, twoOfThree: { nodes: 2, redis: 3 },
  threeOfThree: { nodes: 3, redis: 3 },
};

export async function nodes(bench) {
  const shared = {};
  for (const [name, setup] of Object.entries(SHARED)) {
    bench.say(`starting nodes: ${name}`);
    shared[name] = await Nodes.start(bench, setup);
    await warmUp(bench, shared[name]);
  }
  await latency(bench, shared);
  await rates(bench, shared);
  await costs(bench, shared);
  await waits(bench, shared.two);
  for (const name of Object.keys(shared)) await shared[name].end();
}

export async function warmUp(bench, setup) {
  const { nodesWarmRounds, nodesWaits, wrkSeconds } = bench.settings;
  for (let round = 0; round < nodesWarmRounds; round++) {
    await park(setup.between(setup.nodes, setup.nodes), "storm", { waits: nodesWaits });
    await setAt(bench, setup.nodes, wrkSeconds);
  }
}

// From a set to the answer of who waits, for the same node and for another one.
async function latency(bench, { two, always, twoOfThree }) {
  const { few, nodesSamples: samples } = bench.settings;
  const roads = {
    memory: await bench.server("node"), rocks: await bench.server("always"),
    same: two.between([two.nodes[1]], [two.nodes[1]]),
    across: apart(two), always: apart(always), three: apart(twoOfThree),
  };
  await bench.rounds("nodes, from set to answer", Object.keys(roads), async (name) => {
    const { p50, p99 } = await park(roads[name], "pingpong", { waits: few, samples });
    bench.record("nodesMedian", name, p50);
    bench.record("nodesTail", name, p99);
  });
}

// Sets at the first node; the waits at the second.
export const apart = (setup) => setup.between([setup.nodes[1]], [setup.nodes[0]]);

// As many sets as these nodes take together: the sum of their rates.
export async function setAt(bench, at, seconds) {
  const id = Date.now() * MICRO;
  const each = Math.floor(WRK_CONNECTIONS / at.length);
  const figures = await Promise.all(at.map((node, index) =>
    postNew(node, seconds, each, id + index * IDS_APART)));
  const sum = (name) => figures.reduce((total, one) => total + one[name], 0);
  return { rate: sum("rate"), requests: sum("requests") };
}

async function rates(bench, shared) {
  const { nodesWaits, wrkSeconds } = bench.settings;
  await bench.rounds("nodes, sets and wakes a second", Object.keys(SHARED), async (name) => {
    const setup = shared[name];
    bench.record("nodesSets", name, (await setAt(bench, setup.nodes, wrkSeconds)).rate);
    const { wakes, seconds } = await park(setup.between(setup.nodes, setup.nodes), "storm",
      { waits: nodesWaits });
    bench.record("nodesWakes", name, wakes / seconds);
  });
}

// Who spends what when sets come to one node, and what Redis keeps and sends for them.
async function costs(bench, shared) {
  const { nodesWaits, wrkSeconds } = bench.settings;
  const names = [...COUNTS, "twoOfThree"];
  await bench.rounds("nodes, the cost of a set", names, async (name) => {
    const setup = shared[name];
    const [taker, ...others] = setup.nodes;
    const { of, requests, told } = await spent(setup, async () =>
      setAt(bench, [taker], wrkSeconds));
    const micros = (server) => of(server) / MICRO / requests;
    const cost = (subject, server) => bench.record("nodesSetCost", subject, micros(server));
    cost(`redis${name}`, setup.stores[0]);
    if (name === "two") {
      cost("taker", taker);
      cost("other", others[0]);
      for (const [subject, figure] of Object.entries(OF_INFO)) {
        bench.record("nodesSetBytes", subject, told[figure] / requests);
      }
    } else if (name === "twoOfThree") {
      cost("takerOfThree", taker);
      cost("otherOfThree", others[0]);
    }
  });
  await bench.rounds("nodes, the cost of a wake", ["two"], async () => {
    const { wakes, cpuNanosOfEach } = await park(apart(shared.two), "storm", { waits: nodesWaits });
    const [setting, waiting, redis] = cpuNanosOfEach.map((nanos) => nanos / MICRO / wakes);
    const each = { setting, waiting, redis };
    for (const name of Object.keys(each)) bench.record("nodesWakeCost", name, each[name]);
  });
}

// Processor time, and what the store says of itself, that was spent while something was done.
export async function spent({ nodes: all, stores }, run) {
  const servers = [...all, ...stores];
  const cpu = () => [...all.map(({ pid }) => cpuNanos(pid)),
    ...stores.map((store) => store.cpuNanos())];
  const [before, toldBefore] = [cpu(), await stores[0].info()];
  const done = await run();
  const [after, toldAfter] = [cpu(), await stores[0].info()];
  const of = (server) => after[servers.indexOf(server)] - before[servers.indexOf(server)];
  const told = Object.fromEntries(Object.entries(toldAfter)
    .map(([name, value]) => [name, value - toldBefore[name]]));
  return { of, ...done, told };
}

// Parked waits: what Redis spends when they come, and keeps while they stay.
async function waits(bench, two) {
  const { base, waits: most } = bench.settings;
  await bench.rounds("nodes, the cost of a parked wait", ["two"], async () => {
    const crowd = hold(two.between([two.nodes[0]], two.nodes), most);
    await crowd.grow(base); // what a connection of Redis needs for a crowd is there then
    const { of, told } = await spent(two, async () => crowd.grow(most));
    const parked = most - base;
    bench.record("nodesWaitCost", "redis", of(two.stores[0]) / MICRO / parked);
    for (const name of ["memory", "log"]) {
      bench.record("nodesWaitBytes", name, told[OF_INFO[name]] / parked);
    }
    await crowd.leave();
  });
}
