// The demo as its README starts it, and windows of Chromium and Firefox.
// DOORBELL_SCREENSHOT=1 also pictures two windows in docs/wait-and-set.png.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PATIENCE_MILLIS, eventually } from '../../../js/test/chromium.mjs';
import { SUITE_MILLIS, engines } from '../../../js/test/engines.mjs';
import { picture } from '../../../js/test/pictures.mjs';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const PICTURE = `${ROOT}docs/wait-and-set.png`;
const START_MILLIS = 300_000; // on its first use the launcher builds what it runs
const TOLD_MILLIS = 7500; // before the hold of any transport ends

const [starts, startsForOthers, sets] = [...README.matchAll(/```sh\n(.*)\n```/g)].map(([, sh]) => sh);

// What the README says; resolves once it says where to look.
async function startDemo(command) {
  const child = spawn('bash', ['-c', `exec ${command}`], { cwd: ROOT });
  const demo = { child, said: '', exit: once(child, 'close') };
  child.stderr.on('data', data => { demo.said += data; });
  createInterface({ input: child.stdout }).on('line', line => {
    demo.said += `${line}\n`;
    const [, who, url] = /^(doorbell|wait-and-set): .*(http:\S+)/.exec(line) || [];
    if (who) demo[who === 'doorbell' ? 'node' : 'page'] = url;
  });
  await eventually(() => demo.page || child.exitCode !== null, 'the demo starts', START_MILLIS);
  assert.ok(demo.page, demo.said);
  demo.end = async signal => {
    child.kill(signal);
    return (await demo.exit)[0];
  };
  return demo;
}

// Browsers draw a window that isn't in front once a second only, and Playwright clicks on what it sees.
async function press(page, name) {
  await page.bringToFront();
  await page.getByRole('button', { name, exact: true }).click();
}

const eventOf = page => page.getByLabel('Event').inputValue();

const says = (page, what, timeout = PATIENCE_MILLIS) =>
  page.getByRole('status').filter({ hasText: what }).waitFor({ timeout });

async function openWindow(context, url) {
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

// One that takes an event, and one that has its address.
async function twoWindows(t, browser) {
  const context = await browser.newContext({ viewport: { width: 480, height: 430 } });
  t.after(() => context.close());
  const first = await openWindow(context, demo.page);
  return [first, await openWindow(context, first.url())];
}

let demo;

before(async () => {
  demo = await startDemo(starts);
});
after(() => demo?.child.kill());

for (const { name, skip, launch } of engines) {
  describe(name, { skip, timeout: SUITE_MILLIS }, () => {
    let browser;

    before(async () => {
      browser = await launch();
    });
    after(() => browser?.close());

    test('oneWindowIsToldOfWhatTheOtherSetsAndSaysByWhichTransport', async t => {
      const [waiter, setter] = await twoWindows(t, browser);
      const transports = {
        automatic: /fetch/,
        WebSocket: /a WebSocket/,
        fetch: /fetch/,
        'script element': /a script element/,
      };
      for (const [transport, said] of Object.entries(transports)) {
        await press(waiter, 'New');
        await setter.getByLabel('Event').fill(await eventOf(waiter));
        await waiter.getByLabel('Transport').selectOption(transport);
        await press(waiter, 'Wait');
        await says(waiter, /Waiting, \d+ s/);
        await press(setter, 'Set');
        await says(waiter, /^\s*Set\s*told by .*, after \d+\.\d s\s*$/, TOLD_MILLIS);
        assert.match(await waiter.getByRole('status').textContent(), said);
        await says(setter, 'you did it');
      }
      await press(setter, 'Set');
      await says(setter, 'it was set already');
    });

    if (name !== 'Chromium') return; // what follows is the page's, whatever runs it

    test('theLinkLeadsToTheSameEvent', async t => {
      const [first] = await twoWindows(t, browser);
      assert.match(await eventOf(first), /^\d{30,39}$/);
      const [other] = await Promise.all([
        first.context().waitForEvent('page'),
        first.getByRole('link', { name: 'another window' }).click(),
      ]);
      await says(other, 'Idle');
      assert.equal(await eventOf(other), await eventOf(first));
    });

    test('whatIsNoEventIsSaidSoAndNotWaitedFor', async t => {
      const [page] = await twoWindows(t, browser);
      for (const button of ['Wait', 'Set']) {
        await page.getByLabel('Event').fill('door');
        await press(page, button);
        await page.getByRole('alert').filter({ hasText: 'door is not a valid event id: a number below' }).waitFor();
        await says(page, 'Idle');
      }
      await press(page, 'New');
      assert.equal(await page.locator('#error').textContent(), '');
    });

    test('aWaitThatIsStoppedIsNotToldAndCanBeginAgain', async t => {
      const [waiter, setter] = await twoWindows(t, browser);
      await press(waiter, 'Wait');
      await says(waiter, 'Waiting');
      await press(waiter, 'Stop');
      await says(waiter, 'Idle');
      await press(setter, 'Set');
      await says(setter, 'you did it');
      await says(waiter, 'Idle');
      await press(waiter, 'Wait');
      await says(waiter, 'told by', TOLD_MILLIS);
    });

    test('aShellMayBeTheOtherWindow', async t => {
      const [waiter] = await twoWindows(t, browser);
      await press(waiter, 'Wait');
      await says(waiter, 'Waiting');
      const command = sets.replace('http://127.0.0.1:8080', demo.node)
        .replace('22482', await eventOf(waiter));
      execFileSync('bash', ['-c', command], { stdio: 'ignore' });
      await says(waiter, 'told by', TOLD_MILLIS);
    });

    test('nothingIsWiderThanAPhone', async t => {
      const context = await browser.newContext({ viewport: { width: 320, height: 568 } });
      t.after(() => context.close());
      const page = await context.newPage();
      await page.goto(demo.page);
      await press(page, 'Wait');
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      assert.ok(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight));
    });
  });
}

