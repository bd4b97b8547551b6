// Clients that never give up: they set, set many, wait, and wait for a paced wake, while the node
// dies and comes again. Who is cut off or refused asks again, until it is answered.
import { setTimeout as pause } from "node:timers/promises";
import { PROTOCOLS, speak } from "../hostile/honest.mjs";

const RETRY_MILLIS = 25;
const IDS_PER_WAIT = 64;
// A slow node can't tell at once.
const LOOKS = 5;
const BULK = 200;
const SPREAD_MILLIS = 300;
// A cut is what these clients are here for.
const DEAF = { fault() {} };

export class Client {
  #node;
  #protocol;
  #speaker = null;

  constructor(node, protocol = "http1") {
    this.#node = node;
    this.#protocol = protocol;
  }

  // Asks once; status 0 if it was cut off.
  async once(ask) {
    if (!this.#speaker || this.#speaker.wire.isOver) {
      this.#speaker = speak(this.#node, DEAF, "client", this.#protocol);
      this.#speaker.isLeaving = true; // It doesn't open its connection again by itself.
    }
    const speaker = this.#speaker; // Meanwhile this client may take another one.
    const answer = await ask(speaker);
    if (answer.status === 0 || speaker.mayClose) {
      speaker.leave();
      if (speaker === this.#speaker) this.#speaker = null;
    }
    return answer;
  }

  // Asks until it is answered, or until nobody wants to know any more.
  async ask(ask, isWanted = () => true) {
    while (isWanted()) {
      const answer = this.#node.isUp ? await this.once(ask) : { status: 0 };
      if (answer.status === 200 || answer.status === 201) return answer;
      await pause(RETRY_MILLIS);
    }
    return null;
  }

  leave() {
    this.#speaker?.leave();
    this.#speaker = null;
  }
}

export class Load {
  #node;
  #checker;
  #random;
  #isOver = false;
  #workers = [];
  #clients = [];
  #waits = new Set();

  constructor(node, checker, random) {
    this.#node = node;
    this.#checker = checker;
    this.#random = random;
  }

  begin() {
    for (const protocol of PROTOCOLS) {
      this.#work(protocol, (client) => this.#meet(client, ""));
      this.#work(protocol, (client) => this.#set(client, this.#random.id()));
    }
    this.#work("http1", (client) => this.#meet(client, `?spread=${SPREAD_MILLIS / 1_000}`));
    this.#work("http1", (client) => this.#setMany(client));
    this.#work("http1", (client) => this.#setAgain(client));
    return this;
  }

  // Ends when each set that was begun is acknowledged, and each waiter told.
  async end() {
    this.#isOver = true;
    if (await this.#checker.within(Promise.all(this.#workers)) === null) {
      this.#checker.fault(`a setter that repeats its set isn't answered, or one of ` +
        `${this.#waits.size} waiters isn't woken by it (P10, P38)`);
    }
    for (const client of this.#clients) client.leave();
  }

  #client(protocol) {
    const client = new Client(this.#node, protocol);
    this.#clients.push(client);
    return client;
  }

  async #work(protocol, task) {
    const client = this.#client(protocol);
    const worker = (async () => {
      while (!this.#isOver) await task(client);
    })();
    this.#workers.push(worker);
    await worker;
  }

  async #set(client, id, query = "") {
    this.#checker.setBegins(id);
    const answer = await client.ask((speaker) => (query
      ? speaker.ask("POST", `/${id}${query}`, { body: "" }) : speaker.set(id)));
    this.#checker.setIsAnswered(id, answer.isVague ? null : answer.status === 201, "a setter");
  }

  async #setMany(client) {
    const ids = this.#random.times(this.#random.between(1, BULK), () => this.#random.id());
    for (const id of ids) this.#checker.setBegins(id);
    await client.ask((speaker) => speaker.setMany(ids));
    for (const id of ids) this.#checker.setIsAnswered(id, null, "a setter of many");
  }

  // Of what was acknowledged nobody else is the first.
  async #setAgain(client) {
    const id = this.#random.pick(this.#checker.recent);
    if (id) await this.#set(client, id);
    await pause(RETRY_MILLIS);
  }

  // Some wait for an id, over each protocol, and one sets it.
  async #meet(setter, query) {
    const id = this.#random.id();
    this.#checker.setBegins(id);
    const waits = PROTOCOLS.map((protocol) => this.#wait(this.#client(protocol), id));
    await pause(this.#random.below(20));
    await this.#set(setter, id, query);
    await Promise.all(waits);
  }

  async #wait(client, id) {
    this.#waits.add(client);
    const answer = await client.ask((speaker) => speaker.wait([id]));
    for (const told of answer.ids) this.#checker.isTold(told, "a waiter");
    this.#waits.delete(client);
    client.leave();
    this.#clients.splice(this.#clients.indexOf(client), 1);
  }
}

// Those of the ids that the node says aren't set, or can't tell in some tries.
export async function lostOf(node, ids) {
  const client = new Client(node);
  const lost = [];
  for (let at = 0; at < ids.length; at += IDS_PER_WAIT) {
    let some = ids.slice(at, at + IDS_PER_WAIT);
    let tries = LOOKS;
    while (some.length > 0 && tries > 0) {
      const told = await client.once((speaker) => speaker.wait(some, { query: "?timeout=0" }));
      if (told.status === 200) some = some.filter((id) => !told.ids.includes(id));
      else tries = told.status === 204 ? 0 : tries - 1;
    }
    lost.push(...some);
  }
  client.leave();
  return lost;
}
