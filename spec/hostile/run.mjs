// Tries one node, case after case, until the time is over or something is broken.
import { Audit } from "./audit.mjs";
import { Checker } from "./checker.mjs";
import { Honest } from "./honest.mjs";
import { plan } from "./plan.mjs";
import { play } from "./play.mjs";

const CASES_PER_COLLECTION = 15;

// options: {seed, millis, patience, loops, places, only, crowds, protocols, onCase}. The result has
// the faults as sentences, and the case in which the first was seen.
export async function tryNode(node, options) {
  const { seed, millis, patience, loops, places, only, crowds, protocols, onCase } = options;
  const checker = new Checker(patience);
  const honest = new Honest(node, checker, { loops, protocols });
  const audit = new Audit(node, honest, checker, places);
  const until = Date.now() + millis;
  let cases = 0;
  let current = null;
  await audit.begin();
  for (const number of only ?? count()) {
    if (Date.now() >= until || checker.faults.length > 0) break;
    current = plan(seed, number, { isSecure: node.ca !== undefined, crowds });
    await play(current, node, honest, checker);
    await audit.afterCase(current);
    cases++;
    if (cases % CASES_PER_COLLECTION === 0) await audit.memoryIsFree();
    onCase?.(number, current);
    checker.forget();
  }
  await audit.memoryIsFree();
  if (node.process && checker.faults.length === 0) {
    current = plan(`${seed}/end`, cases, { isSecure: node.ca !== undefined, crowds });
    await audit.theEndIsInOrder(current);
  }
  await honest.leave();
  return { cases, faults: checker.faults, counts: checker.counts, last: current };
}

function* count() {
  for (let number = 1; ; number++) yield number;
}
