// The dashboard in Chromium, before a made-up node whose numbers are known. The page's clock stands
// still until a test moves it on, so that a rate is exact. DOORBELL_SCREENSHOT=1 also pictures it in docs/.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, launch, skip } from '../../../../js/test/chromium.mjs';
import { shoot } from '../../../../js/test/pictures.mjs';
import { startAdmin } from './admin.mjs';
import { isReadable, troubles } from './look.mjs';

const NOON = new Date('2026-03-01T12:00:00');
const PAUSE_MILLIS = 2000; // between two looks of the page

let browser;

if (!skip) {
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());
}

async function open(t, options = {}, prepare = () => {}) {
  const { url, node } = await startAdmin(t);
  prepare(node);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  t.after(() => context.close());
  const page = await context.newPage();
  const found = troubles(page);
  await page.clock.install({ time: NOON });
  await page.clock.pauseAt(new Date(NOON.getTime() + 1000));
  await page.goto(url);
  await saysAtLast(page, '#state', /^(ready|not ready)/);
  return { page, node, found };
}

const textOf = (page, place) => page.locator(place).innerText();

function saysAtLast(page, place, pattern) {
  return eventually(async () => pattern.test(await textOf(page, place)), `${place} says ${pattern}`);
}

// What stands in the tile of that name: the number, and what is below.
async function number(page, name) {
  const tile = page.locator('#numbers div').filter({ has: page.getByText(name, { exact: true }) });
  return tile.locator('dd').allInnerTexts();
}

// What the legend of a plot says: {line: value}.
async function legend(page, title) {
  const rows = figure(page, title).locator('.u-legend .u-series');
  return Object.fromEntries(await rows.evaluateAll(all => all.map(row =>
    [row.querySelector('.u-label').textContent, row.querySelector('.u-value').textContent])));
}

function figure(page, title) {
  return page.locator('figure').filter({ has: page.getByRole('heading', { name: title, exact: true }) });
}

// Two seconds pass for the page, and it has looked again.
async function lookAgain(page) {
  const before = await textOf(page, 'time');
  await page.clock.runFor(PAUSE_MILLIS);
  await eventually(async () => await textOf(page, 'time') !== before, 'it looks again');
}

// As a busy node goes on in two seconds.
function goOn(node) {
  node.uptime += 2;
  node.sets.first += 50_000;
  node.sets.already += 400;
  node.wakes += 2_469_134;
  node.refusals[429] += 30;
  node.accepted += 1000;
  node.storeErrors += 1;
  for (const [counts, bound, more] of [[node.toWake, 0.001, 90], [node.toWake, 0.01, 10],
    [node.hold, 60, 100], [node.store, 0.002, 100]]) {
    counts[bound] = (counts[bound] ?? 0) + more;
  }
}

test('theNumbersOfALookAreShownAsPeopleReadThem', { skip }, async t => {
  const { page, found } = await open(t);
  assert.equal(await textOf(page, '#state'), 'ready');
  assert.equal(await textOf(page, '#about'), '0.1.0 · rocksdb · io_uring · up 3 h 12 min');
  assert.deepEqual(await number(page, 'Parked waits'), ['1.2 M', 'of 2.9 M']);
  assert.deepEqual(await number(page, 'Connections'), ['1.2 M', 'of 3 M']);
  assert.deepEqual(await number(page, 'Heap'), ['242 MB', 'of 512 MB']);
  assert.deepEqual(await number(page, 'CPU'), ['12 %', 'of all cores']);
  // Nobody knows a rate yet.
  assert.deepEqual(await number(page, 'Sets'), ['–', '4 M so far']);
  assert.deepEqual(await legend(page, 'Parked waits'),
    { at: '12:00:01', 'HTTP/1.1': '1.2 M', 'HTTP/2': '31 k', WebSocket: '4,200' });
  assert.deepEqual(found, []);
});

test('ratesAndTimesAreOfWhatCameBetweenTwoLooks', { skip }, async t => {
  const { page, node } = await open(t);
  goOn(node);
  await lookAgain(page);
  assert.deepEqual(await number(page, 'Sets'), ['25 k/s', '4.1 M so far']);
  assert.deepEqual(await number(page, 'Wakes'), ['1.2 M/s', '7.7 M so far']);
  assert.deepEqual(await number(page, 'Refusals'), ['15/s', '1,268 so far']);
  assert.deepEqual(await number(page, 'Set to wake, p99'), ['9.5 ms', 'p50 778 µs']);
  const at = '12:00:03';
  assert.deepEqual(await legend(page, 'Sets'), { at, first: '25 k/s', already: '200/s', failed: '0/s' });
  assert.deepEqual(await legend(page, 'Refusals'), { at, 400: '0/s', 429: '15/s', 503: '0/s' });
  assert.deepEqual(await legend(page, 'Hold'), { at, p50: '35 s', p99: '60 s' });
  assert.deepEqual(await legend(page, 'Store'), { at, p50: '1.5 ms', p99: '2 ms' });
  assert.deepEqual(await legend(page, 'Store’s queue'),
    { at, 'sets not stored yet': '12', 'errors, in 1 s': '0.5' });
  assert.deepEqual(await legend(page, 'Loop lag'), { at, 'loop 0': '100 µs', 'loop 1': '300 µs' });
  assert.deepEqual(await legend(page, 'Connections'), { at, open: '1.2 M', 'new, in 1 s': '500' });
  assert.deepEqual(await legend(page, 'Heap'), { at, used: '242 MB' });
  assert.deepEqual(await legend(page, 'Buffered for clients'), { at, bytes: '3 MB' });
  assert.deepEqual(await legend(page, 'Open files'), { at, open: '1.2 M' });
  assert.deepEqual(await legend(page, 'CPU'), { at, process: '12 %' });
});

