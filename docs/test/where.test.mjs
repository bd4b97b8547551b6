// Whether docs/start.md is right about where a node lives: its lines for web servers, with the real
// ones before a node, and its policies, in browsers.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import Doorbell from '../../js/doorbell.mjs';
import { engines } from '../../js/test/engines.mjs';
import { fake } from '../../js/test/fake.mjs';
import { startNode, startOwnNode } from '../../js/test/node.mjs';
import { skip as noNginx, startNginx } from '../../js/test/nginx.mjs';
import { visit } from '../../js/test/pages.mjs';
import { errorsOf, openPage, site } from '../../js/test/scripted.mjs';
import { block, lacks, serve, SERVERS } from './servers.mjs';

const START = readFileSync(new URL('../start.md', import.meta.url), 'utf8');

let node;

before(async () => {
  node = await startNode();
});
after(() => node?.stop());

/** What a WebSocket is told first, if it says this. */
async function toldByWebSocket(url, said) {
  const request = http.get(url, { headers: {
    Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13,
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
  } });
  request.on('response', ({ statusCode }) => request.destroy(new Error(`status ${statusCode}`)));
  const [, socket, head] = await once(request, 'upgrade');
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | said.length, 0, 0, 0, 0]), Buffer.from(said)]));
  let data = head;
  while (data.length < 2 || data.length < 2 + data[1]) {
    data = Buffer.concat([data, (await once(socket, 'data'))[0]]);
  }
  socket.destroy();
  return data.subarray(2).toString();
}

