// Two nodes behind nginx, HAProxy and Caddy, by the files of packaging/nodes: what docs/scaling.md says of
// each holds while one node after the other is ended and started again, and while Redis is away.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../js/test/chromium.mjs';
import { lacksHosts, Network } from '../../spec/faults/hosts.mjs';
import { LastingNode } from '../../spec/faults/node.mjs';
import { crowd, FILES, lacksNodes, serveNodes, startNodes } from './nodes.mjs';

const WAITS = Number(process.env.DOORBELL_CLIENT_WAITS ?? 2_000);
const DRAIN = '2s';

// A busy machine is late with all that it does, so here no wake may be lost, and with DOORBELL_CLIENT_EXACT each
// has a second. That a node which ends hears of sets until its drain is over is a test of the node's
// (NodesContract), since the clients of one that didn't would ask again within this time.
const LATE_MILLIS = process.env.DOORBELL_CLIENT_EXACT ? 1_000 : 10_000;

const NAMES = Object.keys(FILES);
const NOTICED_MILLIS = 2_500; // by when each proxy knows how a node is, on a machine that isn't busy
const PER_ADDRESS = 3;
const LONG_SECONDS = Number(process.env.DOORBELL_CLIENT_HOLD ?? 0);
const notLong = !LONG_SECONDS && 'it takes a while: DOORBELL_CLIENT_HOLD=330';
const LAUNCHER = process.env.DOORBELL_LAUNCHER || fileURLToPath(new URL('../../doorbell', import.meta.url));

/** By when 95 % of some wakes have come, after the answers to their sets. */
function latest(wakes) {
  const sorted = wakes.map(({ late }) => late).sort((a, b) => a - b);
  return sorted[Math.floor(0.95 * sorted.length)];
}

const parked = async pair => (await Promise.all(pair.nodes.map(node => node.parked())))
  .reduce((sum, count) => sum + count);

/**
 * Ends each node and starts it again; resolves with the times in which they drained, and by how many
 * milliseconds this program was late at most meanwhile.
 */
async function restartBoth(pair) {
  const drains = [];
  const stalls = [];
  for (const [index, node] of pair.nodes.entries()) {
    await delay(index ? NOTICED_MILLIS : 500);
    const hasWaits = async () => (await Promise.all(pair.nodes.map(each => each.parked()))).every(Boolean);
    await eventually(hasWaits, 'each node has waits, also one that was begun again');
    assert.ok(await node.parked() > WAITS / 5, 'both nodes have waits');
    const begun = performance.now();
    const turns = monitorEventLoopDelay({ resolution: 10 });
    turns.enable();
    await node.stop();
    turns.disable();
    drains.push([begun, performance.now()]);
    stalls.push(turns.max / 1e6);
    await node.start();
  }
  return { drains, stall: Math.max(...stalls) };
}

describe('twoNodes', { concurrency: 1 }, () => {
  for (const name of NAMES) {
    test(`areRestartedAndNobodyNotices: ${name}`, { skip: lacksNodes(name) }, async t => {
      const pair = await startNodes(t, '--drain', DRAIN);
      const clients = crowd(await serveNodes(t, name, pair), WAITS, { losesBodies: name === 'caddy' });
      await clients.begin();
      await eventually(async () => await parked(pair) >= WAITS, 'all wait');
      clients.setOn();
      const { drains, stall } = await restartBoth(pair);
      const { failures, again, wakes } = await clients.stop();
      assert.deepEqual(failures.slice(0, 20), []);
      const last = Math.max(...wakes.map(({ late }) => late));
      const drained = ({ set }) => drains.some(([from, to]) => from < set && set < to);
      const meanwhile = wakes.filter(drained);
      const [most, usual] = [meanwhile, wakes.filter(wake => !drained(wake))].map(latest);
      t.diagnostic(`${wakes.length} wakes, the last one ${last.toFixed(0)} ms after the answer to its set; 95 % of `
        + `${meanwhile.length} while a node drained by ${most.toFixed(0)} ms, of the others by `
        + `${usual.toFixed(0)} ms; stalls of ${stall.toFixed(0)} ms; ${again} sets were made again`);
      assert.ok(meanwhile.length > 0);
      assert.ok(last < LATE_MILLIS, `one is late by ${last} ms`);
      assert.ok(again < 20, `${again} sets were made again`);
    });
  }
});