// In a window of one column, where a look has more than a pixel.
test('aPlotHasEachLookAndDrawsIt', { skip }, async t => {
  const { page, node } = await open(t, { viewport: { width: 540, height: 800 } });
  for (const waits of [200_000, 900_000, 400_000]) {
    node.parked = { http1: waits };
    await lookAgain(page);
  }
  const plot = figure(page, 'Parked waits');
  const colour = await plot.locator('.u-marker').nth(1).evaluate(marker => getComputedStyle(marker).borderColor);
  const pixels = await plot.locator('canvas').evaluate((canvas, colour) => {
    const wanted = colour.match(/\d+/g).slice(0, 3).map(Number);
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let i = 0; i < data.length; i += 4) found += wanted.every((part, j) => Math.abs(part - data[i + j]) < 40);
    return found;
  }, colour);
  assert.ok(pixels > 10, `${pixels} pixels of the line`);
  // The newest stand at the right end; the mouse goes back from there.
  const box = await plot.locator('.u-over').boundingBox();
  const seen = new Set();
  for (let left = 0; left < 12; left++) {
    await page.mouse.move(box.x + box.width - left, box.y + 20);
    seen.add((await legend(page, 'Parked waits'))['HTTP/1.1']);
  }
  for (const waits of ['400 k', '900 k', '200 k']) assert.ok(seen.has(waits), `${waits} in ${[...seen]}`);
});

test('aRestartGivesNoNegativeRate', { skip }, async t => {
  const { page, node } = await open(t);
  goOn(node);
  await lookAgain(page);
  Object.assign(node, { uptime: 1, sets: { first: 100 }, wakes: 40, refusals: {}, toWake: { 0.005: 4 } });
  await lookAgain(page);
  assert.deepEqual(await number(page, 'Sets'), ['100/s', '100 so far']);
  assert.deepEqual(await number(page, 'Wakes'), ['40/s', '40 so far']);
  assert.deepEqual(await number(page, 'Refusals'), ['–', '– so far']);
  assert.match(await textOf(page, '#about'), / up 1 s$/);
  assert.doesNotMatch(await page.locator('body').innerText(), /[-−]\d/);
});

test('aLostNodeIsToldOfAndComesBackByItself', { skip }, async t => {
  const { page, node, found } = await open(t);
  goOn(node);
  await lookAgain(page);
  node.isGone = true;
  await page.clock.runFor(PAUSE_MILLIS);
  await saysAtLast(page, '#state', /^no answer since 12:00:03/);
  assert.match(await page.title(), /^no answer/);
  await isReadable(page);
  node.isGone = false;
  goOn(node);
  await page.clock.runFor(PAUSE_MILLIS);
  await saysAtLast(page, '#state', /^ready$/);
  assert.equal(await page.title(), 'Doorbell');
  // Over the four seconds since the last answer.
  assert.deepEqual(await number(page, 'Sets'), ['13 k/s', '4.1 M so far']);
  assert.deepEqual(found, []);
});

test('aNodeThatIsNotReadySaysWhy', { skip }, async t => {
  const { page, node } = await open(t);
  node.ready = 'the store is not reachable: disk full\n';
  await lookAgain(page);
  await saysAtLast(page, '#state', /^not ready: the store is not reachable: disk full$/);
  assert.match(await page.title(), /^not ready/);
  node.ready = '';
  await lookAgain(page);
  await saysAtLast(page, '#state', /^ready$/);
});

test('aNodeThatSaysLittleIsShownAsFarAsItGoes', { skip }, async t => {
  const { page, node, found } = await open(t);
  Object.assign(node, { parked: {}, sets: {}, refusals: {}, lags: [], heap: {}, cpu: -1 });
  await lookAgain(page);
  assert.deepEqual(await number(page, 'Parked waits'), ['–', 'of 2.9 M']);
  assert.deepEqual(await number(page, 'Heap'), ['–', '']);
  assert.deepEqual(await number(page, 'CPU'), ['–', 'of all cores']);
  await page.reload();
  await saysAtLast(page, '#state', /^ready$/);
  await lookAgain(page);
  assert.deepEqual(await number(page, 'Sets'), ['–', '– so far']);
  assert.deepEqual(found, []);
});

