// What is true of each event, and what was broken. All that clients send and hear is told here; the
// promises that it judges are those of ../protocol.md.
import { setTimeout as pause } from "node:timers/promises";

// One text for each id, in whatever way it is written.
export function canonical(text) {
  const bare = text.toLowerCase();
  if (bare.length === 64) return bare;
  return bare.includes("-") ? String(BigInt(`0x${bare.replaceAll("-", "")}`))
    : String(BigInt(bare));
}

export class Checker {
  faults = [];
  counts = { sets: 0, firsts: 0, told: 0, refused: 0 };
  #events = new Map();
  #patience;

  constructor(patience = 20_000) {
    this.#patience = patience;
  }

  // After how many milliseconds an answer is lost. When something is broken, the rest is soon seen.
  get patience() {
    return this.faults.length === 0 ? this.#patience : Math.min(500, this.#patience);
  }

  // What the promise is kept with, or null if that takes too long.
  async within(promise) {
    const alarm = new AbortController();
    const late = pause(this.patience, null, { signal: alarm.signal }).catch(() => null);
    const value = await Promise.race([promise, late]);
    alarm.abort();
    return value;
  }

  // Looks again and again until what is seen is well, or for too long; returns the last.
  async until(look, isWell, millis = 100) {
    const begun = Date.now();
    let seen = await look();
    while (!isWell(seen) && Date.now() - begun < this.patience) {
      await pause(millis);
      seen = await look();
    }
    return seen;
  }

  // Each sentence once; the first ones tell the most.
  fault(sentence) {
    if (!this.faults.includes(sentence)) this.faults.push(sentence);
  }

  #event(id) {
    const name = canonical(id);
    let event = this.#events.get(name);
    if (!event) this.#events.set(name, event = { begun: false, stored: false, first: null });
    return event;
  }

  // Some client is about to send a set of it.
  setBegins(id) {
    this.#event(id).begun = true;
  }

  // A setter read its answer; `first` is null where the answer doesn't tell.
  setIsAnswered(id, first, who) {
    const event = this.#event(id);
    this.counts.sets++;
    event.stored = true;
    if (!first) return;
    this.counts.firsts++;
    if (event.first) {
      this.fault(`two setters of ${id} were the first: ${event.first} and ${who} (P28)`);
    }
    event.first = who;
  }

  // A waiter was told that it is set.
  isTold(id, who) {
    this.counts.told++;
    if (!this.#event(id).begun) {
      this.fault(`${who} was told that ${id} is set, which nobody ever set (P13)`);
    }
  }

  isStored(id) {
    return this.#event(id).stored;
  }

  // A wait that began when `wasStored` was known ended unset.
  isToldUnset(id, wasStored, who) {
    if (wasStored) this.fault(`${who} was told that ${id} isn't set, though it was set (P29)`);
  }

  // Those that some setter was told to be set, and that must be for ever.
  stored() {
    return [...this.#events].filter(([, event]) => event.stored).map(([id]) => id);
  }

  // After a case its events are of no more interest.
  forget() {
    this.#events.clear();
  }
}
