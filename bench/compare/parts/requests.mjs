// Requests that don't wait: the server on one core, wrk on another.
import { getConstant, getSet, postNew } from "../load.mjs";

const SUBJECTS = ["node", "peer", "floor", "os", "always"];
const POSTED = [...SUBJECTS, "kept"];

export async function get(bench) {
  const { wrkSeconds } = bench.settings;
  for (const name of bench.subjects(SUBJECTS)) await bench.server(name);
  await bench.rounds("get", bench.subjects([...SUBJECTS, "constant"]), async (name) => {
    const rate = name === "constant" ? getConstant(await bench.server("peer"), wrkSeconds)
      : getSet(await bench.server(name), wrkSeconds);
    note(bench, "get", name, await rate);
  });
}

// The peer and the floors begin each round empty, since they keep all sets in a table that doesn't
// grow.
export async function post(bench) {
  const { wrkSeconds } = bench.settings;
  const subjects = bench.subjects(POSTED);
  for (const name of subjects) await bench.server(name);
  await bench.rounds("post", subjects, async (name) => {
    note(bench, "post", name, await postNew(await bench.renewed(name), wrkSeconds));
  });
}

function note(bench, figure, name, { rate, cpuMicros }) {
  bench.record(figure, name, rate);
  bench.record(`${figure}Cost`, name, cpuMicros);
}
