// doDeferredOnDoorbell in Chromium: a page of 2009 against a real node, and against ones that fail.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import { inOneOf } from '../../spec/tries.mjs';
import { eventually, launch, skip } from './chromium.mjs';
import { fake, reply } from './fake.mjs';
import { startNode } from './node.mjs';

const SCRIPT = readFileSync(new URL('../deferred.js', import.meta.url), 'utf8');

// As much of a Deferred as the script is to know: it notes what it is called with.
const STAND_IN = `
  var log = [];
  function Deferred(name) { this.name = name; this.fired = -1; }
  Deferred.prototype.callback = function (id) {
    this.fired = 0;
    log.push([this.name, id]);
    if (this.name === 'throws') throw new Error('of a callback');
  };
  Deferred.prototype.errback = function (e) {
    this.fired = 1;
    log.push([this.name, String(e)]);
  };
  Deferred.prototype.cancel = function () { this.fired = 1; };
`;

let node;
let browser;

async function openPage(t, url, { html = '' } = {}) {
  const server = await fake(t, (request, response) => request.url === '/'
    ? reply(response, 200, `<!doctype html><script>${STAND_IN}${SCRIPT}
        doDeferredOnDoorbell.node = '${url}/';</script>${html}`, { 'Content-Type': 'text/html' })
    : reply(response, 404));
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  page.asked = [];
  page.errors = [];
  page.on('request', request => {
    if (request.url().startsWith(url)) page.asked.push(new URL(request.url()));
  });
  page.on('pageerror', error => page.errors.push(error.message));
  await page.goto(server.url);
  return page;
}

// Begins to wait for each id, by Deferreds named a, b, …
function wait(page, ...ids) {
  return page.evaluate(ids => ids.forEach((id, i) =>
    doDeferredOnDoorbell(new Deferred('abcdefghij'[i] || `d${i}`), id)), ids);
}

function logs(page, expected) {
  return page.waitForFunction(n => log.length >= n, expected.length)
    .then(async () => assert.deepEqual(await page.evaluate('log'), expected));
}

const waitsFor = (page, id, count = 1) =>
  eventually(() => page.asked.filter(({ pathname }) => pathname.includes(id)).length >= count,
    `waits for ${id}`);

function ring(id) {
  return new Doorbell(node.url).set(id);
}

// Has chance be so, and the pauses pass at once; resolves with what gives them, in ms.
async function noted(page, chance) {
  await page.evaluate(chance => {
    window.pauses = [];
    Math.random = () => chance;
    const real = setTimeout;
    // The limits of requests are beyond 12 s.
    window.setTimeout = (call, millis) => {
      if (call.name === 'look') pauses.push(millis);
      return real(call, millis < 12_000 ? 0 : millis);
    };
  }, chance);
  // The first look follows the call itself, the last one the event.
  return async () => (await page.evaluate('pauses')).slice(1, -1);
}

// A node's script, as the test says which ids are set.
function calls(response, ...ids) {
  const text = ids.map(id => `doorbell(${id});\n`).join('');
  reply(response, 200, text, { 'Content-Type': 'text/javascript' });
}

