// Medians of what was recorded, and whether they meet the bars.
import { bars, figures } from "./figures.mjs";

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function grouped(value, digits = 0) {
  return value.toLocaleString("en", { minimumFractionDigits: digits,
    maximumFractionDigits: digits });
}

// A text of figures.mjs with the numbers of a run.
export function filled(text, settings) {
  return text.replace(/\{(\w+)\}/g, (_, name) => grouped(settings[name]));
}

export function medianOf(samples, figure, subject) {
  const values = samples[figure]?.[subject];
  return values?.length ? median(values) : undefined;
}

// The median of the ratios of two subjects within each round, each [figure, subject]: what slows the
// machine for a while slows both.
export function ratioOf(samples, [figure, subject], [otherFigure, other]) {
  const bases = samples[otherFigure][other];
  return median(samples[figure][subject].map((value, round) => value / bases[round]));
}

// What the chosen parts should have measured and did not.
export function missing(samples, parts) {
  return Object.entries(figures)
    .filter(([, { part }]) => parts.includes(part))
    .flatMap(([figure, { subjects }]) => Object.keys(subjects)
      .filter((subject) => !Number.isFinite(medianOf(samples, figure, subject)))
      .map((subject) => `${figure} of ${subject}`));
}

function isMet(value, { atMost = Infinity, below = Infinity, atLeast = -Infinity,
  above = -Infinity }) {
  return value <= atMost && value < below && value >= atLeast && value > above;
}

// The bars of the node with the memory store that hold for another node too, as that one's.
function barsOf(name) {
  const isOthers = ({ of: [figure, subject] }) =>
    subject === "node" && name in figures[figure].subjects;
  const renamed = (subject) => (subject === "node" ? name : subject);
  return bars.filter((bar) => isOthers(bar) && bar.against !== undefined).map((bar) =>
    ({ ...bar, of: bar.of.map(renamed), against: [bar.against].flat().map(renamed) }));
}

// The bars whose figures were measured, or those of them that hold for another node: {bar, value,
// ratio, met}; ratio is missing where a bar is a plain number.
export function judged(samples, node) {
  return (node === undefined ? bars : barsOf(node)).flatMap((bar) => {
    const [figure, subject] = bar.of;
    const value = medianOf(samples, figure, subject);
    if (value === undefined) return [];
    if (bar.against === undefined) return [{ bar, value, met: isMet(value, bar) }];
    const other = [bar.against].flat();
    const ratio = ratioOf(samples, bar.of, other.length === 2 ? other : [figure, ...other]);
    return [{ bar, value, ratio, met: isMet(ratio, bar) }];
  });
}
