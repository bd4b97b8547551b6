// Clients of several nodes: they wait at each, over each protocol, and set at another, or at two at
// a time. A set is repeated until it is acknowledged; a wait is not, while its node lives.
import { setTimeout as pause } from "node:timers/promises";
import { PROTOCOLS } from "../hostile/honest.mjs";
import { Client } from "./load.mjs";

const MOST_WAITS = 4;
const MOST_PAUSE_MILLIS = 30;
const RETRY_MILLIS = 25;
const SPREAD_SECONDS = 0.3;
const FEW = 200;

// Who was cut off by a node that was killed has nothing to complain of.
function lifeOf(node) {
  return node.isUp ? node.starts : null;
}

function isSame(life, node) {
  return life !== null && life === lifeOf(node);
}

export class Company {
  #nodes;
  #checker;
  #random;
  #isOver = false;
  #workers = [];
  #clients = [];
  #sets = new Set();
  #meets = new Set();
  #healed = 0;
  #latest = 0;
  #times = [];

  constructor(nodes, checker, random) {
    this.#nodes = nodes;
    this.#checker = checker;
    this.#random = random;
    Object.assign(this, { refused: 0, unsure: 0, many: FEW });
  }

  begin(meetings) {
    this.heals();
    for (let i = 0; i < meetings; i++) {
      const setters = this.#each(PROTOCOLS[i % PROTOCOLS.length]);
      const waiters = PROTOCOLS.flatMap((protocol) => this.#each(protocol));
      this.#work(() => this.#meet(setters, waiters));
    }
    const many = this.#each("http1");
    this.#work(() => this.#setMany(many));
    const again = this.#each("http1");
    this.#work(() => this.#setAgain(again));
    return this;
  }

  #each(protocol) {
    const clients = this.#nodes.map((node) => ({ client: new Client(node, protocol), protocol, node,
      name: `${protocol} at ${node.name}` }));
    this.#clients.push(...clients);
    return clients;
  }

  #work(task) {
    const work = async () => {
      while (!this.#isOver) {
        await task();
        await pause(this.#random.below(MOST_PAUSE_MILLIS));
      }
    };
    this.#workers.push(work());
  }

  // From now on the time counts in which those who wait are told.
  heals() {
    this.#healed = Date.now();
    this.#latest = 0;
  }

  sinceHealed() {
    return Date.now() - this.#healed;
  }

  // After how many milliseconds the last one was told that could have been told since.
  takeLatest() {
    this.#times.push(this.#latest);
    return this.#latest;
  }

  get times() {
    const times = this.#times.sort((a, b) => a - b);
    return times.length === 0 ? "no trouble was over"
      : `all told in ${times[Math.floor(times.length / 2)]} ms after a trouble in the middle, ` +
        `in ${times.at(-1)} ms at most`;
  }

  // Ends when all that is under way has ended well; each set needs its acknowledgement for that,
  // but after a fault, when sets aren't repeated to the end.
  async settles() {
    const old = [...this.#meets];
    const left = () => old.filter((meet) => this.#meets.has(meet));
    await this.#checker.until(left, ({ length }) => length === 0, 10);
    const wasWell = this.#checker.faults.length === 0;
    for (const { id, acknowledged, untold } of left()) {
      if (!acknowledged && !wasWell) continue;
      this.#checker.fault(acknowledged
        ? `${id} was acknowledged ${Date.now() - acknowledged} ms ago, and isn't told to ` +
          `${[...untold].join(", ")} (P128)`
        : `${id} can't be set for ${this.sinceHealed()} ms after the trouble (P130)`);
    }
  }

  // Nobody leaves before, or would cut off who still sets.
  async end() {
    this.#isOver = true;
    await this.settles();
    const all = async () => {
      await Promise.all(this.#workers);
      await Promise.all(this.#sets);
      return true;
    };
    if (this.#checker.faults.length === 0 && !await this.#checker.within(all())) {
      this.#checker.fault(`${this.#sets.size} sets aren't answered at the end (P130)`);
    }
    for (const { client } of this.#clients) client.leave();
  }

  async #meet(setters, waiters) {
    const id = this.#random.id();
    const meet = { id, acknowledged: 0, untold: new Set() };
    this.#meets.add(meet);
    this.#checker.setBegins(id);
    const crowd = this.#random.shuffled(waiters);
    const late = crowd.pop();
    const early = this.#random.some(crowd, MOST_WAITS).map((waiter) => this.#wait(waiter, meet));
    if (this.#random.chance(0.5)) await pause(this.#random.below(MOST_PAUSE_MILLIS));
    const some = this.#random.chance(0.3) ? setters : [this.#random.pick(setters)];
    const query = this.#random.chance(0.2) ? `?spread=${SPREAD_SECONDS}` : "";
    await Promise.race(some.map(async (setter) => {
      if (await this.#set(setter, id, query)) meet.acknowledged ||= Date.now();
    }));
    // Over WebSocket nobody only asks.
    const asks = late.protocol !== "websocket" && meet.acknowledged && this.#random.chance(0.5);
    await Promise.all([...early, asks ? this.#ask(late, id) : this.#wait(late, meet)]);
    this.#meets.delete(meet);
  }

  // Who begins before and after the set alike is told, and is answered nothing else before.
  async #wait({ client, node, name }, meet) {
    meet.untold.add(name);
    for (;;) {
      const life = lifeOf(node);
      const { status, ids } = await client.once((speaker) => speaker.wait([meet.id]));
      for (const told of ids) this.#checker.isTold(told, `a waiter by ${name}`);
      if (status === 200 && ids.includes(meet.id)) break;
      if (this.#isOver && this.#checker.faults.length > 0) return;
      if (status !== 0 || isSame(life, node)) {
        this.#checker.fault(`a parked wait by ${name} is answered ${status} (P129)`);
      }
      await pause(RETRY_MILLIS);
    }
    meet.untold.delete(name);
    if (meet.acknowledged) {
      const since = Math.max(meet.acknowledged, this.#healed);
      this.#latest = Math.max(this.#latest, Date.now() - since);
    }
  }

  // Who only asks is told what is true, or that nobody knows.
  async #ask({ client, name, node }, id) {
    const life = lifeOf(node);
    const { status } = await client.once((speaker) => speaker.wait([id], { query: "?timeout=0" }));
    if (status === 200) return;
    this.unsure++;
    if (status === 204) this.#checker.isToldUnset(id, true, `who asks by ${name}`);
    else if (status !== 503 && (status !== 0 || isSame(life, node))) {
      this.#checker.fault(`who asks by ${name} is answered ${status}`);
    }
  }

  #set(setter, id, query) {
    const answered = this.#setOnce(setter, id, query);
    this.#sets.add(answered);
    return answered.finally(() => this.#sets.delete(answered));
  }

  async #setOnce({ client, node, name }, id, query = "") {
    this.#checker.setBegins(id);
    const answer = await this.#until(client, node, name, (speaker) =>
      (query && speaker.protocol === "http1"
        ? speaker.ask("POST", `/${id}${query}`, { body: "" }) : speaker.set(id)));
    if (!answer) return false;
    this.#checker.setIsAnswered(id, answer.isVague ? null : answer.status === 201, name);
    return true;
  }

  // Asks until it is acknowledged.
  async #until(client, node, name, ask) {
    while (!this.#isOver || this.#checker.faults.length === 0) {
      const life = lifeOf(node);
      const answer = await client.once(ask);
      if (answer.status === 200 || answer.status === 201) return answer;
      if (answer.status === 503) this.refused++;
      else if (answer.status !== 0 || isSame(life, node)) {
        this.#checker.fault(answer.status === 0 ? `a set by ${name} is cut off`
          : `a set by ${name} is answered ${answer.status} (P130)`);
      }
      await pause(RETRY_MILLIS);
    }
    return null;
  }

  async #setMany(setters) {
    const ids = this.#random.times(this.#random.between(1, this.many), () => this.#random.id());
    for (const id of ids) this.#checker.setBegins(id);
    const { client, node, name } = this.#random.pick(setters);
    if (!await this.#until(client, node, name, (speaker) => speaker.setMany(ids))) return;
    for (const id of ids) this.#checker.setIsAnswered(id, null, name);
  }

  // Of what was acknowledged nobody else is the first.
  async #setAgain(setters) {
    const id = this.#random.pick(this.#checker.recent);
    if (id) await this.#set(this.#random.pick(setters), id);
  }
}
