// Plays one case: the crowd comes, the moments pass, those that keep the rules are answered, and
// all of the crowd leaves.
import { setTimeout as pause } from "node:timers/promises";
import { setImmediate as turn } from "node:timers/promises";
import { Random } from "./random.mjs";
import { Wire } from "./wire.mjs";
import { PipelineReader } from "./crowd/pipelines.mjs";
import { StreamReader } from "./crowd/streams.mjs";
import { WebSocketReader } from "./crowd/websockets.mjs";

const READERS = { http1: PipelineReader, http2: StreamReader, websocket: WebSocketReader };
const BEATS = 3;

export async function play(plan, node, honest, checker) {
  const random = new Random(`${plan.seed}/honest`);
  for (let beat = 0; beat < BEATS; beat++) honest.beat(random);
  const ends = plan.ids.ends.map((id) => honest.listen(random, id));
  const crowd = await comes(plan, node, checker);
  for (const moment of plan.moments) {
    honest.beat(random);
    for (const step of moment) await take(step, plan, crowd, honest, random);
    await pause(random.below(30));
  }
  // What is behind a set is only judged when the set was answered.
  await honest.quiet();
  await areAnswered(crowd, checker);
  for (const isHeard of ends) await isHeard();
  for (const hostile of crowd) hostile.leaves();
}

// The crowd, when all of it has come and said its first words.
export async function comes({ clients }, node, checker) {
  const crowd = clients.map((client) => new Hostile(client, node, checker));
  await Promise.all(crowd.map((hostile) => hostile.comes()));
  return crowd;
}

// A long chain takes its time: as long as some are answered, it goes on.
async function areAnswered(crowd, checker) {
  const unanswered = () => crowd.filter((hostile) => hostile.lacksAnswers());
  const isOver = (list) => list.every(({ isCutOff }) => isCutOff);
  let left = unanswered();
  for (let before = Infinity; !isOver(left) && left.length < before;) {
    before = left.length;
    left = await checker.until(unanswered, (list) => isOver(list) || list.length < before, 10);
  }
  const [cutOff, waiting] = [[], []];
  for (const hostile of left) (hostile.isCutOff ? cutOff : waiting).push(hostile);
  for (const [list, what] of [[cutOff, "are cut off"], [waiting, "wait"]]) {
    if (list.length === 0) continue;
    checker.fault(`${list.length} of the crowd keep the rules and ${what} without all answers, ` +
      `the first is ${list[0]} (P61, P69)`);
  }
}

async function take(step, plan, crowd, honest, random) {
  switch (step.do) {
    case "busy": return honest.keepBusy(step.times);
    case "set": return honest.beat(random, step.id, plan.ids.never);
    case "end": return crowd[step.client].end(step.how);
    case "send": return crowd[step.client].sendsRest();
    default: return pause(step.millis);
  }
}

// One of the crowd.
class Hostile {
  #client;
  #checker;
  #wire;
  #reader = null;
  #isEnded = false;

  constructor(client, node, checker) {
    this.#client = client;
    this.#checker = checker;
    const { from, secure, alpn } = client;
    this.#wire = new Wire(node, { from, secure, alpn });
    // Bytes may come before the reader, which must know what was stored before this client came.
    if (client.protocol) this.#reader = new READERS[client.protocol](client, checker);
    this.#wire.onBytes = (bytes) => this.#read((reader) => reader.push(bytes));
    this.#wire.onOver = () => this.#read((reader) => reader.end());
  }

  #read(how) {
    try {
      if (this.#reader) how(this.#reader);
    } catch (unreadable) {
      if (this.#client.keepsRules) {
        this.#checker.fault(`${this.#client.name} can't read its answer: ${unreadable.message}`);
      }
      this.#reader = null;
    }
  }

  async comes() {
    const { bytes, cuts, later, sets, takesNothing, isEarly, keepsRules, name } = this.#client;
    for (const id of sets) this.#checker.setBegins(id);
    // What is written early goes out with the first packets that may carry it.
    if (!isEarly && !(await this.#checker.within(this.#wire.opened))) {
      if (keepsRules) this.#checker.fault(`${name} can't connect: ${this.#wire.failure?.message}`);
      return;
    }
    if (takesNothing) this.#wire.takeNothing();
    const ends = [...cuts, bytes.length - later];
    for (let from = 0; from < bytes.length - later; await turn()) {
      const end = ends.shift();
      if (end > from) this.#wire.write(bytes.subarray(from, from = end));
    }
    // The node may not want all of it.
    for (let time = 0; this.#wire.unsent > 0 && time < 100; time++) await pause(10);
  }

  sendsRest() {
    const { bytes, later } = this.#client;
    this.#wire.write(bytes.subarray(bytes.length - later));
  }

  end(how) {
    this.#isEnded = !this.#client.keepsRules;
    this.#wire.end(how);
  }

  // One that keeps the rules is answered in full, and not cut off before.
  lacksAnswers() {
    const isJudged = this.#client.keepsRules && !this.#isEnded && this.#reader !== null;
    return isJudged && this.#reader.missing().length > 0;
  }

  get isCutOff() {
    return this.#wire.isOver;
  }

  // What it waits for, in a few words.
  toString() {
    const [first] = this.#reader.missing();
    const request = first.bytes?.toString("latin1").split(" HTTP/")[0].slice(0, 80);
    return `${this.#client.name} at ${request ?? first.path?.slice(0, 80) ?? first}`;
  }

  leaves() {
    if (!this.#wire.isOver) this.#wire.end(this.#client.leaves);
  }
}