describe('where', { concurrency: 1 }, () => {
  for (const name of Object.keys(SERVERS)) {
    test(`${name}PassesAllOnToANodeBehindIt`, { skip: lacks(name) }, async t => {
      const url = `${await serve(t, name, node.url)}/doorbell`;
      const bell = new Doorbell(url);
      const ids = [1, 2, 3, 4].map(() => Doorbell.newId());
      const [one, other, third, never] = ids;

      const rung = bell.waitAny([one, never]);
      assert.equal(await bell.set(one), true);
      assert.deepEqual(await rung, [one]);

      const client = await fetch(`${url}/doorbell.js`);
      assert.equal(await client.text(), await (await fetch(`${node.url}/doorbell.js`)).text());

      const closed = await fetch(`${url}/not-an-id`);
      assert.equal(closed.status, 400);
      assert.match((await closed.json()).detail, /\w/);

      // It is told of one before the stream has ended.
      const stream = await fetch(`${url}/${one},${other}`, { headers: { Accept: 'text/event-stream' } });
      const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
      let events = '';
      while (!events.includes(`data: ${one}`)) events += (await reader.read()).value;
      await bell.set(other);
      while (!events.includes(`data: ${other}`)) events += (await reader.read()).value;
      await reader.cancel();

      const told = toldByWebSocket(`${url}/`, `wait ${third}`);
      await bell.set(third);
      assert.equal(await told, `set ${third}`);
    });
  }

  const [, policy] = START.match(/^Content-Security-Policy: (.*)$/m);

  for (const engine of engines) {
    for (const [what, types] of [['', ''],
      ['AndTrustedTypes', "; require-trusted-types-for 'script'; trusted-types doorbell"]]) {
      test(`thePolicy${what}LetsEveryTransportPassIn${engine.name}`, { skip: engine.skip }, async t => {
        const browser = await engine.launch();
        t.after(() => browser.close());
        const { host } = new URL(node.url);
        const headers = { 'Content-Security-Policy': policy
          .replaceAll('https://bell.example', `http://${host}`)
          .replaceAll('wss://bell.example', `ws://${host}`) + types };
        assert.ok(!headers['Content-Security-Policy'].includes('example'));
        await everyTransportPasses(t, browser, { headers, client: `${node.url}/doorbell.js` });
      });
    }

    const skip = engine.skip || noNginx;
    test(`selfIsEnoughUnderThePagesOwnOriginIn${engine.name}`, { skip }, async t => {
      const browser = await engine.launch();
      t.after(() => browser.close());
      const settings = block('nginx', node.url).split('\n').slice(2, -2).join('\n');
      assert.match(settings, /^ +proxy_http_version/);
      await everyTransportPasses(t, browser, {
        base: '/doorbell',
        client: '/doorbell/doorbell.js',
        headers: { 'Content-Security-Policy': policy.replaceAll(/ \w+:\/\/bell\.example/g, '') },
        async open(t, browser, options) {
          const pages = (await site(t, options)).replace('localhost', '127.0.0.1');
          const { port } = await startNginx(t, { node: node.url, pages, settings });
          const context = await browser.newContext();
          t.after(() => context.close());
          return visit(await context.newPage(), `http://127.0.0.1:${port}`);
        },
      });
    });

    test(`requestsAndScriptsOfAPageNeedNoPreflightIn${engine.name}`, { skip: engine.skip }, async t => {
      const browser = await engine.launch();
      t.after(() => browser.close());
      const asked = await fake(t, (request, response) => {
        const { method, headers } = request;
        const onward = http.request(node.url + request.url, { method, headers }, answer => {
          response.writeHead(answer.statusCode, answer.headers);
          answer.pipe(response);
        });
        onward.end();
      });
      const [byPage, one, other] = [1, 2, 3].map(() => Doorbell.newId());
      for (const id of [one, other]) await new Doorbell(node.url).set(id);
      const page = await openPage(t, browser, { script: `
        var bell = new Doorbell('${asked.url}', { share: false });
        var done = bell.set('${byPage}').then(() => bell.wait('${one}', { transport: 'fetch' }))
          .then(() => bell.wait('${other}', { transport: 'script' })).then(() => 'done');
      ` });
      assert.equal(await page.evaluate(() => done), 'done');
      assert.deepEqual([...new Set(asked.requests.map(({ method }) => method))].sort(), ['GET', 'POST']);
    });
  }

  // Each by a bell of its own.
  async function everyTransportPasses(t, browser, { base = node.url, open = openPage, ...options }) {
    const ids = ['websocket', 'fetch', 'script'].map(transport => [transport, Doorbell.newId()]);
    const page = await open(t, browser, { ...options, script: `
      var blocked = [];
      addEventListener('securitypolicyviolation', event => blocked.push(event.blockedURI));
      var rung = Promise.all(${JSON.stringify(ids)}.map(([transport, id]) =>
        new Doorbell('${base}', { transport, share: false }).wait(id)));
    ` });
    for (const [, id] of ids) await new Doorbell(node.url).set(id);
    assert.deepEqual(await page.evaluate(() => rung), ids.map(([, id]) => id));
    assert.deepEqual(await page.evaluate(() => blocked), []);
    assert.deepEqual(await errorsOf(page), []);
  }

  test('aSetIsForgottenAfterTheTimeThatTheNodeRemembers', async t => {
    const short = await startOwnNode({ more: ['--remember', '1s'] });
    t.after(() => short.stop());
    const id = Doorbell.newId();
    const set = async () => (await fetch(`${short.url}/${id}`, { method: 'POST' })).status;
    assert.equal(await set(), 201);
    const isSet = async () => (await fetch(`${short.url}/${id}?timeout=0`)).status === 200;
    while (await isSet()) await delay(50);
    assert.equal(await set(), 201);
  });

  test('aNodeIsToldWhereToListenAndWhatToRememberByTheEnvironment', async t => {
    process.env.DOORBELL_STORE = 'memory';
    t.after(() => delete process.env.DOORBELL_STORE);
    const child = spawn(new URL('../../doorbell', import.meta.url).pathname, ['serve'],
      { env: { ...process.env, DOORBELL_LISTEN: '0.0.0.0:0' }, stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(async () => {
      child.kill();
      await once(child, 'exit');
    });
    const [line] = await once(child.stdout, 'data');
    const [, port] = /^doorbell: listening on http:\/\/.*:(\d+)$/m.exec(line);
    assert.equal((await fetch(`http://127.0.0.1:${port}/1`, { method: 'POST' })).status, 201);
  });
});
