// Tells a node with parked waits to end, and shows how its clients hear of it:
//   node bench/drain.mjs [--waits N] [--seconds S] [--svg FILE]
// --waits    of each protocol, 4,500 by default: 18,000 together
// --seconds  of the drain, 5 by default
// --svg      where a plot goes
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { KINDS } from "./drain/clients.mjs";
import { drain, together, unevenness } from "./drain/drain.mjs";
import { plot } from "./drain/plot.mjs";

const { values } = parseArgs({ options: {
  waits: { type: "string", default: "4500" },
  seconds: { type: "string", default: "5" },
  svg: { type: "string" },
} });
const settings = { kinds: KINDS, waits: Number(values.waits), seconds: Number(values.seconds) };
const run = await drain(settings);
const all = together(run);
for (const [kind, times] of Object.entries({ ...run.times, all })) {
  console.log(`${kind}: ${times.length} ended, the first after ${times[0].toFixed(0)} ms, the last after`
    + ` ${times.at(-1).toFixed(0)} ms`);
}
const uneven = unevenness(all, settings.seconds * 1_000);
console.log(`all are ${(100 * uneven).toFixed(1)} % from even at most`);
console.log(`${run.left} without an end; otherwise than they should: ${JSON.stringify(run.wrong)}`);
console.log(`${run.acknowledged} sets acknowledged, ${run.missing.length} of them lost; others:`
  + ` ${JSON.stringify(run.others)}`);
console.log(`the node ended with ${run.exitCode} after ${run.millis.toFixed(0)} ms`);
if (values.svg) writeFileSync(values.svg, plot(run, settings));
