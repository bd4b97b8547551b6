// Starts the launcher of this repository for a test: a node, or the demo with its node.
// DOORBELL_URL names a node that runs already; DOORBELL_LAUNCHER another launcher.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const LAUNCHER = process.env.DOORBELL_LAUNCHER
  || fileURLToPath(new URL('../../doorbell', import.meta.url));
const START_MILLIS = 300_000; // on its first use the launcher builds what it runs

const LISTENING = /^doorbell: listening on (https?:\S+)$/;
const COUNTER = /^counter: open (http:\S+) in two windows$/;

export async function startNode(options = []) {
  const given = process.env.DOORBELL_URL;
  if (given && !options.length) return { url: given, stop() {} };
  return startOwnNode({ more: options });
}

// A node of the test's own, which it may kill.
export async function startOwnNode({ listen = '127.0.0.1:0', store = 'memory', more = [] } = {}) {
  const args = ['serve', '--listen', listen, '--store', store, ...more];
  const { found: [url], stop, kill } = await start(args, [LISTENING]);
  return { url, stop, kill };
}

export async function startDemo() {
  const args = ['demo', '--listen', '127.0.0.1:0', '--app', '127.0.0.1:0'];
  const { found: [url, app], stop } = await start(args, [LISTENING, COUNTER]);
  return { url, app, stop };
}

// Resolves when each pattern has matched a line of stdout, with what its group caught.
function start(args, patterns) {
  return new Promise((resolve, reject) => {
    // A process group of its own, so that nothing that the launcher starts is left over.
    const child = spawn(LAUNCHER, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const command = [LAUNCHER, ...args].join(' ');
    const found = patterns.map(() => undefined);
    let said = '';
    const end = signal => {
      process.removeListener('exit', stop);
      if (child.exitCode !== null || child.signalCode !== null) return undefined;
      const over = new Promise(ended => child.once('exit', ended));
      process.kill(-child.pid, signal);
      return over;
    };
    const stop = () => end('SIGTERM');
    const kill = () => end('SIGKILL');
    process.on('exit', stop);
    const fail = why => {
      clearTimeout(timer);
      if (child.pid) stop();
      reject(new Error(`${command}: ${why}\n${said}`));
    };
    const timer = setTimeout(() => fail('not ready in time'), START_MILLIS);
    child.once('error', error => fail(error.message));
    child.once('exit', code => fail(`ended with ${code}`));
    child.stderr.on('data', data => { said += data; });
    createInterface({ input: child.stdout }).on('line', line => {
      said += line + '\n';
      patterns.forEach((pattern, i) => {
        const match = pattern.exec(line);
        if (match) found[i] = match[1];
      });
      if (found.includes(undefined)) return;
      clearTimeout(timer);
      resolve({ found, stop, kill });
    });
  });
}
