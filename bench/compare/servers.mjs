// The servers that are measured, by name: what starts each, and how one waits and sets there.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readProcess, root, Running, SERVER_CORE } from "./processes.mjs";

const PATIENCE_MILLIS = 60_000;
mkdirSync(join(root, "bench/target"), { recursive: true });
const scratch = mkdtempSync(join(root, "bench/target/run-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
let scratchFolders = 0;

export function scratchFolder() {
  const folder = join(scratch, String(++scratchFolders));
  mkdirSync(folder, { mode: 0o755 });
  return folder;
}

// What the documents call a server.
export const NAMES = {
  node: "Doorbell, memory",
  os: "Doorbell, RocksDB, --sync os",
  always: "Doorbell, RocksDB, --sync always",
  peer: "nginx + nchan",
  floor: "floor",
  kept: "floor, fdatasync",
};

// The options of `./doorbell serve` for the nodes; STORE is a folder.
export const NODE_OPTIONS = {
  node: ["--store", "memory"],
  os: ["--store", "rocksdb:STORE", "--sync", "os"],
  always: ["--store", "rocksdb:STORE", "--sync", "always"],
};

export const storeOptions = (name) =>
  NODE_OPTIONS[name].map((word) => word.replace("STORE", scratchFolder()));

export const isNode = (name) => name in NODE_OPTIONS;

export class Server {
  waitPath = "/";
  setPath = "/";
  namesId = true;
  #isEnding = false;

  constructor(running, port, pid = running.pid) {
    Object.assign(this, { running, port, pid, url: `http://127.0.0.1:${port}` });
    running.child.once("close", () => this.#closed());
  }

  // A server that ends by itself says why; the load generator only sees that it has gone.
  async #closed() {
    if (!this.#isEnding) process.stderr.write(`bench: ${(await this.running.failure()).message}\n`);
  }

  async end() {
    if (!this.running.isRunning) throw await this.running.failure();
    this.#isEnding = true;
    await this.running.end();
  }
}

export async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

// What `look` finds, once it finds something.
async function found(running, look) {
  for (const end = Date.now() + PATIENCE_MILLIS; Date.now() < end; await sleep(20)) {
    if (!running.isRunning) throw await running.failure();
    const it = await look();
    if (it) return it;
  }
  throw new Error(`${running.command} doesn't come up`);
}

export const untilItAccepts = (running, port) => found(running, () => accepts(port));

// nginx works in a child of the process that was started, which listens before there is one.
function workerOf(running) {
  const { pid } = running;
  return found(running, () => Number(readProcess(pid, `task/${pid}/children`).trim()));
}

// folder: the checkout; core: null lets it run on any; java: flags for the JVM; options: more for
// `serve`; store: words for it in place of those of the name.
export async function startNode(name, settings) {
  const { transport, folder = root, core = SERVER_CORE, java = "", options = [] } = settings;
  const store = settings.store ?? storeOptions(name);
  const carrier = transport ? ["--transport", transport] : [];
  const command = [join(folder, "doorbell"), "serve", "--loops", "1", "--listen", "127.0.0.1:0",
    ...store, ...carrier, ...options];
  const javaOptions = `${process.env.JAVA_OPTS ?? ""} ${java}`.trim();
  const running = new Running(command, { core, env: { JAVA_OPTS: javaOptions } });
  return new Server(running, Number(/:(\d+)$/.exec(await running.line())[1]));
}

async function startPeer() {
  const [folder, port] = [scratchFolder(), await freePort()];
  const template = readFileSync(join(root, "bench/load/nchan.conf"), "utf8");
  const file = join(folder, "nginx.conf");
  writeFileSync(file, template.replace("listen 127.0.0.1:@PORT@", `listen 127.0.0.1:${port}`));
  const command = ["nginx", "-e", "stderr", "-p", folder, "-c", file];
  const running = new Running(command, { core: SERVER_CORE });
  await untilItAccepts(running, port);
  return Object.assign(new Server(running, port, await workerOf(running)), {
    waitPath: "/sub/", setPath: "/pub/", namesId: false, constantPath: "/constant",
  });
}

// log: null keeps sets in memory alone.
async function startFloor(log) {
  const port = await freePort();
  const command = [join(root, "bench/target/floor"), String(port), ...(log ? [log] : [])];
  const running = new Running(command, { core: SERVER_CORE });
  await untilItAccepts(running, port);
  return new Server(running, port);
}

export function start(name, settings) {
  if (isNode(name)) return startNode(name, settings);
  if (name === "peer") return startPeer();
  return startFloor(name === "kept" ? join(scratchFolder(), "log") : null);
}
