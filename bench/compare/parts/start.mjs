// How long a node takes from its command to its first answer, to a wait that only asks, against a
// Java program that prints a word, and against the least that a server in Java can do: one answer,
// whatever is asked.
import { writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { execute, javaHome, root, Running } from "../processes.mjs";
import { scratchFolder, storeOptions } from "../servers.mjs";

const HELLO = `public class Hello {
  public static void main(String[] arguments) {
    System.out.println("hello");
  }
}
`;

const LEAST = String.raw`import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

public class Least {
  public static void main(String[] arguments) throws IOException {
    ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    System.out.println("listening on http://127.0.0.1:" + server.getLocalPort());
    try (Socket client = server.accept()) {
      client.getInputStream().read(new byte[4096]);
      client.getOutputStream().write("HTTP/1.1 204 No Content\r\n\r\n".getBytes());
    }
  }
}
`;

// The commands, by subject; training is the least server's, from which it has its cache.
async function programs({ transport, folder: checkout = root, stored = "node", options = [] }) {
  const [home, folder] = [await javaHome(), scratchFolder()];
  const [java, jar] = [join(home, "bin/java"), join(folder, "programs.jar")];
  const sources = Object.entries({ Hello: HELLO, Least: LEAST }).map(([name, text]) => {
    const file = join(folder, `${name}.java`);
    writeFileSync(file, text);
    return file;
  });
  await execute(join(home, "bin/javac"), ["-d", folder, ...sources]);
  await execute(join(home, "bin/jar"), ["--create", "--file", jar, "-C", folder, "."]);
  const least = (cache) =>
    [java, "-XX:+UseSerialGC", `-XX:${cache}=${join(folder, "least.aot")}`, "-cp", jar, "Least"];
  return {
    node: [join(checkout, "doorbell"), "serve", "--listen", "127.0.0.1:0", ...storeOptions(stored),
      ...(transport ? ["--transport", transport] : []), ...options],
    java: [java, "-cp", folder, "Hello"],
    least: least("AOTCache"),
    training: least("AOTCacheOutput"),
  };
}

function firstAnswer(url) {
  return new Promise((resolve, reject) => {
    http.get(`${url}/22482?timeout=0`, { agent: false }, (answer) => {
      resolve(answer.statusCode);
      answer.resume();
    }).on("error", reject);
  });
}

// `end` ends the server, once it has answered.
export async function millisToAnswer(command, end = (running) => running.end()) {
  const start = performance.now();
  const running = new Running(command);
  const url = /http:\S+$/.exec(await running.line())[0];
  const status = await firstAnswer(url);
  const millis = performance.now() - start;
  await end(running);
  if (status !== 204) throw new Error(`the first answer was ${status}`);
  return millis;
}

async function millisToEnd(command) {
  const start = performance.now();
  const output = await new Running(command).output();
  const millis = performance.now() - start;
  if (output !== "hello") throw new Error(`java Hello said: ${output}`);
  return millis;
}

export async function start(bench) {
  const { java, node, least, training } = await programs(bench.settings);
  await millisToAnswer(training, (running) => running.output());
  const starts = {
    java: () => millisToEnd(java),
    least: () => millisToAnswer(least),
    node: () => millisToAnswer(node),
  };
  const subjects = bench.subjects(Object.keys(starts));
  for (const name of subjects) await starts[name](); // the first reads its files from the disk
  await bench.rounds("start", subjects,
    async (name) => bench.record("start", name, await starts[name]()), bench.settings.startRounds);
}
