// Two nodes over one Redis or three, in one network or on hosts of their own, that suffer something
// under load: docs/redis.md says what holds then.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Random } from "../hostile/random.mjs";
import { Company } from "./company.mjs";
import { Network } from "./hosts.mjs";
import { lostOf } from "./load.mjs";
import { LastingNode } from "./node.mjs";
import { Redis } from "./redis.mjs";
import { CUTS, OF_ONE, OF_THREE } from "./troubles.mjs";

const NODES = 2;
const MEETINGS = 8;
const TROUBLES_PER_ROUND = 2;
const LOG_TAIL = 3_000;
// Of those set lately, how many are asked for while something is away.
const MANY = 500;
const FEW = 20;
const LOOKED_UP = 1_000;
const WAIT_SECONDS = 1;
// One node finds by notifications alone what is set, the other one also by looking.
const SWEEPS = ["1h", "3s"];

export class Nodes {
  #setting;
  #network;

  constructor(setting, { servers, network = null }) {
    const { folder, checker, random } = setting;
    this.#setting = setting;
    this.#network = network;
    // The story takes its own numbers: how many the clients take, time decides.
    Object.assign(this, { checker, network, random: new Random(random.id()), story: [] });
    this.servers = Array.from({ length: servers }, (_, index) => {
      const host = network?.host(`redis${index}`);
      return Object.assign(new Redis({ folder: join(folder, `redis${index}`), host: host?.address,
        enter: host?.enter }), { place: host, name: `Redis ${index}` });
    });
    this.nodes = [];
  }

  get majority() {
    return Math.floor(this.servers.length / 2) + 1;
  }

  // How many servers a node has left, when some are away.
  counting(away) {
    return this.servers.length - away.length;
  }

  async start() {
    await Promise.all(this.servers.map((server) => server.start()));
    const store = this.servers.map(({ url }) => url).join(",");
    this.nodes = SWEEPS.slice(0, NODES).map((sweep, index) => this.#node(store, sweep, index));
    await Promise.all(this.nodes.map((node) => node.start()));
    await this.areReady("at the start");
  }

  #node(store, sweep, index) {
    const folder = join(this.#setting.folder, `node${index}`);
    mkdirSync(folder);
    const place = this.#network?.host(`node${index}`);
    const host = place?.address;
    const node = new LastingNode({ folder, store, host, from: this.#network?.address,
      starter: place?.enter,
      options: ["--store-sweep", sweep, "--admin", `${host ?? "127.0.0.1"}:0`] });
    return Object.assign(node, { place, name: `node ${index}` });
  }

  async isReady(node) {
    return (await fetch(new URL("/readyz", node.admin))).status === 200;
  }

  async areReady(when) {
    for (const node of this.nodes) {
      const isReady = await this.checker.until(() => this.isReady(node), (ready) => ready, 20);
      if (!isReady) this.checker.fault(`${when}, ${node.name} isn't ready (P133)`);
    }
  }

  // What a node says while `counting` servers are in its reach; a look-up may need fewer.
  async says(node, { counting, finds = counting }) {
    const { random, checker } = this.#setting;
    const old = random.shuffled(checker.recent.slice(-MANY)).slice(0, FEW);
    await Promise.all(old.map((id) => this.#isToldNothingWrong(node, id)));
    if (counting >= this.majority) await this.#setsGoOn(node);
    else await Promise.all([this.#refuses(node), this.#parks(node, finds), this.#isUnready(node)]);
  }

  // It may be known to nobody in reach; none says that it isn't set.
  async #isToldNothingWrong(node, id) {
    const answer = await this.ask(node, `/${id}?timeout=0`);
    if (answer?.status === 204) this.checker.isToldUnset(id, true, `who asks ${node.name}`);
    else if (answer?.status !== 200 && answer?.status !== 503) {
      this.checker.fault(`who asks ${node.name} is answered ${answer?.status} (P129)`);
    }
  }

  ask(node, path, options) {
    const url = `http://${node.host}:${node.port}${path}`;
    return this.checker.within(fetch(url, options));
  }

  async #set(node) {
    const id = this.#setting.random.id();
    this.checker.setBegins(id);
    const answer = await this.ask(node, `/${id}`, { method: "POST" });
    if (answer?.ok) this.checker.setIsAnswered(id, answer.status === 201, node.name);
    return answer;
  }

  async #setsGoOn(node) {
    const answer = await this.checker.until(() => this.#set(node), (one) => one?.ok, 25);
    if (!answer?.ok) {
      this.checker.fault(`a majority is there, and a set at ${node.name} is answered ` +
        `${answer?.status} (P130)`);
    }
  }

  async #refuses(node) {
    const answer = await this.#set(node);
    const reason = (await answer?.text())?.trim();
    if (answer?.status !== 503 || !(answer.headers.get("retry-after") > 0) || !reason) {
      this.checker.fault(`without a majority a set at ${node.name} is answered ` +
        `${answer?.status}, Retry-After ${answer?.headers.get("retry-after")}, "${reason}" (P130)`);
    }
  }

  async #parks(node, finds) {
    const id = this.#setting.random.id();
    const begun = Date.now();
    const [asked, parked] = await Promise.all([`timeout=0`, `timeout=${WAIT_SECONDS}`].map(
      (query) => this.ask(node, `/${id}?${query}`)));
    const wanted = finds >= this.majority ? 204 : 503;
    if (asked?.status !== wanted) {
      this.checker.fault(`who asks ${node.name} of an event that nobody knows is answered ` +
        `${asked?.status} (P129)`);
    }
    const millis = Date.now() - begun;
    if (parked?.status !== 204 || millis < 1_000 * WAIT_SECONDS - 10) {
      this.checker.fault(`a wait of ${WAIT_SECONDS} s at ${node.name} is answered ` +
        `${parked?.status} after ${millis} ms (P129)`);
    }
  }

  async #isUnready(node) {
    const isReady = await this.checker.until(() => this.isReady(node), (ready) => !ready, 20);
    if (isReady) this.checker.fault(`${node.name} is ready without a majority (P133)`);
  }

