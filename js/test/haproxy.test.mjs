// HAProxy before a node: what it checks a server by, and what it passes on over HTTP/2.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import { eventually, required } from './chromium.mjs';
import { freePort } from './nginx.mjs';
import { startNode } from './node.mjs';

const HAPROXY = process.env.HAPROXY || '/usr/sbin/haproxy';
const skip = !existsSync(HAPROXY) && !required && `no HAProxy at ${HAPROXY}: apt-get install haproxy`;

describe('HAProxy', { skip, timeout: 600_000 }, () => {
  let node;

  before(async () => {
    node = await startNode();
  });
  after(() => node?.stop());

  for (const [what, proto] of [['Http2', 'proto h2'], ['Http11', '']]) {
    for (const [how, check, by, code] of [
      ['AConnection', '', 'L4OK', ''],
      ['ARequest', 'option httpchk', 'L7OK', '204'],
      ['ARequestWithAHost', 'option httpchk\n  http-check send meth GET uri / ver HTTP/1.1 hdr Host a',
        'L7OK', '200'],
    ]) {
      test(`aServerOver${what}IsUpWhereItIsCheckedBy${how}`, async t => {
        const { checked } = await startHaproxy(t, { server: `${proto} check inter 60s`, more: check });
        const { status, check_status, check_code } = await checked();
        assert.deepEqual([status, check_status, check_code], ['UP', by, code]);
      });
    }

    test(`aRequestOfHttp10WithoutAHostIsPassedOnOver${what}`, async t => {
      const { port } = await startHaproxy(t, { server: proto });
      const id = Doorbell.newId();
      assert.equal(await ask(port, `GET /${id}?timeout=0 HTTP/1.0\r\n\r\n`), 204);
      assert.equal(await ask(port, `POST /${id} HTTP/1.0\r\nContent-Length: 0\r\n\r\n`), 201);
      assert.equal(await ask(port, `POST /${id} HTTP/1.0\r\n\r\n`), 200);
      assert.equal(await ask(port, `GET /${id} HTTP/1.0\r\n\r\n`), 200);
    });

    test(`whoWaitsIsToldOfASetOver${what}`, async t => {
      const { port } = await startHaproxy(t, { server: proto });
      const bell = new Doorbell(`http://127.0.0.1:${port}`);
      const [one, other] = [Doorbell.newId(), Doorbell.newId()];
      const rung = bell.waitAny([one, other]);
      assert.equal(await bell.set(other), true);
      assert.deepEqual(await rung, [other]);
    });
  }

  // With its server of these options. Where another took the port meanwhile, once more.
  async function startHaproxy(t, { server, more = '' }) {
    for (let tries = 1; ; tries++) {
      const folder = mkdtempSync(join(tmpdir(), 'doorbell-haproxy-'));
      const [port, stats] = [await freePort(), join(folder, 'stats')];
      writeFileSync(join(folder, 'conf'), `
global
  stats socket ${stats}
defaults
  mode http
  timeout connect 60s
  timeout client 60s
  timeout server 60s
listen bell
  bind 127.0.0.1:${port}
  ${more}
  server node ${new URL(node.url).host} ${server}
`);
      const child = spawn(HAPROXY, ['-db', '-f', join(folder, 'conf')],
        { stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      child.stderr.on('data', data => { said += data; });
      const ended = once(child, 'exit');
      const kill = () => child.kill();
      process.on('exit', kill);
      t.after(async () => {
        process.removeListener('exit', kill);
        kill();
        await ended;
        rmSync(folder, { recursive: true, force: true });
      });
      // It answers here only when it listens on its port, too.
      const answers = () => all(net.connect(stats), 'show info\n').catch(() => '');
      await eventually(async () => child.exitCode !== null || await answers(), 'HAProxy listens');
      if (child.exitCode === null) return { port, checked: () => checked(stats) };
      if (tries === 5) throw new Error(`HAProxy ended: ${said}`);
    }
  }
});

// The status of the answer.
async function ask(port, request) {
  const socket = net.connect(port, '127.0.0.1');
  return Number((await all(socket, request)).match(/^HTTP\/1\.\d (\d+)/)?.[1]);
}

// What HAProxy says of its server once a check is over, by the names of its columns.
async function checked(path) {
  let found;
  await eventually(async () => {
    const [names, ...lines] = (await all(net.connect(path), 'show stat\n')).split('\n');
    const values = lines.find(line => line.startsWith('bell,node,')).split(',');
    found = Object.fromEntries(names.replace('# ', '').split(',').map((name, i) => [name, values[i]]));
    return /^L\d/.test(found.check_status);
  }, 'a check is over');
  return found;
}

async function all(socket, request) {
  socket.write(request);
  let said = '';
  for await (const data of socket) said += data;
  return said;
}
