// The command: see README.md, or `script/siege --help`.
import { fork } from "node:child_process";
import { once } from "node:events";
import os from "node:os";
import { parseArgs } from "node:util";
import { setTimeout as pause } from "node:timers/promises";
import { Node } from "./node.mjs";
import { inOneOf } from "../tries.mjs";
import { ATTACKS, NAMES } from "./siege/attacks.mjs";
import { figures, judge } from "./siege/judge.mjs";
import { Meter } from "./siege/meter.mjs";

const HELP = `Usage: script/siege [OPTION]... [-- OPTION-OF-THE-NODE...]
Has clients at other addresses attack a node, and compares what honest clients notice with a node that
is not attacked, at the same time on the same machine.
  --large          Thousands of attackers, and minutes. Default: some hundreds, and seconds
  --only=NAME,...  Only these attacks. Default: ${NAMES.join(" ")}
  --transport=NAME io_uring, epoll, nio or auto. Default: auto
  --open           Without the limits of an address
  --verbose        A line for each round
`;
const SIZES = {
  small: { many: 400, some: 100, few: 8, pace: 20, rounds: 2, millis: 500, settle: 150 },
  large: { many: 18_000, some: 1_000, few: 50, pace: 0, rounds: 6, millis: 4_000, settle: 2_000 },
};
// A node may be unlucky beside other work: a failed attack is tried twice more, with more rounds.
const TRIES = 3;
const AGAIN = { rounds: 6, millis: 1_000 };
const LIMITS = ["--max-connections-per-address", "500",
  "--max-connections-per-second-per-address", "500", "--max-waits-per-address", "2000",
  "--max-waits-per-second-per-address", "1000", "--max-sets-per-second-per-address", "1000"];
const HEAP_MEGABYTES = 256;
// The heap, what of --max-buffered is outside of it, and the JVM itself.
const MOST_MEGABYTES = HEAP_MEGABYTES * 1.25 + 130;
// Where it may be so, nodes and honest clients come before other work of the machine.
const FIRST = ["nice", "-n", "-10"];
const RECOVERY_MILLIS = 20_000;
const LAG_MILLIS = 10;

const { values: given, positionals: nodeOptions } = parseArgs({
  allowPositionals: true,
  options: {
    ...Object.fromEntries(["only", "transport"].map((name) => [name, { type: "string" }])),
    ...Object.fromEntries(["large", "open", "verbose", "help"].map((name) =>
      [name, { type: "boolean" }])),
  },
});

try {
  os.setPriority(-15);
} catch {
  // Then they take turns with other work.
}

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(2));

if (given.help) process.stdout.write(HELP);
else process.exit(await main());

async function main() {
  const names = given.only?.split(",") ?? NAMES;
  const unknown = names.filter((name) => !ATTACKS[name]);
  if (unknown.length > 0) throw new Error(`there is no attack named ${unknown.join()}`);
  const begun = Date.now();
  let broken = 0;
  for (const isSecure of [false, true]) {
    const here = names.filter((name) => Boolean(ATTACKS[name].secure) === isSecure);
    if (here.length > 0) broken += await besiege(here, isSecure);
  }
  console.log(`siege: ${names.length} attacks in ${Math.round((Date.now() - begun) / 1_000)} s, ` +
    `${broken} faults`);
  return broken === 0 ? 0 : 1;
}

// Two nodes, each attacked in turn while the other is the control.
async function besiege(names, isSecure) {
  const options = ["--loops", "2", ...(given.open ? [] : LIMITS), ...nodeOptions];
  const start = () =>
    Node.start({ transport: given.transport ?? "auto", isSecure, options, starter: FIRST });
  const siege = { nodes: await Promise.all([start(), start()]), faults: new Set() };
  siege.attackers = fork(new URL("./siege/attacker.mjs", import.meta.url));
  siege.meters = siege.nodes.map((node, at) => new Meter(node, 7 + at, siege.faults));
  let broken = 0;
  try {
    await Promise.all(siege.meters.map((meter) => meter.opened()));
    await round(siege, 0, 1_000); // The JVM compiles what the honest clients ask for.
    siege.sockets = siege.nodes.map((node) => node.sockets());
    for (const name of names) broken += await tries(siege, name);
    return broken;
  } finally {
    for (const meter of siege.meters) meter.leave();
    siege.attackers.disconnect();
    await Promise.all(siege.nodes.map((node) => node.stop()));
  }
}

async function tries(siege, name) {
  const size = given.large ? SIZES.large : SIZES.small;
  siege.most = 0;
  const longer = { ...size, ...AGAIN, millis: Math.max(size.millis, AGAIN.millis) };
  let tried = 0;
  const result = await inOneOf(TRIES, async () =>
    judge(await rounds(siege, name, tried++ === 0 ? size : longer)),
  (each) => {
    if (given.verbose && each.faults.length > 0) console.log(`  ${name}: ${each.faults.join("; ")}`);
    return each.faults.length === 0;
  });
  const faults = [...result.faults, ...siege.faults, ...siege.nodes.map((node) =>
    node.ended ? `a node ended: ${node.ended}` : node.trouble()).filter(Boolean)];
  siege.faults.clear();
  if (siege.most > MOST_MEGABYTES) faults.push(`the node has ${siege.most} MB`);
  const tell = ({ half, last }) => `p50 ${half.toFixed(2)} ms, p99 ${last.toFixed(2)} ms`;
  console.log(`${name}: ${tell(result.attacked)}; without it ${tell(result.control)}; ` +
    `at most ${siege.most} MB, ${siege.connected} connections`);
  for (const fault of faults) console.log(`  - ${fault}`);
  return faults.length;
}

async function rounds(siege, name, size) {
  const all = [];
  siege.connected = 0;
  for (let number = 0; number < size.rounds; number++) {
    const attacked = number % siege.nodes.length;
    const { host, port } = siege.nodes[attacked];
    siege.attackers.send({ attack: name, node: { host, port }, size });
    await once(siege.attackers, "message");
    await pause(size.settle);
    all.push(await round(siege, attacked, size.millis));
    siege.attackers.send({ stop: true });
    const [{ left }] = await once(siege.attackers, "message");
    siege.connected += left;
    if (given.verbose) console.log(`  ${name} ${JSON.stringify(all.at(-1))}`);
    await recovers(siege, attacked);
  }
  return all;
}

// The figures of both nodes, of the same time.
async function round(siege, attacked, millis) {
  siege.meters.forEach((meter) => meter.listen());
  for (let passed = 0; passed < millis; passed += 100) {
    await pause(Math.min(100, millis - passed));
    siege.most = Math.max(siege.most ?? 0, siege.nodes[attacked].megabytes());
  }
  const [one, other] = siege.meters.map((meter) => figures(meter.heard()));
  return attacked === 0 ? { attacked: one, control: other } : { attacked: other, control: one };
}

// No socket of an attacker is left, and honest clients are served as before.
async function recovers(siege, attacked) {
  const until = Date.now() + RECOVERY_MILLIS;
  const isBack = () => siege.nodes[attacked].sockets() <= siege.sockets[attacked];
  while (!isBack() && Date.now() < until) await pause(LAG_MILLIS);
  if (!isBack()) {
    siege.faults.add(`${siege.nodes[attacked].sockets() - siege.sockets[attacked]} sockets of ` +
      `attackers are left ${RECOVERY_MILLIS / 1_000} s after they have gone`);
  }
}
