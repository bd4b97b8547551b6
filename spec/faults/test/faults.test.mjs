// What is not synced may go, and what is synced stays; and the parts of a run miss what is lost.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Random } from "../../hostile/random.mjs";
import { LastingChecker } from "../checker.mjs";
import { Company } from "../company.mjs";
import { lacksHosts, Network } from "../hosts.mjs";
import { Disk } from "../journal.mjs";
import { LastingNode } from "../node.mjs";
import { Patient } from "../patient.mjs";
import { power } from "../power.mjs";
import { EIO, lacksShim, Shim } from "../shim.mjs";

const ROOT = 1n;
const [FOLDER, FILE, OTHER] = [2n, 3n, 4n];
const LATE_MILLIS = 30;

function disk(...ops) {
  const made = new Disk(ROOT);
  for (const [op, file, bytes = "", at = 0] of ops) {
    made.do({ op, file, at, bytes: Buffer.from(bytes) });
  }
  return made;
}

function texts(image) {
  return Object.fromEntries([...image].map(([path, bytes]) => [path, bytes && bytes.toString()]));
}

const MADE = [["mkdir", FOLDER, "d"], ["sync", ROOT], ["create", FILE, "d/a"], ["sync", FOLDER]];

test("whatIsSyncedStays", () => {
  const made = disk(...MADE, ["write", FILE, "one"], ["sync", FILE], ["write", FILE, "two", 3]);
  assert.deepEqual(texts(made.left("none")), { d: null, "d/a": "one" });
  assert.deepEqual(texts(made.left("all")), { d: null, "d/a": "onetwo" });
  assert.equal(made.unsynced, 1);
});

test("aWriteThatIsDurableByItselfStays", () => {
  const made = disk(...MADE, ["durable write", FILE, "one"]);
  assert.deepEqual(texts(made.left("none")), { d: null, "d/a": "one" });
});

test("whatAFailedSyncDroppedNoLaterSyncKeeps", () => {
  const made = disk(...MADE, ["write", FILE, "one"], ["failed sync", FILE], ["sync", FILE]);
  assert.deepEqual(texts(made.left("none")), { d: null, "d/a": "" });
});

test("aFolderWhoseNameIsNotSyncedTakesAllAlong", () => {
  const made = disk(["mkdir", FOLDER, "d"], ["create", FILE, "d/a"], ["sync", FOLDER],
    ["write", FILE, "one"], ["sync", FILE]);
  assert.deepEqual(texts(made.left("none")), {});
});

test("aNameThatIsNotSyncedIsTheOneBefore", () => {
  const made = disk(...MADE, ["write", FILE, "old"], ["sync", FILE], ["create", OTHER, "d/b"],
    ["write", OTHER, "new"], ["sync", OTHER], ["rename", 0n, "d/b\nd/a"]);
  assert.deepEqual(texts(made.left("none")), { d: null, "d/a": "old" });
  assert.deepEqual(texts(made.left("all")), { d: null, "d/a": "new" });
});

test("partsOfAWriteAreSectors", () => {
  const made = disk(...MADE, ["write", FILE, "x".repeat(1_200)]);
  const random = new Random("sectors");
  const lengths = new Set(random.times(50, () => made.left(random).get("d/a")?.length ?? -1));
  assert.deepEqual([...lengths].sort((a, b) => a - b), [0, 1_200]);
  const mixed = random.times(50, () => made.left(random).get("d/a").toString("latin1"))
    .filter((text) => text.includes("x") && text.includes("\0"));
  assert.ok(mixed.length > 0);
  for (const text of mixed) assert.match(text, /^(x{512}|\0{512})(x{512}|\0{512})(x{176}|\0{176})$/);
});

test("aNodeThatAcknowledgesBeforeTheSyncIsCaught", { skip: lacksShim() ?? false }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "doorbell-faults-"));
  try {
    const checker = new LastingChecker(60_000);
    await power({ folder, checker, random: new Random("os"), rounds: 1, tell() {}, sync: "os" });
    assert.match(checker.faults[0] ?? "", /of \d+ acknowledged sets are lost/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

// The C library closes what it was given (fdopen, fdopendir) without the close that the shim sees.
const TAKES_A_NUMBER_AGAIN = `
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.fdopen.restype = ctypes.c_void_p
libc.fclose.argtypes = [ctypes.c_void_p]
path = sys.argv[1]
file = libc.open(path.encode(), os.O_RDONLY)
libc.fclose(libc.fdopen(file, b"r"))
here, there = socket.socketpair()
assert file in (here.fileno(), there.fileno()), (file, here, there)
for end in here, there:
    if libc.write(end.fileno(), b"a", 1) != 1: sys.exit("the socket suffers")
ours = libc.open(path.encode(), os.O_WRONLY)
if libc.write(ours, b"a", 1) != -1: sys.exit("the file does not suffer")
`;

test("aSocketWithTheNumberOfAFileThatWasClosedDoesNotSuffer", { skip: lacksShim() ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), "doorbell-shim-"));
  const root = join(folder, "root");
  mkdirSync(root);
  writeFileSync(join(root, "file"), "");
  const shim = new Shim(folder, root);
  shim.suffer({ writeErrno: EIO });
  const { status, stderr } = spawnSync("python3", ["-c", TAKES_A_NUMBER_AGAIN, join(root, "file")],
    { env: { ...process.env, ...shim.env }, encoding: "utf8" });
  shim.close();
  rmSync(folder, { recursive: true });
  assert.equal(status, 0, stderr);
});

