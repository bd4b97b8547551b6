// A power cut: what a node does to its disk is recorded, and of what it had not synced at any moment
// some is dropped. Each set that was acknowledged before stands, and each store opens.
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Disk, readJournal } from "./journal.mjs";
import { Client } from "./load.mjs";
import { LastingNode } from "./node.mjs";
import { Opener } from "./opener.mjs";
import { EIO, Shim } from "./shim.mjs";

const LIVES = 2;
const BULK = 40;
const SYNC_TRIES = 20;
const MEMORY = "/dev/shm";
// A store is sealed into a file each eighth of it.
const REMEMBER = "40s";

export async function power({ folder, random, checker, rounds, tell, everyCut, sync = "always" }) {
  const root = join(folder, "disk");
  mkdirSync(root);
  const recorded = await record({ folder, root, random, sync, rounds });
  const ops = readJournal(recorded.journal);
  const idFile = join(folder, "ids");
  writeFileSync(idFile, recorded.acks.map(({ id }) => `${id}\n`).join(""));
  const opener = new Opener(folder);
  const place = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : folder, "doorbell-power-"));
  const disk = new Disk(statSync(root, { bigint: true }).ino);
  const moments = random.shuffled(ops.map((_, at) => at));
  const cuts = new Set(everyCut ? moments : moments.slice(0, 20 * rounds));
  const counts = { images: 0, unsynced: 0 };
  try {
    for (const [at, op] of ops.entries()) {
      if (cuts.has(at) && checker.faults.length === 0) {
        const acked = recorded.acks.filter(({ offset }) => offset <= op.offset).length;
        for (const keeps of ["all", "none", random, random]) {
          counts.images++;
          counts.unsynced += disk.unsynced;
          writeImage(place, disk.left(keeps));
          const { refused, lost, unsure } = await opener.open(join(place, "data"), idFile, acked);
          judge(checker, { at, op, keeps, refused, lost, unsure, acked });
        }
      }
      disk.do(op);
    }
  } finally {
    opener.close();
    rmSync(place, { recursive: true, force: true });
  }
  tell(`${recorded.acks.length} acknowledged sets, ${ops.length} operations, ${cuts.size} cuts, ` +
    `${counts.images} disks, with ${counts.unsynced} changes that were not synced`);
}

function judge(checker, { at, op, keeps, refused, lost, unsure, acked }) {
  const where = `a power cut before operation ${at} (${op.op}), with ` +
    (typeof keeps === "string" ? `${keeps} of what was not synced` : "a part of what was not synced");
  if (refused) checker.fault(`${where}: the store doesn't open: ${refused}`);
  if (lost + unsure > 0) {
    checker.fault(`${where}: ${lost} of ${acked} acknowledged sets are lost, ${unsure} can't be told`);
  }
}

function writeImage(place, image) {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
  for (const [path, bytes] of image) {
    mkdirSync(join(place, bytes ? dirname(path) : path), { recursive: true });
    if (bytes) writeFileSync(join(place, path), bytes);
  }
}

// Lives of a node, each ended by SIGKILL, with a sync that fails in the midst. Returns its sets in the
// order of their acknowledgements, each with the journal's length at that moment.
async function record({ folder, root, random, sync, rounds }) {
  const shim = new Shim(folder, root, { records: true });
  const node = new LastingNode({ folder, store: `rocksdb:${join(root, "data")}`, env: shim.env,
    options: ["--sync", sync, "--remember", REMEMBER] });
  const acks = [];
  const acknowledged = (ids) => {
    const offset = statSync(shim.journal).size;
    acks.push(...ids.map((id) => ({ id, offset })));
  };
  try {
    for (let life = 0; life < LIVES; life++) {
      await node.start();
      await setSome(node, random, acknowledged, 5 * rounds);
      shim.suffer({ syncErrno: EIO });
      const client = new Client(node);
      const refused = random.id();
      // Until one is refused, which one that isn't synced never is.
      for (let time = 0, status = 0; time < SYNC_TRIES && status < 300; time++) {
        ({ status } = await client.once((speaker) => speaker.set(refused)));
      }
      shim.heal();
      await client.ask((speaker) => speaker.set(refused));
      acknowledged([refused]);
      client.leave();
      await setSome(node, random, acknowledged, 5 * rounds);
      await node.kill();
    }
  } finally {
    await node.stop();
    shim.close();
  }
  return { journal: shim.journal, acks };
}

async function setSome(node, random, acknowledged, count) {
  const client = new Client(node);
  for (let i = 0; i < count; i++) {
    const ids = random.times(random.chance(0.3) ? BULK : 1, () => random.id());
    await client.ask((speaker) => (ids.length > 1 ? speaker.setMany(ids) : speaker.set(ids[0])));
    acknowledged(ids);
  }
  client.leave();
}
