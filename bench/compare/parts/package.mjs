// What packaging costs: a node of a release beside that of the checkout it was made of, each as it
// is started by hand, with the store that it has by default.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execute, residentBytes, root } from "../processes.mjs";
import { scratchFolder } from "../servers.mjs";
import { millisToAnswer } from "./start.mjs";

// Longer than a node needs to write its first line and to give back what its start took.
const IDLE_MILLIS = 5_000;
const MEGABYTE = 1e6;

async function unpackedRelease() {
  const folder = scratchFolder();
  const { stdout } = await execute(join(root, "script/package"), ["--archive", "--out", folder]);
  await execute("tar", ["-C", folder, "--strip-components=1", "-xzf", stdout.trim()]);
  return join(folder, "bin/doorbell");
}

export async function releaseBesideClone(bench) {
  const { transport, startRounds } = bench.settings;
  const launchers = { release: await unpackedRelease(), clone: join(root, "doorbell") };
  const command = (name) => [launchers[name], "serve", "--listen", "127.0.0.1:0",
    "--store", `rocksdb:${scratchFolder()}`, ...(transport ? ["--transport", transport] : [])];
  const subjects = Object.keys(launchers);
  for (const name of subjects) await millisToAnswer(command(name)); // reads its files from the disk
  await bench.rounds("package", subjects, async (name) => {
    const millis = await millisToAnswer(command(name), async (running) => {
      await sleep(IDLE_MILLIS);
      bench.record("packageSize", name, residentBytes(running.pid) / MEGABYTE);
      await running.end();
    });
    bench.record("packageStart", name, millis);
  }, startRounds);
}