const noPicture = process.env.DOORBELL_SCREENSHOT !== '1' && 'DOORBELL_SCREENSHOT=1 takes it';

test('pictureOfTheTwoWindows', { skip: noPicture }, async t => {
  const browser = await engines[0].launch();
  t.after(() => browser.close());
  const windows = await twoWindows(t, browser);
  await press(windows[0], 'Wait');
  await says(windows[0], 'Waiting, 2 s');
  await press(windows[1], 'Set');
  await says(windows[0], 'told by');
  await picture(browser, windows, PICTURE);
});

test('theReadmeShowsLinesOfThePage', () => {
  const page = readFileSync(new URL('../index.html', import.meta.url), 'utf8');
  const lines = /```js\n([^]*?)```/.exec(README)[1].trim().split('\n');
  assert.equal(lines.length, 3);
  for (const line of lines) assert.ok(page.includes(` ${line}\n`), line);
});

test('anotherAddressOfThisMachineServesOtherDevices', async t => {
  const others = await startDemo(startsForOthers.replace('192.168.1.20', '127.0.0.2'));
  t.after(() => others.child.kill());
  assert.equal(new URL(others.page).hostname, '127.0.0.2');
  const page = await (await fetch(others.page)).text();
  assert.ok(page.includes(`<script src="${others.node}/doorbell.js">`));
  assert.equal((await fetch(`${others.node}/doorbell.js`)).status, 200);
  assert.equal(await others.end('SIGTERM'), 0);
});

test('anAddressThatIsNotThisMachinesIsAnErrorThatNamesIt', async () => {
  const child = spawn(`${ROOT}demos/wait-and-set/start`, ['192.0.2.1']);
  let said = '';
  child.stderr.on('data', data => { said += data; });
  assert.deepEqual(await once(child, 'close'), [2, null]);
  assert.match(said, /^wait-and-set: .*192\.0\.2\.1/);
});

// The last one: it ends the demo.
test('ctrlCEndsThePageAndTheNode', async () => {
  assert.equal(await demo.end('SIGINT'), 0, demo.said);
  for (const url of [demo.page, demo.node]) await assert.rejects(fetch(url), url);
});
