// What carries sets between nodes: PUBLISH to 16 channels beside XADD to a stream with XREAD BLOCK,
// for two readers that take all. Says how long a set is on its way and what Redis spends on it.
//   node bench/bus.mjs [ROUNDS]
import net from "node:net";
import { availableParallelism, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { startRedis } from "./compare/nodes.mjs";
import { grouped, median } from "./compare/summary.mjs";

const READERS = 2;
const CHANNELS = 16;
const SAMPLES = 2_000;
const SETS = 100_000;
const BATCH = 64; // sets in a script's run, as of a node with much to do
const KEPT = 100_000; // entries of the stream
const DAY = 86_400_000;
const LONGEST = 3.5e6; // characters of a batch of answers that nobody has parsed yet

// One value of Redis's protocol from `at` on, and where it ends; nothing if it isn't all there.
export function parsed(text, at = 0) {
  const end = text.indexOf("\r\n", at);
  if (end < 0) return undefined;
  const [kind, word] = [text[at], text.slice(at + 1, end)];
  const next = end + 2;
  if (kind === "-") throw new Error(word);
  if (kind === "+" || kind === ":") return { value: word, next };
  const size = Number(word);
  if (size < 0) return { value: null, next };
  if (kind === "$") {
    if (text.length < next + size + 2) return undefined;
    return { value: text.slice(next, next + size), next: next + size + 2 };
  }
  const value = [];
  for (let place = next, left = size; ; left--) {
    if (left === 0) return { value, next: place };
    const item = parsed(text, place);
    if (!item) return undefined;
    value.push(item.value);
    place = item.next;
  }
}

class Connection {
  #text = "";
  #waiting = [];
  onPush;

  constructor(port) {
    this.socket = net.connect(port, "127.0.0.1").setNoDelay(true).setEncoding("latin1");
    this.socket.on("data", (text) => this.#take(text));
  }

  #take(text) {
    this.#text += text;
    if (this.#text.length > LONGEST) throw new Error("answers that don't end");
    let at = 0;
    for (let one; (one = parsed(this.#text, at)); at = one.next) {
      (this.#waiting.shift() ?? this.onPush)(one.value);
    }
    this.#text = this.#text.slice(at);
  }

  say(...words) {
    const parts = words.map((word) => `$${String(word).length}\r\n${word}\r\n`);
    this.socket.write(`*${words.length}\r\n${parts.join("")}`);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

// Each sets ids with an expiry, and tells the readers of each: one script for a batch.
const SCRIPTS = {
  pubsub: `for i = 1, #KEYS do
    redis.call('SET', KEYS[i], '1', 'PX', ${DAY}, 'GET')
    redis.call('PUBLISH', 'bus' .. (i % ${CHANNELS}), KEYS[i])
  end return 1`,
  stream: `for i = 1, #KEYS do
    redis.call('SET', KEYS[i], '1', 'PX', ${DAY}, 'GET')
    redis.call('XADD', 'bus', 'MAXLEN', '~', ${KEPT}, '*', 'i', KEYS[i])
  end return 1`,
};

const READ = {
  pubsub(reader, told) {
    const channels = Array.from({ length: CHANNELS }, (_, index) => `bus${index}`);
    reader.onPush = ([kind, , id]) => kind === "message" && told(id);
    reader.say("SUBSCRIBE", ...channels);
  },
  async stream(reader, told) {
    for (let last = "0"; ;) {
      const answer = await reader.say("XREAD", "COUNT", "1000", "BLOCK", "0",
        "STREAMS", "bus", last);
      for (const [at, [, id]] of answer[0][1]) {
        last = at;
        told(id);
      }
    }
  },
};

async function measure(kind) {
  const redis = await startRedis("no");
  let [told, reached] = [0, () => {}];
  const heard = (count) => new Promise((resolve) => {
    const target = told + count * READERS;
    reached = () => told === target && resolve();
  });
  for (let i = 0; i < READERS; i++) {
    READ[kind](new Connection(redis.port), () => { told++; reached(); });
  }
  const writer = new Connection(redis.port);
  const digest = await writer.say("SCRIPT", "LOAD", SCRIPTS[kind]);
  let id = 1e15;
  const set = (count) => {
    const keys = Array.from({ length: count }, () => `doorbell:${id++}`);
    return writer.say("EVALSHA", digest, count, ...keys);
  };
  const run = async (samples) => {
    const took = [];
    for (let i = 0; i < samples; i++) {
      const [start, all] = [performance.now(), heard(1)];
      set(1);
      await all;
      took.push((performance.now() - start) * 1000);
      await sleep(1);
    }
    return took.sort((a, b) => a - b);
  };
  await sleep(200);
  await run(SAMPLES / 10); // for the JavaScript to be compiled
  const took = await run(SAMPLES);
  const [before, start] = [await redis.info(), performance.now()];
  const all = heard(Math.floor(SETS / BATCH) * BATCH);
  for (let sent = 0; sent + BATCH <= SETS; sent += BATCH) await set(BATCH);
  await all;
  const seconds = (performance.now() - start) / 1000;
  const after = await redis.info();
  const grown = (name) => (after[name] - before[name]) / SETS;
  await redis.end();
  return {
    p50: took[SAMPLES / 2], p99: took[Math.floor(SAMPLES * 0.99)],
    cpu: (grown("used_cpu_user") + grown("used_cpu_sys")) * 1e6,
    rate: SETS / seconds, memory: grown("used_memory"), sent: grown("total_net_output_bytes"),
  };
}

async function main(rounds) {
  const [names, results] = [Object.keys(SCRIPTS), {}];
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 ? names.toReversed() : names) {
      (results[name] ??= []).push(await measure(name));
    }
  }
  const units = { p50: "µs", p99: "µs", cpu: "µs of Redis's CPU a set", rate: "sets a second",
    memory: "bytes of memory a set", sent: "bytes sent a set" };
  for (const [figure, unit] of Object.entries(units)) {
    const ofBoth = names.map((name) => {
      const values = results[name].map((result) => result[figure]);
      return `${name} ${grouped(median(values), 1)} (${values.map((one) => grouped(one, 1))})`;
    });
    process.stdout.write(`${figure}, ${unit}: ${ofBoth.join("; ")}\n`);
  }
  process.stdout.write(`load ${loadavg().map((one) => one.toFixed(1))} on ${
    availableParallelism()} cores\n`);
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  await main(Number(process.argv[2] ?? 5));
  process.exit(0);
}
