// Hosts of their own on this machine: network namespaces around a router, which drops what it is
// told to drop without a word to either side, as a network that fails does. Needs root and `ip`.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

// Networks for tests of networks (RFC 2544): 198.18.0.0/15. Each of ours has 256 addresses of it.
const NETWORKS = 512;
const MINE = 253;
const ROUTER = 254;
const NAMES = /^doorbell-(\d+)-\S+/;

let made = 0;

function ip(...words) {
  return execFileSync("ip", words.join(" ").split(" "), { encoding: "utf8", stdio: "pipe" });
}

export function lacksHosts() {
  let network;
  try {
    network = new Network();
    network.cut(network.host("a"), network.host("b"));
    return null;
  } catch {
    return "needs root and ip, to make hosts of their own";
  } finally {
    network?.close();
  }
}

export class Network {
  #router;
  #link;
  #prefix;
  #spaces = [];
  #hosts = 0;
  #cuts = [];

  constructor() {
    removeOld();
    this.name = `doorbell-${process.pid}-${++made}`;
    this.#link = `db${process.pid}n${made}`;
    this.#prefix = freePrefix();
    this.#router = this.#space("router");
    this.atExit = () => this.close();
    process.once("exit", this.atExit);
    try {
      this.#connect();
    } catch (failure) {
      this.close();
      throw failure;
    }
  }

  #space(name) {
    const space = `${this.name}-${name}`;
    ip(`netns add ${space}`);
    this.#spaces.push(space);
    return space;
  }

  #at(number) {
    return `${this.#prefix}.${number}`;
  }

  // This process is a host, too.
  #connect() {
    execFileSync("ip", ["netns", "exec", this.#router, "sh", "-c",
      "echo 1 >/proc/sys/net/ipv4/ip_forward"]);
    ip(`link add ${this.#link} type veth peer name mine netns ${this.#router}`);
    this.#wire("", this.#link, MINE, "mine");
    ip(`route add ${this.#prefix}.0/24 via ${this.#at(ROUTER)}`);
    this.address = this.#at(MINE);
  }

  // Addresses of both ends of a link; the end at the router has the same for each link.
  #wire(space, link, number, end) {
    const [here, router] = [this.#at(number), this.#at(ROUTER)];
    ip(`${space}addr add ${here} peer ${router} dev ${link}`);
    ip(`${space}link set ${link} up`);
    ip(`-n ${this.#router} addr add ${router} peer ${here} dev ${end}`);
    ip(`-n ${this.#router} link set ${end} up`);
  }

  // A host; `enter` is the beginning of a command that runs there.
  host(name) {
    const space = this.#space(name);
    const number = ++this.#hosts;
    ip(`link add host${number} netns ${this.#router} type veth peer name eth0 netns ${space}`);
    this.#wire(`-n ${space} `, "eth0", number, `host${number}`);
    ip(`-n ${space} link set lo up`);
    ip(`-n ${space} route add default via ${this.#at(ROUTER)}`);
    return { address: this.#at(number), enter: ["ip", "netns", "exec", space] };
  }

  // Drops what goes from one to the other, or to one port there, and not what comes back.
  cut(from, to, port) {
    const some = port ? ` ipproto tcp dport ${port}` : "";
    const rule = `from ${from.address} to ${to.address}${some} blackhole`;
    ip(`-n ${this.#router} rule add ${rule}`);
    this.#cuts.push(rule);
  }

  heal() {
    for (const rule of this.#cuts.splice(0)) ip(`-n ${this.#router} rule del ${rule}`);
  }

  close() {
    process.removeListener("exit", this.atExit);
    // The link to this process goes with the router, but only after a while.
    const spaces = this.#spaces.splice(0);
    for (const words of [`link del ${this.#link}`, ...spaces.map((one) => `netns del ${one}`)]) {
      try {
        ip(words);
      } catch {
        // It was not made.
      }
    }
  }
}

// What processes left that were killed.
function removeOld() {
  for (const line of ip("netns list").split("\n")) {
    const [name, pid] = NAMES.exec(line.trim().split(" ")[0]) ?? [];
    if (name && !existsSync(`/proc/${pid}`)) ip(`netns del ${name}`);
  }
}

function freePrefix() {
  const routes = ip("route");
  for (let i = 0; i < NETWORKS; i++) {
    const number = (process.pid + made + i) % NETWORKS;
    const prefix = `198.${18 + (number >> 8)}.${number & 255}`;
    if (!routes.includes(`${prefix}.`)) return prefix;
  }
  throw new Error("all networks of 198.18.0.0/15 are taken");
}
