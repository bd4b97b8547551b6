// Honest load on one node: pairs of clients, one of which waits for what the other sets. It measures the
// time from the set to the answer to who waits, in milliseconds, while somebody listens.
import { performance } from "node:perf_hooks";
import { Answers, request } from "../http1.mjs";
import { Wire } from "../wire.mjs";

const PAIRS = 8;
const PERIOD_MILLIS = 24;
const PATIENCE_MILLIS = 20_000;

class Client {
  #expected = [];

  constructor(node, fault) {
    this.fault = fault;
    this.answers = new Answers({ onAnswer: (answer) => this.#expected.shift()?.(answer) });
    this.wire = new Wire(node, { from: "127.0.0.1" });
    this.wire.onBytes = (bytes) => this.answers.push(bytes);
    this.wire.onOver = () => {
      if (!this.isLeaving) fault("an honest client is cut off");
    };
  }

  ask(method, path, onAnswer) {
    this.answers.expect(method);
    this.#expected.push(onAnswer);
    this.wire.write(request(method, path, method === "POST" ? { body: "" } : {}));
  }

  leave() {
    this.isLeaving = true;
    this.wire.hangUp();
  }
}

class Pair {
  constructor(meter, node, number) {
    Object.assign(this, { meter, number, count: 0, since: 0 });
    [this.waiter, this.setter] = [0, 1].map(() => new Client(node, (why) => meter.fault(why)));
  }

  // Parks a wait now, and sets it in the middle of the time until the next.
  step() {
    if (this.since > 0) {
      if (performance.now() - this.since > PATIENCE_MILLIS) this.meter.fault("a wait is not answered");
      return;
    }
    const id = `${this.meter.prefix}${this.number}${`${this.count++}`.padStart(9, "0")}`;
    this.since = performance.now();
    let began = 0;
    this.waiter.ask("GET", `/${id}`, ({ status, body }) => {
      const now = performance.now();
      this.since = 0;
      if (status !== 200 || !body.includes(id)) this.meter.fault(`a wait is answered ${status}`);
      else if (began > 0) this.meter.onAnswer(now - began);
    });
    setTimeout(() => {
      began = performance.now();
      this.setter.ask("POST", `/${id}`, ({ status }) => {
        if (status !== 201) this.meter.fault(`a set is answered ${status}`);
      });
    }, PERIOD_MILLIS / 2);
  }

  leave() {
    this.waiter.leave();
    this.setter.leave();
  }
}

export class Meter {
  #millis = [];
  #isListening = false;

  // `prefix` is the beginning of its ids; `faults` takes sentences.
  constructor(node, prefix, faults) {
    Object.assign(this, { prefix, faults });
    this.pairs = Array.from({ length: PAIRS }, (_, number) => new Pair(this, node, number));
  }

  async opened() {
    await Promise.all(this.pairs.flatMap(({ waiter, setter }) =>
      [waiter.wire.opened, setter.wire.opened]));
    this.timers = this.pairs.map((pair, at) => setTimeout(() => {
      this.timers[at] = setInterval(() => pair.step(), PERIOD_MILLIS);
    }, at * PERIOD_MILLIS / PAIRS));
  }

  fault(sentence) {
    this.faults.add(sentence);
  }

  onAnswer(millis) {
    if (this.#isListening) this.#millis.push(millis);
  }

  listen() {
    this.#millis = [];
    this.#isListening = true;
  }

  heard() {
    this.#isListening = false;
    return this.#millis;
  }

  leave() {
    this.timers.forEach((timer) => clearInterval(timer));
    this.pairs.forEach((pair) => pair.leave());
  }
}
