// Looks at the node after a case, when the crowd has gone: it answers on each loop, what was set is
// set, and nothing is left behind.
import { speak } from "./honest.mjs";
import { ADDRESSES } from "./plan.mjs";
import { comes } from "./play.mjs";
import { Answers } from "./http1.mjs";
import * as ws from "./websocket.mjs";
import { Wire } from "./wire.mjs";

const IDS_PER_WAIT = 64;
const WAITS_PER_SOCKET = 1_000;
// Objects that may stand by: a decoder, a spare, what a timer still holds.
const SPARE_OBJECTS = 60;
// What was set is remembered.
const REMEMBERED = /^doorbell\.(store\.|event\.EventId)/;

export class Audit {
  #node;
  #honest;
  #checker;
  #start = null;
  #kept = [];

  // `places`: how many waits each address may park, and how many all may; null if that isn't known.
  constructor(node, honest, checker, places) {
    this.#node = node;
    this.#honest = honest;
    this.#checker = checker;
    this.places = places;
  }

  // What is there before the first case.
  async begin() {
    await this.#rollCall();
    this.#start = this.#node.pid && await this.#node.objects();
    this.startMegabytes = this.#node.pid && this.#node.megabytes();
  }

  async afterCase(plan) {
    await this.#honest.quiet();
    await this.#rollCall();
    await this.#setsAreKept(plan);
    if (this.places) await this.#placesAreFree();
    this.#processIsWell();
    if (this.#node.pid && !this.#node.ended) await this.#socketsAreClosed();
  }

  #fault(sentence) {
    this.#checker.fault(sentence);
  }

  // Each honest connection is asked, and some new ones: as many as surely reach each loop.
  async #rollCall() {
    const { loops, protocols, speakers } = this.#honest;
    const fresh = protocols.flatMap((protocol) => Array.from({ length: loops }, (_, index) =>
      speak(this.#node, this.#checker, `newcomer ${index} over ${protocol}`, protocol)));
    await Promise.all([...speakers, ...fresh].map((speaker) => this.#answers(speaker)));
    for (const speaker of fresh) speaker.leave();
  }

  async #answers(speaker) {
    const id = "4711";
    this.#checker.setBegins(id);
    const { patience } = this.#checker;
    if (await this.#checker.within(speaker.set(id)) === null) {
      this.#fault(`${speaker.name} asks when the crowd has gone and gets no answer within ` +
        `${patience / 1_000} s: its loop is dead or stuck`);
    }
  }

  async #setsAreKept({ ids }) {
    const asker = this.#honest.waiters[0];
    const stored = [...this.#checker.stored(), ...this.#kept];
    this.#kept = [...this.#checker.stored().slice(0, 2), ...this.#kept].slice(0, IDS_PER_WAIT);
    for (let at = 0; at < stored.length; at += IDS_PER_WAIT) {
      const some = stored.slice(at, at + IDS_PER_WAIT);
      const told = await this.#isSet(asker, some);
      const lost = some.filter((id) => told && !told.includes(id));
      if (lost.length > 0) {
        this.#fault(`${lost.length} sets were answered and are gone, ${lost[0]} first (P29)`);
      }
    }
    const never = await this.#isSet(asker, ids.never);
    if (never?.length > 0) this.#fault(`${never[0]} is set, and nobody ever set it (P13)`);
  }

  // Those that are set; null if nobody answers.
  async #isSet(asker, ids) {
    const answer = await this.#checker.within(asker.wait(ids, { query: "?timeout=0" }));
    return answer?.status === 200 || answer?.status === 204 ? answer.ids : null;
  }

  // As many waits can be parked from each address as may be, and no more.
  async #placesAreFree() {
    const lacking = await this.#checker.until(() => this.#park(), (list) => list.length === 0);
    for (const sentence of lacking) this.#fault(`${sentence} (P58, P59)`);
  }

