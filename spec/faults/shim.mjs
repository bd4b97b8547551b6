// The shim between a node and its disk and clock: compiled here, and told what the node suffers.
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("shim.c", import.meta.url));
// The order of struct control in shim.c.
const NAMES = ["clockSeconds", "writeErrno", "syncErrno", "readErrno", "writeMillis", "syncMillis",
  "torn", "failed"];
const BYTES = 8;
export const EIO = 5;

// Why there is no shim on this machine; null if there is one.
export function lacksShim() {
  if (process.platform !== "linux") return "needs Linux";
  return spawnSync("gcc", ["--version"]).status === 0 ? null : "needs gcc";
}

export class Shim {
  #control;

  // In `folder` the library and its files; what is under `root` is recorded and suffers.
  constructor(folder, root, { records = false } = {}) {
    const library = join(folder, "shim.so");
    const { status, stderr } = spawnSync("gcc",
      ["-O2", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl", "-lpthread"]);
    if (status !== 0) throw new Error(`shim.c can't be compiled: ${stderr}`);
    const control = join(folder, "control");
    this.#control = openSync(control, "w+");
    writeSync(this.#control, Buffer.alloc(NAMES.length * BYTES));
    this.journal = join(folder, "journal");
    this.env = { LD_PRELOAD: library, FAULTS_ROOT: root, FAULTS_CONTROL: control,
      FAULTS_JOURNAL: records ? this.journal : "" };
  }

  // From now on, like {syncErrno: EIO}.
  suffer(faults) {
    for (const [name, value] of Object.entries(faults)) {
      const bytes = Buffer.alloc(BYTES);
      bytes.writeBigInt64LE(BigInt(value));
      writeSync(this.#control, bytes, 0, BYTES, NAMES.indexOf(name) * BYTES);
    }
  }

  heal() {
    this.suffer(
      { writeErrno: 0, syncErrno: 0, readErrno: 0, writeMillis: 0, syncMillis: 0, torn: 0 });
  }

  // How many calls have failed.
  get failed() {
    const bytes = Buffer.alloc(BYTES);
    readSync(this.#control, bytes, 0, BYTES, NAMES.indexOf("failed") * BYTES);
    return Number(bytes.readBigInt64LE());
  }

  close() {
    closeSync(this.#control);
  }
}
