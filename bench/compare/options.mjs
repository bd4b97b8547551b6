// The command line, and the settings of a run.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./processes.mjs";

export const USAGE = `usage: script/bench [PART]... [OPTION]...
       script/bench render FILE...

Measures Doorbell side by side with nginx+nchan and a least server in C. The figures are printed
and kept in bench/target/. A run of all parts also writes docs/performance.md and its pages of
docs/performance/; one of streams, package, soak, nodes, sweep or postgres alone writes the page of
that name there.

parts (all but the last six, if none is named):
  start       from the command to the first answer, against java Hello and a least server in Java
  footprint   resident size with 10,000 parked waits
  memory      bytes of a parked wait
  broadcast   CPU per wake, all waits on one id
  storm       CPU per wake, an id for each wait
  pingpong    time from set to answer
  get, post   requests that don't wait, with wrk
  flat        the same costs with few waits parked
  hangup      CPU per client that leaves
  streams     very many waits over few connections: WebSocket and HTTP/2
  package     start and idle size of a node of a release, beside the clone's
  soak        twenty minutes of steady load, and what is left in the heap
  nodes       several nodes over one Redis, and over three: the time from set to answer, sets a
              second, and what a set costs whom
  sweep       a million waits that are looked up in Redis again and again
  postgres    the same over PostgreSQL, beside Redis

render        writes the same from the results of earlier runs, and measures nothing

options:
  --quick             everything but the last three, with little of it: whether it runs and all
                      answers are right. Writes nothing into docs/.
  --rounds N          how often each figure is measured (7); but start and package always 15 times,
                      memory and footprint at most 3 times
  --duration SECONDS  how long each half of the soak goes on (600)
  --transport NAME    what carries the node's sockets: io_uring, epoll or nio
  --against FOLDER    the node of another checkout instead of nchan and the floor, in turn with this
                      one: what a change costs. All parts but package and those from soak on, if none
                      is named.
  --sync NAME         with --against: the node has RocksDB with --sync os or always, rather than the
                      memory store
  --limits            a node with all limits of an address, at figures that nobody here meets, in turn
                      with one that has none. All parts that --against has, if none is named.
  --help
`;

export const PARTS = ["start", "footprint", "memory", "broadcast", "storm", "pingpong", "get",
  "post", "flat", "hangup"];
// What takes so long that it is run by itself; its page of docs/performance/ tells of that run.
export const ALONE = ["streams", "package", "soak", "nodes", "sweep", "postgres"];
// What takes too long for a quick run of everything, however little there is of it.
const SLOW = ["nodes", "sweep", "postgres"];

const COMPARED = [...PARTS, "streams"];

// Of an address, since all clients here come from one. The rest of the limits is always on.
const LIMITS = ["--max-waits-per-address", "--max-connections-per-address",
  "--max-waits-per-second-per-address", "--max-sets-per-second-per-address",
  "--max-connections-per-second-per-address"].flatMap((name) => [name, "1000000"]);

const SYNCS = ["os", "always"];

const FULL = {
  waits: 18_000, base: 2_000, few: 1_000, footprint: 10_000, samples: 3_000, rounds: 7,
  freshRounds: 3, startRounds: 15, warmRounds: 5, memoryWarmRounds: 10, wrkSeconds: 2,
  duration: 600, soakWarmSeconds: 15, remember: 4, streamed: 1_000_000, connections: 2_000,
  nodesWaits: 6_000, nodesSamples: 2_000, nodesWarmRounds: 3, sweepSeconds: 60,
};
const QUICK = {
  waits: 1_000, base: 200, few: 100, footprint: 1_000, samples: 300, rounds: 1, freshRounds: 1,
  startRounds: 1, warmRounds: 0, memoryWarmRounds: 0, wrkSeconds: 1,
  duration: 1, soakWarmSeconds: 1, remember: 1, streamed: 10_000, connections: 100,
  nodesWaits: 300, nodesSamples: 300, nodesWarmRounds: 0, sweepSeconds: 1,
};

function positive(values, name) {
  if (values[name] === undefined) return {};
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} is a positive number`);
  return { [name]: number };
}

// A quick run or some parts say too little, and the document speaks of a soak of full length.
function isDocumented({ quick, duration }, parts) {
  const isAll = parts.join() === PARTS.join();
  const isAlone = ALONE.includes(parts.join()) && duration === undefined;
  return !quick && (isAll || isAlone);
}

// {help, render, parts, settings, documented}; documented: pages in docs/ are to be written.
export function parse(words) {
  const { values, positionals } = parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      quick: { type: "boolean" }, help: { type: "boolean" }, rounds: { type: "string" },
      duration: { type: "string" }, transport: { type: "string" }, against: { type: "string" },
      sync: { type: "string" }, limits: { type: "boolean" },
    },
  });
  if (positionals[0] === "render") return { render: positionals.slice(1) };
  const unknown = positionals.find((name) => ![...PARTS, ...ALONE].includes(name));
  if (unknown !== undefined) throw new Error(`there is no part ${unknown}; see --help`);
  if (values.limits && values.against !== undefined) {
    throw new Error("--limits compares two nodes of this checkout, and --against those of two");
  }
  const against = values.limits ? root : values.against && resolve(values.against);
  const everything = against !== undefined ? COMPARED
    : values.quick ? [...PARTS, ...ALONE].filter((part) => !SLOW.includes(part)) : PARTS;
  const parts = positionals.length ? positionals : everything;
  if (values.sync !== undefined && !(against && SYNCS.includes(values.sync))) {
    throw new Error("--sync is os or always, and stands with --against or --limits");
  }
  const rounds = positive(values, "rounds");
  if (rounds.rounds < FULL.freshRounds) rounds.freshRounds = rounds.rounds;
  return {
    help: values.help ?? false,
    parts,
    settings: {
      ...(values.quick ? QUICK : FULL), ...rounds, ...positive(values, "duration"),
      transport: values.transport, against, stored: values.sync,
      options: values.limits ? LIMITS : [],
    },
    documented: against === undefined && isDocumented(values, parts),
  };
}