// One that spins rests too, for moments, by the calls that it makes.
const SPINS = `
import time
print("spins", flush=True)
for i in range(1 << 60):
    if i % 100_000 == 0: time.sleep(0.0001)
`;
const RESTS = `
import time
print("rests", flush=True)
while True: time.sleep(0.02)
`;
const MOST_READINGS = 5;
const lacksTaskset = spawnSync("taskset", ["--version"]).status !== 0 && "needs taskset";

test("whoSpinsIsSeenOnABusyMachineAndWhoRestsIsNot", { skip: lacksTaskset }, async () => {
  const onOneCore = (...words) => spawn("taskset", ["-c", "0", ...words],
    { stdio: ["ignore", "pipe", "ignore"] });
  const others = Array.from({ length: 4 }, () => onOneCore("sh", "-c", "while :; do :; done"));
  const nodes = [SPINS, RESTS].map((script) => Object.assign(new LastingNode({ folder: tmpdir() }),
    { process: onOneCore("python3", "-c", script) }));
  try {
    await Promise.all(nodes.map(({ process }) => once(process.stdout, "data")));
    const readings = [];
    const isSeen = ([spins, rests]) => spins > 0.7 && rests < 0.3;
    while (readings.length < MOST_READINGS && !readings.some(isSeen)) {
      readings.push(await Promise.all(nodes.map((node) => node.load())));
    }
    assert.ok(readings.some(isSeen), "of a core by who spins, and by who rests: " +
      readings.map((shares) => shares.join(" and ")).join(", "));
  } finally {
    others.forEach((other) => other.kill("SIGKILL"));
    await Promise.all(nodes.map((node) => node.stop()));
  }
});

test("whoTriesASetUntilItIsKeptTakesOneConnection", async () => {
  let sets = 0, clients = 0;
  const node = createServer((request, response) => {
    response.statusCode = ++sets < 10 ? 503 : 201;
    request.resume().on("end", () => response.end());
  });
  node.on("connection", () => clients++);
  await once(node.listen(0, "127.0.0.1"), "listening");
  const checker = new LastingChecker();
  const patient = new Patient({ folder: tmpdir(), random: new Random(1), checker });
  Object.assign(patient.node, node.address(), { host: "127.0.0.1" });
  await patient.setsAgain();
  await patient.stop();
  node.closeAllConnections();
  node.close();
  assert.deepEqual([sets, clients, checker.faults], [10, 1, []]);
});

test("nodesThatShareNothingAreCaught", async () => {
  const folder = mkdtempSync(join(tmpdir(), "doorbell-faults-"));
  const nodes = ["a", "b"].map((name) => {
    mkdirSync(join(folder, name));
    return Object.assign(new LastingNode({ folder: join(folder, name), store: "memory" }), { name });
  });
  try {
    await Promise.all(nodes.map((node) => node.start()));
    const checker = new LastingChecker(5_000);
    const company = new Company(nodes, checker, new Random(1)).begin(3);
    // On a busy machine the first set takes a while.
    await new LastingChecker(60_000).until(() => checker.counts.sets, Boolean);
    await company.end();
    assert.match(checker.faults.join("\n"), /was acknowledged \d+ ms ago, and isn't told to \S+ at /);
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
});

// What clients send to a node comes late, and `isCut` says which of it ends its connection.
async function between(node, isCut) {
  const server = createTcpServer((client) => {
    const there = connect(node.port, node.host);
    client.on("data", async (bytes) => {
      if (isCut(bytes)) return client.destroy();
      await pause(LATE_MILLIS);
      there.write(bytes);
    });
    there.pipe(client);
    for (const socket of [client, there]) {
      socket.on("error", () => {}).on("close", () => [client, there].forEach((one) => one.destroy()));
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

test("aSetThatIsCutOffIsCaughtAndNoneIsByTheEnd", async () => {
  const folder = mkdtempSync(join(tmpdir(), "doorbell-faults-"));
  const node = new LastingNode({ folder, store: "memory" });
  const faultsBehind = async (isCut, enough) => {
    const server = await between(node, isCut);
    const checker = new LastingChecker();
    const place = { name: "a node", host: node.host, port: server.address().port, isUp: true, starts: 1 };
    const company = new Company([place], checker, new Random(1)).begin(3);
    await checker.until(() => checker.faults.length > 0 || checker.counts.sets > enough, Boolean);
    await company.end();
    server.close();
    return checker.faults;
  };
  try {
    await node.start();
    assert.deepEqual(await faultsBehind(() => false, 500), []);
    let sets = 0;
    const [first] = await faultsBehind((bytes) => bytes.includes("POST /") && ++sets === 10, Infinity);
    assert.equal(first, "a set by http1 at a node is cut off");
  } finally {
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("whatIsCutOffIsDroppedInOneDirection", { skip: lacksHosts() ?? false }, async () => {
  const network = new Network();
  try {
    const host = network.host("a");
    const server = createServer((request, response) => response.end()).unref();
    await once(server.listen(0, network.address), "listening");
    const reaches = async (seconds = 30) => {
      const [program, ...words] = [...host.enter, "timeout", `${seconds}`, "bash", "-c",
        `exec </dev/tcp/${network.address}/${server.address().port}`];
      const [code] = await once(spawn(program, words, { stdio: "ignore" }), "exit");
      return code;
    };
    assert.equal(await reaches(), 0);
    for (const way of [[host, network], [network, host]]) {
      network.cut(...way);
      assert.equal(await reaches(0.5), 124); // Nobody answers, and nobody refuses.
      network.heal();
      assert.equal(await reaches(), 0);
    }
  } finally {
    network.close();
  }
  assert.ok(!spawnSync("ip", ["netns", "list"], { encoding: "utf8" }).stdout.includes(network.name));
});
