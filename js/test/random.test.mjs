// Waits and sets in random order by random roads, while connections break and tabs take the lead.
// DOORBELL_SEED=n repeats a run, as far as the order goes.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import Server from '../server.mjs';
import { eventually, launch, skip } from './chromium.mjs';
import { front } from './front.mjs';
import { startNode } from './node.mjs';
import { openContext, visit } from './pages.mjs';

const WAITS = 100;
const TABS = 4;
const ROADS = ['auto', 'auto', 'auto', 'fetch', 'script', 'websocket', 'node'];

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

// Mulberry32.
function dice(seed) {
  return sides => {
    seed = seed + 0x6D2B79F5 | 0;
    let x = Math.imul(seed ^ seed >>> 15, 1 | seed);
    x = x + Math.imul(x ^ x >>> 7, 61 | x) ^ x;
    return ((x ^ x >>> 14) >>> 0) % sides;
  };
}

function shuffle(list, roll) {
  for (let n = list.length - 1; n > 0; n--) {
    const other = roll(n + 1);
    [list[n], list[other]] = [list[other], list[n]];
  }
  return list;
}

test('aHundredWaitsAndSetsLoseNothingAndAnswerOnce', { skip }, async t => {
  const seed = Number(process.env.DOORBELL_SEED) || randomInt(2 ** 31);
  t.diagnostic(`DOORBELL_SEED=${seed}`);
  const roll = dice(seed);
  const proxy = await front(t, node);
  const { context, origin } = await openContext(t, browser);
  const tabs = await Promise.all(Array.from({ length: TABS }, async () => {
    const page = await visit(await context.newPage(), origin);
    await page.evaluate(url => {
      window.called = [];
      window.rung = [];
      window.note = id => called.push(id);
      window.bell = new Doorbell(url, {callback: 'note', hold: 4});
    }, proxy.url);
    return page;
  }));
  const outside = new Server(proxy.url, { hold: 4 });
  const waits = Array.from({ length: WAITS }, () => ({
    id: Doorbell.newId(),
    road: ROADS[roll(ROADS.length)],
    tab: tabs[roll(TABS)],
  }));
  const results = new Map([...tabs, outside].map(where => [where, []]));
  const begun = [];
  const begin = ({ id, road, tab }) => road === 'node'
    ? begun.push(outside.wait(id).then(id => results.get(outside).push(id)))
    : tab.evaluate(([id, transport]) => void bell.wait(id, {transport}).then(id => rung.push(id)), [id, road]);
  const sets = {
    0: id => tabs[roll(TABS)].evaluate(id => void bell.set(id), id),
    1: id => void begun.push(new Server(node.url).set(id)),
    2: id => void begun.push(new Server(node.url).setAll([id, id])),
    3: id => void begun.push(new Server(proxy.url).set(id), new Server(node.url).set(id)),
  };
  const breaks = () => {
    const open = [...proxy.waits];
    if (open.length) open[roll(open.length)].end.destroy();
  };
  const wakes = () => tabs[roll(TABS)].evaluate(() => void dispatchEvent(new Event('visibilitychange')));
  const steps = shuffle([
    ...waits.map(wait => () => begin(wait)),
    ...waits.map(({ id }) => () => sets[roll(4)](id)),
    ...Array(10).fill(breaks),
    ...Array(10).fill(wakes),
  ], roll);
  for (const step of steps) await step();
  await Promise.all(begun);
  const count = async () => {
    for (const page of tabs) results.set(page, await page.evaluate('rung'));
    return [...results.values()].flat().length;
  };
  await eventually(async () => await count() >= WAITS, 'every wait ends');
  for (const where of [...tabs, outside]) {
    const own = waits.filter(({ road, tab }) => where === (road === 'node' ? outside : tab));
    const ids = own.map(({ id }) => id).sort();
    assert.deepEqual([...results.get(where)].sort(), ids);
    if (where !== outside) {
      // Not for what was known to be set before, by the tab's own set.
      const called = await where.evaluate('called');
      assert.equal(new Set(called).size, called.length, 'once');
      assert.ok(called.every(id => ids.includes(id)), 'and no other tab\'s');
      assert.ok(called.length > 0);
      assert.deepEqual(where.errors, []);
    }
  }
  const taken = new Set(proxy.roads());
  t.diagnostic(`by ${[...taken].join(', ')}; ${proxy.asked.length} requests`);
  assert.deepEqual([...taken].sort(), ['fetch', 'script', 'websocket']);
});
