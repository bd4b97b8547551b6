// A redis-server that is killed, paused and emptied.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const PROGRAM = "redis-server";
const LOOPBACK = "127.0.0.1";
// Ports that no system gives to whoever connects: they stay free while the server is away.
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const PORTS_TRIED = 20;
const USUAL_PORT = 6_379;
const START_MILLIS = 60_000;
const ANSWER_MILLIS = 30_000;
const RETRY_MILLIS = 20;

export function lacksRedis() {
  return spawnSync(PROGRAM, ["--version"]).status === 0 ? null : "needs redis-server";
}

async function freePort() {
  for (let time = 0; time < PORTS_TRIED; time++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    const probe = net.createServer();
    const isFree = await new Promise((resolve) => {
      probe.once("error", () => resolve(false));
      probe.listen(port, LOOPBACK, () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
  throw new Error(`of ${PORTS_TRIED} ports none is free`);
}

export class Redis {
  // On the loopback, or on a host of its own by a command that enters it.
  constructor({ folder, host = LOOPBACK, enter = [] }) {
    Object.assign(this, { folder, host, enter, logFile: join(folder, "log") });
    mkdirSync(folder, { recursive: true });
    this.atExit = () => this.process?.kill("SIGKILL");
    process.once("exit", this.atExit);
  }

  // What is written outlives SIGKILL. To sync guards against a loss of power alone.
  async start() {
    this.port ??= this.host === LOOPBACK ? await freePort() : USUAL_PORT;
    const [program, ...words] = [...this.enter, PROGRAM, "--port", `${this.port}`,
      "--bind", this.host, "--protected-mode", "no", "--dir", this.folder, "--save", "",
      "--appendonly", "yes", "--appendfsync", "no"];
    const log = openSync(this.logFile, "a");
    const started = this.process = spawn(program, words, { stdio: ["ignore", log, log] });
    closeSync(log);
    this.ended = new Promise((resolve) => { started.once("exit", resolve); });
    const begun = Date.now();
    while (await this.say("PING").catch(() => "") !== "+PONG") {
      if (started.exitCode !== null || Date.now() - begun > START_MILLIS) {
        throw new Error(`redis-server did not start: ${this.log().slice(-2_000)}`);
      }
      await pause(RETRY_MILLIS);
    }
    return this;
  }

  get url() {
    return `redis://${this.host}:${this.port}`;
  }

  // Sends a command as one line; the first line of its answer.
  say(command) {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host: this.host, port: this.port });
      let text = "";
      socket.setTimeout(ANSWER_MILLIS, () => socket.destroy(new Error("no answer")));
      socket.on("data", (bytes) => {
        text += bytes.toString("latin1");
        if (!text.includes("\r\n")) return;
        resolve(text.slice(0, text.indexOf("\r\n")));
        socket.destroy();
      });
      socket.on("error", reject);
      socket.on("close", () => reject(new Error(`no answer to ${command}`)));
      socket.write(`${command}\r\n`);
    });
  }

  // Who is connected: host, port, and to how many channels it listens.
  clients() {
    const words = ["-h", this.host, "-p", `${this.port}`, "CLIENT", "LIST"];
    const list = execFileSync("redis-cli", words, { encoding: "utf8", timeout: ANSWER_MILLIS });
    return [...list.matchAll(/ addr=(\S+):(\d+) .* sub=(\d+)/g)].map(
      ([, host, port, channels]) => ({ host, port: Number(port), channels: Number(channels) }));
  }

  // As say, and an answer that is an error is thrown.
  async must(command) {
    const answer = await this.say(command);
    if (answer.startsWith("-")) throw new Error(`${command}: ${answer}`);
    return answer;
  }

  signal(name) {
    this.process.kill(name);
  }

  async kill() {
    this.process.kill("SIGKILL");
    await this.ended;
  }

  // As a server that keeps nothing comes back after a crash.
  async startEmpty() {
    await this.kill();
    rmSync(join(this.folder, "appendonlydir"), { recursive: true });
    await this.start();
  }

  async stop() {
    process.removeListener("exit", this.atExit);
    if (this.process) await this.kill();
  }

  log() {
    return readFileSync(this.logFile, "utf8");
  }
}
