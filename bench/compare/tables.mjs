// Tables of a run, in Markdown that is readable as it is.
import { figures } from "./figures.mjs";
import { NAMES } from "./servers.mjs";
import { filled, grouped, judged, median, medianOf, ratioOf } from "./summary.mjs";

const MINUS = "–";

// What a wait, a wake and a request cost, for those who decide.
export const SUMMARY = ["resident", "held", "broadcast", "storm", "pingpong", "getCost", "get",
  "postCost", "post"];
const SUMMARY_OTHERS = ["os", "always", "peer", "floor"];

// The columns from this one on are numbers, and stand at the right.
function table(head, rows, numbersFrom = head.length) {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => [...row[column]].length)));
  const padded = (cell, column) =>
    (column < numbersFrom ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
  const line = (row) => `| ${row.map(padded).join(" | ")} |`;
  const rule = `|${widths.map((width, column) =>
    (column < numbersFrom ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

function figureTable(name, { samples, settings }) {
  const { subjects, digits, unit } = figures[name];
  const rivals = ["floor", "peer"].filter((rival) => rival in subjects);
  const rows = Object.entries(subjects).map(([subject, label]) => {
    const values = samples[name][subject];
    const ratios = rivals.map((rival) => ratioOf(samples, [name, subject], [name, rival]))
      .map((ratio) => (Number.isFinite(ratio) ? grouped(ratio, 2) : MINUS));
    return [filled(label, settings), ...[medianOf(samples, name, subject), Math.min(...values),
      Math.max(...values)].map((value) => grouped(value, digits)), ...ratios];
  });
  const heads = { floor: "to floor", peer: "to nchan" };
  return table(["", `median, ${unit}`, "lowest", "highest", ...rivals.map((name) => heads[name])],
    rows, 1);
}

export function measuredFigures({ samples }, block) {
  return Object.keys(figures)
    .filter((name) => name in samples && (block === undefined || figures[name].block === block));
}

// The figures of a block, or all: a title and a table each, and what `between` adds to each.
export function figureTables(run, block, between = () => "") {
  return measuredFigures(run, block).map((name) => {
    const title = filled(figures[name].title, run.settings);
    return `**${title}**\n\n${figureTable(name, run)}${between(name)}`;
  }).join("\n\n");
}

// A row for each figure of the summary: the medians, and the ratios of the memory store.
export function summaryTable({ samples, settings }) {
  const rows = SUMMARY.map((name) => {
    const { title, unit, digits, subjects } = figures[name];
    const medianIn = (subject) =>
      (subject in subjects ? grouped(medianOf(samples, name, subject), digits) : MINUS);
    const ratioTo = (rival) => (rival in subjects
      ? grouped(ratioOf(samples, [name, "node"], [name, rival]), 2) : MINUS);
    return [`${filled(title, settings)}, ${unit}`, medianIn("node"), ratioTo("peer"),
      ratioTo("floor"), ...SUMMARY_OTHERS.map(medianIn)];
  });
  const others = SUMMARY_OTHERS.map((name) => NAMES[name]);
  return table(["median", NAMES.node, "to nchan", "to floor", ...others], rows, 1);
}

// What is judged, its bar, and then what was measured and whether that meets it.
function whatAndBar({ bar }, { settings }) {
  return [filled(figures[bar.of[0]].title, settings), filled(bar.text, settings)];
}

function measuredAndMet({ bar, value, ratio: share, met }) {
  const { unit, digits } = figures[bar.of[0]];
  const measured = `${grouped(value, digits)} ${unit}`;
  const text = share === undefined ? measured : `${grouped(share, 2)} (${measured})`;
  return [text, met ? "yes" : "no"];
}

// Two checkouts side by side; the ratio is the median of the rounds' own.
export function againstTable(run) {
  const { stored } = run.settings;
  const rows = measuredFigures(run).flatMap((name) => {
    const { digits, unit, subjects, title } = figures[name];
    return Object.keys(run.samples[name]).map((subject) => {
      const values = [run.before, run.samples].map((samples) => medianOf(samples, name, subject));
      const ratios = run.samples[name][subject]
        .map((value, round) => value / run.before[name][subject][round]);
      const label = subject === "node" && stored ? NAMES[stored] : subjects[subject];
      return [filled(title, run.settings), filled(label, run.settings),
        ...values.map((value) => `${grouped(value, digits)} ${unit}`), grouped(median(ratios), 3)];
    });
  });
  return table(["what", "of", "before", "now", "ratio"], rows, 2);
}

export function barTable(run, wanted = () => true) {
  const rows = judged(run.samples).filter(({ bar }) => wanted(bar.of[0]))
    .map((one) => [...whatAndBar(one, run), ...measuredAndMet(one)]);
  return table(["what", "bar", "measured", "met"], rows);
}

// The same bars for the nodes with RocksDB; nothing where they weren't measured.
export function storesTable(run) {
  const always = judged(run.samples, "always");
  const rows = judged(run.samples, "os").map((one, index) =>
    [...whatAndBar(one, run), ...measuredAndMet(one), ...measuredAndMet(always[index])]);
  const head = ["what", "bar", "RocksDB, --sync os", "met", "RocksDB, --sync always", "met"];
  return rows.length > 0 ? table(head, rows) : "";
}
