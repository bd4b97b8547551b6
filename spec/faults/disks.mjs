// Disks that are full, slow, or fail.
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Load } from "./load.mjs";
import { suffers } from "./patient.mjs";
import { EIO, Shim } from "./shim.mjs";

const DISK = "16m";
const SLOW_MILLIS = 600;
const WAKES = 5; // at most: beside other work, one may be late that isn't held up by the disk
const ENOSPC = 28;
const FAULTS = [{ writeErrno: EIO }, { writeErrno: EIO, torn: 1 }, { writeErrno: ENOSPC, torn: 1 },
  { syncErrno: EIO }, { readErrno: EIO }, { writeErrno: EIO, syncErrno: EIO, readErrno: EIO }];

export function lacksMount() {
  const { status } = spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
  return status === 0 ? null : "needs the right to mount";
}

export async function fullDisk(setting) {
  const disk = join(setting.folder, "disk");
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK}`, "tmpfs", disk]);
  try {
    await suffers(setting, { store: join(disk, "store") }, (patient) => fills(patient, disk));
  } finally {
    execFileSync("umount", [disk]);
  }
}

async function fills(patient, disk) {
  const { node } = patient;
  const filler = join(disk, "filler");
  const parked = await patient.park();
  fill(filler);
  let refused = 0;
  for (let i = 0; i < 50; i++) refused += await patient.set() === 503 ? 1 : 0;
  await patient.isCalm("with a full disk");
  const { status } = await patient.wakes(parked);
  await patient.looksUp();
  if (status !== 503) patient.fault(`a set on a full disk is answered ${status} (P39)`);
  await node.kill();
  const starts = await node.spawn().listening;
  const sentence = node.log().trim().split("\n").at(-1);
  if (!starts && !/; (mend|name|free) /.test(sentence)) {
    patient.fault(`on a full disk it neither starts nor says what to do: ${sentence}`);
  }
  rmSync(filler);
  if (!starts) await node.start();
  await patient.setsAgain();
  return `${refused} of 50 sets refused, a start on the full disk is ${starts ? "taken" : "refused"}`;
}

function fill(path) {
  const file = openSync(path, "w");
  try {
    for (let size = 1 << 20; size >= 1; size = Math.floor(size / 2)) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size));
      } catch (full) {
        if (full.code !== "ENOSPC") throw full;
      }
    }
  } finally {
    closeSync(file);
  }
}

// Who waits is told at once; the setter when the disk has it.
export async function slowDisk(setting) {
  const shim = new Shim(setting.folder, join(setting.folder, "store"));
  await suffers(setting, { env: shim.env }, async (patient) => {
    shim.suffer({ syncMillis: SLOW_MILLIS });
    const times = [];
    const isSoon = () => times.some((time) => time < SLOW_MILLIS);
    for (let i = 0; i < setting.rounds || (i < WAKES && !isSoon()); i++) {
      const { woken, kept } = await patient.wakes(await patient.park());
      if (kept < SLOW_MILLIS) patient.fault(`a set is acknowledged in ${kept} ms, before its sync`);
      times.push(woken);
    }
    if (!isSoon()) patient.fault("those who wait wait for the disk (P38)");
    await Promise.all(Array.from({ length: 100 }, () => patient.set()));
    await patient.looksUp();
    await patient.isCalm("with a slow disk");
    shim.heal();
    await patient.setsAgain();
    return `syncs of ${SLOW_MILLIS} ms, who waited was woken in ${Math.min(...times)} ms at best`;
  });
  shim.close();
}

export async function failingDisk(setting) {
  const { checker, random, rounds } = setting;
  const shim = new Shim(setting.folder, join(setting.folder, "store"));
  await suffers(setting, { env: shim.env }, async (patient) => {
    shim.suffer(FAULTS.at(-1));
    const status = await patient.set();
    if (status !== 503) patient.fault(`a set that the disk refuses is answered ${status} (P39)`);
    const parked = await patient.park();
    await patient.wakes(parked);
    await patient.isCalm("with a disk that fails");
    shim.heal();
    await patient.setsAgain();
    const load = new Load(patient.node, checker, random).begin();
    for (let round = 0; round < 2 * rounds && checker.faults.length === 0; round++) {
      shim.suffer(random.pick(FAULTS));
      await pause(random.between(5, 300));
      shim.heal();
      if (random.chance(0.2)) {
        await patient.node.kill();
        await patient.node.start();
      }
      await pause(random.between(100, 1_500));
    }
    await load.end();
    return `${2 * rounds} times under load, ${shim.failed} calls failed`;
  });
  shim.close();
}
