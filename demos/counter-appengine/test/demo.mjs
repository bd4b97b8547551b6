// Starts the demo for a test, by the command of its README.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../../js/test/chromium.mjs';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const DEMO = fileURLToPath(new URL('../', import.meta.url));
export const ENDED_MILLIS = 30_000; // on a machine that is busy with something else
const [, COMMAND] = /^```sh\n(.*)\n```$/m.exec(readFileSync(DEMO + 'README.md', 'utf8'));

// In a process group of its own, to which Ctrl-C goes as a terminal sends it.
export function run(env = {}) {
  const shell = spawn('bash', ['-c', COMMAND],
    { cwd: ROOT, detached: true, env: { ...process.env, ...env } });
  let said = '';
  shell.stderr.on('data', data => { said += data; });
  const lines = [];
  createInterface({ input: shell.stdout }).on('line', line => lines.push(line));
  const ended = once(shell, 'close').then(([code]) => code);
  process.once('exit', () => kill({ shell }));
  return { shell, lines, ended, said: () => said };
}

export async function started(demo) {
  await Promise.race([
    eventually(() => demo.lines.length === 2, 'the demo starts', 300_000),
    demo.ended.then(code => { throw new Error(`ended with ${code}: ${demo.said()}`); }),
  ]);
  const [, node] = /^doorbell: listening on (http:\S+)$/.exec(demo.lines[0]);
  const [, app] = /^counter: open (http:\S+) in two windows$/.exec(demo.lines[1]);
  return { node, app };
}

export function isRunning({ shell }) {
  try {
    process.kill(-shell.pid, 0);
    return true;
  } catch {
    return false;
  }
}

export function ctrlC({ shell }) {
  process.kill(-shell.pid, 'SIGINT');
}

// Whatever went wrong, nothing runs on.
export function kill(demo) {
  if (isRunning(demo)) process.kill(-demo.shell.pid, 'SIGKILL');
}
