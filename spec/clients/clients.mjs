// The commands of the clients, and a node that tells what reached it. Each client's command is of
// one form, so that one suite drives them all:
//
//   COMMAND wait NODE ID[,ID…] [SECONDS]   prints the ids that are set, a line each; exit code 1
//                                          and nothing where none is in time
//   COMMAND set NODE ID [KEY]              prints `first`, where this call set it, or `already`
//   COMMAND setAll NODE                    reads lines `ID` or `ID KEY`; prints `SET ALREADY`
//   COMMAND derive SECRET TOPIC VERSION    prints `ID KEY`
//
// NODE is a URL or, of nodes that share a store, several with commas.
// Any error: exit code 2, a sentence on stderr, nothing on stdout.
// DOORBELL_CLIENTS=php,java tries these only; DOORBELL_CLIENT_PHP is another command for one.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");
const STUCK_MILLIS = 900_000;
const PATIENCE_MILLIS = 120_000; // until a client asks, on a busy machine

// The JDK of the oldest Java that the client supports. These flags shorten a short life.
function java() {
  const jdk = execFileSync(`${ROOT}/script/jdk`, ["17"], { encoding: "utf8" }).trim();
  const classes = ["classes", "test-classes"].map((name) => `${ROOT}/client/target/${name}`);
  const flags = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"];
  return [`${jdk}/bin/java`, ...flags, "-cp", classes.join(":"), "doorbell.client.Command"];
}

const COMMANDS = {
  java,
  node: () => [process.execPath, `${ROOT}/js/bin/doorbell.mjs`],
  php: () => ["php", `${ROOT}/php/bin/doorbell`],
  python: () => ["python3", "-m", "doorbell"],
};

function commandOf(name) {
  const given = process.env[`DOORBELL_CLIENT_${name.toUpperCase()}`];
  if (given) return given.split(" ");
  if (!COMMANDS[name]) throw new Error(`there is no client "${name}" in DOORBELL_CLIENTS`);
  return COMMANDS[name]();
}

const names = (process.env.DOORBELL_CLIENTS || Object.keys(COMMANDS).join(",")).split(",");

export const clients = names.map((name) => ({
  name,
  command: commandOf(name),
  toString: () => name,
}));

const ENVIRONMENT = {
  ...process.env,
  LC_ALL: "C.UTF-8", // a JVM reads its arguments by the locale
  PYTHONPATH: process.env.PYTHONPATH || `${ROOT}/python/src`,
};

// Runs a client's command: its exit code, what it printed and how long it took.
export async function run(client, words, { input = "", environment = {} } = {}) {
  const [file, ...first] = client.command;
  const began = performance.now();
  const child = spawn(file, [...first, ...words], {
    env: { ...ENVIRONMENT, ...environment }, timeout: STUCK_MILLIS,
  });
  const result = { code: null, stdout: "", stderr: "", words: [client.name, ...words].join(" ") };
  child.stdout.on("data", (data) => (result.stdout += data));
  child.stderr.on("data", (data) => (result.stderr += data));
  child.stdin.on("error", () => {}); // a command may end before it has read all
  child.stdin.end(input);
  const [code, signal] = await once(child, "close");
  return { ...result, code: code ?? signal, millis: performance.now() - began };
}

// Stands between clients and the node: passes all on, and knows which waits are on their way.
export async function between(url) {
  const waits = []; // of all the paths, with what they ask, and when they were passed on
  const isFor = (id, seconds) => ({ path }) =>
    path.includes(id) && !(new URL(path, url).searchParams.get("timeout") < seconds);
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    const { method, headers } = request;
    const onward = http.request(url + request.url, { method, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    onward.on("finish", () => {
      if (method === "GET") waits.push({ path: request.url, at: performance.now() });
      server.emit("passed");
    });
    request.pipe(onward);
  });
  const bell = await listen(server);
  return {
    ...bell,
    // Until one was passed on that is to be held for so long; and how many others came in that time.
    async waitsFor(id, seconds = 0) {
      const signal = AbortSignal.timeout(PATIENCE_MILLIS);
      try {
        while (!waits.some(isFor(id, seconds))) await once(server, "passed", { signal });
      } catch (cause) {
        const what = `nobody asks for ${id}${seconds ? `, to be held for ${seconds} s or more` : ""}`;
        throw new Error(`${what}, in ${PATIENCE_MILLIS / 1_000} s`, { cause });
      }
    },
    countAfter(id, seconds) {
      const { at } = waits.find(isFor(id, seconds));
      const isSoon = (wait) => wait.at > at && wait.at < at + 1_000 * seconds;
      return waits.filter(isFor(id, 0)).filter(isSoon).length;
    },
    stop() {
      bell.stop();
      agent.destroy();
    },
  };
}

// A server at that handler's mercy instead of a node.
export function fake(handle) {
  return listen(http.createServer(handle));
}

async function listen(server) {
  server.setMaxListeners(0);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

// One that takes connections and says nothing, not even in a handshake.
export async function mute() {
  const sockets = [];
  const server = net.createServer((socket) => sockets.push(socket.on("error", () => {})));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

// A URL at which nobody listens: a port that is taken, but at another address.
export async function nobody() {
  const { url, stop } = await fake(() => {});
  return { url: url.replace("127.0.0.1", "127.0.0.2"), stop };
}

// The node of DOORBELL_URL, or one of this repository, with a door for each client.
export async function startNode() {
  const node = process.env.DOORBELL_URL ? { url: process.env.DOORBELL_URL, stop() {} } : await serve();
  // A proxy each, which tells that a wait is on its way: no sleep, and no question to the node.
  const doors = new Map();
  for (const client of clients) doors.set(client, await between(node.url));
  return {
    url: node.url,
    of: (client) => doors.get(client).url,
    waitsFor: (client, id) => doors.get(client).waitsFor(id),
    async isSet(id) {
      return (await fetch(`${node.url}/${id}?timeout=0`)).status === 200;
    },
    async stop() {
      for (const door of doors.values()) door.stop();
      await node.stop();
    },
  };
}

// A node of this repository, with more options.
export async function serve(...options) {
  const launcher = process.env.DOORBELL_LAUNCHER || `${ROOT}/doorbell`;
  const store = options.includes("--store") ? [] : ["--store", "memory"];
  const words = ["serve", "--listen", "127.0.0.1:0", ...store, ...options];
  const child = spawn(launcher, words, { stdio: ["ignore", "pipe", "inherit"] });
  const over = once(child, "exit");
  const stop = () => {
    child.kill();
    return over;
  };
  process.once("exit", () => child.kill());
  let said = "";
  for await (const data of child.stdout) {
    said += data;
    const [, url] = /^doorbell: listening on (\S+)$/m.exec(said) || [];
    if (!url) continue;
    child.stdout.resume();
    return { url, stop, signal: (name) => child.kill(name) };
  }
  throw new Error(`${launcher} serve ended: ${said}`);
}

// What a test needs of this tree, and isn't there.
export function missing(client) {
  const [file, ...words] = client.command;
  const paths = [file, ...words].filter((word) => word.startsWith("/") && !word.includes(":"));
  return paths.find((path) => !existsSync(path));
}