  async looksUp() {
    const all = this.checker.stored();
    const ids = this.#setting.random.shuffled(all).slice(0, LOOKED_UP);
    for (const node of this.nodes) {
      for (const id of await lostOf(node, ids)) {
        this.checker.fault(`${id} was acknowledged, and isn't set at ${node.name} (P130)`);
      }
    }
    return all.length;
  }

  async stop() {
    await Promise.all([...this.nodes, ...this.servers].map((one) => one.stop()));
    this.#network?.close();
  }

  log() {
    return this.nodes.map((node) => `${node.name}:\n${node.log().slice(-LOG_TAIL)}`).join("\n");
  }
}

async function suffer(setting, shape, troubles) {
  const { checker, rounds, until, tell } = setting;
  const nodes = new Nodes(setting, shape);
  let left = [];
  try {
    await nodes.start();
    const company = new Company(nodes.nodes, checker, setting.random).begin(MEETINGS);
    nodes.company = company;
    for (let i = 0; i < TROUBLES_PER_ROUND * rounds; i++) {
      if (Date.now() > until || checker.faults.length > 0) break;
      if (left.length === 0) left = nodes.random.shuffled(Object.keys(troubles));
      const name = left.pop();
      await pause(nodes.random.between(50, 500));
      nodes.story.push(await troubles[name](nodes) ?? name);
      company.heals();
      await nodes.areReady(`after ${nodes.story.at(-1)}`);
      const ready = company.sinceHealed();
      await company.settles();
      const told = company.takeLatest();
      nodes.story.push(`${nodes.story.pop()} (ready in ${ready} ms, told in ${told} ms)`);
    }
    await company.end();
    const sets = checker.faults.length > 0 ? checker.stored().length : await nodes.looksUp();
    const { story } = nodes;
    const troubled = rounds === 1 ? story.join("; ") : `${story.length} troubles`;
    tell(`${troubled}, ${sets} acknowledged sets, ${checker.counts.told} wakes, ` +
      `${company.refused} sets refused, ${company.unsure} asked in vain, ` +
      company.times);
  } finally {
    if (checker.faults.length > 0) console.log(`${nodes.story.join("; ")}\n${nodes.log()}`);
    else if (rounds > 1 && setting.keep) console.log(nodes.story.join("\n"));
    await nodes.stop();
  }
}

export function nodesOverOne(setting) {
  return suffer(setting, { servers: 1 }, OF_ONE);
}

export function nodesOverThree(setting) {
  return suffer(setting, { servers: 3 }, OF_THREE);
}

export function partitions(setting) {
  return suffer(setting, { servers: 3, network: new Network() }, CUTS);
}
