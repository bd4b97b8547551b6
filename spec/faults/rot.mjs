// Disks rot: one bit, or one sector, of each kind of file is another. The start is refused with a
// sentence, or each acknowledged set stands, or who asks for it is told that it can't be looked up.
import {
  cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Client } from "./load.mjs";
import { LastingNode } from "./node.mjs";
import { Opener } from "./opener.mjs";

const SECTOR = 512;
const MEMORY = "/dev/shm";
const SETS_PER_LIFE = 40;
const BULK = 100;
// The end of a log can't be told from one that a crash left torn: a sector's worth, and its ends.
const UNPROTECTED_BULKS = 3;

export async function rot({ folder, random, checker, rounds, tell }) {
  const { store, ids } = await leave(folder, random);
  const idFile = join(folder, "ids");
  writeFileSync(idFile, ids.map((id) => `${id}\n`).join(""));
  const place = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : folder, "doorbell-rot-"));
  const opener = new Opener(folder);
  const counts = {};
  try {
    const whole = await opener.open(copy(store, place), idFile, ids.length);
    if (whole.refused || whole.lost > 0) throw new Error(`the whole store: ${JSON.stringify(whole)}`);
    for (const name of readdirSync(store)) {
      const bytes = readFileSync(join(store, name));
      for (const [what, rotten] of damages(bytes, random, rounds)) {
        const copied = copy(store, place);
        writeFileSync(join(copied, name), rotten);
        const end = await opener.open(copied, idFile, ids.length);
        judge(checker, `${name}, ${what}`, end, counts, ids.length);
      }
    }
  } finally {
    opener.close();
    rmSync(place, { recursive: true, force: true });
  }
  const { opened = 0, refused = 0, unsure = 0 } = counts;
  tell(`${ids.length} acknowledged sets, ${opened + refused + unsure} damages: ${refused} starts are ` +
    `refused, ${unsure} stores can't look up some, ${opened} have all`);
}

// A sentence says what to do.
function judge(checker, where, { refused, lost, unsure }, counts, all) {
  const end = refused ? "refused" : unsure > 0 ? "unsure" : "opened";
  counts[end] = (counts[end] ?? 0) + 1;
  if (lost > 0) checker.fault(`${where}: ${lost} of ${all} acknowledged sets are lost without a word`);
  if (refused && !/; .*(restore|name|run that one|mend)/.test(refused)) {
    checker.fault(`${where}: the start is refused without a way out: ${refused}`);
  }
}

function* damages(bytes, random, rounds) {
  if (bytes.length === 0) return;
  for (let i = 0; i < 4 * rounds; i++) {
    const bit = random.below(bytes.length * 8);
    const rotten = Buffer.from(bytes);
    rotten[bit >> 3] ^= 1 << (bit & 7);
    yield [`bit ${bit}`, rotten];
  }
  for (let i = 0; i < 2 * rounds; i++) {
    const from = random.below(Math.ceil(bytes.length / SECTOR)) * SECTOR;
    const rotten = Buffer.from(bytes);
    const sector = rotten.subarray(from, from + SECTOR);
    if (random.chance(0.5)) sector.fill(0);
    else random.bytes(sector.length).copy(sector);
    yield [`the sector at ${from}`, rotten];
  }
}

function copy(store, place) {
  rmSync(place, { recursive: true, force: true });
  cpSync(store, join(place, "data"), { recursive: true });
  return join(place, "data");
}

// A store as SIGKILL leaves it, with sets in tables and in a log, of which all but the last count.
async function leave(folder, random) {
  const store = join(folder, "store");
  const node = new LastingNode({ folder, store: `rocksdb:${store}` });
  const ids = [];
  try {
    for (let life = 0; life < 3; life++) {
      await node.start();
      const client = new Client(node);
      for (let i = 0; i < SETS_PER_LIFE; i++) {
        const id = random.id();
        await client.ask((speaker) => speaker.set(id));
        ids.push(id);
      }
      const bulks = random.times(1 + UNPROTECTED_BULKS, () => random.times(BULK, () => random.id()));
      for (const some of bulks) await client.ask((speaker) => speaker.setMany(some));
      ids.push(...bulks[0]);
      client.leave();
      await node.kill();
    }
  } finally {
    await node.stop();
  }
  return { store, ids };
}
