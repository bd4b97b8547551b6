// The demo as its README starts it, and two windows of Chromium. The page runs on the stand-in,
// and once more on the real MochiKit where MOCHIKIT_DIR names it.
// DOORBELL_SCREENSHOT=1 also pictures the two windows in docs/counter-mochikit.png.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, launch, skip } from '../../../js/test/chromium.mjs';
import { picture } from '../../../js/test/pictures.mjs';
import { refusesStrangeTargets } from '../../test/targets.mjs';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const PICTURE = `${ROOT}docs/counter-mochikit.png`;
const START_MILLIS = 300_000; // on its first use the launcher builds what it runs
const FOLLOWED_MILLIS = 15_000; // on a busy machine; less than the 20 s after which who waits asks anew

const [, starts, startsReal] = /```sh\n(.*)\n```[^]*```sh\n(.*)\n```/.exec(README);

// What the README says; resolves once it says where to look.
async function startDemo(command, env = {}) {
  const child = spawn('bash', ['-c', `exec ${command}`],
    { cwd: ROOT, env: { ...process.env, MOCHIKIT_DIR: '', DOORBELL_URL: '', ...env } });
  const demo = { child, said: '', exit: once(child, 'close') };
  child.stderr.on('data', data => { demo.said += data; });
  createInterface({ input: child.stdout }).on('line', line => {
    demo.said += `${line}\n`;
    const [, who, url] = /^(doorbell|counter): .*(http:\S+)/.exec(line) || [];
    demo[who] = url;
  });
  await eventually(() => demo.counter || child.exitCode !== null, 'the demo starts', START_MILLIS);
  assert.ok(demo.counter, demo.said);
  demo.end = async signal => {
    child.kill(signal);
    return (await demo.exit)[0];
  };
  return demo;
}

async function openWindow(browser, demo) {
  const context = await browser.newContext({ viewport: { width: 480, height: 520 } });
  const page = await context.newPage();
  page.errors = [];
  page.waits = [];
  page.on('pageerror', error => page.errors.push(error.message));
  page.on('request', request => {
    if (request.url().startsWith(demo.doorbell)) page.waits.push(request);
  });
  await page.goto(demo.counter);
  return page;
}

const countOf = page => page.locator('#count').textContent();

const shows = (page, count, timeout = 10_000) => page.waitForFunction(
  count => document.getElementById('count').textContent === count, String(count), { timeout });

// Both windows wait for what the application names now.
async function settle(demo, windows) {
  const { count, doorbell } = await (await fetch(`${demo.counter}/count`)).json();
  for (const page of windows) {
    await shows(page, count);
    await eventually(() => page.waits.some(wait => wait.url().includes(doorbell)), 'it waits');
  }
  return count;
}

async function eachFollowsTheOther(demo, windows) {
  for (const [clicked, other] of [windows, [...windows].reverse()]) {
    const count = await settle(demo, windows);
    await clicked.getByRole('button', { name: 'one more' }).click();
    await shows(other, count + 1, FOLLOWED_MILLIS);
    await shows(clicked, count + 1, FOLLOWED_MILLIS);
  }
  for (const page of windows) {
    assert.deepEqual(page.errors, []);
    assert.ok(page.waits.every(wait => wait.resourceType() === 'script'));
  }
}

describe('counter-mochikit', { skip }, () => {
  let browser;
  let demo;
  let windows;

  before(async () => {
    browser = await launch();
    demo = await startDemo(starts);
    windows = [await openWindow(browser, demo), await openWindow(browser, demo)];
  });
  after(async () => {
    await browser?.close();
    demo?.child.kill();
  });

  test('eachWindowFollowsTheOtherBeforeItAsksAnew', () => eachFollowsTheOther(demo, windows));

  test('thePageSaysThatAStandInPlaysMochiKit', async () => {
    assert.match(await windows[0].locator('#kit').textContent(), /^Here a stand-in plays MochiKit/);
  });

  test('aPageThatLoadsLaterShowsTheCount', async () => {
    const count = await settle(demo, windows);
    const page = await openWindow(browser, demo);
    await shows(page, count);
    await page.context().close();
  });

  const noPicture = process.env.DOORBELL_SCREENSHOT !== '1' && 'DOORBELL_SCREENSHOT=1 takes it';

  test('pictureOfTheTwoWindows', { skip: noPicture }, async () => {
    await settle(demo, windows);
    await picture(browser, windows, PICTURE);
  });

  const noKit = !process.env.MOCHIKIT_DIR && 'MOCHIKIT_DIR does not name the real MochiKit';

  test('theRealMochiKitDoesTheSame', { skip: noKit }, async t => {
    const real = await startDemo(startsReal.replace(/^MOCHIKIT_DIR=\S+ /, ''),
      { MOCHIKIT_DIR: process.env.MOCHIKIT_DIR });
    t.after(() => real.child.kill());
    const pair = [await openWindow(browser, real), await openWindow(browser, real)];
    await eachFollowsTheOther(real, pair);
    assert.match(await pair[0].locator('#kit').textContent(), /^By MochiKit 1\./);
    assert.equal(await real.end('SIGINT'), 0);
  });

  // The last one: it ends the demo.
  test('ctrlCEndsTheApplicationAndTheNode', async () => {
    assert.ok(Number(await countOf(windows[0])) >= 2);
    assert.equal(await demo.end('SIGINT'), 0, demo.said);
    for (const url of [demo.counter, demo.doorbell]) await assert.rejects(fetch(url), url);
  });
});

test('aStrangeTargetIsRefusedAndTheApplicationGoesOn', { timeout: START_MILLIS }, async t => {
  const demo = await startDemo(starts);
  t.after(() => demo.child.kill());
  await refusesStrangeTargets(demo.counter);
  assert.equal(demo.child.exitCode, null);
});

test('theReadmeShowsLinesOfThePage', () => {
  const page = readFileSync(new URL('../index.html', import.meta.url), 'utf8');
  const [, lines] = /```js\n([^]*?)```/.exec(README);
  assert.equal(lines.trim().split('\n').length, 4);
  for (const line of lines.trim().split('\n')) assert.ok(page.includes(`  ${line}\n`), line);
});

test('aFolderWithoutMochiKitIsAnErrorThatNamesIt', async () => {
  const child = spawn('bash', ['-c', `exec ${starts}`],
    { cwd: ROOT, env: { ...process.env, MOCHIKIT_DIR: '/nowhere' } });
  let said = '';
  child.stderr.on('data', data => { said += data; });
  assert.deepEqual(await once(child, 'close'), [2, null]);
  assert.equal(said, 'counter: there is no MochiKit.js in MOCHIKIT_DIR, /nowhere\n');
});
