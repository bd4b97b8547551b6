// One drain: a node with parked waits and sets coming in is told to end.
import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { park, RIGHT } from "./clients.mjs";

const LAUNCHER = process.env.DOORBELL_LAUNCHER
  || fileURLToPath(new URL("../../doorbell", import.meta.url));
const FIRST_SET = 1_000_000; // ids beyond all those that are waited for
const SETS_EACH_MILLIS = 10;

// A node on a free port; `parked` tells its waits, `end` sends SIGTERM and resolves with its code.
async function start(store, more) {
  const child = spawn(LAUNCHER, ["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
    "--store", store, ...more], { stdio: ["ignore", "pipe", "inherit"], detached: true });
  const kill = () => process.kill(-child.pid, "SIGKILL");
  process.on("exit", kill);
  const ended = once(child, "exit").then(([code]) => {
    process.removeListener("exit", kill);
    return code;
  });
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (lines.push(line.replace(/^.* /, "")) === 2) break;
  }
  const [url, admin] = lines;
  if (!admin) throw new Error("the node did not start");
  child.stdout.resume();
  return {
    port: Number(new URL(url).port),
    async parked() {
      const text = await (await fetch(`${admin}/metrics`)).text();
      return [...text.matchAll(/^doorbell_parked_waits\{.*\} ([0-9.]+)$/gm)]
        .reduce((sum, [, count]) => sum + Number(count), 0);
    },
    end() {
      process.kill(-child.pid, "SIGTERM");
      return ended;
    },
  };
}

const set = (port, id) => new Promise((resolve) => {
  http.request({ port, method: "POST", path: `/${id}`, agent: false }, (answer) => {
    answer.resume();
    resolve(answer.statusCode);
  }).on("error", ({ code }) => resolve(code)).end();
});

// Sets one id after the other until nobody listens any more: those that were acknowledged, and what
// else came.
async function setOn(port) {
  const acknowledged = [];
  const others = {};
  for (let id = FIRST_SET; ; id++) {
    const status = await set(port, id);
    if (status === 201) acknowledged.push(id);
    else others[status] = (others[status] ?? 0) + 1;
    if (status === "ECONNREFUSED") return { acknowledged, others };
    await delay(SETS_EACH_MILLIS);
  }
}

async function lost(store, acknowledged) {
  const node = await start(store, []);
  const missing = [];
  for (const id of acknowledged) {
    if (await set(node.port, id) !== 200) missing.push(id);
  }
  await node.end();
  return missing;
}

/**
 * Drains a node with `waits` waits of each kind for `seconds`. Resolves with the milliseconds from
 * the signal to the end of each wait of a kind, in order; what ended otherwise than it should; the
 * sets that were acknowledged and lost; and the node's exit code and time.
 */
export async function drain({ kinds, waits, seconds }) {
  const folder = mkdtempSync(join(tmpdir(), "doorbell-drain-"));
  const store = `rocksdb:${folder}/store`;
  const node = await start(store, ["--drain", `${seconds}s`]);
  const times = Object.fromEntries(kinds.map((kind) => [kind, []]));
  const wrong = {};
  const ended = new Set();
  let begun;
  const ends = [];
  for (const [index, kind] of kinds.entries()) {
    ends.push(await park(kind, { port: node.port, first: 1 + index * waits, count: waits },
      (id, how) => {
        if (how !== RIGHT[kind]) wrong[`${kind}: ${how}`] = (wrong[`${kind}: ${how}`] ?? 0) + 1;
        if (ended.has(id)) return;
        ended.add(id);
        times[kind].push(performance.now() - begun);
      }));
  }
  const left = () => waits * kinds.length - ended.size;
  while (await node.parked() < left()) await delay(100);
  const sets = setOn(node.port);
  await delay(500);
  begun = performance.now();
  const exitCode = await node.end();
  const millis = performance.now() - begun;
  const { acknowledged, others } = await sets;
  ends.forEach((end) => end());
  const missing = await lost(store, acknowledged);
  rmSync(folder, { recursive: true, force: true });
  return { times, wrong, left: left(), exitCode, millis, acknowledged: acknowledged.length, others, missing };
}

/** The times of all kinds together, in order. */
export const together = ({ times }) => Object.values(times).flat().sort((a, b) => a - b);

/** How far ends are from even: the widest gap between their share and that of the time, 0 to 1. */
export function unevenness(times, millis) {
  return times.reduce((most, time, index) =>
    Math.max(most, Math.abs((index + 1) / times.length - Math.min(1, time / millis))), 0);
}
