// Fills docs/performance.md, between its marks, with what a run has measured, and draws the plots.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { figures } from "./figures.mjs";
import { ALONE } from "./options.mjs";
import { plot } from "./plot.mjs";
import { root } from "./processes.mjs";
import { filled } from "./summary.mjs";
import { barTable, figureTables, measuredFigures, storesTable } from "./tables.mjs";

const DOCUMENT = "performance.md";
const PLOTS = "performance";

function fileOf(name) {
  return `${PLOTS}/${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.svg`;
}

function about({ date, commit, dirty, command, machine: on }) {
  const changes = dirty ? ", with changes that are not committed" : "";
  return [
    `- Commit ${commit}${changes}; ${date.slice(0, 10)}; \`${command}\``,
    `- ${on.processor}; ${on.memory}; ${on.system}`,
    `- ${on.java}; nginx ${on.nginx}; nchan ${on.nchan}; wrk ${on.wrk}; gcc ${on.gcc}`,
  ].join("\n");
}

function image(name, { settings }) {
  return `\n\n![${filled(figures[name].title, settings)}](${fileOf(name)})`;
}

function tables(run, block) {
  return figureTables(run, block, (name) => image(name, run));
}

// The text of each block that this run has something for.
function blocks(run) {
  const isAlone = (name) => ALONE.includes(figures[name].part);
  const texts = {};
  for (const name of measuredFigures(run)) {
    const { block } = figures[name];
    texts[block] ??= tables(run, block);
  }
  for (const part of ALONE) {
    const bars = barTable(run, (name) => figures[name].part === part);
    if (texts[part]) texts[part] = [texts[part], bars, about(run)].join("\n\n");
  }
  if (Object.keys(texts).some((block) => !ALONE.includes(block))) {
    texts.bars = barTable(run, (name) => !isAlone(name));
    texts.stores = storesTable(run);
    texts.run = about(run);
  }
  return texts;
}

function replaced(document, block, content) {
  const mark = new RegExp(`(<!-- bench:begin ${block} -->\n)[^]*?(<!-- bench:end -->)`);
  if (!mark.test(document)) throw new Error(`${DOCUMENT} has no block ${block}`);
  return document.replace(mark, (_, begin, end) => `${begin}\n${content}\n\n${end}`);
}

// Into `folder`, a path from the root: docs, or another to only look at it.
export function writeDocument(run, folder) {
  const texts = Object.entries(blocks(run));
  const document = texts.reduce((text, [block, content]) => replaced(text, block, content),
    readFileSync(join(root, "docs", DOCUMENT), "utf8"));
  mkdirSync(join(root, folder, PLOTS), { recursive: true });
  for (const name of measuredFigures(run)) {
    writeFileSync(join(root, folder, fileOf(name)), plot(name, run));
  }
  writeFileSync(join(root, folder, DOCUMENT), document);
}
