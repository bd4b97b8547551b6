// What the commands say on a terminal is what their pictures in docs/ say.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { eventually } from '../../js/test/chromium.mjs';
import { startOwnNode } from '../../js/test/node.mjs';
import { isPictured } from '../../js/test/pictures.mjs';
import { lacks, serve } from './servers.mjs';

const ROOT = new URL('../..', import.meta.url).pathname;
const MOST_BYTES = 64_000; // of a picture

/** A folder for a test, and how to run a command there: `says` has what it prints, all of it. */
function terminal(t) {
  const folder = mkdtempSync(join(tmpdir(), 'doorbell-terminal-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const begin = (...words) => {
    const child = spawn(words[0], words.slice(1), {
      cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    const running = { said: '', end: once(child, 'close'), stop: () => child.kill() };
    for (const out of [child.stdout, child.stderr]) {
      out.setEncoding('utf8').on('data', data => { running.said += data; });
    }
    t.after(async () => {
      child.kill();
      await running.end;
    });
    return running;
  };
  const says = async (...words) => {
    const running = begin(...words);
    await running.end;
    return running.said;
  };
  return { folder, begin, says };
}

const doorbell = `${ROOT}doorbell`;

/** Names of the machine as anybody's have them. */
const shown = (text, ...pairs) => pairs.reduce((all, [own, name]) => all.replaceAll(own, name), text);

describe('terminals', { concurrency: 2 }, () => {
  test('pictureOfTheHelp', async t => {
    isPictured('help', `$ ./doorbell --help\n${await terminal(t).says(doorbell, '--help')}`);
  });

  test('pictureOfANodeAndOfWhoWaitsAndSets', async t => {
    const { begin, says } = terminal(t);
    const node = begin(doorbell, 'serve', '--listen', '127.0.0.1:0');
    await eventually(() => /INFO .*\n/.test(node.said), 'it is begun');
    const [, url] = /^doorbell: listening on (\S+)$/m.exec(node.said);
    const event = `${url}/4711`;
    const set = await says(doorbell, 'set', event);
    const again = await says(doorbell, 'set', event);
    assert.equal(await says(doorbell, 'wait', event), '');
    const demo = begin(doorbell, 'demo', '--listen', '127.0.0.1:0', '--app', '127.0.0.1:0');
    await eventually(() => /two windows\n/.test(demo.said), 'the demo is begun');
    const [counter] = demo.said.match(/^counter: .*$/m);
    const text = `$ ./doorbell demo
doorbell: listening on ${url}
${counter}
^C
$ ./doorbell serve &
${node.said}$ ./doorbell set 4711
${set}$ ./doorbell set 4711
${again}$ ./doorbell wait 4711 && echo woken
woken
$ ./doorbell new
${await says(doorbell, 'new')}`;
    const port = new URL(url).port;
    const app = new URL(counter.match(/http:\S+/)[0]).port;
    // What carries the sockets is the machine's affair.
    isPictured('commands',
      shown(text, [`127.0.0.1:${port}`, '127.0.0.1:8080'], [`127.0.0.1:${app}`, '127.0.0.1:8081']),
      all => all.join('').replace(/transport \w+/, 'transport'));
  });

  // What it finds is the machine's affair; what it looks at is not, but for a container's limit.
  test('pictureOfACheck', async t => {
    const { folder, says } = terminal(t);
    const command = 'check --waits 100000 --store rocksdb:doorbell-data';
    const said = await says('sh', '-c', `ulimit -n 20000; exec '${doorbell}' ${command}`);
    isPictured('check', shown(`$ ./doorbell ${command}\n${said}`, [folder, '/home/you/doorbell']),
      all => all.filter(line => /^[✓✗–]/.test(line)).map(line => line.slice(2).replace(/:.*/, ''))
        .filter(name => name !== 'memory of the container'));
  });

  test('pictureOfTheDoctorBehindNginx', { skip: lacks('nginx') }, async t => {
    const node = await startOwnNode();
    t.after(() => node.stop());
    const url = await serve(t, 'nginx', node.url, text => text
      .replace('proxy_http_version 1.1;', '').replace('proxy_read_timeout 1h;', 'proxy_read_timeout 5s;'));
    const said = await terminal(t).says(doorbell, 'doctor', `${url}/doorbell`, '--longest', '12s');
    const { host, port } = new URL(url);
    isPictured('doctor-command', shown(`$ ./doorbell doctor http://127.0.0.1/doorbell --longest 12s\n${said}`,
      [host, '127.0.0.1'], [`port ${port}`, 'port 80']));
  });

  test('pictureOfTheDoctorOfAClient', async t => {
    const node = await startOwnNode();
    t.after(() => node.stop());
    const closed = net.createServer().listen(0, '127.0.0.1'); // taken, but at another address
    t.after(() => closed.close());
    await once(closed, 'listening');
    const nobody = `http://127.0.0.2:${closed.address().port}`;
    const { says } = terminal(t);
    const doctor = url => says(process.execPath, `${ROOT}js/bin/doorbell.mjs`, 'doctor', url);
    const text = `$ npx doorbell-client doctor ${node.url}
${await doctor(node.url)}
$ npx doorbell-client doctor ${nobody}
${await doctor(nobody)}`;
    isPictured('doctor-client', shown(text, [new URL(node.url).host, '127.0.0.1:8080'],
      [new URL(nobody).host, '127.0.0.2:8080']));
  });
});

test('everyPictureIsSmallAndOnSomePage', () => {
  const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' }).trim()
    .split('\n').map(page => readFileSync(join(ROOT, page), 'utf8')).join('\n');
  const pictures = readdirSync(join(ROOT, 'docs')).filter(name => /\.(png|svg)$/.test(name));
  assert.ok(pictures.length > 10);
  for (const picture of pictures) {
    assert.ok(pages.includes(`${picture})`), `${picture} is on no page`);
    const { size } = statSync(join(ROOT, 'docs', picture));
    assert.ok(size < MOST_BYTES, `${picture} has ${size} bytes`);
  }
});
