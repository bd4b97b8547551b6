// What a node did to its disk, and what a power cut leaves of it: of all that was not synced, any
// part. A sync of a file keeps its bytes, a sync of a folder the names in it; names that are not
// synced go in the order in which they came, as a file system with a journal has them.
import { readFileSync } from "node:fs";
import { dirname } from "node:path";

const HEAD = 24;
const SECTOR = 512;
const OPS = ["", "create", "write", "durable write", "sync", "failed sync", "truncate", "rename",
  "unlink", "mkdir"];

// Each as {op, file, at, bytes, offset}; `offset` is where it stands in the journal.
export function readJournal(path) {
  const journal = readFileSync(path);
  const ops = [];
  for (let offset = 0; offset + HEAD <= journal.length;) {
    const length = journal.readUInt32LE(offset + 4);
    ops.push({
      op: OPS[journal.readUInt32LE(offset)],
      offset,
      file: journal.readBigUInt64LE(offset + 8),
      at: Number(journal.readBigUInt64LE(offset + 16)),
      bytes: journal.subarray(offset + HEAD, offset + HEAD + length),
    });
    offset += HEAD + length;
  }
  return ops;
}

// The disk after some of the operations; `root` is the number of the folder that was there before.
export class Disk {
  #root;
  #files = new Map();
  // Changes of names: {folder, apply, isKept}.
  #names = [];

  constructor(root) {
    this.#root = root;
    this.#files.set(root, { isFolder: true, path: "." });
  }

  do({ op, file, at, bytes }) {
    switch (op) {
      case "create": case "mkdir": return this.#create(file, bytes.toString(), op === "mkdir");
      case "write": case "durable write": case "truncate":
        return this.#files.get(file)?.changes?.push(
          { at, bytes, isCut: op === "truncate", isKept: op === "durable write" });
      case "sync": return this.#sync(file);
      case "failed sync": return this.#fail(file);
      case "unlink": return this.#name(bytes.toString(), (names, path) => names.delete(path));
      default: return this.#rename(...bytes.toString().split("\n"));
    }
  }

  #create(number, path, isFolder) {
    const file = isFolder ? { isFolder, path } : { changes: [] };
    this.#files.set(number, file);
    this.#name(path, (names) => names.set(path, file));
  }

  #rename(from, to) {
    this.#name(to, (names) => {
      const file = names.get(from);
      names.delete(from);
      if (file) names.set(to, file);
      else names.delete(to);
    });
  }

  #name(path, apply) {
    this.#names.push({ folder: dirname(path), apply: (names) => apply(names, path), isKept: false });
  }

  #sync(number) {
    const file = this.#files.get(number);
    const isIn = file?.isFolder ? this.#names.filter(({ folder }) => folder === file.path)
      : (file?.changes ?? []).filter(({ isDoomed }) => !isDoomed);
    for (const change of isIn) change.isKept = true;
  }

  // The system may take what it couldn't write for written, and forget it.
  #fail(number) {
    for (const change of this.#files.get(number)?.changes ?? []) {
      if (!change.isKept) change.isDoomed = true;
    }
  }

  // How many changes a power cut may undo.
  get unsynced() {
    return [...this.#names, ...[...this.#files.values()].flatMap(({ changes = [] }) => changes)]
      .filter(({ isKept }) => !isKept).length;
  }

  // What is there after a power cut, as a Map of folders (null) and files by path. `keeps` is "all",
  // "none", or a Random that decides for each change that was not synced.
  left(keeps) {
    const names = new Map();
    let later = keeps === "none" ? 0 : keeps === "all" ? Infinity
      : keeps.below(this.#names.filter(({ isKept }) => !isKept).length + 1);
    for (const { isKept, apply } of this.#names) {
      if (isKept || later-- > 0) apply(names);
    }
    const folders = new Set([".", ...[...names].filter(([, file]) => file.isFolder)
      .map(([path]) => path)]);
    return new Map([...names].filter(([path]) => folders.has(dirname(path)))
      .map(([path, file]) => [path, file.isFolder ? null : content(file.changes, keeps)]));
  }
}

function content(changes, keeps) {
  let bytes = Buffer.alloc(0);
  for (const change of changes) {
    if (change.isKept || keeps === "all") bytes = changed(bytes, change);
    else if (keeps !== "none") bytes = half(bytes, change, keeps);
  }
  return bytes;
}

function changed(bytes, { at, bytes: written, isCut }) {
  if (isCut) return Buffer.concat([bytes, Buffer.alloc(Math.max(0, at - bytes.length))], at);
  const end = at + written.length;
  const longer = Buffer.alloc(Math.max(end, bytes.length));
  bytes.copy(longer);
  written.copy(longer, at);
  return longer;
}

// A change that was not synced: none of it, all of it, its length alone, or some of its sectors.
function half(bytes, change, random) {
  const how = random.below(change.isCut ? 2 : 4);
  if (how === 0) return bytes;
  const { at, bytes: written } = change;
  const there = bytes.subarray(at, at + written.length);
  const before = Buffer.concat([there, Buffer.alloc(written.length - there.length)]);
  const mixed = Buffer.from(how === 2 ? before : written);
  for (let from = 0; how === 3 && from < written.length;) {
    const to = Math.min(written.length, from + SECTOR - (at + from) % SECTOR);
    if (random.chance(0.5)) before.copy(mixed, from, from, to);
    from = to;
  }
  return changed(bytes, { ...change, bytes: mixed });
}
