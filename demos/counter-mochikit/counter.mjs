// The shared counter for a page of 2009, and a node for it: README.md tells how it is started.
// GET /count answers {"count":7,"doorbell":"…"}, the count and the event that is set when it is no
// longer true; POST /count adds one. No connection is held between two requests.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Doorbell } from '../../js/server.mjs';

const KITS = ['MochiKit.js', 'packed/MochiKit/MochiKit.js', 'MochiKit/MochiKit.js'];
const LISTENING = 'doorbell: listening on ';
const LAUNCHER = file('../../doorbell');
const HOST = '127.0.0.1';
const NODE_PORT = 8080;
const APP_PORT = 8000;

function file(name) {
  return fileURLToPath(new URL(name, import.meta.url));
}

function fail(sentence) {
  console.error(`counter: ${sentence}`);
  process.exitCode = 2;
}

// The packed one, which holds all of MochiKit in a file.
function mochiKit(folder) {
  if (!folder) return file('mini-mochikit.js');
  const found = KITS.map(name => join(folder, name)).find(existsSync);
  if (!found) throw new Error(`there is no MochiKit.js in MOCHIKIT_DIR, ${folder}`);
  return found;
}

function startCounter(port, node, kit) {
  const bell = new Doorbell(node);
  const page = readFileSync(file('index.html'), 'utf8').replace('DOORBELL_URL', node);
  const scripts = new Map([
    ['/MochiKit.js', readFileSync(kit)], ['/deferred.js', readFileSync(file('../../js/deferred.js'))],
  ]);
  // The count and its event are one value, so no change falls between them.
  let state = { count: 0, doorbell: Doorbell.newId() };

  const server = http.createServer((request, response) => {
    const [path] = request.url.split('?'); // not as a URL: of '//' there is none
    const send = (status, type, body) => {
      response.writeHead(status, {
        'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-store', Connection: 'close',
      });
      response.end(body);
    };
    if (`${request.method} ${path}` === 'POST /count') {
      const before = state;
      state = { count: before.count + 1, doorbell: Doorbell.newId() }; // commit first,
      // then set; nobody waits for that, so it may take its time
      bell.set(before.doorbell, undefined, { timeout: 30 })
        .catch(error => console.error(`counter: the event was not set: ${error.message}`));
      send(200, 'application/json', JSON.stringify(state));
    } else if (path === '/count') send(200, 'application/json', JSON.stringify(state));
    else if (path === '/') send(200, 'text/html', page);
    else if (scripts.has(path)) send(200, 'text/javascript', scripts.get(path));
    else send(404, 'text/plain', 'there is only / and /count\n');
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => resolve(server));
  });
}

// In a process group of its own: a Ctrl-C ends the application first, and what the launcher has
// started with it.
function startNode(port) {
  const child = spawn(LAUNCHER, ['serve', '--listen', `${HOST}:${port}`, '--store', 'memory'],
    { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const ended = new Promise(resolve => {
    child.once('error', resolve);
    child.once('exit', resolve);
  });
  const url = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', line => {
      console.log(line);
      if (line.startsWith(LISTENING)) resolve(line.slice(LISTENING.length));
    });
    ended.then(() => reject(new Error('the node has ended')));
  });
  const stop = () => {
    if (child.pid && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
  };
  return { url, ended, stop };
}

// That port, or a free one where somebody has it.
function freePort(wanted) {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', () => wanted ? resolve(freePort(0)) : reject(new Error('no free port')));
    server.listen(wanted, HOST, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function main() {
  const { DOORBELL_URL, MOCHIKIT_DIR } = process.env;
  const kit = mochiKit(MOCHIKIT_DIR);
  const node = DOORBELL_URL ? { url: DOORBELL_URL } : startNode(await freePort(NODE_PORT));
  let ending = false;
  let server;
  const end = () => {
    ending = true;
    server?.close();
    server?.closeAllConnections();
    node.stop?.();
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  node.ended?.then(() => {
    if (!ending) fail('the node has ended');
    end();
  });
  try {
    server = await startCounter(await freePort(APP_PORT), await node.url, kit);
  } catch (error) {
    if (ending) return;
    end();
    throw error;
  }
  console.log(`counter: open http://${HOST}:${server.address().port} in two windows`);
}

main().catch(error => fail(error.message));
