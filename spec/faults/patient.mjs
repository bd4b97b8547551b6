// A node that suffers something: those who wait are told all the same, the process rests when nobody
// asks, and in the end, after SIGKILL, each acknowledged set stands.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PROTOCOLS } from "../hostile/honest.mjs";
import { Client, lostOf } from "./load.mjs";
import { LastingNode } from "./node.mjs";

// A core's share that a node may take with nobody but a few who wait; one that spins takes all of it.
const CALM = 0.5;
const CALM_TRIES = 8;
const CALM_IN_A_ROW = 2;
const QUIET_MILLIS = 500;
const RETRY_MILLIS = 25;
// What a node wrote last is shown with a fault.
const LOG_TAIL = 3_000;

export class Patient {
  #random;
  #checker;
  #clients = [];

  constructor({ folder, random, checker, store = join(folder, "store"), options = [], ...settings }) {
    this.#random = random;
    this.#checker = checker;
    this.node = new LastingNode({ folder, store: `rocksdb:${store}`, ...settings,
      options: ["--admin", "127.0.0.1:0", ...options] });
  }

  client(protocol) {
    const client = new Client(this.node, protocol);
    this.#clients.push(client);
    return client;
  }

  fault(sentence) {
    this.#checker.fault(sentence);
  }

  async within(promise, sentence) {
    const value = await this.#checker.within(promise);
    if (value === null) this.fault(sentence);
    return value;
  }

  // Sets by an old connection, or by one of its own; the status tells how that went.
  async set(id = this.#random.id(), client = this.client()) {
    this.#checker.setBegins(id);
    const answer = await this.within(client.once((speaker) => speaker.set(id)),
      "a set isn't answered (P38, P39)");
    const status = answer?.status ?? 0;
    if (status === 200 || status === 201) this.#checker.setIsAnswered(id, status === 201, "a setter");
    return status;
  }

  // Sets are kept, if not at once then soon. One client asks: who comes anew with each set takes all
  // the connections that the node has.
  async setsAgain() {
    const client = this.client();
    const begun = Date.now();
    let status = await this.set(undefined, client);
    while (status !== 201 && Date.now() - begun < this.#checker.patience) {
      await pause(RETRY_MILLIS);
      status = await this.set(undefined, client);
    }
    if (status !== 201) this.fault(`the fault is over, and a set is answered ${status}`);
  }

  // Waits for an id over each protocol, parked before anything happens. `told` is how they end.
  async park(id = this.#random.id()) {
    this.#checker.setBegins(id);
    const wanted = await this.node.parked() + PROTOCOLS.length;
    const told = PROTOCOLS.map((protocol) =>
      this.client(protocol).once((speaker) => speaker.wait([id])));
    const parked = await this.#checker.until(() => this.node.parked(), (count) => count >= wanted, 20);
    if (parked < wanted) this.fault(`${parked} of ${wanted} waits can be parked`);
    return { id, told };
  }

  // They are woken, though the set may not be kept.
  async wakes({ id, told }, client) {
    const begun = Date.now();
    const set = this.set(id, client);
    const answers = await this.within(Promise.all(told), "who is parked isn't woken (P10)");
    const woken = Date.now() - begun;
    for (const { status, ids } of answers ?? []) {
      if (status !== 200 || !ids.includes(id)) this.fault(`a parked wait is answered ${status} (P10)`);
    }
    return { status: await set, woken, kept: Date.now() - begun };
  }

  async rests() {
    await pause(QUIET_MILLIS);
  }

  // What still has to be done may take a moment; a node that spins never ends, though a sync that
  // is slow may hold it up for once.
  async isCalm(when) {
    let load, calm = 0;
    for (let time = 0; time < CALM_TRIES && calm < CALM_IN_A_ROW; time++) {
      load = await this.node.load();
      calm = load > CALM ? 0 : calm + 1;
    }
    if (calm < CALM_IN_A_ROW) {
      this.fault(`${when}, the node takes ${load.toFixed(2)} of a core for nothing`);
    }
  }

  async looksUp() {
    const ids = this.#random.some(this.#checker.stored(), 64);
    for (const id of await lostOf(this.node, ids)) this.fault(`${id} isn't called set (P29)`);
  }

  // Killed, and started on what it left.
  async comesBack() {
    for (const client of this.#clients) client.leave();
    await this.node.kill();
    await this.node.start();
    const all = this.#checker.stored();
    for (const id of await lostOf(this.node, all)) {
      this.fault(`${id} was acknowledged and is lost (P29)`);
    }
    return all.length;
  }

  async stop() {
    for (const client of this.#clients) client.leave();
    await this.node.stop();
  }
}

// Starts a patient, does what is to be done, and looks for each set; says what was seen.
export async function suffers(setting, settings, deed) {
  const patient = new Patient({ ...setting, ...settings });
  try {
    await patient.node.start();
    for (let i = 0; i < 20; i++) await patient.set();
    const seen = await deed(patient);
    const sets = await patient.comesBack();
    setting.tell(`${seen}, ${sets} acknowledged sets`);
  } finally {
    await patient.stop();
    if (setting.checker.faults.length > 0) console.log(patient.node.log().slice(-LOG_TAIL));
  }
}
