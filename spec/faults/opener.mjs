// Opens what a crash left as a node would, in a process that opens many, one after the other.
import { execFileSync, spawn } from "node:child_process";
import { openSync, closeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = process.env.DOORBELL_ROOT ?? fileURLToPath(new URL("../../", import.meta.url));
const SOURCE = fileURLToPath(new URL("Opener.java", import.meta.url));

export class Opener {
  #process;
  #lines;

  // Its log, and what RocksDB's library takes, goes to the folder.
  constructor(folder) {
    const home = execFileSync(join(ROOT, "script", "jdk"), ["25"]).toString().trim();
    const target = join(ROOT, "cli", "target");
    const log = openSync(join(folder, "opener.log"), "a");
    this.#process = spawn(join(home, "bin", "java"), ["-XX:+UseSerialGC", "-Xmx256m",
      "--enable-native-access=ALL-UNNAMED", `-Djava.library.path=${join(target, "native")}`,
      `-Djava.io.tmpdir=${folder}`, "-cp", join(target, "doorbell-cli.jar"), SOURCE],
    { stdio: ["pipe", "pipe", log] });
    closeSync(log);
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
  }

  // What becomes of the first `count` ids of the file: {refused} with a sentence, or how many are
  // {lost} and how many the store is {unsure} of.
  async open(directory, idFile, count) {
    this.#process.stdin.write(`${directory}\t${idFile}\t${count}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the opener ended over ${directory}`);
    const [kind, ...words] = value.split(" ");
    if (kind === "failed") throw new Error(`${directory}: ${words.join(" ")}`);
    if (kind === "refused") return { refused: words.join(" "), lost: 0, unsure: 0 };
    return { refused: null, lost: Number(words[0]), unsure: Number(words[1]) };
  }

  close() {
    this.#process.kill("SIGKILL");
  }
}