/** The seconds of silence after which a file has nginx or HAProxy cut; Caddy has no such limit. */
const silences = text =>
  [...text.matchAll(/^ +(?:proxy_(?:read|send)_timeout|timeout (?:client|server|tunnel)) +(\d+)m;?$/gm)]
    .map(([, minutes]) => 60 * minutes);

test('noFileCutsTheLongestWait', () => {
  const [, hours] = /max-wait=(\d+)h$/m.exec(execFileSync(LAUNCHER, ['serve', '--print-config']));
  const all = NAMES.map(name => silences(FILES[name]));
  assert.deepEqual(all.map(each => each.length), [2, 3, 0]);
  for (const seconds of all.flat()) assert.ok(seconds > 3_600 * hours, `${seconds} s`);
});

/** A wait of the client at that address, whatever it says of itself: its answer, and how it hangs up. */
function wait(url, { from = '127.0.0.1', forged = '' } = {}) {
  const headers = forged && { 'X-Forwarded-For': forged, Forwarded: `for=${forged}` };
  const request = http.get(url, { agent: false, localAddress: from, headers });
  const answer = once(request, 'response').then(([response]) => response.resume());
  answer.catch(() => {}); // of who hangs up
  return { answer, hangUp: () => request.destroy() };
}

/** Begins some waits, and hangs up and begins anew until each node has as many as it should. */
async function waitAt(pair, begin, isWell, what) {
  let waits = [];
  await eventually(async () => {
    waits.forEach(each => each.hangUp());
    await eventually(async () => await parked(pair) === 0, 'those who hung up are gone');
    waits = await begin();
    return isWell(await Promise.all(pair.nodes.map(node => node.parked())));
  }, what);
  return waits;
}

/** In the place of a node that was killed: what says that it is ready, and hangs up on each request. */
async function hangUpAt(t, host, { port, admin }) {
  const hangsUp = { count: 0 };
  const servers = [[port, net.createServer(socket => socket.on('error', () => {}).once('data', data => {
    hangsUp.count += data.includes('POST');
    socket.destroy();
  }))], [admin, http.createServer((request, answer) => answer.end())]];
  for (const [at, server] of servers) await once(server.listen(at, host), 'listening');
  t.after(() => servers.forEach(([, server]) => server.close()));
  await delay(NOTICED_MILLIS);
  return hangsUp;
}

/** What a set sends behind its head, in pieces: nothing, or itself as a list of one. */
const BODIES = {
  none: () => [],
  whole: id => [`${id}`],
  'in pieces': id => [...`${id}`],
};

async function set(url, id, body) {
  const pieces = body(id);
  const path = pieces.length ? '/' : `/${id}`;
  const request = http.request(`${url}${path}`, { method: 'POST', agent: false });
  const heard = once(request, 'response');
  heard.catch(() => {}); // It is heard of below.
  for (const piece of pieces) {
    request.write(piece); // in a chunk
    await delay(20);
  }
  request.end();
  const [answer] = await heard;
  return answer.resume().statusCode;
}

/** The silence, and the probes behind it, by which the files have a machine noticed that vanished. */
const PROBES = {
  nginx: [/so_keepalive=(\d+)s:(\d+)s:(\d+);/, /_time = (\d+)\n.*_intvl = (\d+)\n.*_probes = (\d+)$/m],
  haproxy: ['clitcpka', 'srvtcpka'].map(which =>
    new RegExp(`${which}-idle (\\d+)s\\s+${which}-intvl (\\d+)s\\s+${which}-cnt (\\d+)$`, 'm')),
  caddy: [/keepalive_interval (\d+)s$/m],
};

/** The same in less time; Caddy has the number of probes from its machine, and nginx all for a node. */
const HASTE = {
  nginx: { changes: [[/so_keepalive=\S+;/g, 'so_keepalive=1s:1s:2;']], time: 1, intvl: 1, probes: 2 },
  haproxy: { changes: [[/(tcpka-(?:idle|intvl)) \d+s/g, '$1 1s'], [/tcpka-cnt \d+/g, 'tcpka-cnt 2'],
    [/tcp-ut \d+s/g, 'tcp-ut 3s']] },
  caddy: { changes: [[/keepalive_interval \d+s/g, 'keepalive_interval 1s']], probes: 2 },
};

