// An upgrade on one machine that no client notices, by docs/operating.md: a node, and the next one on
// its store and at its address, while clients wait and set, directly and through real proxies.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { KINDS, park, RIGHT } from '../../bench/drain/clients.mjs';
import { drain, together, unevenness } from '../../bench/drain/drain.mjs';
import { eventually } from '../../js/test/chromium.mjs';
import { freePort } from '../../js/test/nginx.mjs';
import { startOwnNode } from '../../js/test/node.mjs';
import Doorbell from '../../js/server.mjs';
import { inOneOf } from '../../spec/tries.mjs';
import { lacks, serve } from './servers.mjs';

const PAGE = readFileSync(new URL('../operating.md', import.meta.url), 'utf8');
const SECTION = PAGE.slice(PAGE.indexOf('\n## Upgrade without a gap\n'));
const HAPROXY_LINES = SECTION.match(/^```haproxy\n([^]*?)^```$/m)[1];
const PHP = fileURLToPath(new URL('../../php/doorbell.php', import.meta.url));
const noPhp = process.env.CI !== 'true' && spawnSync('php', ['-v']).status !== 0 && 'no PHP';

// Of each protocol; DOORBELL_CLIENT_WAITS=4500 are 18,000 together.
const DRAINED = Number(process.env.DOORBELL_CLIENT_WAITS ?? 150);
const DRAIN_SECONDS = DRAINED < 1_000 ? 3 : 5;
const MOST_UNEVEN = 0.2;

const UPGRADES = 2;
const PARKED = 40;
const EACH_MILLIS = 25;
const BEFORE_ITS_SET = 40; // sets that come between a wait and its set

