// The command: see README.md, or `script/crash --help`.
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, parseArgs } from "node:util";
import { Random } from "../hostile/random.mjs";
import { LastingChecker } from "./checker.mjs";
import { PARTS } from "./parts.mjs";

const HELP = `Usage: script/crash [OPTION]...
Has nodes crash and suffer, and looks for every set that was acknowledged.
  --rounds=N         Kills for each --sync; the other parts grow with it. Default: 1
  --seconds=N        No more kills after so long, whatever --rounds says
  --only=PART,...    Only these: ${Object.keys(PARTS).join(" ")}
  --lanes=N          How many parts run at a time. Default: 3
  --seed=TEXT        Repeats the decisions of a run. Default: a new one, which is printed
  --every-cut        The power is cut before each operation on the disk, not before 20 for each round
  --keep             Leaves the folder of each part, with its store and its log, in ${tmpdir()}
  --patience=N       After how many seconds an answer is taken for lost. Default: 30
Needs Linux. What a machine lacks for a part (gcc, redis-server, root) is told, and the part skipped.
`;
const SENTENCES = 12;

const { values: given } = parseArgs({
  options: {
    ...Object.fromEntries(["rounds", "seconds", "only", "lanes", "seed", "patience"]
      .map((name) => [name, { type: "string" }])),
    keep: { type: "boolean" },
    "every-cut": { type: "boolean" },
    help: { type: "boolean" },
  },
});

// Its nodes end with it, and there are many.
process.setMaxListeners(0);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(2));

if (given.help) process.stdout.write(HELP);
else process.exit(await main());

async function main() {
  const seed = given.seed ?? String(randomInt(1e9));
  const names = given.only?.split(",") ?? Object.keys(PARTS);
  const unknown = names.find((name) => !PARTS[name]);
  if (unknown) {
    console.error(`there is no part ${unknown}; the parts are ${Object.keys(PARTS).join(" ")}`);
    return 2;
  }
  // Side by side: they wait more than they work.
  const left = [...names];
  let broken = 0;
  await Promise.all(Array.from({ length: Number(given.lanes ?? 3) }, async () => {
    while (left.length > 0) broken += await tries(left.shift(), seed);
  }));
  return broken === 0 ? 0 : 1;
}

async function tries(name, seed) {
  const { lacks, run } = PARTS[name];
  const why = lacks?.();
  if (why) {
    console.log(`${name}: skipped, ${why}`);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), "doorbell-crash-"));
  const checker = new LastingChecker(Number(given.patience ?? 30) * 1_000);
  const begun = Date.now();
  let told = "";
  try {
    await run({ folder, checker, random: new Random(`${seed}/${name}`),
      rounds: Number(given.rounds ?? 1), everyCut: given["every-cut"],
      keep: given.keep,
      until: begun + Number(given.seconds ?? Infinity) * 1_000,
      tell: (sentence) => { told = sentence; } });
  } catch (surprise) {
    checker.fault(inspect(surprise)); // With its cause.
  }
  if (!given.keep) rmSync(folder, { recursive: true, force: true });
  const seconds = Math.round((Date.now() - begun) / 1_000);
  const { faults } = checker;
  console.log(`${name}: seed ${seed}, ${told || "broken"}, in ${seconds} s, ${faults.length} faults`);
  if (given.keep) console.log(`  in ${folder}`);
  for (const sentence of faults.slice(0, SENTENCES)) console.log(`  - ${sentence}`);
  return faults.length;
}