test('eachFileHasAMachineThatVanishedNoticedWithinAMinute', () => {
  for (const name of NAMES) {
    for (const pattern of PROBES[name]) {
      const [, idle, interval = idle, count = 9] = pattern.exec(FILES[name]);
      assert.ok(Number(idle) + interval * count <= 60, `${name}: ${pattern}`);
    }
  }
  const timeouts = [...FILES.haproxy.matchAll(/^ +server .* tcp-ut (\d+)s /gm)];
  assert.deepEqual(timeouts.map(([, seconds]) => Number(seconds)), [60, 60, 60, 60]);
});

const SOON_NOTICED_MILLIS = LONG_SECONDS ? 200_000 : 30_000; // 3 s, on a machine that isn't busy

/** A wait of a program on that host. */
function waitFrom(t, { enter: [program, ...words] }, url, id) {
  const { hostname, port } = new URL(url);
  const child = spawn(program, [...words, 'bash', '-c', `exec 3<>/dev/tcp/${hostname}/${port}
    printf 'GET /${id} HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' >&3; exec cat <&3`], { stdio: 'ignore' });
  t.after(() => child.kill());
}

const lacksVanishing = NAMES.map(lacksNodes).find(Boolean) || lacksHosts() || false;
describe('theFilesForTwoNodes', { concurrency: NAMES.length + 1 }, () => {
  for (const name of NAMES) {
    test(`holdWaitsAndKnowClients: ${name}`, { skip: lacksNodes(name) }, async t => {
      const pair = await startNodes(t, '--max-waits-per-address', `${PER_ADDRESS}`);
      const url = await serveNodes(t, name, pair);
      const areParked = count =>
        eventually(async () => await parked(pair) === count, `${count} waits are parked`);

      const areKnownToBe = async state => {
        await eventually(async () => {
          const ready = await Promise.all(pair.nodes.map(node => node.isReady()));
          return !ready.includes(state !== 'ready');
        }, `both nodes are ${state}`);
        await delay(NOTICED_MILLIS);
      };

      await t.test('aClientThatGoesTakesItsWaitAlong', async () => {
        const waits = [1, 2].map(id => wait(`${url}/${id}`));
        await areParked(waits.length);
        waits.forEach(each => each.hangUp());
        await areParked(0);
      });

      await t.test('aLongWaitIsNotCut', { skip: notLong }, async () => {
        const begun = performance.now();
        const { statusCode } = await wait(`${url}/3?timeout=${LONG_SECONDS}`).answer;
        assert.equal(statusCode, 204);
        assert.ok(performance.now() - begun > 1_000 * LONG_SECONDS - 100);
      });

      await t.test('eachClientHasALimitOfItsOwnWhateverItForges', async () => {
        const clients = ['127.0.0.4', '127.0.0.5'];
        const waits = clients.flatMap(from => Array.from({ length: 10 }, (_, i) =>
          wait(`${url}/4`, { from, forged: `198.51.100.${i}` })));
        await areParked(PER_ADDRESS * clients.length * pair.nodes.length);
        waits.forEach(each => each.hangUp());
        await areParked(0);
      });

      await t.test('whileRedisIsAwayWaitsHangAndSetsAreToldToComeBack', async () => {
        await pair.redis.end();
        await areKnownToBe('not ready');
        let inARow = 0; // A proxy that learns of it late has refusals of its own meanwhile.
        await eventually(async () => {
          const refused = await fetch(`${url}/5`, { method: 'POST' });
          assert.ok(refused.status >= 500, `${refused.status}`);
          const saysWhy = (await refused.text()).includes("the store can't be reached");
          const isWell = refused.status === 503 && refused.headers.has('Retry-After') && saysWhy;
          inARow = isWell ? inARow + 1 : 0;
          return inARow >= 5;
        }, 'sets are refused by the nodes');
        const waits = Array.from({ length: PER_ADDRESS }, () => wait(`${url}/6`));
        await areParked(waits.length);
        await pair.redis.begin();
        await eventually(async () => (await fetch(`${url}/6`, { method: 'POST' })).ok, 'it is set');
        for (const { answer } of waits) assert.equal((await answer).statusCode, 200);
      });

      await t.test('whoWaitsAtANodeThatIsKilledWaitsAtTheOther', async () => {
        await areKnownToBe('ready');
        const [killed, other] = pair.nodes;
        const ids = [7, 8, 9];
        // A node whose health check comes late has none for a moment.
        const waits = await waitAt(pair, async () => {
          const begun = ids.map(id => wait(`${url}/${id}`));
          await areParked(begun.length);
          return begun;
        }, counts => !counts.includes(0), 'both nodes have waits');
        await killed.kill();
        const ended = Promise.race(waits.map(({ answer }) => answer));
        await eventually(async () => await other.parked() === waits.length
          || await Promise.race([ended, null]), 'all wait at the other');
        for (const id of ids) await fetch(`${url}/${id}`, { method: 'POST' });
        for (const { answer } of waits) assert.equal((await answer).statusCode, 200);
      });

      await t.test('aSetWhoseNodeHangsUpIsMadeAtTheOther', async t => {
        const hangsUp = await hangUpAt(t, pair.nodes[0].host, pair);
        let id = 10;
        for (const [kind, body] of Object.entries(BODIES)) {
          const before = hangsUp.count;
          await eventually(async () => {
            const status = await set(url, ++id, body);
            const isLost = name === 'caddy' && kind !== 'none' && status === 502;
            if (!isLost) assert.equal(status, kind === 'none' ? 201 : 200, `a set with a body: ${kind}`);
            const { statusCode } = await wait(`${url}/${id}?timeout=0`).answer;
            assert.equal(statusCode, isLost ? 204 : 200);
            return hangsUp.count > before;
          }, `a node hangs up on a set with a body: ${kind}`);
        }
      });
    });
  }

  test('aMachineThatVanishesIsNoticed', { skip: lacksVanishing }, async t => {
    const network = new Network();
    const folders = mkdtempSync(join(tmpdir(), 'doorbell-vanish-'));
    t.after(() => {
      network.close();
      rmSync(folders, { recursive: true });
    });
    const [phone, ...places] = ['phone', 'one', 'two'].map(name => network.host(name));
    const nodes = places.map(place => Object.assign(new LastingNode({
      folder: mkdtempSync(join(folders, 'node')), store: 'memory', host: place.address,
      starter: place.enter, options: ['--admin', `${place.address}:9180`] }), { port: 8080 }));
    t.after(() => Promise.all(nodes.map(node => node.stop())));
    await Promise.all(nodes.map(node => node.start()));
    const pair = { nodes, hosts: places.map(({ address }) => address), port: 8080, admin: 9180 };
    const proxies = await Promise.all(NAMES.map(async name => {
      const host = network.host(name);
      const { changes, ...probes } = HASTE[name];
      for (const [what, value] of Object.entries(probes)) {
        const [program, ...words] = host.enter;
        execFileSync(program, [...words, 'sh', '-c', `echo ${value} >/proc/sys/net/ipv4/tcp_keepalive_${what}`]);
      }
      return { name, host, url: await serveNodes(t, name, pair, { changes, host }) };
    }));
    const vanish = place => {
      for (const { host } of proxies) {
        network.cut(place, host);
        network.cut(host, place);
      }
    };
    const areParked = count =>
      eventually(async () => await parked(pair) === count, `${count} waits are parked`, SOON_NOTICED_MILLIS);

    await t.test('aClientTakesItsWaitAlong', async t => {
      // Caddy takes 3 minutes.
      const quick = proxies.filter(({ name }) => name !== 'caddy' || LONG_SECONDS);
      for (const { url } of quick) waitFrom(t, phone, url, 1);
      await areParked(quick.length);
      vanish(phone);
      await areParked(0);
    });

    await t.test('whoWaitsAtANodeWaitsAtTheOther', async () => {
      const waits = await waitAt(pair, async () => {
        const begun = [];
        for (const id of [2, 3]) {
          begun.push(...proxies.map(({ url }) => wait(`${url}/${id}`, { from: network.address })));
          await areParked(begun.length);
        }
        return begun;
      }, counts => counts.every(count => count === NAMES.length), 'each proxy has a wait at both nodes');
      vanish(places[0]);
      await eventually(async () => await nodes[1].parked() === waits.length, 'all wait at the other',
        SOON_NOTICED_MILLIS);
      for (const id of [2, 3]) await fetch(`http://${places[1].address}:8080/${id}`, { method: 'POST' });
      for (const { answer } of waits) assert.equal((await answer).statusCode, 200);
    });
  });
});
