// Nodes that share their sets, with the Redis, one or several, or the PostgreSQL that they have in
// common.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuNanos, execute, readProcess, root, Running, SERVER_CORE } from "./processes.mjs";
import { freePort, scratchFolder, Server, untilItAccepts } from "./servers.mjs";

const PATIENCE_MILLIS = 10_000;

// What Redis's INFO says, by name; the names of texts are left out.
export function figuresOf(info) {
  const pairs = [...info.matchAll(/^(\w+):(-?[\d.]+)\r?$/gm)];
  return Object.fromEntries(pairs.map(([, name, value]) => [name, Number(value)])
    .filter(([, value]) => Number.isFinite(value)));
}

class Redis extends Server {
  get address() { return `redis://127.0.0.1:${this.port}`; }

  cpuNanos() { return cpuNanos(this.pid); }

  // Its figures as they are now.
  info() {
    return new Promise((resolve, reject) => {
      let answer = "";
      const socket = net.connect(this.port, "127.0.0.1", () => socket.end("INFO\r\n"));
      socket.setTimeout(PATIENCE_MILLIS, () => socket.destroy(new Error("Redis says nothing")));
      socket.setEncoding("utf8").on("data", (text) => { answer += text; });
      socket.on("error", reject).on("end", () => resolve(figuresOf(answer)));
    });
  }
}

// fsync: "no" leaves to the system when the disk has what is appended; "always" has each set there
// before it is answered.
export async function startRedis(fsync) {
  const [port, folder] = [await freePort(), scratchFolder()];
  const command = ["redis-server", "--port", String(port), "--bind", "127.0.0.1", "--save", "",
    "--dir", folder, "--appendonly", "yes", "--appendfsync", fsync,
    "--logfile", join(folder, "log")];
  const running = new Running(command, { core: SERVER_CORE });
  await untilItAccepts(running, port);
  return new Redis(running, port);
}

const VERSIONS = "/usr/lib/postgresql";
const USER = "postgres"; // PostgreSQL doesn't run as root

// A program of the newest version, as a user that may run it.
function own(program, ...words) {
  const newest = Math.max(...readdirSync(VERSIONS).map(Number));
  const as = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups"];
  return [...(process.getuid() === 0 ? as : []), join(VERSIONS, String(newest), "bin", program),
    ...words];
}

class Postgres extends Server {
  get address() { return `postgresql://${USER}@127.0.0.1:${this.port}/postgres`; }

  // Of all its processes, each of which serves a connection or writes for all.
  cpuNanos() {
    const all = readProcess(this.pid, `task/${this.pid}/children`).trim().split(" ");
    return [this.pid, ...all].reduce((sum, pid) => sum + cpuNanos(pid), 0);
  }

  async info() {
    const asked = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')," +
      " pg_total_relation_size('doorbell_events')";
    const [file, ...words] = own("psql", "-AtF", " ", "-d", this.address, "-c", asked);
    const [log, table] = (await execute(file, words)).stdout.split(" ").map(Number);
    return { log, table };
  }
}

// As it comes, so that a set is on the disk before it is answered.
async function startPostgres() {
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), "doorbell-bench-"))];
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  if (process.getuid() === 0) await execute("chown", [USER, folder]);
  const data = join(folder, "data");
  const [file, ...words] = own("initdb", "-D", data, "-U", USER, "-A", "trust", "-N");
  await execute(file, words, { cwd: folder });
  const command = own("postgres", "-D", data, "-p", String(port), "-c",
    "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=");
  const running = new Running(command, { core: SERVER_CORE });
  await untilItAccepts(running, port);
  const server = new Postgres(running, port);
  await execute("./doorbell", ["store", "init", "--store", server.address], { cwd: root });
  return server;
}

// Nodes over one store or several; all of these share a core.
export class Nodes {
  static async start(bench, setup) {
    const { nodes = 1, redis = 1, fsync = "no", isPostgres = false, options = [] } = setup;
    const servers = [];
    for (let i = 0; i < (isPostgres ? 0 : redis); i++) servers.push(await startRedis(fsync));
    if (isPostgres) servers.push(await startPostgres());
    const urls = servers.map(({ address }) => address).join(",");
    const started = [];
    for (let i = 0; i < nodes; i++) {
      started.push(await bench.fresh("node", { store: ["--store", urls], options }));
    }
    return Object.assign(new Nodes(), { stores: servers, nodes: started });
  }

  // As one server for park: whose waits are at some of the nodes, and whose sets at some.
  between(waiting, setting) {
    const ports = (nodes) => nodes.map(({ port }) => port).join();
    const pids = [...this.nodes, ...this.stores].map(({ pid }) => pid).join();
    return { waitPath: "/", setPath: "/", namesId: true, pid: pids,
      port: ports(waiting), setPort: ports(setting) };
  }

  async end() {
    for (const server of [...this.nodes, ...this.stores]) await server.end();
  }
}
