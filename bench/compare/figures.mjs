// What is measured and which bars it has to meet. A figure has a value for each subject and round.
// In texts, {waits}, {base} and {few} stand for how many waits a run had.
import { NAMES } from "./servers.mjs";

const pick = (...names) => Object.fromEntries(names.map((name) => [name, NAMES[name]]));
const three = pick("node", "peer", "floor");
const all = pick("node", "os", "always", "peer", "floor");
const withKept = { ...all, ...pick("kept") };
const roads = { websocket: "WebSocket", http2: "HTTP/2" };
const packed = { release: "of a release", clone: "of a clone" };
const shared = {
  one: "1 node, one Redis", two: "2 nodes, one Redis", three: "3 nodes, one Redis",
  always: "2 nodes, appendfsync always", oneOfThree: "1 node, three Redis",
  twoOfThree: "2 nodes, three Redis", threeOfThree: "3 nodes, three Redis",
};
const roadsOverBoth = {
  redisSame: "the same node, Redis", redisAcross: "another node, Redis",
  postgresSame: "the same node, PostgreSQL", postgresAcross: "another node, PostgreSQL",
};
const overBoth = { redis: "Redis, appendfsync always", postgres: "PostgreSQL" };
const roadsOfSets = {
  memory: "one node, memory", rocks: "one node, RocksDB, --sync always",
  same: "the same node, over Redis", across: "another node, over Redis",
  always: "another, appendfsync always", three: "another, over three Redis",
};
const manyAndFew = { many: "{waits} parked", few: "{few} parked" };

