// A long steady load: waits that are woken and wait again, then clients that come, wait and leave.
// Nothing may be left of them in the heap.
import { setTimeout as sleep } from "node:timers/promises";
import { park } from "../load.mjs";
import { liveHeapBytes } from "../processes.mjs";

const WAKES_PER_SECOND = 2000;
const ABANDONED_PER_SECOND = 500;
const POSTERS = 32;

export async function soak(bench) {
  const { waits, duration, soakWarmSeconds, remember } = bench.settings;
  // Sets are forgotten soon, so that they can be told from what is never let go.
  const server = await bench.fresh("node", { options: ["--remember", `${remember}s`] });
  const load = async (seconds) => {
    const steady = await park(server, "steady",
      { waits, rate: WAKES_PER_SECOND, seconds, posters: POSTERS });
    await park(server, "churn", { rate: ABANDONED_PER_SECOND, seconds });
    return steady;
  };
  bench.say("soak, warming up");
  await load(soakWarmSeconds);
  await liveHeapBytes(server.pid); // the first look leaves things behind in a JVM
  bench.record("soakHeap", "start", await heapOnceForgotten(server, bench.settings));
  bench.say(`soak, twice ${duration} s`);
  const { p50, p99, p999 } = await load(duration);
  for (const [name, micros] of Object.entries({ p50, p99, p999 })) {
    bench.record("soakTail", name, micros / 1000);
  }
  bench.record("soakHeap", "end", await heapOnceForgotten(server, bench.settings));
  await server.end();
}

async function heapOnceForgotten(server, { remember }) {
  await sleep(remember * 1500);
  // A set makes the store look for what it may forget.
  await fetch(`${server.url}/${Date.now()}`, { method: "POST", body: "" });
  await sleep(1000);
  return liveHeapBytes(server.pid);
}
