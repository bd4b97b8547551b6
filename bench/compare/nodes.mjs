// Nodes that share their sets, with the servers of Redis that these have in common.
import net from "node:net";
import { join } from "node:path";
import { Running, SERVER_CORE } from "./processes.mjs";
import { freePort, scratchFolder, Server, untilItAccepts } from "./servers.mjs";

const PATIENCE_MILLIS = 10_000;

// What Redis's INFO says, by name; the names of texts are left out.
export function figuresOf(info) {
  const pairs = [...info.matchAll(/^(\w+):(-?[\d.]+)\r?$/gm)];
  return Object.fromEntries(pairs.map(([, name, value]) => [name, Number(value)])
    .filter(([, value]) => Number.isFinite(value)));
}

class Redis extends Server {
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

// Nodes over one Redis or several; all of these share a core.
export class Nodes {
  static async start(bench, { nodes = 1, redis = 1, fsync = "no", options = [] }) {
    const servers = [];
    for (let i = 0; i < redis; i++) servers.push(await startRedis(fsync));
    const urls = servers.map(({ port }) => `redis://127.0.0.1:${port}`).join(",");
    const started = [];
    for (let i = 0; i < nodes; i++) {
      started.push(await bench.fresh("node", { store: ["--store", urls], options }));
    }
    return Object.assign(new Nodes(), { redis: servers, nodes: started });
  }

  // As one server for park: whose waits are at some of the nodes, and whose sets at some.
  between(waiting, setting) {
    const ports = (nodes) => nodes.map(({ port }) => port).join();
    const pids = [...this.nodes, ...this.redis].map(({ pid }) => pid).join();
    return { waitPath: "/", setPath: "/", namesId: true, pid: pids,
      port: ports(waiting), setPort: ports(setting) };
  }

  async end() {
    for (const server of [...this.nodes, ...this.redis]) await server.end();
  }
}