// part: what measures it; block: where it stands on a page of docs/performance/.
export const figures = {
  resident: {
    part: "memory", block: "memory", unit: "bytes", digits: 0, subjects: three,
    title: "Resident memory of a parked wait",
  },
  held: {
    part: "memory", block: "memory", unit: "bytes", digits: 0,
    subjects: {
      heap: "live heap", direct: "direct memory", node: "both",
      oneId: "both, one variable for all",
    },
    title: "Heap and direct memory of a parked wait",
  },
  footprint: {
    part: "footprint", block: "memory", unit: "MB", digits: 1, subjects: pick("node"),
    title: "Resident size with {footprint} waits parked",
  },
  broadcast: {
    part: "broadcast", block: "wakes", unit: "µs", digits: 2, subjects: all,
    title: "Server CPU per wake: {waits} waits on one id, one set",
  },
  storm: {
    part: "storm", block: "wakes", unit: "µs", digits: 2, subjects: withKept,
    title: "Server CPU per wake: {waits} ids, 32 connections that set",
  },
  pingpong: {
    part: "pingpong", block: "wakes", unit: "µs", digits: 1, subjects: all,
    title: "From set to answer, {waits} parked, median",
  },
  pingpongTail: {
    part: "pingpong", block: "wakes", unit: "µs", digits: 1, subjects: all,
    title: "From set to answer, {waits} parked, 99th percentile",
  },
  pingpongTailOfTen: {
    part: "pingpong", block: "wakes", unit: "µs", digits: 1, subjects: all,
    title: "From set to answer, 10 parked, 99th percentile",
  },
  get: {
    part: "get", block: "requests", unit: "requests/s", digits: 0,
    subjects: { ...all, constant: "nginx, constant 204" },
    title: "GET of a set variable, one core",
  },
  getCost: {
    part: "get", block: "requests", unit: "µs", digits: 2,
    subjects: { ...all, constant: "nginx, constant 204" },
    title: "Server CPU per GET of a set variable",
  },
  post: {
    part: "post", block: "requests", unit: "requests/s", digits: 0, subjects: withKept,
    title: "POST of a new id each, one core",
  },
  postCost: {
    part: "post", block: "requests", unit: "µs", digits: 2, subjects: withKept,
    title: "Server CPU per POST of a new id",
  },
  flatBroadcast: {
    part: "flat", block: "flat", unit: "µs", digits: 2, subjects: manyAndFew,
    title: "Server CPU per wake of a broadcast",
  },
  flatStorm: {
    part: "flat", block: "flat", unit: "µs", digits: 2, subjects: manyAndFew,
    title: "Server CPU per wake of a storm",
  },
  flatPingpong: {
    part: "flat", block: "flat", unit: "µs", digits: 1, subjects: manyAndFew,
    title: "From set to answer, median",
  },
  hangup: {
    part: "hangup", block: "flat", unit: "µs", digits: 2,
    subjects: { atOnce: "all at once", oneByOne: "one by one" },
    title: "Server CPU per hang-up of {waits} clients",
  },
  streamHeld: {
    part: "streams", block: "streams", unit: "bytes", digits: 0, subjects: roads,
    title: "Live heap of a parked wait: {streamed} waits over {connections} connections",
  },
  streamOneByOne: {
    part: "streams", block: "streams", unit: "µs", digits: 2, subjects: roads,
    title: "Server CPU per wake, {streamed} ids set one by one",
  },
  streamAtOnce: {
    part: "streams", block: "streams", unit: "µs", digits: 2, subjects: roads,
    title: "Server CPU per wake, each id waited for on all {connections} connections",
  },
  start: {
    part: "start", block: "start", unit: "ms", digits: 0,
    subjects: {
      node: "Doorbell, to its first answer", least: "least server, to its first answer",
      java: "java Hello, to its end",
    },
    title: "Start",
  },
  packageStart: {
    part: "package", block: "package", unit: "ms", digits: 0, subjects: packed,
    title: "Start, to the first answer",
  },
  packageSize: {
    part: "package", block: "package", unit: "MB", digits: 1, subjects: packed,
    title: "Resident size of an idle node",
  },
  soakTail: {
    part: "soak", block: "soak", unit: "ms", digits: 2,
    subjects: { p50: "median", p99: "99th percentile", p999: "99.9th percentile" },
    title: "From set to answer, 2,000 wakes a second, {waits} parked",
  },
  soakHeap: {
    part: "soak", block: "soak", unit: "bytes", digits: 0,
    subjects: { start: "before the soak", end: "after it" },
    title: "Live heap after a full collection, nothing parked",
  },
  nodesMedian: {
    part: "nodes", block: "nodes", unit: "µs", digits: 0, subjects: roadsOfSets,
    title: "From set to answer at this or another node, median",
  },
  nodesTail: {
    part: "nodes", block: "nodes", unit: "µs", digits: 0, subjects: roadsOfSets,
    title: "From set to answer at this or another node, 99th percentile",
  },
  nodesSets: {
    part: "nodes", block: "nodes", unit: "sets/s", digits: 0, subjects: shared,
    title: "POST of a new id each, all servers on one core",
  },
  nodesWakes: {
    part: "nodes", block: "nodes", unit: "wakes/s", digits: 0, subjects: shared,
    title: "Wakes of {nodesWaits} ids, set and waited for at all nodes, one core",
  },
  nodesSetCost: {
    part: "nodes", block: "nodes", unit: "µs", digits: 1,
    subjects: {
      taker: "node that takes it", other: "each other node", redisone: "Redis, 1 node",
      redistwo: "Redis, 2 nodes", redisthree: "Redis, 3 nodes",
      takerOfThree: "node that takes it, three Redis", otherOfThree: "each other, three Redis",
      redistwoOfThree: "each of three Redis, 2 nodes",
    },
    title: "CPU per set that comes to one of the nodes",
  },
  nodesWakeCost: {
    part: "nodes", block: "nodes", unit: "µs", digits: 1,
    subjects: { setting: "node that is set at", waiting: "node that is waited at", redis: "Redis" },
    title: "CPU per set and wake: {nodesWaits} ids, 32 connections that set",
  },
  nodesSetBytes: {
    part: "nodes", block: "nodes", unit: "bytes", digits: 0,
    subjects: {
      memory: "Redis's memory", log: "Redis's append-only file", in: "what Redis is sent",
      out: "what Redis sends, 2 nodes",
    },
    title: "Bytes per set, ids of 16 digits",
  },
  nodesWaitBytes: {
    part: "nodes", block: "nodes", unit: "bytes", digits: 1,
    subjects: { memory: "Redis's memory", log: "Redis's append-only file" },
    title: "Bytes of a parked wait in Redis",
  },
  nodesWaitCost: {
    part: "nodes", block: "nodes", unit: "µs", digits: 2,
    subjects: { redis: "Redis, once, as it comes" },
    title: "CPU of Redis per wait",
  },
  postgresMedian: {
    part: "postgres", block: "postgres", unit: "µs", digits: 0, subjects: roadsOverBoth,
    title: "From set to answer over PostgreSQL, median",
  },
  postgresTail: {
    part: "postgres", block: "postgres", unit: "µs", digits: 0, subjects: roadsOverBoth,
    title: "From set to answer over PostgreSQL, 99th percentile",
  },
  postgresSets: {
    part: "postgres", block: "postgres", unit: "sets/s", digits: 0, subjects: overBoth,
    title: "POST of a new id each at two nodes, all servers on one core",
  },
  postgresWakes: {
    part: "postgres", block: "postgres", unit: "wakes/s", digits: 0, subjects: overBoth,
    title: "Wakes of {nodesWaits} ids at two nodes, all servers on one core",
  },
  postgresSetCost: {
    part: "postgres", block: "postgres", unit: "µs", digits: 1,
    subjects: { taker: "node that takes it", other: "the other node", postgres: "PostgreSQL" },
    title: "CPU per set that comes to one of two nodes over PostgreSQL",
  },
  postgresSetBytes: {
    part: "postgres", block: "postgres", unit: "bytes", digits: 0,
    subjects: { log: "write-ahead log", table: "table and indexes" },
    title: "Bytes per set in PostgreSQL",
  },
  postgresWaitCost: {
    part: "postgres", block: "postgres", unit: "µs", digits: 2,
    subjects: { postgres: "PostgreSQL, once, as it comes" },
    title: "CPU of PostgreSQL per wait",
  },
  postgresWaitBytes: {
    part: "postgres", block: "postgres", unit: "bytes", digits: 1,
    subjects: { log: "write-ahead log", table: "table and indexes" },
    title: "Bytes of a parked wait in PostgreSQL",
  },
  postgresSweep: {
    part: "postgres", block: "postgres", unit: "% of a core", digits: 1,
    subjects: {
      nodeswept: "node, --store-sweep 25s", storeswept: "PostgreSQL, 25s",
      nodeunswept: "node, --store-sweep 1h", storeunswept: "PostgreSQL, 1h",
    },
    title: "CPU over PostgreSQL with {streamed} ids waited for over WebSocket, and no set",
  },
  nodesLooks: {
    part: "sweep", block: "sweep", unit: "ids/s", digits: 0,
    subjects: { swept: "--store-sweep 25s", unswept: "--store-sweep 1h" },
    title: "Ids looked up in Redis, {streamed} waited for",
  },
  nodesSweep: {
    part: "sweep", block: "sweep", unit: "% of a core", digits: 1,
    subjects: {
      nodeswept: "node, --store-sweep 25s", storeswept: "Redis, --store-sweep 25s",
      nodeunswept: "node, --store-sweep 1h", storeunswept: "Redis, --store-sweep 1h",
    },
    title: "CPU with {streamed} ids waited for over WebSocket, and no set",
  },
};