describe('deferred', { skip }, () => {
  before(async () => {
    node = await startNode();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await node?.stop();
  });

  test('aDeferredIsCalledBackWithTheIdAsText', async t => {
    const page = await openPage(t, node.url);
    const id = Doorbell.newId();
    await wait(page, id);
    await waitsFor(page, id);
    await ring(id);
    await logs(page, [['a', id]]);
  });

  test('noDigitOfAnIdIsLost', async t => {
    const page = await openPage(t, node.url);
    const ids = ['9007199254740993', '340282366920938463463374607431768211455', '007', '22482',
      '550E8400-e29b-41d4-a716-446655440000'];
    for (const id of ids) await ring(id);
    await wait(page, ...ids);
    await page.waitForFunction(() => log.length === 5);
    assert.deepEqual((await page.evaluate('log')).sort(), ids.map((id, i) => ['abcde'[i], id]));
  });

  test('aPromiseIsResolvedToo', async t => {
    const page = await openPage(t, node.url);
    const id = Doorbell.newId();
    const rung = page.evaluate(id => new Promise((resolve, reject) =>
      doDeferredOnDoorbell({ resolve, reject }, id)), id);
    await waitsFor(page, id);
    await ring(id);
    assert.equal(await rung, id);
    assert.match(await page.evaluate(() => new Promise((resolve, reject) =>
      doDeferredOnDoorbell({ resolve, reject }, 'abc')).catch(String)), /abc is not a valid event id/);
    assert.match(await page.evaluate(() => {
      try {
        doDeferredOnDoorbell({}, '5');
      } catch (error) {
        return String(error);
      }
    }), /^TypeError: no Deferred/);
  });

  test('aMalformedIdGoesToTheErrbackWithoutARequest', async t => {
    const page = await openPage(t, node.url);
    const ids = ['abc', '', '-1', '1,2', '340282366920938463463374607431768211456', 2 ** 53, -1, 0.5,
      null, undefined, true, false, NaN, {}, [], ['1']];
    await wait(page, ...ids);
    const log = await page.evaluate('log');
    assert.equal(log.length, ids.length);
    for (const [, what] of log) {
      assert.match(what, /^TypeError: .+ is not a valid event id: did the answer name one\?$/);
    }
    assert.equal(page.asked.length, 0);
  });

  test('aPageThatExtendsAllObjectsIsCalledToo', async t => {
    const page = await openPage(t, node.url);
    const ids = Array.from({ length: 3 }, () => Doorbell.newId());
    await page.evaluate(ids => {
      Object.prototype.each = function () {};
      Object.prototype.toJSON2 = 'text';
      Object.prototype[ids[1]] = [];
      Array.prototype.remove = function () {};
    }, ids);
    await wait(page, ...ids);
    await waitsFor(page, ids[2]);
    for (const id of ids) await ring(id);
    await page.waitForFunction(() => log.length === 3);
    const log = await page.evaluate(() => log.map(([name, id]) => `${name} ${id}`).sort());
    assert.deepEqual(log, ids.map((id, i) => `${'abc'[i]} ${id}`));
    assert.deepEqual(page.errors, []);
  });

  test('whatBeginsTogetherIsAskedTogether', async t => {
    const page = await openPage(t, node.url);
    const ids = Array.from({ length: 100 }, () => Doorbell.newId());
    await wait(page, ...ids);
    await waitsFor(page, ids[99]);
    assert.deepEqual(page.asked.map(({ pathname }) => pathname.split(',').length), [64, 36]);
    await Promise.all([ids[0], ids[99]].map(ring));
    await page.waitForFunction(() => log.length === 2);
    const log = await page.evaluate('log');
    assert.deepEqual(log.map(([, id]) => id).sort(), [ids[0], ids[99]].sort());
    await eventually(() => page.asked.length >= 4, 'the others are asked for again');
  });

  test('twoDeferredsOfOneIdShareAScript', async t => {
    const page = await openPage(t, node.url);
    const id = Doorbell.newId();
    await wait(page, id, id);
    await waitsFor(page, id);
    await ring(id);
    await logs(page, [['a', id], ['b', id]]);
    assert.equal(page.asked.length, 1);
  });

  test('twoWindowsWithOneIdAreBothCalledAtOnce', async t => {
    const id = Doorbell.newId();
    const pages = [await openPage(t, node.url), await openPage(t, node.url)];
    const twin = await pages[0].context().newPage();
    await twin.goto(pages[0].url());
    for (const page of [...pages, twin]) await wait(page, id);
    for (const page of pages) await waitsFor(page, id);
    await ring(id);
    for (const page of [...pages, twin]) await logs(page, [['a', id]]);
    for (const page of pages) assert.equal(page.asked.length, 1, 'no window had to ask again');
    assert.ok(pages[0].asked[0].searchParams.get('_') !== pages[1].asked[0].searchParams.get('_'));
  });

  test('aCallbackThatThrowsKeepsNoOtherFromBeingCalled', async t => {
    const page = await openPage(t, node.url);
    const id = Doorbell.newId();
    await ring(id);
    await page.evaluate(id => ['throws', 'other'].forEach(name =>
      doDeferredOnDoorbell(new Deferred(name), id)), id);
    await logs(page, [['throws', id], ['other', id]]);
    await eventually(() => page.errors.length === 1, 'the error is told');
    assert.deepEqual(page.errors, ['of a callback']);
  });

  test('theDoorbellOfThePageIsCalledToo', async t => {
    const page = await openPage(t, node.url);
    const id = Doorbell.newId();
    await page.evaluate(script => {
      window.own = [];
      window.doorbell = id => own.push(String(id));
      const node = doDeferredOnDoorbell.node;
      (0, eval)(script);
      doDeferredOnDoorbell.node = node;
    }, SCRIPT);
    await ring(id);
    await wait(page, id);
    await logs(page, [['a', id]]);
    assert.deepEqual(await page.evaluate('own'), [id]);
  });

  test('waitingDoesNotHoldTheLoadEvent', async t => {
    const id = Doorbell.newId();
    const html = `<script>doDeferredOnDoorbell(new Deferred('a'), '${id}');</script>`;
    const page = await openPage(t, node.url, { html }); // returns after the load event
    await waitsFor(page, id);
    await ring(id);
    await logs(page, [['a', id]]);
  });

  test('aScriptThatCallsNobodyIsAskedAgain', async t => {
    const bell = await fake(t, (request, response, n) => {
      if (n === 1) setTimeout(() => reply(response, 204), 1200); // held, then "not yet"
      else calls(response, '5');
    });
    const page = await openPage(t, bell.url);
    await wait(page, 5);
    await logs(page, [['a', '5']]);
    const [first, second] = bell.requests;
    assert.notEqual(first.query.get('_'), second.query.get('_'));
    const seconds = Number(first.query.get('timeout'));
    assert.ok(seconds >= 20 && seconds <= 25, String(seconds));
    assert.equal(await page.evaluate('document.scripts.length'), 1, 'no element is left');
  });

  test('failuresAreFollowedByGrowingPauses', async t => {
    const bell = await fake(t, (request, response, n) => {
      // A browser may repeat a GET by itself whose connection breaks.
      if (n === 1) reply(response, 500);
      else if (n === 2) reply(response, 503);
      else if (n === 3) reply(response, 204); // at once: the node is going away
      else calls(response, '5');
    });
    for (const [chance, pauses] of [[0.75, [750, 1500, 3000]], [0, [0, 0, 0]]]) {
      // A busy machine's 204 may be late, as if it was held.
      const made = await inOneOf(3, async () => {
        bell.requests.length = 0;
        const page = await openPage(t, bell.url);
        const made = await noted(page, chance);
        await wait(page, '5');
        await logs(page, [['a', '5']]);
        return made();
      }, made => `${made}` === `${pauses}`);
      assert.deepEqual(made, pauses);
    }
  });

  test('aCallForSomeLeavesTheOthersWaiting', async t => {
    const bell = await fake(t, (request, response, n) => {
      if (n === 1) calls(response, '5');
      else calls(response, '"007"');
    });
    const page = await openPage(t, bell.url);
    await wait(page, '5', '007');
    await logs(page, [['a', '5'], ['b', '007']]);
    assert.deepEqual(bell.requests.map(request => request.path), ['/5,007', '/007']);
  });

  test('aCancelledDeferredIsNoLongerAskedFor', async t => {
    let ends;
    const bell = await fake(t, (request, response, n) => {
      if (n === 1) ends = () => reply(response, 503);
      else calls(response, '6');
    });
    const page = await openPage(t, bell.url);
    await page.evaluate(() => {
      window.gone = doDeferredOnDoorbell(new Deferred('gone'), '5');
      doDeferredOnDoorbell(new Deferred('kept'), '6');
    });
    await bell.asked();
    await page.evaluate('gone.cancel()');
    ends();
    await logs(page, [['kept', '6']]);
    assert.equal(bell.requests[1].path, '/6');
  });

  test('atMostFourScriptsHangAndTheFifthHasItsTurn', async t => {
    const held = [];
    const bell = await fake(t, (request, response, n) => {
      if (n <= 4) held.push(() => reply(response, 503));
      else calls(response, ...new URL(request.url, 'http://fake').pathname.slice(1).split(','));
    });
    const page = await openPage(t, bell.url);
    for (let id = 1; id <= 5; id++) {
      await wait(page, id);
      if (id <= 4) await bell.asked(() => true, id);
    }
    const holds = bell.requests.map(request => Number(request.query.get('timeout')));
    for (const [i, hold] of holds.entries()) assert.ok(hold <= 25 / (i + 1), String(holds));
    held[3]();
    await page.waitForFunction(() => log.some(([, id]) => id === '5'));
    assert.deepEqual(bell.requests[4].path, '/4,5');
  });
});
