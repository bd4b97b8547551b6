// The demo in Chromium: two windows share a counter, and the application holds no connection.
// DOORBELL_SCREENSHOT=1 also pictures the two windows in docs/counter.png.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, launch, skip } from './chromium.mjs';
import { startDemo } from './node.mjs';
import { picture } from './pictures.mjs';

const PICTURE = fileURLToPath(new URL('../../docs/counter.png', import.meta.url));
const TCP_TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
const ESTABLISHED = '01';
const FOLLOWED_MILLIS = 7500; // before the hold of a script ends
// Browsers keep an idle connection for another request; a server may close it, sooner or later.
const IDLE_MILLIS = 90_000;

let demo;
let browser;
let windows;

if (!skip) {
  before(async () => {
    demo = await startDemo();
    browser = await launch();
    windows = [await openWindow(), await openWindow()];
  });
  after(async () => {
    if (browser) await browser.close();
    if (demo) await demo.stop();
  });
}

async function openWindow() {
  const context = await browser.newContext({ viewport: { width: 480, height: 520 } });
  const page = await context.newPage();
  page.asked = []; // every wait
  page.waits = new Set(); // those that hang
  page.on('request', request => {
    if (!request.url().startsWith(demo.url) || request.url().endsWith('.js')) return;
    page.asked.push(request);
    page.waits.add(request);
  });
  page.on('requestfinished', request => page.waits.delete(request));
  page.on('requestfailed', request => page.waits.delete(request));
  await page.goto(demo.app);
  return page;
}

// Both windows show the same number, and each has a wait on its way.
async function settle() {
  await eventually(async () => {
    const [one, other] = await Promise.all(windows.map(count));
    return one === other && windows.every(page => page.waits.size > 0);
  }, 'both windows wait');
}

async function count(page) {
  const text = await page.locator('#count').textContent();
  return /^\s*\d+\s*$/.test(text) ? Number(text) : NaN;
}

// Until the application has answered: a click that is on its way must not be made again.
async function click(page) {
  await Promise.all([
    page.waitForResponse(response => response.request().method() === 'POST'),
    page.getByRole('button', { name: /one more|\+1/i }).click(),
  ]);
}

async function follows(clicked, other) {
  await settle();
  const expected = await count(clicked) + 1;
  await click(clicked);
  await other.waitForFunction(
    expected => Number(document.getElementById('count').textContent) >= expected,
    expected, { timeout: FOLLOWED_MILLIS, polling: 'raf' });
  await settle();
  assert.equal(await count(clicked), expected);
  assert.equal(await count(other), expected);
}

// Once more for a machine that was busy with something else.
function followsNowOrOnceMore(clicked, other) {
  return follows(clicked, other).catch(() => follows(clicked, other));
}

test('eachWindowFollowsTheOtherBeforeAHoldEnds', { skip }, async () => {
  const [left, right] = windows;
  await followsNowOrOnceMore(left, right);
  await followsNowOrOnceMore(right, left);
});

test('thePageWaitsByAScriptFromAnotherOrigin', { skip }, async () => {
  await settle();
  assert.notEqual(new URL(demo.url).origin, new URL(demo.app).origin);
  for (const page of windows) {
    for (const wait of page.asked) assert.equal(wait.resourceType(), 'script');
  }
});

test('theAnswerNamesTheCountAndItsEvent', { skip }, async () => {
  const before = await (await fetch(`${demo.app}/count`)).json();
  assert.equal(typeof before.count, 'number');
  assert.match(before.doorbell, /[0-9a-f]$/i);
  assert.ok((await fetch(`${demo.app}/count`, { method: 'POST' })).ok);
  const now = await (await fetch(`${demo.app}/count`)).json();
  assert.equal(now.count, before.count + 1);
  assert.notEqual(now.doorbell, before.doorbell);
  for (const page of windows) {
    await page.waitForFunction(n =>
      Number(document.getElementById('count').textContent) === n, now.count);
  }
});

const noTables = !existsSync(TCP_TABLES[0]) && 'the connections are read from Linux /proc/net/tcp';

test('theApplicationHoldsNoConnectionWhilePagesWait', { skip: skip || noTables }, async () => {
  await settle();
  await eventually(() => connectionsOf(new URL(demo.app).port) === 0,
    'no connection to the application', IDLE_MILLIS);
  assert.ok(connectionsOf(new URL(demo.url).port) >= 2, 'the node holds the waits');
  assert.ok(windows.every(page => page.waits.size > 0), 'and the pages still wait');
});

// Established TCP connections with that port of the server's at one end.
function connectionsOf(port) {
  const suffix = ':' + Number(port).toString(16).toUpperCase().padStart(4, '0');
  let connections = 0;
  for (const table of TCP_TABLES.filter(existsSync)) {
    for (const line of readFileSync(table, 'ascii').split('\n').slice(1)) {
      const [, local, remote, state] = line.trim().split(/\s+/);
      if (state !== ESTABLISHED) continue;
      if (local.endsWith(suffix) || remote.endsWith(suffix)) connections++;
    }
  }
  return connections;
}

const noPicture = process.env.DOORBELL_SCREENSHOT !== '1' && 'DOORBELL_SCREENSHOT=1 takes it';

test('pictureOfTheTwoWindows', { skip: skip || noPicture }, async () => {
  await settle();
  await picture(browser, windows, PICTURE);
});
