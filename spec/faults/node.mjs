// A node whose folder outlives it: it is killed, and started again on what it left.
import { execFileSync, spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = process.env.DOORBELL_ROOT ?? fileURLToPath(new URL("../../", import.meta.url));
const COMPILERS = /^C[12] Compiler/;

export class LastingNode {
  // `folder` takes its log, `store` is what --store gets; `starter` is a command that starts it;
  // `from` is the address of its clients, where they aren't on the loopback.
  constructor({ folder, store, options = [], env = {}, starter = [], host = "127.0.0.1", from }) {
    Object.assign(this, { folder, store, options, env, starter, host, from, port: 0 });
    this.isUp = false;
    this.starts = 0;
    this.logFile = join(folder, "log");
    this.atExit = () => this.process?.kill("SIGKILL");
    process.once("exit", this.atExit);
  }

  // Begins a process; `listening` is true once it listens, or false when it ended before.
  spawn() {
    const log = openSync(this.logFile, "a");
    const [program, ...words] = [...this.starter, join(ROOT, "doorbell"), "serve", "--listen",
      `${this.host}:${this.port}`, "--store", this.store, "--drain", "0s", ...this.options];
    this.process = spawn(program, words, {
      stdio: ["ignore", "pipe", log],
      env: { ...process.env, JAVA_OPTS: "-Xmx128m", ...this.env },
    });
    closeSync(log);
    this.starts++;
    this.ended = new Promise((resolve) => {
      this.process.once("exit", (code, signal) => {
        this.isUp = false;
        resolve(signal ?? code);
      });
    });
    this.listening = this.#listens(this.process);
    return this;
  }

  async #listens({ stdout }) {
    for await (const line of createInterface(stdout)) {
      const [, what, url] = /^doorbell: (\w+) on (http:.*)/.exec(line) ?? [];
      if (what === "listening") this.port = Number(new URL(url).port);
      if (what === "dashboard") this.admin = url;
      if (what === (this.options.includes("--admin") ? "dashboard" : "listening")) {
        return this.isUp = true;
      }
    }
    return false;
  }

  // How many waits are parked, if it has an admin port.
  async parked() {
    const metrics = await (await fetch(new URL("/metrics", this.admin))).text();
    return [...metrics.matchAll(/^doorbell_parked_waits\{.* (\d+)/gm)]
      .reduce((sum, [, count]) => sum + Number(count), 0);
  }

  async start() {
    if (await this.spawn().listening) return this;
    throw new Error(`the node did not start: ${this.log().slice(-2_000)}`);
  }

  async kill(signal = "SIGKILL") {
    this.isUp = false;
    this.process.kill(signal);
    return this.ended;
  }

  async stop() {
    process.removeListener("exit", this.atExit);
    if (this.process?.exitCode === null && this.process.signalCode === null) await this.kill();
  }

  log() {
    return readFileSync(this.logFile, "utf8");
  }

  // By thread, the seconds that it ran, and those that it wanted to and had no core.
  #threads() {
    const folder = `/proc/${this.process.pid}/task`;
    return new Map(readdirSync(folder).flatMap((thread) => {
      try {
        const read = (name) => readFileSync(join(folder, thread, name), "utf8");
        const [ran, queued] = read("schedstat").split(" ").map((nanos) => Number(nanos) / 1e9);
        return COMPILERS.test(read("comm")) ? [] :
          [[thread, { ran, queued, at: performance.now() / 1_000 }]];
      } catch {
        return []; // It has ended.
      }
    }));
  }

  // The share of a core that it uses in the next moments, or would use on a machine that is less busy:
  // the time in which a thread wants a core and has none is neither work nor rest. It counts at
  // once when it is over, so there may be more of it than has passed between two looks.
  async load(millis = 1_000) {
    const before = this.#threads();
    await pause(millis);
    const shares = [...this.#threads()].map(([thread, now]) => {
      const old = before.get(thread);
      const ran = now.ran - (old?.ran ?? now.ran);
      return ran > 0 ? ran / Math.max(ran, now.at - old.at - (now.queued - old.queued)) : 0;
    });
    return shares.reduce((sum, share) => sum + share, 0);
  }

  descriptors(most) {
    execFileSync("prlimit", ["--pid", `${this.process.pid}`, `--nofile=${most}:`]);
  }
}
