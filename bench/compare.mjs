// Measures what script/bench is asked to, and says or writes down what came out.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Bench } from "./compare/bench.mjs";
import { lacking, loadOf, writeDocuments } from "./compare/document.mjs";
import { machine, source } from "./compare/machine.mjs";
import { parse, USAGE } from "./compare/options.mjs";
import { flat, hangup } from "./compare/parts/flat.mjs";
import { footprint, memory } from "./compare/parts/memory.mjs";
import { nodes } from "./compare/parts/nodes.mjs";
import { postgres } from "./compare/parts/postgres.mjs";
import { releaseBesideClone } from "./compare/parts/package.mjs";
import { get, post } from "./compare/parts/requests.mjs";
import { soak } from "./compare/parts/soak.mjs";
import { start } from "./compare/parts/start.mjs";
import { streams } from "./compare/parts/streams.mjs";
import { sweepOverRedis } from "./compare/parts/sweep.mjs";
import { broadcast, pingpong, storm } from "./compare/parts/wakes.mjs";
import { execute, root } from "./compare/processes.mjs";
import { missing } from "./compare/summary.mjs";
import { againstTable, barTable, figureTables, storesTable } from "./compare/tables.mjs";

const measures = { start, footprint, memory, broadcast, storm, pingpong, get, post, flat, hangup,
  streams, package: releaseBesideClone, soak, nodes, sweep: sweepOverRedis, postgres };

const TARGET = "bench/target";

// Parts that begin a server of their own each time, which is slow.
const FRESH = ["memory", "footprint", "streams"];

async function measure(parts, settings) {
  await execute("./doorbell", ["--version"], { cwd: root }); // builds, where that is due
  const bench = new Bench(settings);
  for (const part of parts) await measures[part](bench);
  await bench.end();
  const gaps = missing(bench.samples, parts);
  if (gaps.length > 0) throw new Error(`not measured: ${gaps.join(", ")}`);
  return { samples: bench.samples, loads: bench.loads };
}

// The settings of one checkout's turn, of a round.
const turn = (settings, folder) =>
  ({ ...settings, folder, rounds: 1, freshRounds: 1, startRounds: 3 });

// The samples of the other checkout and of this one, each measured once a round, part by part, and
// another one first each time.
async function measureBoth(parts, settings) {
  for (const folder of [settings.against, root]) {
    await execute("./doorbell", ["--version"], { cwd: folder });
  }
  const before = new Bench({ ...turn(settings, settings.against), options: [] });
  const now = new Bench(turn(settings, root));
  for (const part of parts) {
    const rounds = FRESH.includes(part) ? settings.freshRounds : settings.rounds;
    for (let round = 1; round <= rounds; round++) {
      for (const bench of round % 2 ? [before, now] : [now, before]) await measures[part](bench);
    }
  }
  await before.end();
  await now.end();
  return { before: before.samples, samples: now.samples, loads: now.loads };
}

function keep(run) {
  const file = join(TARGET, `${run.date.replace(/[:.]/g, "-")}.json`);
  writeFileSync(join(root, file), `${JSON.stringify(run, null, 1)}\n`);
  return file;
}

function redraw(file) {
  const run = JSON.parse(readFileSync(file, "utf8"));
  const gaps = lacking(run);
  if (gaps.length > 0) throw new Error(`${file} can't fill its pages; it lacks ${gaps.join(", ")}`);
  writeDocuments(run, "docs");
}

async function main(words) {
  const { help, render, parts, settings, documented } = parse(words);
  if (help) {
    process.stdout.write(USAGE);
    return;
  }
  if (render) {
    render.forEach(redraw);
    return;
  }
  const about = { date: new Date().toISOString(), ...source(), machine: await machine() };
  const command = ["script/bench", ...words].join(" ");
  if (settings.against !== undefined) {
    const run = { ...about, command, settings, ...await measureBoth(parts, settings) };
    process.stdout.write(`${againstTable(run)}\n\n${loadOf(run)}\n\nkept in ${keep(run)}\n`);
    return;
  }
  const run = { ...about, command, settings, ...await measure(parts, settings) };
  const file = keep(run);
  const texts = [figureTables(run), barTable(run), storesTable(run), loadOf(run), `kept in ${file}`];
  process.stdout.write(`${texts.filter((text) => text).join("\n\n")}\n`);
  writeDocuments(run, documented ? "docs" : TARGET);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${error.message}\n`);
  process.exit(1);
}
