// Nodes over PostgreSQL, beside two over Redis that keeps as much.
import { hold, park } from "../load.mjs";
import { Nodes } from "../nodes.mjs";
import { apart, setAt, spent, warmUp } from "./nodes.mjs";
import { sweep } from "./sweep.mjs";

const MICRO = 1000;
const SHARED = {
  redis: { nodes: 2, fsync: "always" },
  postgres: { nodes: 2, isPostgres: true },
};

export async function postgres(bench) {
  const shared = {};
  for (const [name, setup] of Object.entries(SHARED)) {
    bench.say(`starting nodes over ${name}`);
    shared[name] = await Nodes.start(bench, setup);
    await warmUp(bench, shared[name]);
  }
  await latency(bench, shared);
  await rates(bench, shared);
  await costs(bench, shared.postgres);
  for (const name of Object.keys(shared)) await shared[name].end();
  await sweep(bench, "postgresSweep", { isPostgres: true });
}

async function latency(bench, shared) {
  const { few: waits, nodesSamples: samples } = bench.settings;
  const roads = Object.entries(shared).flatMap(([name, setup]) => [
    [`${name}Same`, setup.between([setup.nodes[1]], [setup.nodes[1]])],
    [`${name}Across`, apart(setup)],
  ]);
  await bench.rounds("postgres, from set to answer", roads, async ([name, road]) => {
    const { p50, p99 } = await park(road, "pingpong", { waits, samples });
    bench.record("postgresMedian", name, p50);
    bench.record("postgresTail", name, p99);
  });
}

async function rates(bench, shared) {
  const { nodesWaits: waits, wrkSeconds } = bench.settings;
  const names = Object.keys(shared);
  await bench.rounds("postgres, sets and wakes a second", names, async (name) => {
    const { nodes } = shared[name];
    bench.record("postgresSets", name, (await setAt(bench, nodes, wrkSeconds)).rate);
    const road = shared[name].between(nodes, nodes);
    const { wakes, seconds } = await park(road, "storm", { waits });
    bench.record("postgresWakes", name, wakes / seconds);
  });
}

async function costs(bench, setup) {
  const { wrkSeconds, base, waits: most } = bench.settings;
  const [taker, other] = setup.nodes;
  const [store] = setup.stores;
  await bench.rounds("postgres, the cost of a set and of a wait", ["postgres"], async () => {
    const { of, requests, told } = await spent(setup, () => setAt(bench, [taker], wrkSeconds));
    for (const [subject, server] of Object.entries({ taker, other, postgres: store })) {
      bench.record("postgresSetCost", subject, of(server) / MICRO / requests);
    }
    const crowd = hold(setup.between([taker], [taker]), most);
    await crowd.grow(base);
    const parking = await spent(setup, () => crowd.grow(most));
    const parked = most - base;
    bench.record("postgresWaitCost", "postgres", parking.of(store) / MICRO / parked);
    for (const name of ["log", "table"]) {
      bench.record("postgresSetBytes", name, told[name] / requests);
      bench.record("postgresWaitBytes", name, parking.told[name] / parked);
    }
    await crowd.leave();
  });
}
