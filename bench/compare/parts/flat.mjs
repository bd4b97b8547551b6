// Costs that must not depend on how many waits are parked, or on how their clients leave.
import { park } from "../load.mjs";
import { cpuPerWake } from "./wakes.mjs";

const FEW_TIMES = 6; // a broadcast to few is short: several of them make one value

export async function flat(bench) {
  const { waits, few, samples } = bench.settings;
  const server = await bench.server("node");
  const subjects = [["many", waits, 1], ["few", few, FEW_TIMES]];
  await bench.rounds("flat", subjects, async ([subject, parked, times]) => {
    bench.record("flatBroadcast", subject, await cpuPerWake(server, "broadcast", parked, times));
    bench.record("flatStorm", subject, await cpuPerWake(server, "storm", parked, times));
    const { p50 } = await park(server, "pingpong", { waits: parked, samples });
    bench.record("flatPingpong", subject, p50);
  });
}

export async function hangup(bench) {
  const { waits } = bench.settings;
  const server = await bench.server("node");
  const subjects = [["atOnce", "leave"], ["oneByOne", "trickle"]];
  await bench.rounds("hangup", subjects, async ([subject, mode], round) => {
    if (round === 1) await park(server, mode, { waits }); // for the JVM to compile
    const { cpuNanos, hangups } = await park(server, mode, { waits });
    bench.record("hangup", subject, cpuNanos / 1000 / hangups);
  });
}
