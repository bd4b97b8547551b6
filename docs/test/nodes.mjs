// Two nodes over one Redis behind a web server, by the files of packaging/nodes, and a crowd of clients
// that wait there while sets go on.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../js/test/chromium.mjs';
import { accepts, freePort } from '../../js/test/nginx.mjs';
import { startOwnNode } from '../../js/test/node.mjs';
import { lacks, start } from './servers.mjs';

const MAY_SKIP = process.env.CI !== 'true';
process.setMaxListeners(20); // Each program that runs here has one, for the end of the process.
const HOSTS = ['127.0.0.2', '127.0.0.3']; // one port for both, as on two machines
const read = name => readFileSync(new URL(`../../packaging/nodes/${name}`, import.meta.url), 'utf8');

/** The files of packaging/nodes, by the names of `SERVERS`. */
export const FILES = { nginx: read('nginx.conf'), haproxy: read('haproxy.cfg'), caddy: read('Caddyfile') };

/** For a test's `skip`: false, or why. */
export const lacksNodes = name => lacks(name)
  || (MAY_SKIP && spawnSync('redis-server', ['--version']).status !== 0
    && 'no redis-server: apt-get install redis-server');

/** A Redis that may be killed and started again, and then has nothing. */
async function startRedis(t) {
  const folder = mkdtempSync(join(tmpdir(), 'doorbell-redis-'));
  const port = await freePort();
  let child;
  const kill = () => child.kill('SIGKILL');
  const begin = async () => {
    child = spawn('redis-server', ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', folder],
      { stdio: 'ignore' });
    await eventually(() => child.exitCode !== null || accepts(port), 'Redis listens');
    assert.equal(child.exitCode, null, 'redis-server ended');
  };
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    kill();
    await ended;
  };
  process.on('exit', kill);
  t.after(async () => {
    process.removeListener('exit', kill);
    await end();
    rmSync(folder, { recursive: true, force: true });
  });
  await begin();
  return { url: `redis://127.0.0.1:${port}`, begin, end };
}

