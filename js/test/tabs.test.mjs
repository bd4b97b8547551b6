// Tabs of one origin in Chromium, before a real node: one holds the connection for all.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import { eventually, launch, skip } from './chromium.mjs';
import { front } from './front.mjs';
import { startNode } from './node.mjs';
import { openContext, visit } from './pages.mjs';

const TAKEN_OVER_MILLIS = 20_000; // long before a hold of an hour ends

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

// Tabs that each wait for an id of their own; the last one leads, as it was opened last.
async function openTabs(t, count, url, options = {}) {
  const { context, origin } = await openContext(t, browser);
  const tabs = [];
  for (let n = 0; n < count; n++) {
    const page = await visit(await context.newPage(), origin);
    page.id = Doorbell.newId();
    await page.evaluate(([url, id, options]) => {
      window.called = [];
      window.note = id => called.push(id);
      window.bell = new Doorbell(url, {callback: 'note', ...options});
      window.rung = bell.wait(id);
    }, [url, page.id, options]);
    tabs.push(page);
  }
  return tabs;
}

// Resolves when one connection asks for all of these, since there were so many lines.
function asked(proxy, tabs, since) {
  const ids = tabs.map(page => page.id);
  return eventually(() => proxy.asksFor(ids, since), `one connection for ${ids.length}`);
}

async function allRing(tabs) {
  await Promise.all(tabs.map(page => ring(page.id)));
  const rung = await Promise.all(tabs.map(page => page.evaluate(() => rung)));
  assert.deepEqual(rung, tabs.map(page => page.id));
  for (const page of tabs) {
    assert.deepEqual(await page.evaluate('called'), [page.id], 'once, and no other tab\'s');
    assert.deepEqual(page.errors, []);
  }
}

// As when somebody looks at it again.
function wake(page) {
  return page.evaluate(() =>
    void document.dispatchEvent(new Event('visibilitychange', {bubbles: true})));
}

test('tenTabsHoldOneConnection', { skip }, async t => {
  const proxy = await front(t, node);
  const tabs = await openTabs(t, 10, proxy.url);
  await asked(proxy, tabs);
  await eventually(() => proxy.waits.size === 1, 'one connection');
  await allRing(tabs);
  assert.ok(proxy.waits.size <= 1);
  for (const page of tabs) assert.equal(await page.evaluate('bell.road'), 'websocket');
});

test('tenTabsShareARequestByFetch', { skip }, async t => {
  const proxy = await front(t, node);
  const tabs = await openTabs(t, 10, proxy.url, { transport: 'fetch' });
  await asked(proxy, tabs);
  await eventually(() => proxy.waits.size === 1, 'one request');
  await allRing(tabs);
});

test('tabsThatWaitForTheSameShareIt', { skip }, async t => {
  const proxy = await front(t, node);
  const [one, other] = await openTabs(t, 2, proxy.url);
  const id = Doorbell.newId();
  for (const page of [one, other]) await page.evaluate(id => { window.rung = bell.wait(id); }, id);
  await eventually(() => [...proxy.waits].some(wait => wait.ids.includes(id)), 'it is asked for');
  await ring(id);
  for (const page of [one, other]) assert.equal(await page.evaluate('rung'), id);
  assert.deepEqual(await one.evaluate('called'), [id]);
});

test('anotherTabTakesOverLongBeforeAHoldEnds', { skip }, async t => {
  const proxy = await front(t, node);
  const tabs = await openTabs(t, 5, proxy.url, { hold: 3600 });
  await asked(proxy, tabs);
  tabs.unshift(tabs.pop()); // in the order in which they lead
  for (const [how, end] of [
    ['closed', page => page.close()],
    ['gone to another page', page => page.goto('about:blank')],
    ['crashed', async page => {
      const crashed = page.waitForEvent('crash');
      page.goto('chrome://crash').catch(() => {});
      await crashed;
    }],
  ]) {
    const before = proxy.lines.length;
    await end(tabs.shift());
    const began = performance.now();
    await asked(proxy, tabs, before);
    const millis = performance.now() - began;
    assert.ok(millis < TAKEN_OVER_MILLIS, `${how}: taken over after ${millis} ms`);
  }
  await allRing(tabs);
});

test('aSetWhileTheLeadIsPassedOnIsNotLost', { skip }, async t => {
  const proxy = await front(t, node);
  const tabs = await openTabs(t, 6, proxy.url);
  await asked(proxy, tabs);
  tabs.unshift(tabs.pop()); // in the order in which they lead
  while (tabs.length > 1) {
    const closed = tabs.shift().close();
    const rings = tabs.pop();
    const set = ring(rings.id);
    assert.equal(await rings.evaluate('rung'), rings.id);
    await Promise.all([closed, set]);
  }
});

test('aTabThatIsLookedAtTakesTheLead', { skip }, async t => {
  const proxy = await front(t, node);
  const tabs = await openTabs(t, 3, proxy.url);
  await asked(proxy, tabs);
  // The tab that leads sleeps, as hidden ones do.
  const sleeper = await tabs[2].context().newCDPSession(tabs[2]);
  await sleeper.send('Page.setWebLifecycleState', { state: 'frozen' });
  const before = proxy.lines.length;
  await wake(tabs[0]);
  await asked(proxy, tabs.slice(0, 2), before);
  await allRing(tabs.slice(0, 2));
  await sleeper.send('Page.setWebLifecycleState', { state: 'active' });
  await allRing(tabs.slice(2));
});

