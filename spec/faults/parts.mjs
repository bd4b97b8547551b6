// The parts of a run: what each needs of the machine, and what it does.
import { failingDisk, fullDisk, lacksMount, slowDisk } from "./disks.mjs";
import { clock, files, memory, stop } from "./host.mjs";
import { lacksHosts } from "./hosts.mjs";
import { kill } from "./kill.mjs";
import { nodesOverOne, nodesOverThree, partitions } from "./nodes.mjs";
import { power } from "./power.mjs";
import { lacksRedis } from "./redis.mjs";
import { rot } from "./rot.mjs";
import { lacksShim } from "./shim.mjs";

export const PARTS = {
  "kill-always": { run: (setting) => kill({ ...setting, sync: "always" }) },
  "kill-os": { run: (setting) => kill({ ...setting, sync: "os" }) },
  power: { lacks: lacksShim, run: power },
  rot: { run: rot },
  files: { run: files },
  memory: { run: memory },
  "full-disk": { lacks: lacksMount, run: fullDisk },
  "slow-disk": { lacks: lacksShim, run: slowDisk },
  "failing-disk": { lacks: lacksShim, run: failingDisk },
  clock: { lacks: lacksShim, run: clock },
  stop: { run: stop },
  nodes: { lacks: lacksRedis, run: nodesOverThree },
  "nodes-one": { lacks: lacksRedis, run: nodesOverOne },
  partitions: { lacks: () => lacksRedis() ?? lacksHosts(), run: partitions },
};
