// The scripts as they are, against a real node with a short hold that is restarted meanwhile.
// A proxy before it tells what the node answered, and keeps the address while the node is away.
// DOORBELL_SCREENSHOT=1 also pictures the demo's terminal in docs/shell.svg.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isPictured } from '../../../js/test/pictures.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = `${root}demos/shell`;
const SHELLS = ['dash', 'bash'];

let node;
let proxy;
let number = 4711;

before(async () => {
  node = await startNode();
  proxy = await startProxy();
});

after(async () => {
  proxy.server.closeAllConnections();
  proxy.server.close();
  await node.stop();
});

async function startNode() {
  const args = ['serve', '--listen', '127.0.0.1:0', '--store', 'memory', '--max-wait', '1s'];
  const child = spawn(`${root}doorbell`, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /^doorbell: listening on (\S+)$/.exec(line) ?? assert.fail(line);
    return { url, stop() { child.kill(); return exit; } };
  }
  return assert.fail('the node ended');
}

async function startProxy() {
  const statuses = [];
  const server = http.createServer((request, response) => {
    const note = status => {
      statuses.push(status);
      server.emit('noted');
    };
    const { method, headers } = request;
    const target = node && new URL(node.url + request.url);
    if (!target) {
      note('away');
      request.socket.destroy();
      return;
    }
    request.pipe(http.request(target, { method, headers, agent: false }, answer => {
      note(answer.statusCode);
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    }).on('error', () => request.socket.destroy()));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    server,
    url: `http://127.0.0.1:${server.address().port}`,
    statuses,
    async answered(count, status) {
      while (statuses.filter(noted => noted === status).length < count) await once(server, 'noted');
    },
  };
}

function run(command, env = {}, shell = 'sh') {
  const child = spawn(shell, ['-c', command], { cwd: root, env: { ...process.env, ...env } });
  let output = '';
  child.stdout.on('data', data => { output += data; });
  child.stderr.on('data', data => { output += data; });
  return once(child, 'close').then(([code]) => ({ code, output }));
}

function blocks(language) {
  const text = readFileSync(`${folder}/README.md`, 'utf8');
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(match => match[1] === language)
    .map(match => match[2]);
}

const [demo, waits, sets, loop] = blocks('sh');
const here = command => command.replace('http://127.0.0.1:8080/22482', `${proxy.url}/${++number}`);

test('aWaitOutlivesManyNotYetsAndARestartOfTheNode', { timeout: 60_000 }, async () => {
  let isSet = false;
  const waiting = run(here(waits));
  const early = waiting.then(({ output }) => assert.ok(isSet, `it ended before the set: ${output}`));
  const answered = (count, status) => Promise.race([early, proxy.answered(count, status)]);
  await answered(2, 204);
  const stopped = node;
  node = undefined;
  await stopped.stop();
  await answered(1, 'away');
  proxy.statuses.length = 0;
  node = await startNode();
  await answered(1, 204);
  isSet = true;
  const set = await run(sets.replace('http://127.0.0.1:8080/22482', `${proxy.url}/${number}`));
  assert.deepEqual(set, { code: 0, output: '' });
  const { code, output } = await waiting;
  assert.equal(code, 0);
  assert.match(output, /^make program$/m);
});

test('whoComesAfterTheSetDoesNotWait', async () => {
  const id = ++number;
  assert.equal((await run(`demos/shell/set.sh ${proxy.url}/${id}`)).code, 0);
  assert.equal((await run(`demos/shell/set.sh ${proxy.url}/${id}`)).code, 0, 'again, harmless');
  const waited = await run(`demos/shell/wait.sh ${proxy.url}/${id}`);
  assert.deepEqual(waited, { code: 0, output: '' });
});

test('whatCannotGetBetterEndsBothWithCode2', { timeout: 120_000 }, async t => {
  const page = http.createServer((request, response) => response.end('<html>Log in</html>'));
  t.after(() => page.close());
  await once(page.listen(0, '127.0.0.1'), 'listening');
  const login = `http://127.0.0.1:${page.address().port}/1`;
  const bad = [`${proxy.url}/abc`, `${proxy.url}/a/b`, 'htp://127.0.0.1/1', 'http://127.0.0.1:x/1', ''];
  for (const url of [...bad, login]) {
    const waited = await run(`demos/shell/wait.sh '${url}' && echo built`);
    assert.equal(waited.code, 2, `${url}: ${waited.output}`);
    assert.doesNotMatch(waited.output, /built/);
    assert.match(waited.output, /is no event at a Doorbell node|usage/);
    const set = await run(`demos/shell/set.sh '${url}'`);
    assert.equal(set.code, 2, `${url}: ${set.output}`);
    assert.match(set.output, /was not set|usage/);
  }
});

test('aSealedEventIsSetByItsKeyAlone', async () => {
  const id = 'd7ecdf25eaf3deba0f2628771dbdd22d4138ab6cf38f91ed02a2ca0dec7c8ab7';
  const url = `${proxy.url}/${id}`;
  const refused = await run(`demos/shell/set.sh ${url}`);
  assert.equal(refused.code, 2);
  assert.match(refused.output, /sealed/);
  const set = await run(`demos/shell/set.sh ${url}`, { KEY: 'open-sesame' });
  assert.deepEqual(set, { code: 0, output: '' });
  assert.equal((await run(`demos/shell/wait.sh ${url}`)).code, 0);
});

test('theDemoShowsWhatTheReadmeAndItsPictureSay', { timeout: 60_000 }, async () => {
  const { code, output } = await run(demo);
  assert.equal(code, 0, output);
  const lines = text => text.trim().split('\n').sort();
  assert.deepEqual(lines(output), lines(blocks('text')[0]));
  assert.equal(output.trim().split('\n').pop(), 'program  builds');
  isPictured('shell', `$ ${demo.trim()}\n${output}`, all => all.toSorted());
});

test('theLoopOfTheReadmeIsThatOfTheScript', () => {
  assert.ok(readFileSync(`${folder}/wait.sh`, 'utf8').includes(loop));
});

test('everyShellTakesTheScripts', async () => {
  for (const shell of SHELLS) {
    for (const script of ['wait.sh', 'set.sh', 'demo']) {
      const { code, output } = await run(`exec ${shell} -n ${folder}/${script}`, {}, shell);
      assert.equal(code, 0, output);
    }
  }
});
