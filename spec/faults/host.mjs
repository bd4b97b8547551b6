// The machine around a node: no descriptors, no memory, a clock that jumps, a process that stops.
import { readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Wire } from "../hostile/wire.mjs";
import { Load } from "./load.mjs";
import { suffers } from "./patient.mjs";
import { Shim } from "./shim.mjs";

// The hard limit too, since the JVM raises the soft one to it.
const FILES = 400;
// An eighth of it is how often the store wants another file.
const REMEMBER_SECONDS = 80;
const QUEUED = "new clients are queued until others leave";
const HOUR = 3_600;
// Less than --remember, a day, from the first to the last: a clock that jumps farther ahead forgets.
const JUMPS = [1, -12, 8, 0];

// First the clients take all that they may, then nothing at all can be opened.
export async function files(setting) {
  const settings = { starter: ["prlimit", `--nofile=${FILES}:${FILES}`],
    options: ["--remember", `${REMEMBER_SECONDS}s`] };
  await suffers(setting, settings, async (patient) => {
    const { node } = patient;
    const setter = patient.client();
    await patient.set(undefined, setter);
    const first = await patient.park();
    const second = await patient.park();
    const crowd = Array.from({ length: 2 * FILES }, () => new Wire(node));
    await Promise.all(crowd.map(({ opened }) => opened));
    await patient.isCalm("with all files taken by clients");
    if (!node.log().includes(QUEUED)) patient.fault(`${crowd.length} clients don't take all files`);
    await patient.wakes(first, setter);
    node.descriptors(readdirSync(`/proc/${node.process.pid}/fd`).length - 2);
    await patient.isCalm("with no file to open");
    await pause(REMEMBER_SECONDS / 8 * 1_000); // The store seals a table, or tries.
    await patient.wakes(second, setter);
    for (const wire of crowd) wire.hangUp();
    node.descriptors(FILES);
    await patient.setsAgain();
    await patient.isCalm("with files again");
    return `${crowd.length} clients for ${FILES} files, then none to open`;
  });
}

// Requests that never end, each with as much as one may hold, until there is no memory for more.
export async function memory(setting) {
  await suffers(setting, { env: { JAVA_OPTS: "-Xmx24m" } }, async (patient) => {
    const { node } = patient;
    const parked = await patient.park();
    const crowd = Array.from({ length: 600 }, () => new Wire(node));
    await Promise.all(crowd.map(({ opened }) => opened));
    const lines = Buffer.from(`${10n ** 37n}\n`.repeat(9_000));
    for (const wire of crowd) {
      wire.write(Buffer.from("POST / HTTP/1.1\r\nHost: a\r\n" +
        `Content-Length: ${2 * lines.length}\r\n\r\n`));
      wire.write(lines);
    }
    await patient.rests();
    await patient.isCalm("with its memory taken");
    const { status } = await patient.wakes(parked);
    const refused = crowd.filter(({ isOver }) => isOver).length;
    for (const wire of crowd) wire.hangUp();
    await patient.setsAgain();
    if (refused === 0) patient.fault("nobody is refused, though there is no room");
    return `${crowd.length} requests of 350 KB in 24 MB, ${refused} cut off, a set meanwhile ${status}`;
  });
}

export async function clock(setting) {
  const shim = new Shim(setting.folder, `${setting.folder}/store`);
  const jumps = JUMPS.map((hours) => hours * HOUR);
  await suffers(setting, { env: shim.env }, async (patient) => {
    for (const jump of jumps) {
      const parked = await patient.park();
      const begun = Date.now();
      const timed = patient.client().once((speaker) =>
        speaker.wait(["4711"], { query: "?timeout=1.5" }));
      const setter = patient.client();
      await patient.set("4712", setter);
      shim.suffer({ clockSeconds: jump });
      await patient.set(undefined, setter);
      await patient.looksUp();
      const answer = await patient.within(timed, "a wait of 1.5 s doesn't end");
      const millis = Date.now() - begun;
      if (answer?.status !== 204 || millis < 1_400) {
        patient.fault(`a wait of 1.5 s is answered ${answer?.status} after ${millis} ms`);
      }
      await patient.isCalm(`with a clock that jumped to ${jump} s`);
      await patient.wakes(parked);
      if (jump < 0) await patient.comesBack();
    }
    return `the clock jumped to ${JUMPS.join(", ")} h`;
  });
  shim.close();
}

// Under load; what is due meanwhile is answered when it goes on.
export async function stop(setting) {
  const { checker, random, rounds } = setting;
  const millis = 1_000 * rounds;
  await suffers(setting, {}, async (patient) => {
    const { node } = patient;
    const load = new Load(node, checker, random).begin();
    await patient.rests();
    const timed = patient.client().once((speaker) =>
      speaker.wait(["4711"], { query: "?timeout=1" }));
    await patient.rests();
    node.process.kill("SIGSTOP");
    await pause(millis);
    node.process.kill("SIGCONT");
    const answer = await patient.within(timed, "a wait that was due meanwhile isn't answered (P16)");
    if (answer?.status !== 204) patient.fault(`a wait that was due is answered ${answer?.status}`);
    await patient.rests();
    await load.end();
    await patient.isCalm("after it was stopped");
    return `stopped for ${millis / 1_000} s under load`;
  });
}
