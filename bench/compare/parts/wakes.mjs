// What a wake costs the server, and how long it takes.
import { park } from "../load.mjs";

const SUBJECTS = ["node", "peer", "floor", "os", "always"];
const FEW = 10;

// Server CPU per wake, in µs.
export async function cpuPerWake(server, mode, waits, times = 1) {
  let [cpu, wakes] = [0, 0];
  for (let time = 0; time < times; time++) {
    const figures = await park(server, mode, { waits });
    cpu += figures.cpuNanos;
    wakes += figures.wakes;
  }
  return cpu / 1000 / wakes;
}

async function wakes(bench, mode, names) {
  const subjects = bench.subjects(names);
  for (const name of subjects) await bench.server(name);
  await bench.rounds(mode, subjects, async (name) => {
    const cost = await cpuPerWake(await bench.server(name), mode, bench.settings.waits);
    bench.record(mode, name, cost);
  });
}

export const broadcast = (bench) => wakes(bench, "broadcast", SUBJECTS);
export const storm = (bench) => wakes(bench, "storm", [...SUBJECTS, "kept"]);

export async function pingpong(bench) {
  const { waits, samples } = bench.settings;
  const subjects = bench.subjects(SUBJECTS);
  for (const name of subjects) await bench.server(name);
  await bench.rounds("pingpong", subjects, async (name) => {
    const server = await bench.server(name);
    const figures = await park(server, "pingpong", { waits, samples });
    const ofFew = await park(server, "pingpong", { waits: FEW, samples });
    bench.record("pingpong", name, figures.p50);
    bench.record("pingpongTail", name, figures.p99);
    bench.record("pingpongTailOfTen", name, ofFew.p99);
  });
}
