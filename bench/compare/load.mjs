// The two load generators: park, our own, and wrk. Whatever a server gets wrong is thrown.
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { cpuNanos, LOAD_CORE, root, Running } from "./processes.mjs";

export const WRK_CONNECTIONS = 64;
const parkProgram = join(root, "bench/target/park");
const streamsProgram = join(root, "bench/target/streams");
const postScript = join(root, "bench/load/post.lua");
let runs = randomInt(256); // each run's clients have addresses of their own, and so free ports

function parkCommand(server, mode, options) {
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return [parkProgram, mode, "--port", String(server.port), "--pid", String(server.pid),
    "--wait-path", server.waitPath, "--set-path", server.setPath,
    ...(server.setPort ? ["--set-port", server.setPort] : []),
    ...(server.namesId ? ["--names-id"] : []), "--net", String(runs++ % 256), ...words];
}

// The figures of one run of park; see `bench/target/park` for its modes and options.
export async function park(server, mode, options) {
  const running = new Running(parkCommand(server, mode, options), { core: LOAD_CORE });
  return JSON.parse(await running.output());
}

// Parked waits that stay: grow() parks more, end() lets all of them go.
export function hold(server, waits, oneId = false) {
  const command = parkCommand(server, "hold", { waits });
  return parked(oneId ? [...command, "--one-id"] : command);
}

// The same over connections of WebSocket or HTTP/2, each with its share of the waits: end() sets
// their ids, and has the figures.
export function streams(server, kind, { waits, connections, shared, unrested }) {
  return parked([streamsProgram, kind, "--port", String(server.port), "--pid", String(server.pid),
    "--waits", String(waits), "--connections", String(connections),
    ...(shared ? ["--shared"] : []), ...(unrested ? ["--unrested"] : []),
    "--net", String(runs++ % 256)]);
}

function parked(command) {
  const running = new Running(command, { core: LOAD_CORE });
  return {
    async grow(size) {
      running.child.stdin.write(`${size}\n`);
      const held = JSON.parse(await running.line()).parked;
      if (held !== size) throw new Error(`${held} of ${size} waits are parked`);
    },
    async end() {
      running.child.stdin.end();
      return running.output();
    },
    leave: () => running.end(),
  };
}

// Ids that no run has used before, as those of park: microseconds, below 2^53.
const newIds = () => Date.now() * 1000;

async function wrk(server, seconds, path, { connections = WRK_CONNECTIONS, script = [],
  words = [] } = {}) {
  const command = ["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, ...script,
    server.url + path, ...words];
  const running = new Running(command, { core: LOAD_CORE });
  const before = cpuNanos(server.pid);
  const output = await running.output();
  const cpu = cpuNanos(server.pid) - before;
  if (/Socket errors|Non-2xx/.test(output)) throw new Error(`${running.command}\n${output}`);
  const [, requests] = /(\d+) requests in/.exec(output);
  const [, rate] = /Requests\/sec:\s*([\d.]+)/.exec(output);
  return { rate: Number(rate), requests: Number(requests),
    cpuMicros: cpu / 1000 / Number(requests) };
}

async function expectStatus(url, options, ...statuses) {
  const { status } = await fetch(url, { ...options, signal: AbortSignal.timeout(10_000) });
  if (!statuses.includes(status)) throw new Error(`${url} answered ${status}`);
}

// Requests for one variable that is set.
export async function getSet(server, seconds) {
  const id = newIds();
  await expectStatus(`${server.url}${server.setPath}${id}`, { method: "POST", body: "" },
    200, 201, 202, 204);
  await expectStatus(`${server.url}${server.waitPath}${id}`, {}, 200);
  return wrk(server, seconds, `${server.waitPath}${id}`);
}

// Each request sets a new id. One of the first is looked for afterwards; wrk keeps the very first
// to itself.
export async function postNew(server, seconds, connections = WRK_CONNECTIONS, id = newIds()) {
  const figures = await wrk(server, seconds, "/", { connections, script: ["-s", postScript],
    words: ["--", server.setPath, String(id)] });
  await expectStatus(`${server.url}${server.waitPath}${id + 100}`, {}, 200);
  return figures;
}

export const getConstant = (server, seconds) => wrk(server, seconds, server.constantPath);