test('leadsThatAreTakenBackAndForthLoseNothing', { skip }, async t => {
  const proxy = await front(t, node);
  const tabs = await openTabs(t, 3, proxy.url);
  await Promise.all(Array.from({ length: 30 }, (_, n) => tabs[n % 3].evaluate(() => {
    dispatchEvent(new Event('visibilitychange'));
    dispatchEvent(new Event('online'));
  })));
  await asked(proxy, tabs);
  await eventually(() => proxy.waits.size === 1, 'one connection');
  await allRing(tabs);
});

test('aRefusalIsToldToTheTabThatWaits', { skip }, async t => {
  const proxy = await front(t, node, {
    take: ({ road, response }) => road === 'fetch'
      && response.writeHead(403, { 'Access-Control-Allow-Origin': '*' }).end('{"detail":"no entry"}'),
  });
  const { context, origin } = await openContext(t, browser);
  for (const status of [403, 403]) {
    const page = await visit(await context.newPage(), origin);
    const error = await page.evaluate(async ([url, id]) => {
      window.bell = new Doorbell(url, {transport: 'fetch'});
      return bell.wait(id).catch(({message, status}) => ({message, status}));
    }, [proxy.url, Doorbell.newId()]);
    assert.deepEqual(error, { message: 'no entry', status });
  }
  const [first] = context.pages();
  const error = await first.evaluate(id => bell.wait(id).catch(({message, status}) => ({message, status})),
    Doorbell.newId());
  assert.deepEqual(error, { message: 'no entry', status: 403 }, 'by the tab that leads');
});

test('aTabThatGivesUpIsNotAskedForAnyMore', { skip }, async t => {
  const proxy = await front(t, node);
  const tabs = await openTabs(t, 2, proxy.url, { transport: 'fetch' });
  await asked(proxy, tabs);
  const [gone] = tabs;
  await tabs.shift().goto('about:blank');
  const news = Doorbell.newId();
  await tabs[0].evaluate(id => void bell.wait(id), news);
  await eventually(() => [...proxy.waits].some(({ ids }) => ids.includes(news)
    && ids.includes(tabs[0].id) && !ids.includes(gone.id)), 'it is dropped');
  await allRing(tabs);
});

for (const [what, remove] of [
  ['Locks', () => { delete Navigator.prototype.locks; }],
  ['Channels', () => { delete globalThis.BroadcastChannel; }],
  ['PermittedLocks', () => {
    navigator.locks.request = async () => { throw new DOMException('opaque origin', 'SecurityError'); };
  }],
]) {
  test(`without${what}EachTabIsByItself`, { skip }, async t => {
    const proxy = await front(t, node);
    const { context, origin } = await openContext(t, browser);
    await context.addInitScript(remove);
    const pages = [];
    for (let n = 0; n < 2; n++) {
      const page = await visit(await context.newPage(), origin);
      page.id = Doorbell.newId();
      await page.evaluate(([url, id]) => { window.rung = new Doorbell(url).wait(id); },
        [proxy.url, page.id]);
      pages.push(page);
    }
    await eventually(() => proxy.waits.size === 2, 'each asks');
    for (const page of pages) {
      await ring(page.id);
      assert.equal(await page.evaluate('rung'), page.id);
    }
  });
}

for (const type of ['online', 'visibilitychange']) {
  test(`${type}AsksAtOnce`, { skip }, async t => {
    const { context, origin } = await openContext(t, browser);
    const page = await visit(await context.newPage(), origin);
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 1000); // no timer of the page comes to its end
    await context.setOffline(true);
    const id = Doorbell.newId();
    await page.evaluate(([url, id]) => { window.rung = new Doorbell(url).wait(id); }, [node.url, id]);
    await eventually(() => page.asked.some(request => request.failure()), 'it fails, and pauses');
    await ring(id);
    if (type === 'online') {
      await context.setOffline(false);
    } else {
      await context.setOffline(false);
      await wake(page);
    }
    assert.equal(await page.evaluate('rung'), id);
  });
}

// The connection that hangs may be dead.
test('aPageThatWakesAsksAnewWhatHangs', { skip }, async t => {
  const proxy = await front(t, node, { take: ({ road }) => road === 'fetch' && proxy.asked.length === 1 });
  const [page] = await openTabs(t, 1, proxy.url);
  await asked(proxy, [page]);
  const before = proxy.lines.length;
  await wake(page);
  await asked(proxy, [page], before);
  await allRing([page]);
});

test('aPageThatWakesAsksTheApplicationAtOnce', { skip }, async t => {
  const { context, origin } = await openContext(t, browser);
  const page = await visit(await context.newPage(), origin);
  let looks = 0;
  await page.route('**/state', route => route.fulfill(++looks === 1 ? { status: 500 } : { json: {} }));
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 1000); // so that its pause never ends
  await page.evaluate(url => {
    window.answers = window.errors = 0;
    new Doorbell(url).follow('/state', () => { answers++; }, {onError: () => { errors++; }});
  }, node.url);
  await eventually(() => page.evaluate('errors === 1'), 'it pauses');
  await wake(page);
  await eventually(() => page.evaluate('answers === 1'), 'it asks again');
});

test('aPageThatSleptForLongLooksAtTheApplication', { skip }, async t => {
  const { context, origin } = await openContext(t, browser);
  const page = await visit(await context.newPage(), origin);
  await page.route('**/state', route => route.fulfill({ json: { doorbell: '4711' } }));
  await page.clock.install();
  await page.evaluate(url => {
    window.looks = 0;
    new Doorbell(url).follow('/state', () => { looks++; });
  }, node.url);
  await page.waitForFunction('looks === 1');
  await wake(page);
  assert.equal(await page.evaluate('looks'), 1, 'not before five minutes');
  await page.clock.setSystemTime(Date.now() + 301_000); // the clock went on, and timers did not
  assert.equal(await page.evaluate('looks'), 1);
  await wake(page);
  await page.waitForFunction('looks === 2');
});