/** Two nodes over one Redis; each may be ended and started again at its place. */
export async function startNodes(t, ...more) {
  const redis = await startRedis(t);
  const [port, admin] = [await freePort(), await freePort()];
  const nodes = HOSTS.map(host => {
    let running;
    const ask = async path => {
      const answer = await fetch(`http://${host}:${admin}${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    return {
      host,
      async start() {
        running = await startOwnNode({ listen: `${host}:${port}`, store: redis.url,
          more: ['--admin', `${host}:${admin}`, '--trusted-proxies', '127.0.0.1', ...more] });
        await eventually(() => this.isReady(), 'the node is ready');
      },
      stop: () => running?.stop(),
      kill: () => running.kill(),
      isReady: async () => (await ask('/readyz')).status === 200,
      async parked() {
        const { text } = await ask('/metrics');
        return [...text.matchAll(/^doorbell_parked_waits\{.*\} ([0-9.]+)$/gm)]
          .reduce((sum, [, count]) => sum + Number(count), 0);
      },
    };
  });
  t.after(() => Promise.all(nodes.map(node => node.stop())));
  await Promise.all(nodes.map(node => node.start()));
  return { nodes, redis, port, admin };
}

/** What the files are changed by, beside the addresses of nodes: nothing but places and rights. */
const CHANGES = {
  nginx: (folder, place) => [
    [/^user .*;$/m, `daemon off; ${process.getuid() === 0 ? 'user root;' : ''}`],
    [/^pid .*;$/m, `pid ${folder}/pid;`],
    [/^error_log .*;$/m, 'error_log stderr crit;'],
    [/^worker_rlimit_nofile .*;$/m, ''],
    [/^http \{$/m, `http { ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map(kind => `${kind}_temp_path ${folder}/${kind};`).join(' ')}`],
    [/ listen 80 /, ` listen ${place} `],
  ],
  haproxy: (folder, place) => [
    [/^ +user .*$/m, ''],
    [/^ +group .*$/m, ''],
    [/maxconn 65000/, 'maxconn 9000'], // as many files as a login may open
    [/bind :80$/m, `bind ${place}`],
  ],
  caddy: (folder, place) => [
    [/^bell\.example \{$/m, `{\nadmin off\n}\nhttp://${place} {`],
  ],
};

/**
 * Starts the web server of that name before such nodes, by its file with more `changes`, on a host of
 * spec/faults or on this one, and resolves with its URL.
 */
export function serveNodes(t, name, { hosts = HOSTS, port, admin }, { changes = [], host } = {}) {
  return start(t, name, (folder, at) => {
    const places = [[/10\.0\.0\.1\b/g, hosts[0]], [/10\.0\.0\.2\b/g, hosts[1]], [/\b8080\b/g, port]];
    if (name !== 'nginx') places.push([/\b9180\b/g, admin]);
    const all = [...CHANGES[name](folder, `${host?.address ?? '127.0.0.1'}:${at}`), ...places, ...changes];
    return all.reduce((text, [what, by]) => {
      assert.match(text, what, `${name}: the file has no ${what}`);
      return text.replace(what, by);
    }, FILES[name]);
  }, host);
}

const MASK = Buffer.alloc(4);
const [TEXT, CLOSE, PING, PONG] = [1, 8, 9, 10];
const frame = (opcode, payload) => Buffer.concat([
  Buffer.of(0x80 | opcode, 0x80 | payload.length), MASK, Buffer.from(payload)]);

/** Resolves with the answer to a request, whose body is still to be read. */
function ask(url, options, body) {
  return new Promise((heard, failed) => {
    http.request(url, options, heard).on('error', failed).end(body);
  });
}

async function text(answer) {
  let all = '';
  for await (const piece of answer.setEncoding('utf8')) all += piece;
  return all;
}

/**
 * How a client of each kind waits for an event until it is set, again and again if need be: what a node
 * may say to it is to ask again (204), the end of a stream, the close of a WebSocket. All else throws.
 */
const WAITS = {
  async poll(url, id, { agent, signal }) {
    for (;;) {
      const answer = await ask(`${url}/${id}?timeout=25`, { agent, signal });
      await text(answer);
      if (answer.statusCode === 200) return;
      if (answer.statusCode !== 204) throw new Error(`a wait is answered ${answer.statusCode}`);
    }
  },

  async stream(url, id, { signal }) {
    for (;;) {
      const answer = await ask(`${url}/${id}`,
        { agent: false, signal, headers: { Accept: 'text/event-stream' } });
      if (answer.statusCode !== 200) throw new Error(`a stream is answered ${answer.statusCode}`);
      let told = '';
      for await (const piece of answer.setEncoding('utf8')) {
        told += piece;
        if (told.includes(`data: ${id}\n`)) return void answer.destroy();
      }
      await delay(100);
    }
  },

  async socket(url, id, { signal }) {
    while (!await wakesSocket(url, id, signal)) await delay(100);
  },
};

/** Waits over a WebSocket: true if it is told of the event, false if it is closed in good order. */
async function wakesSocket(url, id, signal) {
  const request = http.get(`${url}/`, { agent: false, signal, headers: {
    Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13,
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
  } });
  request.on('response', answer => request.destroy(new Error(`a WebSocket is answered ${answer.statusCode}`)));
  const [, socket, head] = await once(request, 'upgrade');
  addAbortSignal(signal, socket);
  socket.unshift(head);
  socket.write(frame(TEXT, `wait ${id}`));
  let data = Buffer.alloc(0);
  for await (const piece of socket) { // What ends this loop destroys the socket.
    data = Buffer.concat([data, piece]);
    while (data.length >= 2 && data.length >= 2 + data[1]) {
      const [opcode, payload] = [data[0] & 0x0f, data.subarray(2, 2 + data[1])];
      data = data.subarray(2 + data[1]);
      if (opcode === CLOSE) return false;
      if (opcode === PING) socket.write(frame(PONG, payload));
      if (opcode === TEXT) {
        assert.equal(`${payload}`, `set ${id}`);
        return true;
      }
    }
  }
  throw new Error('a WebSocket ends without a close');
}

const PATIENCE_MILLIS = 30_000; // of clients, once all is set
const EACH_OF_AN_EVENT = ['poll', 'stream', 'poll', 'socket', 'poll', 'stream', 'poll', 'stream'];
const UNSET_MILLIS = 5_000; // from an event's first wait to its set

/**
 * Clients that wait behind a URL, `waits` at a time, for events with some waits each: every so often the
 * oldest event is set, and who waited for it waits for a new one. A proxy that `losesBodies` may answer a
 * set with a body by a 502, and it is set again, as all clients of ours do.
 */
export function crowd(url, waits, { losesBodies = false } = {}) {
  const agent = new http.Agent({ keepAlive: true });
  const patience = new AbortController();
  const { signal } = patience;
  setMaxListeners(0, signal);
  const parked = []; // events, the oldest first
  const [failures, wakes, pending] = [[], [], []];
  const eachMillis = UNSET_MILLIS * EACH_OF_AN_EVENT.length / waits;
  let next = 1;
  let again = 0;
  let ended = false;
  let sets;

  const failed = (what, error) => failures.push(`${what}: ${error.code ?? ''} ${error.message}`);

  function park() {
    const event = { id: next++, acknowledged: NaN };
    parked.push(event);
    for (const kind of EACH_OF_AN_EVENT) {
      pending.push(WAITS[kind](url, event.id, { agent, signal }).then(
        () => wakes.push({ kind, event, at: performance.now() }), error => failed(kind, error)));
    }
  }

  /** Every fourth set is a list of one. */
  const post = id => (id % 4 === 0 ? ask(`${url}/`, { method: 'POST', agent, signal }, `${id}\n`)
    : ask(`${url}/${id}`, { method: 'POST', agent, signal }));

  async function set(event) {
    event.begun = performance.now();
    for (;;) {
      const answer = await post(event.id);
      event.acknowledged = performance.now();
      await text(answer);
      if (answer.statusCode < 300) return;
      if (!losesBodies || event.id % 4 !== 0 || answer.statusCode !== 502) {
        throw new Error(`a set is answered ${answer.statusCode}`);
      }
      again++;
      await delay(20);
    }
  }

  const setOne = event => pending.push(set(event).catch(error => failed('set', error)));

  async function run() {
    while (!ended) {
      setOne(parked.shift());
      park();
      await delay(eachMillis);
    }
    for (const event of parked) {
      setOne(event);
      await delay(5);
    }
    const late = setTimeout(() => patience.abort(), PATIENCE_MILLIS);
    await Promise.all(pending);
    clearTimeout(late);
    agent.destroy();
    return { failures, again, wakes: wakes.map(({ kind, event, at }) =>
      ({ kind, set: event.begun, late: at - event.acknowledged })) };
  }

  return {
    /** Has the clients connect, some at a time. */
    async begin() {
      for (let count = 0; count < waits; count += EACH_OF_AN_EVENT.length) {
        park();
        if (count % 200 < EACH_OF_AN_EVENT.length) await delay(50);
      }
    },
    setOn() { sets = run(); },
    /** Sets what is left; resolves with what failed, and how late each wait heard of its set. */
    stop() {
      ended = true;
      return sets;
    },
  };
}
