// How long a node takes from its command to its first answer, against a Java program that prints a
// word.
import { writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { execute, javaHome, Running } from "../processes.mjs";
import { scratchFolder } from "../servers.mjs";

const HELLO = `public class Hello {
  public static void main(String[] arguments) {
    System.out.println("hello");
  }
}
`;

function firstAnswer(url) {
  return new Promise((resolve, reject) => {
    http.request(url, { method: "HEAD", agent: false }, (answer) => {
      resolve(answer.statusCode);
      answer.resume();
    }).on("error", reject).end();
  });
}

async function millisOfNode({ transport }) {
  const carrier = transport ? ["--transport", transport] : [];
  const start = performance.now();
  const running = new Running(["./doorbell", "serve", "--listen", "127.0.0.1:0",
    "--store", "memory", ...carrier]);
  const url = /http:\S+$/.exec(await running.line())[0];
  const status = await firstAnswer(url);
  const millis = performance.now() - start;
  await running.end();
  if (status !== 200) throw new Error(`the first answer was ${status}`);
  return millis;
}

async function millisOfHello(java, folder) {
  const start = performance.now();
  const output = await new Running([java, "-cp", folder, "Hello"]).output();
  const millis = performance.now() - start;
  if (output !== "hello") throw new Error(`java Hello said: ${output}`);
  return millis;
}

export async function start(bench) {
  const [home, folder] = [await javaHome(), scratchFolder()];
  writeFileSync(join(folder, "Hello.java"), HELLO);
  await execute(join(home, "bin/javac"), ["-d", folder, join(folder, "Hello.java")]);
  const measure = async (record) => {
    record("java", await millisOfHello(join(home, "bin/java"), folder));
    record("node", await millisOfNode(bench.settings));
  };
  await measure(() => {}); // the first of each reads its files from the disk
  await bench.rounds("start", () => measure((name, millis) => bench.record("start", name, millis)),
    bench.settings.startRounds);
}
