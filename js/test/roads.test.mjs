// Each road in Chromium, before a real node, and how the client gets from one to the next.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import { eventually, launch, skip } from './chromium.mjs';
import { front } from './front.mjs';
import { startNode } from './node.mjs';
import { openPage } from './pages.mjs';

let node;
let browser;

if (!skip) {
  before(async () => {
    node = await startNode();
    browser = await launch();
  });
  after(async () => {
    if (browser) await browser.close();
    if (node) await node.stop();
  });
}

function ring(id) {
  return new Doorbell(node.url).set(id);
}

function newIds(count) {
  return Array.from({ length: count }, () => Doorbell.newId());
}

// Begins to wait for each of the ids, in one go.
function beginWaits(page, url, ids, options = {}) {
  return page.evaluate(([url, ids, options]) => {
    window.bell ||= new Doorbell(url, options);
    window.rung ||= [];
    for (const id of ids) bell.wait(id).then(id => rung.push(id));
  }, [url, ids, options]);
}

// Those whose wait ended.
function rung(page) {
  return page.evaluate(() => rung);
}

async function ringsAll(page, ids) {
  await Promise.all(ids.map(ring));
  await eventually(async () => (await rung(page)).length >= ids.length, 'all waits end');
  assert.deepEqual((await rung(page)).sort(), [...ids].sort());
}

function hanging(proxy, road, ids) {
  return eventually(() => [...proxy.waits].some(wait => wait.road === road
    && (!ids || ids.every(id => wait.ids.includes(id)))), `a ${road} hangs`);
}

test('oneWaitGoesByFetch', { skip }, async t => {
  const proxy = await front(t, node);
  const page = await openPage(t, browser);
  const ids = newIds(1);
  assert.equal(await page.evaluate(url => (window.bell = new Doorbell(url)).road, proxy.url), undefined);
  await beginWaits(page, proxy.url, ids);
  await hanging(proxy, 'fetch', ids);
  await ringsAll(page, ids);
  assert.deepEqual(proxy.roads(), ['fetch']);
  assert.equal(await page.evaluate('bell.road'), 'fetch');
});

test('severalWaitsGoByOneWebSocket', { skip }, async t => {
  const proxy = await front(t, node);
  const page = await openPage(t, browser);
  const ids = newIds(100);
  await beginWaits(page, proxy.url, ids);
  await hanging(proxy, 'websocket');
  await ringsAll(page, ids);
  assert.deepEqual(proxy.roads(), ['websocket']);
  assert.equal(await page.evaluate('bell.road'), 'websocket');
  await eventually(() => proxy.waits.size === 0, 'a socket that nobody needs is closed');
});

test('aSecondWaitChangesToTheWebSocket', { skip }, async t => {
  const proxy = await front(t, node);
  const page = await openPage(t, browser);
  const [one, other] = newIds(2);
  await beginWaits(page, proxy.url, [one]);
  await hanging(proxy, 'fetch', [one]);
  await beginWaits(page, proxy.url, [other]);
  await eventually(() => proxy.waits.size === 1 && proxy.roads().includes('websocket'), 'a change');
  await ringsAll(page, [one, other]);
  assert.deepEqual(proxy.roads(), ['fetch', 'websocket']);
});

for (const transport of ['fetch', 'script']) {
  test(`severalWaitsBy${transport}ShareARequest`, { skip }, async t => {
    const proxy = await front(t, node);
    const page = await openPage(t, browser);
    const ids = newIds(64);
    await beginWaits(page, proxy.url, ids, { transport });
    await hanging(proxy, transport, ids);
    assert.equal(proxy.asked.length, 1);
    await ring(ids[0]);
    await eventually(async () => (await rung(page)).length === 1, 'one rings');
    await hanging(proxy, transport, ids.slice(1));
    await ringsAll(page, ids);
  });
}

test('aRequestAsksFor64IdsAtMost', { skip }, async t => {
  const proxy = await front(t, node);
  const page = await openPage(t, browser);
  const ids = newIds(150);
  await beginWaits(page, proxy.url, ids, { transport: 'fetch' });
  await eventually(() => proxy.waits.size === 3, 'three requests');
  assert.deepEqual(proxy.asked.map(wait => wait.ids.length).sort(), [22, 64, 64]);
  await ringsAll(page, ids);
});

test('aWaitThatIsGivenUpIsForgottenByTheNode', { skip }, async t => {
  const proxy = await front(t, node);
  const page = await openPage(t, browser);
  const [one, other, third] = newIds(3);
  const lines = [];
  page.on('websocket', socket => {
    socket.on('framesent', ({ payload }) => lines.push(payload));
  });
  await page.evaluate(([url, given]) => {
    window.bell = new Doorbell(url);
    window.stop = new AbortController();
    bell.wait(given, {signal: stop.signal}).catch(() => {});
  }, [proxy.url, third]);
  await beginWaits(page, proxy.url, [one, other]);
  await eventually(() => lines.some(line => line.includes(third)), 'it is waited for');
  await page.evaluate('stop.abort()');
  await eventually(() => lines.includes(`forget ${third}`), 'it is forgotten');
  await ringsAll(page, [one, other]);
});

