// Fills docs/performance.md and the pages of docs/performance/, between their marks, with what a run
// has measured, and draws the plots.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { figures } from "./figures.mjs";
import { PARTS } from "./options.mjs";
import { plot } from "./plot.mjs";
import { root } from "./processes.mjs";
import { filled, grouped, median, missing } from "./summary.mjs";
import { barTable, figureTables, measuredFigures, storesTable, SUMMARY, summaryTable }
  from "./tables.mjs";

const SUMMARY_PAGE = "performance.md";
const FOLDER = "performance";
// Each page's blocks of figures. A page has the bars of its figures too, and tells of their run.
const PAGES = {
  memory: ["memory"], wakes: ["wakes", "flat"], requests: ["requests"], start: ["start"],
  streams: ["streams"], package: ["package"], soak: ["soak"],
  nodes: ["nodes"], sweep: ["sweep"], postgres: ["postgres"],
};
// The plots of docs/performance.md: a parked wait, a wake and a set.
const SUMMARY_PLOTS = ["resident", "broadcast", "postCost"];

const pageFile = (name) => `${FOLDER}/${name}.md`;

const plotFile = (name) => `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.svg`;

// How busy the machine was, this run's own work included; older runs don't know.
export function loadOf({ loads = [] }) {
  if (loads.length === 0) return "";
  const [low, middle, high] = [Math.min(...loads), median(loads), Math.max(...loads)]
    .map((load) => grouped(load, 1));
  return `Load of the machine at the rounds' beginnings: median ${middle}, lowest ${low}, highest ${
    high}`;
}

function about(run) {
  const { date, commit, dirty, command, machine: on } = run;
  const changes = dirty ? ", with changes that are not committed" : "";
  return [
    `- Commit ${commit}${changes}; ${date.slice(0, 10)}; \`${command}\``,
    `- ${on.processor}; ${on.memory}; ${on.system}`,
    ...[loadOf(run)].filter(Boolean).map((load) => `- ${load}`),
    `- ${on.java}; nginx ${on.nginx}; nchan ${on.nchan}; wrk ${on.wrk}; gcc ${on.gcc}${
      on.redis ? `; Redis ${on.redis}` : ""}`,
  ].join("\n");
}

// folder: of the plots, as the page sees it.
function image(name, { settings }, folder = "") {
  return `![${filled(figures[name].title, settings)}](${folder}${plotFile(name)})`;
}

// The texts of a page's blocks, by block; nothing where none of its figures was measured.
function textsOf(run, blocks) {
  const measured = blocks.filter((block) => measuredFigures(run, block).length > 0);
  if (measured.length === 0) return undefined;
  const tables = measured.map((block) =>
    [block, figureTables(run, block, (name) => `\n\n${image(name, run)}`)]);
  const bars = barTable(run, (name) => blocks.includes(figures[name].block));
  return { ...Object.fromEntries(tables), bars, run: about(run) };
}

function storesTexts(run) {
  const stores = storesTable(run);
  return stores ? { stores, run: about(run) } : undefined;
}

function summaryTexts(run) {
  if (!SUMMARY.every((name) => name in run.samples)) return undefined;
  const images = SUMMARY_PLOTS.map((name) => image(name, run, `${FOLDER}/`));
  return { summary: [summaryTable(run), ...images].join("\n\n"), run: about(run) };
}

function replaced(document, file, [block, content]) {
  const mark = new RegExp(`(<!-- bench:begin ${block} -->\n)[^]*?(<!-- bench:end -->)`);
  if (!mark.test(document)) throw new Error(`docs/${file} has no block ${block}`);
  return document.replace(mark, (_, begin, end) => `${begin}\n${content}\n\n${end}`);
}

// What a run lacks to fill the pages that it has something for: some parts alone would leave pages
// that speak of two runs.
export function lacking(run) {
  const parts = measuredFigures(run).map((name) => figures[name].part);
  const isAlone = !parts.some((part) => PARTS.includes(part));
  return missing(run.samples, isAlone ? parts : [...PARTS, ...parts]);
}

// The documents with what the run has for them, by their path in docs/; `read` has their texts until
// now, by that path.
export function documents(run, read) {
  const pages = Object.entries(PAGES).map(([name, blocks]) => [pageFile(name), textsOf(run, blocks)]);
  const all = [...pages, [pageFile("stores"), storesTexts(run)], [SUMMARY_PAGE, summaryTexts(run)]];
  return Object.fromEntries(all.filter(([, texts]) => texts).map(([file, texts]) =>
    [file, Object.entries(texts).reduce((text, block) => replaced(text, file, block), read(file))]));
}

export const readDocument = (file) => readFileSync(join(root, "docs", file), "utf8");

// Into `folder`, a path from the root: docs, or another to only look at them.
export function writeDocuments(run, folder) {
  const texts = Object.entries(documents(run, readDocument));
  mkdirSync(join(root, folder, FOLDER), { recursive: true });
  for (const name of measuredFigures(run)) {
    writeFileSync(join(root, folder, FOLDER, plotFile(name)), plot(name, run));
  }
  for (const [file, text] of texts) writeFileSync(join(root, folder, file), text);
}
