// Which documents a run writes, and what into them.
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { documents, lacking, readDocument } from "../compare/document.mjs";
import { figures } from "../compare/figures.mjs";
import { ALONE, parse, PARTS } from "../compare/options.mjs";
import { root } from "../compare/processes.mjs";
import { filled } from "../compare/summary.mjs";

const ALL = [...PARTS, ...ALONE];
const MARKS = /<!-- bench:begin (\w+) -->/g;
const { settings } = parse([]);
const machine = { processor: "a processor", memory: "1 GiB", system: "Linux", java: "a JDK",
  nginx: "1", nchan: "2", wrk: "3", gcc: "4" };

// Three rounds, the same for each subject.
function runOf(...parts) {
  const samples = {};
  for (const [name, { part, subjects }] of Object.entries(figures)) {
    if (!parts.includes(part)) continue;
    samples[name] = Object.fromEntries(Object.keys(subjects).map((subject) => [subject, [4, 6, 5]]));
  }
  return { date: "2026-01-02T03:04:05Z", commit: "abcdef0", command: "script/bench", machine, settings,
    samples };
}

const filesOf = (run) => Object.keys(documents(run, readDocument)).sort();

// A document whose blocks are as an earlier run left them.
const stale = (file) => readDocument(file)
  .replace(/(<!-- bench:begin \w+ -->\n)[^]*?(<!-- bench:end -->)/g, "$1STALE\n$2");

describe("a run writes the documents of its parts", () => {
  test("all parts: the summary and each page but those of what is run alone", () => {
    assert.deepEqual(filesOf(runOf(...PARTS)), ["performance.md", "performance/memory.md",
      "performance/requests.md", "performance/start.md", "performance/stores.md",
      "performance/wakes.md"]);
  });

  for (const part of ALONE) {
    test(`${part}: the page of that name alone`, () => {
      assert.deepEqual(filesOf(runOf(part)), [`performance/${part}.md`]);
    });
  }

  test("some parts: their pages and no summary", () => {
    assert.deepEqual(filesOf(runOf("start", "memory")),
      ["performance/memory.md", "performance/start.md"]);
  });
});

test("all blocks of all pages are filled", () => {
  const written = documents(runOf(...ALL), stale);
  for (const [file, text] of Object.entries(written)) {
    assert.match(text, /^- Commit abcdef0; 2026-01-02; `script\/bench`$/m, file);
    assert.ok(!text.includes("STALE"), file);
  }
  const pages = readdirSync(join(root, "docs/performance")).filter((name) => name.endsWith(".md"))
    .map((name) => `performance/${name}`);
  const marked = [...pages, "performance.md"].filter((file) => readDocument(file).match(MARKS));
  assert.deepEqual(Object.keys(written).sort(), marked.sort());
});

test("a page that lacks the mark of a block is named, and so is the block", () => {
  const run = runOf(...ALL);
  for (const file of filesOf(run)) {
    for (const [mark, block] of readDocument(file).matchAll(MARKS)) {
      const read = (other) =>
        (other === file ? readDocument(file).replace(mark, "") : readDocument(other));
      assert.throws(() => documents(run, read), { message: `docs/${file} has no block ${block}` });
    }
  }
});

test("each figure stands on one page, and its plot where the page says", () => {
  const { "performance.md": summary, ...pages } = documents(runOf(...ALL), readDocument);
  for (const { title } of Object.values(figures)) {
    const heading = `**${filled(title, settings)}**`;
    const on = Object.keys(pages).filter((file) => pages[file].includes(heading));
    assert.equal(on.length, 1, `${heading} stands on ${on}`);
  }
  for (const [file, text] of Object.entries({ ...pages, "performance.md": summary })) {
    for (const [, plot] of text.matchAll(/!\[.*?\]\((.*?)\)/g)) {
      assert.ok(existsSync(join(root, "docs", dirname(file), plot)), `${file}: ${plot}`);
    }
  }
});

test("the summary is one table beside nchan and the floor, and three plots", () => {
  const run = runOf(...PARTS);
  run.samples.storm = { node: [3, 8, 4], os: [5], always: [7], peer: [6, 8, 16], floor: [2, 2, 2],
    kept: [1] };
  const [summary] = /bench:begin summary[^]*?bench:end/.exec(documents(run, stale)["performance.md"]);
  assert.equal(summary.match(/^\|-+\|/gm).length, 1);
  assert.equal(summary.match(/^!\[/gm).length, 3);
  assert.match(summary, /^\| median +\| Doorbell, memory \| to nchan \| to floor \|.* floor \|$/m);
  const storm = summary.split("\n").find((line) => line.includes("32 connections"));
  assert.deepEqual(storm.split("|").slice(1, -1).map((cell) => cell.trim()), [
    "Server CPU per wake: 18,000 ids, 32 connections that set, µs",
    "4.00", "0.50", "2.00", "5.00", "7.00", "8.00", "2.00",
  ]);
  assert.match(summary, /^\| Heap and direct memory of a parked wait, bytes +\| +5 \| +– \| +– \|/m);
});

test("a run of some parts of a bench can't fill the documents", () => {
  assert.deepEqual(lacking(runOf(...ALL)), []);
  assert.deepEqual(lacking(runOf(...PARTS)), []);
  assert.deepEqual(lacking(runOf("streams")), []);
  assert.ok(lacking(runOf("get", "streams")).includes("post of node"));
});
