// Random decisions that a seed repeats: the same seed text gives the same numbers on each machine.
import { createHash } from "node:crypto";

export class Random {
  #state;

  constructor(seed) {
    const hash = createHash("sha256").update(String(seed)).digest();
    this.#state = [0, 4, 8, 12].map((at) => hash.readUInt32LE(at));
  }

  // 32 bits by sfc32 (Chris Doty-Humphrey, PractRand).
  #next() {
    const s = this.#state;
    const out = (s[0] + s[1] + s[3]) | 0;
    s[3] = (s[3] + 1) | 0;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = (s[2] + (s[2] << 3)) | 0;
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + out | 0;
    return out >>> 0;
  }

  below(bound) {
    return this.#next() % bound;
  }

  // Both ends included.
  between(least, most) {
    return least + this.below(most - least + 1);
  }

  chance(probability) {
    return this.#next() < probability * 2 ** 32;
  }

  pick(list) {
    return list.length > 0 ? list[this.below(list.length)] : undefined;
  }

  // From {name: weight}.
  weighted(weights) {
    let left = this.below(Object.values(weights).reduce((sum, weight) => sum + weight, 0));
    for (const [name, weight] of Object.entries(weights)) {
      if ((left -= weight) < 0) return name;
    }
  }

  shuffled(list) {
    const all = [...list];
    for (let i = all.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [all[i], all[j]] = [all[j], all[i]];
    }
    return all;
  }

  some(list, most) {
    return this.shuffled(list).slice(0, this.between(1, Math.min(most, list.length)));
  }

  times(count, make) {
    return Array.from({ length: count }, (_, index) => make(index));
  }

  bytes(length) {
    return Buffer.from(this.times(length, () => this.below(256)));
  }

  // An id that nobody else has: a number below 2^128 of 38 digits, or of 39.
  id() {
    const high = (BigInt(this.#next()) << 32n) | BigInt(this.#next());
    const low = (BigInt(this.#next()) << 32n) | BigInt(this.#next());
    return String((high << 64n | low) | 1n << 125n);
  }
}