for (const colorScheme of ['light', 'dark']) {
  for (const [where, width] of [['OnADesktop', 1440], ['OnAPhone', 360]]) {
    test(`everythingIsReadable${where}When${colorScheme}`, { skip }, async t => {
      const { page, node } = await open(t, { colorScheme, viewport: { width, height: 800 } });
      goOn(node);
      await lookAgain(page);
      await isReadable(page);
      node.ready = 'draining, and this sentence is as long as one that a node says at worst';
      await lookAgain(page);
      await isReadable(page);
      await page.setViewportSize({ width: 320, height: 600 });
      await eventually(async () => await page.evaluate(() =>
        document.documentElement.scrollWidth <= innerWidth), 'plots follow the window');
    });
  }
}

test('aChangeOfTheColoursIsFollowed', { skip }, async t => {
  const { page } = await open(t, { colorScheme: 'light' });
  const colour = () => figure(page, 'Wakes').locator('.u-marker').nth(1)
    .evaluate(marker => getComputedStyle(marker).borderColor);
  const light = await colour();
  await page.emulateMedia({ colorScheme: 'dark' });
  await eventually(async () => await colour() !== light, 'lines of another colour');
});

const noPicture = process.env.DOORBELL_SCREENSHOT !== '1' && 'DOORBELL_SCREENSHOT=1 takes it';

for (const [name, options] of [
  ['dashboard', { colorScheme: 'light', viewport: { width: 1280, height: 850 } }],
  ['dashboard-phone', { colorScheme: 'dark', viewport: { width: 390, height: 844 } }],
]) {
  test(`pictureOf-${name}`, { skip: skip || noPicture }, async t => {
    const { page, node } = await open(t, options, node => liveOn(node, 0));
    // Ten minutes of a day's load: it rises and falls, and a release wakes everybody once.
    for (let i = 1; i < 300; i++) {
      liveOn(node, i);
      await lookAgain(page);
    }
    const path = fileURLToPath(new URL(`../../../../docs/${name}.png`, import.meta.url));
    await shoot(page, path);
  });
}

// Two seconds of load; no chance in it, so that a picture is the same again.
function liveOn(node, i) {
  const wave = Math.sin(i / 40) + 0.3 * Math.sin(i / 7) + 0.1 * Math.sin(i * 1.7);
  const release = i > 190 && i < 200 ? 12 : 1;
  const sets = Math.round(1800 * (1.5 + wave) * (1 + 0.2 * Math.sin(i * 2.3)));
  node.uptime += 2;
  node.parked = { http1: Math.round(84_000 + 16_000 * wave), http2: Math.round(31_000 + 4000 * wave),
    websocket: Math.round(22_000 + 3000 * Math.sin(i / 25)) };
  node.connections = node.parked.http1 + Math.round(9000 + 900 * wave);
  node.accepted += Math.round(600 + 100 * wave);
  node.sets = { first: node.sets.first + sets, already: node.sets.already + Math.round(sets / 20), failed: 2 };
  node.wakes += Math.round(sets * 3 * release);
  node.refusals[429] += i % 50 < 5 ? 40 : 0;
  node.refusals[400] += i % 9 ? 0 : 3;
  const slow = release > 1 ? 400 : 14 + 3 * Math.sin(i / 5) + 2 * Math.sin(i);
  for (const [counts, parts] of [[node.toWake, { 0.0005: 700, 0.001: 200 + 40 * wave, 0.005: slow }],
    [node.store, { 0.001: 100, 0.002: 500 + 60 * wave, 0.005: 60, 0.01: 6 + slow / 20 }],
    [node.hold, { 1: 40, 10: 120 + 30 * wave, 60: 500 }]]) {
    for (const [bound, more] of Object.entries(parts)) counts[bound] = (counts[bound] ?? 0) + Math.round(more);
  }
  node.queue = Math.round(14 + 9 * wave + (release > 1 ? 60 : 0));
  node.lags = [0.00008, 0.00011].map((lag, loop) => lag * (1.6 + wave / 3 + 0.3 * Math.sin(i + loop)) * (release / 4 + 1));
  node.heap.Eden[0] = (40 + (i * 7) % 60) * 2 ** 20;
  node.heap.Tenured[0] = (120 + 8 * wave) * 2 ** 20;
  node.buffered = Math.round((1.4 + 0.4 * wave) * release / 2 * 2 ** 20);
  node.files = node.connections + 180;
  node.cpu = 0.18 + 0.06 * wave + (release > 1 ? 0.3 : 0);
}