// A WebSocket that comes to nothing: what the proxy does with it.
const MUTE = {
  IsRefused({ socket }) {
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  },
  IsNeverAnswered() {},
  OpensAndSaysNothing({ request, socket }) {
    open(request, socket);
  },
  Echoes({ request, socket }) {
    open(request, socket);
    socket.once('data', () => socket.write(Buffer.from([0x81, 4, ...Buffer.from('wait')])));
  },
};

function open(request, socket) {
  const proof = request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
    + `Sec-WebSocket-Accept: ${createHash('sha1').update(proof).digest('base64')}\r\n\r\n`);
}

for (const [name, behave] of Object.entries(MUTE)) {
  test(`fetchFollowsOnAWebSocketThat${name}`, { skip }, async t => {
    const proxy = await front(t, node, {
      take: asked => asked.road === 'websocket' && (behave(asked), true),
    });
    const page = await openPage(t, browser);
    await page.clock.install();
    const ids = newIds(3);
    await beginWaits(page, proxy.url, ids);
    await eventually(() => proxy.roads().includes('websocket'), 'it is tried');
    if (!['IsRefused', 'Echoes'].includes(name)) {
      await eventually(async () => {
        await page.clock.runFor(500);
        return proxy.roads().includes('fetch');
      }, 'silence ends');
    }
    await hanging(proxy, 'fetch', ids);
    await ringsAll(page, ids);
    assert.equal(await page.evaluate('bell.road'), 'fetch');
    const more = newIds(2);
    await beginWaits(page, proxy.url, more);
    await hanging(proxy, 'fetch', more);
    assert.equal(proxy.roads().filter(road => road === 'websocket').length, 1, 'tried once');
  });
}

test('aWebSocketThatFallsSilentLaterIsLeft', { skip }, async t => {
  const proxy = await front(t, node);
  const page = await openPage(t, browser);
  await page.clock.install();
  const ids = newIds(2);
  await beginWaits(page, proxy.url, ids);
  await hanging(proxy, 'websocket');
  const [{ socket }] = proxy.asked;
  await eventually(() => socket.bytesWritten > 150, 'it has answered');
  socket.unpipe();
  socket.write = () => true; // as a network that forgot the connection
  await ring(ids[0]);
  await eventually(async () => {
    await page.clock.runFor(5000);
    return (await rung(page)).length === 1;
  }, 'another road finds out');
  assert.equal(await page.evaluate('bell.road'), 'fetch');
  await ring(ids[1]);
  await eventually(async () => (await rung(page)).length === 2, 'the other one too');
});

test('aWebSocketThatRefusesAWaitIsLeft', { skip }, async t => {
  const few = await startNode(['--max-waits-per-connection', '3']);
  t.after(() => few.stop());
  const proxy = await front(t, few);
  const page = await openPage(t, browser);
  const ids = newIds(5);
  await beginWaits(page, proxy.url, ids);
  await hanging(proxy, 'fetch', ids);
  await Promise.all(ids.map(id => new Doorbell(few.url).set(id)));
  await eventually(async () => (await rung(page)).length === 5, 'all waits end');
});

test('aScriptFollowsOnAFetchThatIsSilent', { skip }, async t => {
  const proxy = await front(t, node, { take: ({ road }) => road === 'fetch' });
  const page = await openPage(t, browser);
  await page.clock.install();
  const ids = newIds(2);
  await beginWaits(page, proxy.url, ids.slice(0, 1));
  await hanging(proxy, 'fetch');
  await page.clock.runFor(36_000);
  await hanging(proxy, 'script', ids.slice(0, 1));
  await ringsAll(page, ids.slice(0, 1));
  assert.equal(await page.evaluate('bell.road'), 'script');
  await page.evaluate(id => void bell.wait(id).then(id => rung.push(id)), ids[1]);
  await hanging(proxy, 'script', ids.slice(1));
  await ring(ids[1]);
  await eventually(async () => (await rung(page)).length === 2, 'it stays with scripts');
  assert.deepEqual(proxy.roads(), ['fetch', 'script', 'script']);
});

test('fewScriptsHangHoweverManyWaitsBegin', { skip }, async t => {
  const proxy = await front(t, node);
  const page = await openPage(t, browser);
  const ids = newIds(12);
  for (const id of ids) {
    await beginWaits(page, proxy.url, [id], { transport: 'script', hold: 2 });
    if (id === ids[0]) await hanging(proxy, 'script');
  }
  await ringsAll(page, ids);
  assert.ok(proxy.most <= 4, `${proxy.most} at once; the browser has six connections`);
});