// A bar holds the median of a figure's subject against a number, or its ratio to another:
// `against` is a subject of the same figure, or [figure, subject].
export const bars = [
  { of: ["held", "node"], atMost: 1024, text: "at most 1,024 bytes" },
  { of: ["resident", "node"], against: "peer", atMost: 0.1, text: "at most a tenth of nchan's" },
  { of: ["broadcast", "node"], against: "floor", atMost: 0.8, text: "at most 0.8 of the floor's" },
  { of: ["storm", "node"], against: "peer", below: 1, text: "below nchan's" },
  { of: ["storm", "node"], against: "floor", atMost: 1.3, text: "at most 1.3 of the floor's" },
  { of: ["pingpong", "node"], against: "peer", below: 1, text: "below nchan's" },
  {
    of: ["pingpongTail", "node"], against: ["pingpongTailOfTen", "node"], atMost: 2,
    text: "at most twice that with 10 parked",
  },
  { of: ["get", "node"], against: "peer", above: 1, text: "above nchan's" },
  { of: ["get", "node"], against: "floor", atLeast: 0.9, text: "at least 0.9 of the floor's" },
  { of: ["post", "node"], against: "peer", above: 1, text: "above nchan's" },
  { of: ["post", "node"], against: "floor", atLeast: 0.9, text: "at least 0.9 of the floor's" },
  {
    of: ["postCost", "os"], against: "node", atMost: 1.3,
    text: "with --sync os at most 1.3 of that with memory",
  },
  {
    of: ["flatBroadcast", "many"], against: "few", atMost: 1.15,
    text: "at most 1.15 of that with {few} parked",
  },
  {
    of: ["flatStorm", "many"], against: "few", atMost: 1.15,
    text: "at most 1.15 of that with {few} parked",
  },
  {
    of: ["flatPingpong", "many"], against: "few", atMost: 1.15,
    text: "at most 1.15 of that with {few} parked",
  },
  {
    of: ["held", "oneId"], against: "node", atLeast: 0.9, atMost: 1.1,
    text: "one variable for all: within a tenth of one each",
  },
  { of: ["hangup", "atOnce"], against: "oneByOne", atMost: 1.5, text: "at most 1.5 of one by one" },
  { of: ["streamHeld", "websocket"], atMost: 200, text: "WebSocket: at most 200 bytes" },
  { of: ["streamHeld", "http2"], atMost: 700, text: "HTTP/2: at most 700 bytes" },
  { of: ["footprint", "node"], below: 96, text: "below 96 MB" },
  { of: ["start", "node"], against: "java", atMost: 1.5, text: "at most 1.5 of java Hello" },
  {
    of: ["packageStart", "release"], against: "clone", atMost: 1.1,
    text: "at most 1.1 of a clone's",
  },
  {
    of: ["packageSize", "release"], against: "clone", atMost: 1.1,
    text: "at most 1.1 of a clone's",
  },
  { of: ["nodesMedian", "across"], atMost: 1000, text: "another node over Redis: at most 1 ms" },
  { of: ["nodesTail", "across"], atMost: 5000, text: "another node over Redis: at most 5 ms" },
  { of: ["soakTail", "p999"], below: 10, text: "99.9 % below 10 ms" },
  { of: ["soakHeap", "end"], against: "start", atMost: 1.01, text: "as at the start, to 1 %" },
];
