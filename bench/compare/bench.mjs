// A run: its settings, the servers that stay for all of it, and what it has recorded.
import { loadavg } from "node:os";
import { getSet, park, postNew } from "./load.mjs";
import { isNode, start } from "./servers.mjs";

export class Bench {
  samples = {};
  loads = []; // of the machine, in each round, this run's own included
  #servers = new Map();
  #start = Date.now();

  constructor(settings) {
    this.settings = settings;
  }

  record(figure, subject, value) {
    ((this.samples[figure] ??= {})[subject] ??= []).push(value);
  }

  say(text) {
    const minutes = ((Date.now() - this.#start) / 60_000).toFixed(1);
    process.stderr.write(`bench: minute ${minutes}: ${text}\n`);
  }

  // Interleaved rounds: in each, every subject is measured once, and another one comes first.
  async rounds(name, subjects, measure, rounds = this.settings.rounds) {
    for (let round = 1; round <= rounds; round++) {
      this.say(`${name}, round ${round} of ${rounds}`);
      this.loads.push(loadavg()[0]);
      const first = (round - 1) % subjects.length;
      const inTurn = [...subjects.slice(first), ...subjects.slice(0, first)];
      for (const subject of inTurn) await measure(subject, round);
    }
  }

  // Where two checkouts are compared, only what differs between them is of interest.
  subjects(names) {
    return this.settings.against === undefined ? names : names.filter((name) => name === "node");
  }

  // A server of its own, cold; who asks for it ends it.
  fresh(name, options = {}) {
    const { transport, folder, stored } = this.settings;
    const given = { ...options, options: [...(this.settings.options ?? []), ...(options.options ?? [])] };
    return start(isNode(name) ? stored ?? name : name, { transport, folder, ...given });
  }

  // The server that stays until the run ends, warm.
  async server(name) {
    if (!this.#servers.has(name)) {
      const server = await this.fresh(name);
      this.#servers.set(name, server);
      await this.#warmUp(name, server);
    }
    return this.#servers.get(name);
  }

  // Begins again with an empty server; not for nodes, which need long to be warm.
  async renewed(name) {
    if (isNode(name)) return this.server(name);
    await this.#servers.get(name)?.end();
    this.#servers.delete(name);
    return this.server(name);
  }

  // The JVM compiles what runs often; until then, it isn't the program that is measured.
  async #warmUp(name, server) {
    const { waits, samples, warmRounds, wrkSeconds } = this.settings;
    const rounds = isNode(name) ? warmRounds : 1;
    for (let round = 1; round <= rounds; round++) {
      this.say(`warming up ${name}, round ${round} of ${rounds}`);
      await park(server, "storm", { waits });
      if (!isNode(name)) continue;
      await park(server, "broadcast", { waits });
      await park(server, "pingpong", { waits, samples });
      await getSet(server, wrkSeconds);
      await postNew(server, wrkSeconds);
    }
  }

  async end() {
    for (const server of this.#servers.values()) await server.end();
    this.#servers.clear();
  }
}