/** Nodes that follow one another on one store, at one address. */
async function nodes(t) {
  const folder = mkdtempSync(join(tmpdir(), 'doorbell-upgrade-'));
  const listen = `127.0.0.1:${await freePort()}`;
  const start = (...more) => startOwnNode({ listen, store: `rocksdb:${folder}/store`, more: ['--drain', '2s', ...more] });
  let running = await start();
  t.after(async () => {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    url: `http://${listen}`,
    async upgrade() {
      const before = running;
      running = await start('--take-over');
      await before.stop();
    },
  };
}

/** A road to the node: how a client of it waits once, and sets. */
function raw(url) {
  const ask = async (method, path) => {
    const answer = await fetch(`${url}${path}`, { method });
    await answer.text();
    return answer.status;
  };
  return {
    async wait(id) {
      for (let n = 0; ; n++) {
        const status = await ask('GET', `/${id}?timeout=25&_=${n}`);
        if (status === 200) return;
        if (status !== 204) throw new Error(`a wait is answered ${status}`);
      }
    },
    async set(id) {
      const status = await ask('POST', `/${id}`);
      if (status !== 200 && status !== 201) throw new Error(`a set is answered ${status}`);
    },
  };
}

function library(url) {
  const bell = new Doorbell(url);
  return { wait: id => bell.wait(id, { timeout: 120 }), set: id => bell.set(id, undefined, { timeout: 30 }) };
}

/** Clients of a road that wait for one id after the other and set it somewhat later, until `stop`. */
function load(road, name, first) {
  const [failures, told, set, pending] = [[], [], [], []];
  let stopped = false;
  let longest = 0;
  const note = (what, promise, then) => pending.push(promise.then(then,
    error => failures.push(`${name}, ${what}: ${error.message} ${error.cause?.message ?? ''}`)));
  const setOne = id => {
    const begun = performance.now();
    note('set', road.set(id), () => {
      set.push(id);
      longest = Math.max(longest, performance.now() - begun);
    });
  };
  const run = async () => {
    let next = first;
    let due = first;
    while (!stopped) {
      const id = next++;
      note('wait', road.wait(id), () => told.push(id));
      if (next - due > BEFORE_ITS_SET) setOne(due++);
      await delay(EACH_MILLIS);
    }
    while (due < next) setOne(due++);
    await Promise.all(pending);
    return { name, failures, told: told.length, set, begun: next - first, longest };
  };
  const ended = run();
  return { stop() { stopped = true; return ended; } };
}

async function allAreSet(url, ids) {
  const statuses = await Promise.all(ids.map(async id => {
    const answer = await fetch(`${url}/${id}?timeout=0`);
    await answer.text();
    return answer.status;
  }));
  assert.deepEqual(ids.filter((_, index) => statuses[index] !== 200), []);
}

/** Each kind of wait, with what it hears; `told()` once all that are parked are told of a set. */
async function parkEach(url, first) {
  const port = Number(new URL(url).port);
  const heard = {};
  const ends = [];
  for (const [index, kind] of KINDS.entries()) {
    heard[kind] = [];
    ends.push(await park(kind, { port, first: first + index * PARKED, count: PARKED },
      (id, how) => heard[kind].push(how)));
  }
  return { heard, end: () => ends.forEach(end => end()) };
}

const everyKind = how => Object.fromEntries(KINDS.map(kind => [kind, Array(PARKED).fill(how[kind])]));

test('anUpgradeIsNoticedByNobody', { skip: lacks('nginx') || lacks('haproxy') }, async t => {
  const bell = await nodes(t);
  const nginx = await serve(t, 'nginx', bell.url);
  const haproxy = await serve(t, 'haproxy', bell.url, text => `${text}\n${HAPROXY_LINES}`);
  const loads = [
    load(library(bell.url), 'directly', 1_000_000),
    load(raw(`${nginx}/doorbell`), 'nginx', 2_000_000),
    load(raw(`${haproxy}/doorbell`), 'haproxy', 3_000_000),
  ];
  t.after(() => loads.forEach(each => each.stop()));
  for (let i = 0; i < UPGRADES; i++) {
    const before = await parkEach(bell.url, 1 + 10_000 * i);
    await delay(500);
    await bell.upgrade();
    await eventually(() => KINDS.every(kind => before.heard[kind].length === PARKED), 'all are drained');
    assert.deepEqual(before.heard, everyKind(RIGHT));
    before.end();
  }
  const ends = await Promise.all(loads.map(each => each.stop()));
  for (const { name, failures, told, set, begun, longest } of ends) {
    t.diagnostic(`${name}: ${begun} waits and sets, the longest set took ${longest.toFixed(0)} ms`);
    assert.deepEqual(failures, [], name);
    assert.equal(told, begun, name);
    assert.equal(set.length, begun, name);
    await allAreSet(bell.url, set);
  }
});

test('whatPhpSetsLaterIsSet', { skip: noPhp }, async t => {
  const bell = await nodes(t);
  const script = `require $argv[1]; $bell = new Doorbell\\Doorbell($argv[2], limit: 10);
    stream_set_blocking(STDIN, false);
    for ($i = 0; fgets(STDIN) === false && !feof(STDIN); $i++) {
      $bell->setLater($argv[3] + $i);
      if (!Doorbell\\Doorbell::flush()) { echo "set $i failed: ", $bell->lastError(); exit(1); }
      usleep(30000);
    }
    echo $i;`;
  const php = spawn('php', ['-r', script, '--', PHP, bell.url, '5000'], { stdio: ['pipe', 'pipe', 'pipe'] });
  php.stdin.on('error', () => {}); // It may have failed and ended.
  let said = '';
  php.stdout.on('data', data => { said += data; });
  php.stderr.on('data', data => { said += data; });
  const ended = once(php, 'exit');
  await bell.upgrade();
  php.stdin.end();
  const [code] = await ended;
  assert.equal(code, 0, said);
  assert.ok(Number(said) > 0, said);
  await allAreSet(bell.url, Array.from({ length: Number(said) }, (_, i) => 5000 + i));
});

// As systemd hands it to both units: the kernel has one queue of clients, and each node takes of it.
test('twoNodesShareASocketThatTheyWereStartedWith', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'doorbell-shared-'));
  const port = await freePort();
  const launcher = process.env.DOORBELL_LAUNCHER || fileURLToPath(new URL('../../doorbell', import.meta.url));
  const python = spawn('python3', ['-c', `
import socket, subprocess, sys
bell = socket.create_server(('127.0.0.1', int(sys.argv[2])), backlog=4096)
bell.detach() if bell.fileno() == 3 else __import__('os').dup2(bell.fileno(), 3)
def serve(*more):
    return subprocess.Popen([sys.argv[1], 'serve', '--listen', 'fd:3', '--drain', '1s', '--store',
        'rocksdb:' + sys.argv[3], *more], pass_fds=[3], stdout=subprocess.PIPE, text=True)
first = serve()
print(first.stdout.readline(), end='', flush=True)
sys.stdin.readline()
second = serve('--take-over')
second.stdout.readline()
first.terminate()
print('first ended', first.wait(), flush=True)
sys.stdin.readline()
second.terminate()
second.wait()
`, launcher, `${port}`, `${folder}/store`], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  python.stdout.on('data', data => { said += data; });
  const ended = once(python, 'exit');
  t.after(async () => {
    python.stdin.end('\n\n');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  await eventually(() => said.includes('listening') || python.exitCode !== null, 'the first listens');
  const url = `http://127.0.0.1:${port}`;
  const clients = load(library(url), 'directly', 1);
  await delay(500);
  python.stdin.write('\n');
  await eventually(() => said.includes('first ended'), 'the first has ended');
  await delay(500);
  const { failures, told, set, begun } = await clients.stop();
  assert.match(said, /first ended 0/);
  assert.deepEqual(failures, []);
  assert.equal(told, begun);
  await allAreSet(url, set);
});

/** Of a drain that answers everybody: by how much it isn't even, and the milliseconds it took. */
async function drainOnce(t) {
  const run = await drain({ kinds: KINDS, waits: DRAINED, seconds: DRAIN_SECONDS });
  assert.deepEqual(run.wrong, {});
  assert.equal(run.left, 0);
  assert.equal(run.exitCode, 0);
  const answers = together(run);
  const times = answers.map(time => time - answers[0]); // The store is closed before the drain begins.
  assert.equal(times.length, KINDS.length * DRAINED);
  // What a busy machine is late by is late for all: the last one's time counts as that of the drain.
  const took = Math.max(times.at(-1), DRAIN_SECONDS * 1_000);
  const uneven = unevenness(times, took);
  t.diagnostic(`${(100 * uneven).toFixed(1)} % from even, the last after ${times.at(-1).toFixed(0)} ms`);
  assert.ok(run.acknowledged > 0);
  assert.deepEqual(run.missing, []);
  const strange = Object.keys(run.others).filter(how => !['503', 'ECONNREFUSED'].includes(how));
  assert.deepEqual(strange, []);
  return { uneven, took };
}

// A machine that stands still for a moment answers many at once.
test('aDrainAnswersEverybodyEvenlyAndInTime', async t => {
  const isWell = ({ uneven, took }) => uneven < MOST_UNEVEN && took < 2_000 * DRAIN_SECONDS;
  const drained = await inOneOf(3, () => drainOnce(t), isWell);
  assert.ok(isWell(drained), `${drained.uneven} from even, it took ${drained.took} ms`);
});
