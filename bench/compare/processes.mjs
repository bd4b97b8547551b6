// Processes that a run starts, on the cores that are theirs, and what the kernel and the JVM say
// of them. All of them are ended when the run ends, however it ends.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

export const root = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");
export const execute = promisify(execFile);
const NANOS_PER_TICK = 1e7; // /proc counts in hundredths of a second
const running = new Set();

// Servers have one core and the load another, so that neither waits for the other.
const cores = coresAllowed();
export const SERVER_CORE = cores.length > 1 ? cores[0] : null;
export const LOAD_CORE = cores.length > 1 ? cores[1] : null;

function coresAllowed() {
  const [, list] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"));
  return list.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

export class Running {
  #stderr = "";
  #exit;

  // `core` is null where the process may run on any.
  constructor(command, { core = null, env = {} } = {}) {
    const [file, ...rest] = core === null ? command : ["taskset", "-c", String(core), ...command];
    this.command = command.join(" ");
    const environment = { ...process.env, ...env };
    this.child = spawn(file, rest, { cwd: root, env: environment, detached: true });
    this.child.stderr.on("data", (bytes) => { this.#stderr += bytes; });
    this.child.on("error", (error) => { this.#stderr += error.message; });
    this.#exit = once(this.child, "close").then(([code]) => code, () => -1);
    this.lines = createInterface(this.child.stdout)[Symbol.asyncIterator]();
    running.add(this);
    this.#exit.then(() => running.delete(this));
  }

  get pid() { return this.child.pid; }

  get isRunning() { return running.has(this); }

  // The next line of its output.
  async line() {
    const { value, done } = await this.lines.next();
    if (done) throw await this.failure();
    return value;
  }

  async failure() {
    const code = await this.#exit;
    return new Error(`${this.command}\nended with status ${code}: ${this.#stderr.trim()}`);
  }

  // Its whole output, once it has ended well.
  async output() {
    const lines = [];
    for await (const line of this.lines) lines.push(line);
    if (await this.#exit !== 0) throw await this.failure();
    return lines.join("\n");
  }

  async end() {
    this.child.kill("SIGTERM");
    await this.#exit;
  }
}

// Each has a group of its own, since nginx would leave its worker behind.
process.on("exit", () => running.forEach(({ pid }) => process.kill(-pid, "SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

export function readProcess(pid, file) {
  return readFileSync(`/proc/${pid}/${file}`, "utf8");
}

// User and system time of a process so far, to a hundredth of a second: enough over seconds. What
// takes less is measured by the load generator.
export function cpuNanos(pid) {
  const stat = readProcess(pid, "stat");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * NANOS_PER_TICK;
}

function kilobytes(text, name) {
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(text)[1]) * 1024;
}

// Resident bytes, shared pages divided by those who share them.
export function proportionalBytes(pid) {
  return kilobytes(readProcess(pid, "smaps_rollup"), "Pss");
}

export function residentBytes(pid) {
  return kilobytes(readProcess(pid, "status"), "VmRSS");
}

export async function javaHome() {
  return (await execute("script/jdk", ["25"], { cwd: root })).stdout.trim();
}

async function jcmd(pid, ...command) {
  const tool = `${await javaHome()}/bin/jcmd`;
  return (await execute(tool, [pid, ...command], { maxBuffer: 1 << 26 })).stdout;
}

// Bytes of all objects that are left after a full collection.
export async function liveHeapBytes(pid) {
  const histogram = await jcmd(pid, "GC.class_histogram");
  return Number(/^Total\s+\d+\s+(\d+)/m.exec(histogram)[1]);
}

// Memory outside of the heap that Java code has taken, such as direct buffers.
export async function directBytes(pid) {
  const summary = await jcmd(pid, "VM.native_memory", "summary", "scale=b");
  return Number(/^-\s+Other \(reserved=\d+, committed=(\d+)\)/m.exec(summary)?.[1] ?? 0);
}
