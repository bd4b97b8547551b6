// How a run takes its rounds, and what it makes of them.
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { parsed } from "../bus.mjs";
import { Bench } from "../compare/bench.mjs";
import { loadOf } from "../compare/document.mjs";
import { figures } from "../compare/figures.mjs";
import { figuresOf, Nodes } from "../compare/nodes.mjs";
import { parse } from "../compare/options.mjs";
import { judged, ratioOf } from "../compare/summary.mjs";
import { againstTable, barTable, storesTable } from "../compare/tables.mjs";

test("each round measures every subject, and begins with another one", async () => {
  const bench = new Bench({ rounds: 4 });
  bench.say = () => {};
  const measured = [];
  await bench.rounds("letters", ["a", "b", "c"], (subject, round) => measured.push(subject + round));
  assert.equal(measured.join(" "), "a1 b1 c1 b2 c2 a2 c3 a3 b3 a4 b4 c4");
});

test("a ratio is the median of the rounds' ratios, not the ratio of medians", () => {
  const samples = { get: { node: [90, 45, 60], floor: [100, 50, 80] } };
  assert.equal(ratioOf(samples, ["get", "node"], ["get", "floor"]), 0.9);
});

test("a bar holds the ratio where it names another, else the median", () => {
  const samples = {
    start: { node: [150, 400, 140], java: [100, 200, 100] },
    footprint: { node: [95.9, 97, 80] },
  };
  const [footprint, start] = judged(samples);
  assert.deepEqual([start.value, start.ratio, start.met], [150, 1.5, true]);
  assert.deepEqual([footprint.value, footprint.ratio, footprint.met], [95.9, undefined, true]);
  samples.start.node[0] = 151;
  samples.footprint.node[0] = 96;
  assert.deepEqual(judged(samples).map(({ met }) => met), [false, false]);
});

test("a node with another store is held to the bars of the one with the memory store", () => {
  const samples = {
    post: { node: [90], os: [80], always: [50], peer: [60], floor: [100] },
    pingpongTail: { node: [3], os: [3], always: [5] },
    pingpongTailOfTen: { node: [1], os: [2], always: [2] },
  };
  const met = (node) => judged(samples, node).map(({ ratio, met }) => [ratio, met]);
  assert.deepEqual(met("os"), [[1.5, true], [80 / 60, true], [0.8, false]]);
  assert.deepEqual(met("always"), [[2.5, false], [50 / 60, false], [0.5, false]]);
});

test("a run without the nodes with RocksDB has no table of theirs", () => {
  const run = { settings: {}, samples: { start: { node: [150], java: [100] } } };
  assert.equal(storesTable(run), "");
  assert.match(barTable(run), /\| Start .*\| 1\.50 \(150 ms\) +\| yes \|/);
  for (const name of ["os", "always", "peer", "floor"]) {
    run.samples.post = { ...run.samples.post, [name]: [name === "always" ? 50 : 100] };
  }
  assert.match(storesTable(run), /\| POST .*floor's \| 1\.00 .*\| yes \| 0\.50 .*\| no  \|/);
});

test("a change is the median of its rounds' ratios to another checkout", () => {
  const run = {
    settings: { waits: 18_000 },
    before: { storm: { node: [10, 20, 10] } },
    samples: { storm: { node: [11, 20, 20] } },
  };
  assert.match(againstTable(run), /per wake: 18,000 ids.* 10\.00 µs \| 20\.00 µs \| 1\.100 \|$/);
  run.settings.stored = "os";
  assert.match(againstTable(run), /per wake: 18,000 ids.* Doorbell, RocksDB, --sync os \|/);
});

test("beside another checkout a part measures the node with the memory store alone", () => {
  const { parts, settings, documented } = parse(["--against", "."]);
  assert.ok(parts.includes("streams") && !parts.includes("soak"));
  assert.equal(documented, false);
  assert.deepEqual(new Bench(settings).subjects(["node", "peer", "os"]), ["node"]);
  assert.deepEqual(new Bench({}).subjects(["node", "peer"]), ["node", "peer"]);
});

test("beside another checkout alone the node may have RocksDB", () => {
  assert.equal(parse(["--against", ".", "--sync", "os"]).settings.stored, "os");
  const refusal = { message: "--sync is os or always, and stands with --against or --limits" };
  assert.throws(() => parse(["--sync", "os"]), refusal);
  assert.throws(() => parse(["--against", ".", "--sync", "never"]), refusal);
});

test("what limits cost is measured at two nodes of this checkout", () => {
  const { parts, settings, documented } = parse(["get", "--limits"]);
  assert.deepEqual(parts, ["get"]);
  assert.equal(documented, false);
  assert.equal(settings.against, resolve(import.meta.dirname, "../.."));
  assert.ok(settings.options.includes("--max-sets-per-second-per-address"));
  assert.deepEqual(parse(["get", "--against", "."]).settings.options, []);
  assert.throws(() => parse(["--limits", "--against", "."]), /--limits compares two nodes of this/);
});

test("a quick run of everything has all parts but those of several nodes", () => {
  const { parts } = parse(["--quick"]);
  assert.ok(parts.includes("soak") && !parts.includes("nodes") && !parts.includes("postgres"));
  assert.deepEqual(parse(["sweep", "--quick"]).parts, ["sweep"]);
  assert.ok(parse(["nodes"]).documented);
});

test("a crowd waits at some nodes and sets at others, and all of them are measured", () => {
  const [a, b] = [{ port: 1, pid: 10 }, { port: 2, pid: 20 }];
  const setup = Object.assign(new Nodes(), { nodes: [a, b], stores: [{ port: 3, pid: 30 }] });
  const { port, setPort, pid } = setup.between([b], [a, b]);
  assert.deepEqual([port, setPort, pid], ["2", "1,2", "10,20,30"]);
});

test("of what Redis says the numbers are taken", () => {
  const info = "# Memory\r\nused_memory:914576\r\nused_memory_human:893.14K\r\n" +
    "used_cpu_sys:0.25\r\nredis_version:7.0.15\r\n";
  assert.deepEqual(figuresOf(info), { used_memory: 914576, used_cpu_sys: 0.25 });
});

test("a value of Redis's protocol is read once it is all there", () => {
  const text = "*3\r\n$7\r\nmessage\r\n:16\r\n*1\r\n$-1\r\n+OK\r\n";
  const whole = text.length - "+OK\r\n".length;
  assert.deepEqual(parsed(text), { value: ["message", "16", [null]], next: whole });
  assert.deepEqual(parsed(text, whole), { value: "OK", next: text.length });
  for (let size = 0; size < whole; size++) assert.equal(parsed(text.slice(0, size)), undefined);
  assert.throws(() => parsed("-NOSCRIPT none\r\n"), { message: "NOSCRIPT none" });
});

test("a run says how busy the machine was, where it knows", () => {
  assert.equal(loadOf({ loads: [3, 1.25, 2] }),
    "Load of the machine at the rounds' beginnings: median 2.0, lowest 1.3, highest 3.0");
  assert.equal(loadOf({}), "");
});

test("a plot has room for each label", () => {
  const labels = Object.values(figures).flatMap(({ subjects }) => Object.values(subjects));
  assert.ok(labels.length > 20);
  assert.deepEqual(labels.filter((label) => label.length > 33), []);
});
