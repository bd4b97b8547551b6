// The command: see README.md, or `script/fuzz --help`.
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Node } from "./node.mjs";
import { NAMES } from "./plan.mjs";
import { tryNode } from "./run.mjs";

const HELP = `Usage: script/fuzz [OPTION]... [-- OPTION-OF-THE-NODE...]
Sends hostile crowds to a node, beside honest clients whose answers are checked.
  --seconds=N        How long each node is tried. Default: 15
  --transport=NAME   Only this one: io_uring, epoll or nio. Default: all three, and TLS
  --tls              With TLS
  --store=NAME       memory or rocksdb. Default: memory
  --seed=TEXT        Repeats the decisions of a run. Default: a new one, which is printed
  --only=CASE,...    Only these cases of the seed
  --crowds=NAME,...  Only these crowds, or heavy. Default: ${NAMES.join(" ")}
  --url=URL          Tries a node that runs already; --ca=FILE has the certificate to trust
  --pid=PID          Its process on this machine, to look at what it uses
  --places=N,M       Its --max-waits-per-address and its --max-waits
  --loops=N          How many event loops the node has. Default: 2
  --patience=N       After how many seconds an answer is taken for lost. Default: 20
  --verbose          A line for each case
`;
const PLACES = [1_500, 4_700];
const SENTENCES = 12;
// On a busy machine an honest request may come slowly.
const PATIENT = "5m";

const { values: given, positionals: nodeOptions } = parseArgs({
  allowPositionals: true,
  options: {
    ...Object.fromEntries(["seconds", "transport", "store", "seed", "only", "crowds", "url", "ca",
      "pid", "places", "loops", "patience"].map((name) => [name, { type: "string" }])),
    ...Object.fromEntries(["tls", "verbose", "help"].map((name) => [name, { type: "boolean" }])),
  },
});

// Its node ends with it.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(2));

if (given.help) {
  process.stdout.write(HELP);
} else {
  process.exit(await main()); // At its own end, Node may turn round over a broken socket for ever.
}

async function main() {
  const seed = given.seed ?? String(randomInt(1e9));
  let broken = 0;
  for (const settings of nodes()) broken += await tries(settings, seed);
  return broken === 0 ? 0 : 1;
}

// The nodes that are tried, one after the other.
function nodes() {
  if (given.url) return [{ url: given.url }];
  if (given.transport || given.tls) {
    return [{ transport: given.transport ?? "io_uring", isSecure: given.tls }];
  }
  return [...["io_uring", "epoll", "nio"].map((transport) => ({ transport })),
    { transport: "io_uring", isSecure: true }];
}

async function start({ url, transport, isSecure }, loops, [perAddress, all]) {
  const ca = given.ca && readFileSync(given.ca);
  if (url) return new Node({ url, ca, pid: given.pid && Number(given.pid) });
  return Node.start({ transport, isSecure, store: given.store,
    options: ["--loops", loops, "--max-waits-per-address", perAddress, "--max-waits", all,
      "--drain", "2s", "--head-timeout", PATIENT, ...nodeOptions] });
}

async function tries(settings, seed) {
  const { url, transport, isSecure } = settings;
  const name = url ?? `${transport}${isSecure ? " with TLS" : ""}`;
  const loops = Number(given.loops ?? 2);
  const limits = given.places?.split(",").map(Number) ?? (url ? null : PLACES);
  const node = await start(settings, loops, limits ?? PLACES);
  const begun = Date.now();
  try {
    const { cases, faults, counts, last } = await tryNode(node, {
      seed: `${seed}`,
      millis: Number(given.seconds ?? 15) * 1_000,
      patience: Number(given.patience ?? 20) * 1_000,
      loops,
      places: limits && { perAddress: limits[0], all: limits[1] },
      only: given.only?.split(",").map(Number),
      crowds: given.crowds?.split(","),
      onCase: given.verbose ? tell : undefined,
    });
    const seconds = Math.round((Date.now() - begun) / 1_000);
    console.log(`${name}: seed ${seed}, ${cases} cases in ${seconds}` +
      ` s, ${counts.sets} sets, ${counts.told} wakes, ${faults.length} faults`);
    if (faults.length > 0) tellFaults(faults, last, seed);
    return faults.length;
  } finally {
    await node.stop();
  }
}

function tell(number, { clients, kinds }) {
  console.log(`case ${number}: ${clients.length} clients, ${kinds.join(", ")}`);
}

function tellFaults(faults, { seed: name, kinds, clients }, seed) {
  const number = name.split("/").at(-1);
  console.log(`  in case ${number} (--seed ${seed} --only ${number}): ${clients.length} clients, ` +
    `${kinds.join(", ")}`);
  // Of faults that differ by numbers alone, one is told; what the node says itself comes first.
  faults.sort((one, other) => other.includes("log says") - one.includes("log says"));
  const alike = new Map();
  for (const sentence of faults) {
    const pattern = sentence.replace(/[0-9a-f]{8,}|\d+/g, "N");
    alike.set(pattern, [...(alike.get(pattern) ?? []), sentence]);
  }
  for (const [sentence, ...more] of [...alike.values()].slice(0, SENTENCES)) {
    console.log(`  - ${sentence}${more.length > 0 ? ` (and ${more.length} like it)` : ""}`);
  }
}
