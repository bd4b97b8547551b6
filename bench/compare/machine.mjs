// What was measured, and on what.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { javaHome, root } from "./processes.mjs";

// What a command says on either output; nothing, where there is no such command.
function said(command, ...words) {
  const { stdout, stderr } = spawnSync(command, words, { cwd: root, encoding: "utf8" });
  return `${stdout ?? ""}${stderr ?? ""}`.trim();
}

function git(...words) {
  try {
    return execFileSync("git", words, { cwd: root, encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

export function source() {
  const changed = git("status", "--porcelain", "--untracked-files=no", "--", ".",
    ":!docs/performance.md", ":!docs/performance");
  return { commit: git("rev-parse", "HEAD") ?? "unknown", dirty: changed !== "" };
}

function distribution() {
  return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux";
}

export async function machine() {
  const java = said(join(await javaHome(), "bin/java"), "-version").split("\n")[1];
  return {
    processor: `${os.cpus()[0].model.trim()}, ${os.availableParallelism()} cores`,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    system: `${distribution()}, Linux ${os.release()}`,
    java,
    nginx: said("nginx", "-v").replace(/^.*nginx\//, ""),
    nchan: said("dpkg-query", "-W", "-f=${Version}", "libnginx-mod-nchan"),
    wrk: /^wrk (?:debian\/)?(\S+)/.exec(said("wrk", "-v"))?.[1] ?? "",
    gcc: said("gcc", "-dumpfullversion"),
    redis: /v=(\S+)/.exec(said("redis-server", "--version"))?.[1],
  };
}
