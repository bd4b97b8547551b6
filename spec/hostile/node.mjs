// The node that is tried: a process of its own, as a user starts it; and what it uses and says.
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = process.env.DOORBELL_ROOT ?? fileURLToPath(new URL("../../", import.meta.url));
// As small as it is on a machine of 1 GB: what takes memory without bound is found sooner.
const HEAP = "-Xmx256m";
// More than twenty minutes bring: a node that is full answers 503, as it should.
const SETS = "1000000";
// Clients that can't agree on TLS are counted there.
const USUAL = / TLS handshakes failed since the start/;
const TROUBLE = /Exception|Error\b|Throwable|^\s+at \S+\(|\bWARN|\bERROR/;

const run = promisify(execFile);

export class Node {
  // Starts one with these options, by the program `starter` if there is one; `isSecure` has it speak TLS with a certificate made for it.
  static async start({ transport, store = "memory", isSecure, options = [], starter = [] }) {
    const folder = mkdtempSync(join(tmpdir(), "doorbell-hostile-"));
    const node = new Node({ folder });
    const place = store === "memory" ? store : `rocksdb:${join(folder, "data")}`;
    const [certificate, key] = ["cert.pem", "key.pem"].map((name) => join(folder, name));
    if (isSecure) {
      await run("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=doorbell", "-addext",
        "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]);
      node.ca = readFileSync(certificate);
    }
    const secure = isSecure ? ["--tls-cert", certificate, "--tls-key", key] : [];
    const log = openSync(node.logFile, "a");
    const [program, ...words] = [...starter, join(ROOT, "doorbell"), "serve", "--listen",
      "127.0.0.1:0", "--transport", transport, "--store", place, ...secure, ...options];
    node.process = spawn(program, words, {
      stdio: ["ignore", "pipe", log],
      env: { DOORBELL_MAX_SETS: SETS, ...process.env, JAVA_OPTS: process.env.JAVA_OPTS ?? HEAP },
    });
    node.pid = node.process.pid;
    process.once("exit", () => node.process.kill("SIGKILL"));
    node.process.once("exit", (code, signal) => { node.ended = signal ?? `exit code ${code}`; });
    for await (const line of createInterface(node.process.stdout)) {
      const url = /^doorbell: listening on (\S+)/.exec(line)?.[1];
      if (url) return node.at(url);
    }
    throw new Error(`the node did not start: ${node.trouble() ?? readFileSync(node.logFile)}`);
  }

  constructor({ folder = null, url = null, pid = null, ca = undefined }) {
    Object.assign(this, { folder, pid, ca, ended: null });
    this.logFile = folder && join(folder, "log");
    if (url) this.at(url);
  }

  at(url) {
    const { hostname, port, protocol } = new URL(url);
    this.host = hostname.replace(/^\[|\]$/g, "");
    this.port = Number(port || (protocol === "https:" ? 443 : 80));
    return this;
  }

  // What its log says that it shouldn't; null if nothing.
  trouble() {
    const lines = this.logFile ? readFileSync(this.logFile, "utf8").split("\n") : [];
    const told = lines.filter((line) => TROUBLE.test(line) && !USUAL.test(line));
    return told.slice(0, 5).join(" | ") || null;
  }

  sockets() {
    const folder = `/proc/${this.pid}/fd`;
    return readdirSync(folder).filter((fd) => {
      try {
        return readlinkSync(join(folder, fd)).startsWith("socket:");
      } catch {
        return false; // it was closed meanwhile
      }
    }).length;
  }

  // The memory that it has, in megabytes.
  megabytes() {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)[1]) / 1_024);
  }

  // How many objects live of each of its own classes, as a Map; it collects garbage before.
  async objects() {
    const home = (await run(join(ROOT, "script", "jdk"), ["25"])).stdout.trim();
    const { stdout } = await run(join(home, "bin", "jcmd"), [`${this.pid}`, "GC.class_histogram"],
      { maxBuffer: 2 ** 24 });
    return new Map([...stdout.matchAll(/^ *\d+: +(\d+) +\d+ +(doorbell\.\S+)/gm)]
      .map(([, count, name]) => [name, Number(count)]));
  }

  async stop() {
    if (this.process && !this.ended) this.process.kill("SIGKILL");
    if (this.folder) rmSync(this.folder, { recursive: true, force: true });
  }
}
