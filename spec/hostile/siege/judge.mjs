// What honest clients may notice of an attack, in figures: the median of the rounds counts, since other
// work on the machine takes both nodes by turns.
const [HALF_RATIO, LAST_RATIO] = [1.5, 2];
// Milliseconds below which a difference is no harm, and more than a busy machine takes now and then.
const [HALF_FLOOR, LAST_FLOOR] = [3, 10];

export function percentile(sorted, part) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

export function figures(millis) {
  const sorted = [...millis].sort((one, other) => one - other);
  return { count: sorted.length, half: percentile(sorted, 0.5), last: percentile(sorted, 0.99) };
}

export function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const at = sorted.length / 2;
  return (sorted[Math.floor(at)] + sorted[Math.ceil(at) - 1]) / 2;
}

// From rounds of {attacked, control}, each with the figures of one: medians, and a sentence for each harm.
// What differs by no more than the control does between its own rounds is noise.
export function judge(rounds) {
  const result = { attacked: {}, control: {}, faults: [] };
  for (const [which, name, ratio, floor] of [["half", "p50", HALF_RATIO, HALF_FLOOR],
    ["last", "p99", LAST_RATIO, LAST_FLOOR]]) {
    const [all, others] = ["attacked", "control"].map((node) =>
      rounds.map((round) => round[node][which]));
    const [attacked, control] = [median(all), median(others)];
    const noise = Math.max(floor, Math.max(...others) - Math.min(...others));
    result.attacked[which] = attacked;
    result.control[which] = control;
    if (attacked > control * ratio && attacked - control > noise) {
      result.faults.push(`${name} from set to answer is ${attacked.toFixed(2)} ms, and ` +
        `${control.toFixed(2)} ms at the node that isn't attacked: more than ${ratio} times that`);
    }
  }
  return result;
}