  async #park() {
    const { perAddress, all } = this.places;
    const spare = all - perAddress * ADDRESSES.length;
    const parkers = [...ADDRESSES.map((from) => [from, perAddress]), ["127.0.0.9", spare]]
      .map(([from, count]) => new Parker(this.#node, this.#checker, from, count));
    const lacking = [];
    for (const parker of parkers) {
      const refused = await parker.park(parker.count);
      if (refused !== 0) {
        lacking.push(refused === null ? `${parker.from} can't park its waits`
          : `${refused} of ${parker.count} places of ${parker.from} stay taken, with nobody there`);
      }
    }
    if (lacking.length === 0) {
      for (const { from, park } of [parkers[0], parkers.at(-1)].map((parker) =>
        ({ from: parker.from, park: parker.park(1) }))) {
        if (await park === 0) lacking.push(`${from} may park more waits than the limit allows`);
      }
    }
    for (const parker of parkers) parker.leave();
    return lacking;
  }

  #processIsWell() {
    if (this.#node.ended) this.#fault(`the node's process ended: ${this.#node.ended}`);
    const trouble = this.#node.trouble();
    if (trouble) this.#fault(`the node's log says: ${trouble}`);
  }

  async #socketsAreClosed() {
    const wanted = this.#honest.speakers.length + 8;
    const open = await this.#checker.until(() => this.#node.sockets(), (count) => count <= wanted);
    if (open > wanted) {
      this.#fault(`the node has ${open} sockets open, for ${this.#honest.speakers.length} clients`);
    }
  }

  // Of each class of the node's about as many objects live as at the start. Slow: a collection.
  async memoryIsFree() {
    if (!this.#node.pid || this.#node.ended || !this.#start) return;
    const grown = await this.#checker.until(() => this.#grown(), (list) => list.length === 0);
    for (const [name, before, now] of grown) {
      this.#fault(`the node keeps ${now} objects of ${name} with nobody there, ${before} before`);
    }
  }

  // The node is told to end, with a crowd in it, of whom nothing is expected any more.
  async theEndIsInOrder({ clients }) {
    const wild = clients.map((client) => ({ ...client, keepsRules: false }));
    const crowd = await comes({ clients: wild }, this.#node, this.#checker);
    const { process } = this.#node;
    await this.#honest.hearsTheEnd(() => process.kill("SIGTERM"));
    const ended = await this.#checker.until(() => this.#node.ended, (how) => how !== null);
    if (ended !== "exit code 0") this.#fault(`the node was told to end; ${ended ?? "it didn't"}`);
    for (const hostile of crowd) hostile.leaves();
    const trouble = this.#node.trouble();
    if (trouble) this.#fault(`the node's log says at its end: ${trouble}`);
  }

  async #grown() {
    const now = await this.#node.objects();
    return [...now].filter(([name]) => !REMEMBERED.test(name))
      .map(([name, count]) => [name, this.#start.get(name) ?? 0, count])
      .filter(([, before, count]) => count > before + SPARE_OBJECTS);
  }
}

// Parks waits of one address, over WebSockets.
class Parker {
  #checker;
  #sockets = [];
  #ids = 0n;

  constructor(node, checker, from, count) {
    Object.assign(this, { node, from, count });
    this.#checker = checker;
  }

  // How many of so many are refused; null if the node says nothing.
  async park(count) {
    let refused = 0;
    for (let left = count; left > 0; left -= WAITS_PER_SOCKET) {
      const some = await this.#parkSome(Math.min(left, WAITS_PER_SOCKET));
      if (some === null) return null;
      refused += some;
    }
    return refused;
  }

  async #parkSome(count) {
    const wire = new Wire(this.node, { from: this.from });
    this.#sockets.push(wire);
    let refused = 0;
    const told = new Promise((resolve) => {
      const frames = new ws.Frames((opcode) => {
        if (opcode === ws.TEXT) refused++;
        if (opcode === ws.PONG) resolve(refused);
      });
      const answers = new Answers({
        onAnswer: () => resolve(null), onUpgrade: (bytes) => frames.push(bytes),
      });
      answers.expect("GET");
      wire.onBytes = (bytes) => answers.push(bytes);
      wire.onOver = () => resolve(null);
    });
    if (!(await wire.opened)) return null;
    const mask = Buffer.of(1, 2, 3, 4);
    const ids = Array.from({ length: count }, () => `${10n ** 37n + this.#ids++}`);
    wire.write(Buffer.concat([ws.handshake(Buffer.alloc(16)),
      ...ids.map((id) => ws.frame(ws.TEXT, `wait ${id}`, mask)), ws.frame(ws.PING, "", mask)]));
    return this.#checker.within(told);
  }

  leave() {
    for (const wire of this.#sockets) wire.reset();
  }
}
