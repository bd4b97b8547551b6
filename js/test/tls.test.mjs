// Chromium and a node over TLS, so over HTTP/2, where any number of waits hang.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import { certificate } from './certificate.mjs';
import { eventually, launch, skip } from './chromium.mjs';
import { startNode } from './node.mjs';
import { openPage } from './pages.mjs';

let node;
let browser;

if (!skip) {
  before(async () => {
    const { certFile, keyFile } = certificate();
    node = await startNode(['--tls-cert', certFile, '--tls-key', keyFile]);
    browser = await launch();
  });
  after(async () => {
    if (browser) await browser.close();
    if (node) await node.stop();
  });
}

// Begins to wait for each by a request of its own; sets them, once all hang.
async function waitsAndSets(page, ids, transport) {
  const asked = [];
  page.on('request', request => asked.push(...ids.filter(id => request.url().includes(`/${id}?`))));
  await page.evaluate(([url, ids, transport]) => {
    window.rung = Promise.all(ids.map((id, n) =>
      new Doorbell(url, {transport, hold: 3600 + n}).wait(id)));
  }, [node.url, ids, transport]);
  await eventually(() => new Set(asked).size === ids.length, 'all ask');
  // Over the same connection, if there are not too many already.
  await page.evaluate(([url, ids]) => {
    const bell = new Doorbell(url);
    return Promise.all(ids.map(id => bell.set(id)));
  }, [node.url, ids]);
  assert.deepEqual(await page.evaluate('rung'), ids);
  // A page that wakes asks once more; with six connections for a host, most would have to.
  if (transport === 'fetch') assert.ok(asked.length < ids.length + 6, `asked ${asked.length} times`);
}

for (const transport of ['fetch', 'script']) {
  test(`twentyRequestsBy${transport}HangOverHttp2`, { skip }, async t => {
    const page = await openPage(t, browser, { ignoreHTTPSErrors: true });
    const protocols = [];
    const tools = await page.context().newCDPSession(page);
    tools.on('Network.responseReceived', ({ response: { url, protocol } }) => {
      if (url.startsWith(node.url)) protocols.push(protocol);
    });
    await tools.send('Network.enable');
    await waitsAndSets(page, Array.from({ length: 20 }, () => Doorbell.newId()), transport);
    await eventually(() => protocols.length >= 20, 'they are told of');
    assert.deepEqual([...new Set(protocols)], ['h2']);
  });
}

test('severalWaitsGoByAWebSocketOverTls', { skip }, async t => {
  const page = await openPage(t, browser, { ignoreHTTPSErrors: true });
  const opened = page.waitForEvent('websocket');
  const ids = Array.from({ length: 100 }, () => Doorbell.newId());
  await page.evaluate(([url, ids]) => {
    window.bell = new Doorbell(url);
    window.rung = Promise.all(ids.map(id => bell.wait(id)));
  }, [node.url, ids]);
  const socket = await opened;
  assert.equal(socket.url(), node.url.replace('https', 'wss') + '/');
  await socket.waitForEvent('framereceived');
  await page.evaluate(ids => Promise.all(ids.map(id => bell.set(id))), ids);
  assert.deepEqual(await page.evaluate('rung'), ids);
  assert.equal(await page.evaluate('bell.road'), 'websocket');
});
