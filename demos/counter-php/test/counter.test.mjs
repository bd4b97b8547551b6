// The demo as its README starts it: 300 HTTP clients and two windows of Chromium wait, and Apache
// has nothing to do; with long polls inside PHP its two workers stall at the third visitor.
// DOORBELL_SCREENSHOT=1 also pictures the two windows in docs/counter-php.png.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, launch, skip as noBrowser } from '../../../js/test/chromium.mjs';
import { picture } from '../../../js/test/pictures.mjs';
import { inOneOf } from '../../../spec/tries.mjs';
import { isRoot, refusesStrangeTargets } from '../../test/targets.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const PICTURE = fileURLToPath(new URL('../../../docs/counter-php.png', import.meta.url));
const WAITERS = 300;
const PAGES = 100;
const LONG_POLL = 3; // seconds, for the README's 20
// On a machine that is busy besides: all have heard of a click; and a page while all of them wait, which
// takes LONG_POLL where no worker is free.
const REACHED_MILLIS = 10_000;
const PAGE_MILLIS = 1_000;
const SET_MILLIS = 900; // A click that takes as long may have lost its set, which has a second.

const noApache = !existsSync('/usr/sbin/apache2')
  && 'no Apache: apt-get install apache2 libapache2-mod-php php-cli php-sqlite3';
const skip = noApache || noBrowser;

function blocks(language) {
  const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(match => match[1] === language).map(match => match[2].trim());
}

function temporaryFolders() {
  return readdirSync(tmpdir()).filter(name => name.startsWith('doorbell-counter-php.'));
}

const agent = new http.Agent({ keepAlive: false, maxSockets: Infinity });

// The head of an answer, and its text, which comes later.
function get(url) {
  const request = http.get(url, { agent });
  return once(request, 'response').then(([response]) => {
    const text = (async () => {
      let text = '';
      for await (const chunk of response) text += chunk;
      return text;
    })();
    return { status: response.statusCode, type: response.headers['content-type'], text };
  });
}

async function page(url) {
  const began = performance.now();
  const answer = await get(url);
  assert.equal(answer.status, 200, url);
  await answer.text;
  return performance.now() - began;
}

function quantile(times, part) {
  const sorted = times.slice().sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

// Sockets of Linux's table that are connected to that port of 127.0.0.1.
function connectionsTo(port) {
  const suffix = ':' + Number(port).toString(16).toUpperCase().padStart(4, '0');
  return ['/proc/net/tcp', '/proc/net/tcp6'].filter(existsSync)
    .flatMap(table => readFileSync(table, 'ascii').split('\n').slice(1))
    .map(line => line.trim().split(/\s+/))
    .filter(([, , remote, state]) => state === '01' && remote.endsWith(suffix)).length;
}

describe('counter-php', { skip, concurrency: 1 }, () => {
  const figures = [];
  let started;
  let foldersBefore;
  let node;
  let app;
  let browser;
  let windows;

  before(async () => {
    foldersBefore = temporaryFolders();
    const [command] = blocks('sh');
    started = spawn('bash', ['-c', `exec ${command}`], {
      cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LONG_POLL },
    });
    started.said = '';
    started.stderr.on('data', data => { started.said += data; });
    for await (const line of createInterface({ input: started.stdout })) {
      node = node || /^doorbell: listening on (http:\S+)$/.exec(line)?.[1];
      app = app || /^counter: open (http:\S+) in two windows$/.exec(line)?.[1];
      if (line.startsWith('workers: ')) break;
    }
    assert.ok(node && app, started.said);
    browser = await launch();
    windows = [await openWindow(), await openWindow()];
  });

  after(async () => {
    if (browser) await browser.close();
    if (started.exitCode === null) process.kill(-started.pid, 'SIGTERM');
  });

  async function openWindow(query = '') {
    const context = await browser.newContext({ viewport: { width: 480, height: 450 } });
    const window = await context.newPage();
    window.waits = new Set();
    window.on('request', request => {
      if (request.url().startsWith(node) && !request.url().endsWith('.js')) {
        window.waits.add(request);
      }
    });
    window.on('requestfinished', request => window.waits.delete(request));
    window.on('requestfailed', request => window.waits.delete(request));
    await window.goto(app + '/' + query);
    return window;
  }

  const shown = async window => Number(await window.locator('#count').textContent());
  const click = window => window.getByRole('button', { name: 'one more' }).click();
  const read = async () => JSON.parse(await (await get(`${app}/count.php`)).text);
  const reach = (window, count) => window.waitForFunction(
    count => Number(document.getElementById('count').textContent) === count, count,
    { timeout: 10_000, polling: 'raf' });

  // A window of which a set was lost begins anew.
  async function settle() {
    const { count } = await read();
    const areSettled = millis => eventually(async () => {
      const counts = await Promise.all(windows.map(shown));
      return counts.every(shown => shown === count)
        && windows.every(window => window.waits.size > 0);
    }, 'both windows show the count and wait', millis);
    await areSettled(REACHED_MILLIS).catch(async () => {
      await Promise.all(windows.map(window => window.reload()));
      await areSettled();
    });
  }

  // What Apache says of its workers; one of them is busy with saying it.
  async function busyWorkers() {
    const text = await (await get(`${app}/server-status?auto`)).text;
    assert.match(text, /^ServerMPM: prefork$/m);
    const [, slots] = /^Scoreboard: (\S+)$/m.exec(text);
    assert.equal(slots.length, 2, 'two workers');
    return Number(/^BusyWorkers: (\d+)$/m.exec(text)[1]) - 1;
  }

  // The one who asked before may still be ending.
  const noWorkerIsBusy = () =>
    eventually(async () => await busyWorkers() === 0, 'no worker is busy', 10_000);

  test('aClickInOneWindowReachesTheOther', async () => {
    for (const [clicked, other] of [windows, windows.slice().reverse()]) {
      const fault = await inOneOf(3, async () => {
        await settle();
        const count = await shown(clicked) + 1;
        await click(clicked);
        await reach(clicked, count);
        return reach(other, count).then(() => null, error => error);
      }, fault => !fault);
      assert.equal(fault, null);
    }
  });

  test('threeHundredWaitAndNoWorkerIsBusy', async t => {
    await settle();
    const { count, doorbell } = await read();
    const waits = Array.from({ length: WAITERS }, () => get(`${node}/${doorbell}`));
    await eventually(() => connectionsTo(new URL(node).port) >= WAITERS + 2, 'all are connected');
    // The last of them may still be on its way: who asks after them is answered after them.
    assert.equal((await get(`${node}/${doorbell}?timeout=0`)).status, 204);
    await noWorkerIsBusy();

    const times = [];
    for (let i = 0; i < PAGES; i++) times.push(await page(app + (i % 2 ? '/count.php' : '/')));
    await noWorkerIsBusy();
    assert.ok(quantile(times, 0.9) < PAGE_MILLIS, `nine pages in ten: ${quantile(times, 0.9)} ms`);
    const most = Math.max(...times).toFixed(1);
    figures.push(`waits at Doorbell: ${WAITERS + windows.length}, busy workers: 0 of 2, a page `
      + `takes ${quantile(times, 0.5).toFixed(1)} ms (median of ${PAGES}; ${most} at most)`);

    const began = performance.now();
    await click(windows[0]);
    await reach(windows[0], count + 1);
    // If the click's set was lost, what it would have told is told all the same.
    await fetch(`${node}/${doorbell}`, { method: 'POST' });
    const answers = await Promise.all(waits);
    const texts = await Promise.all(answers.map(answer => answer.text));
    await reach(windows[1], count + 1);
    const took = performance.now() - began;
    assert.ok(texts.every(text => text === `doorbell("${doorbell}");\n`));
    assert.ok(took < REACHED_MILLIS, `${took} ms`);
    t.diagnostic(`a click reached all ${WAITERS + 2} in ${took.toFixed(0)} ms`);
  });

  test('longPollsInsidePhpStallAtTheThirdVisitor', async t => {
    const { count } = await read();
    await settle();
    const polls = [get(`${app}/poll.php?after=${count}`), get(`${app}/poll.php?after=${count}`)];
    const answers = await Promise.all(polls); // their heads: both are in PHP now
    let ended = 0;
    for (const { text } of answers) text.then(() => ended++);
    const took = await page(app + '/');
    assert.ok(ended > 0, `a page comes after ${took} ms, while both poll`);
    for (const { text } of answers) assert.equal(JSON.parse(await text).count, count);
    figures.push(`long polls inside PHP: 2, busy workers: 2 of 2, a page takes `
      + `${took.toFixed(1)} ms (polls of ${LONG_POLL} s)`);
    for (const figure of figures) t.diagnostic(figure);
  });

  test('theLongPollingPageWorksForOneWindow', async () => {
    const window = await openWindow('?poll');
    const { count } = await read();
    await click(windows[0]);
    await reach(window, count + 1);
    await window.close();
  });

  // The page's dialog: asks for the count, waits for its event, asks again. Resolves with what it was
  // not told of.
  async function follow(last) {
    const lost = [];
    for (;;) {
      const { count, doorbell } = await read();
      if (count === last) return lost;
      assert.ok(count < last);
      const answer = await get(`${node}/${doorbell}?timeout=10`);
      if (answer.status !== 200) lost.push(`${count} was not the last, and nobody said so`);
      await answer.text;
    }
  }

  // The milliseconds that a click takes: PHP sets before it answers.
  async function clickElsewhere() {
    const began = performance.now();
    assert.ok((await fetch(`${app}/count.php`, { method: 'POST' })).ok);
    return performance.now() - began;
  }

  test('noClickIsLost', async () => {
    const { lost } = await inOneOf(3, async () => {
      const last = (await read()).count + 60;
      const followers = Array.from({ length: 3 }, () => follow(last));
      const slowest = Math.max(...await Promise.all(Array.from({ length: 60 }, clickElsewhere)));
      return { slowest, lost: (await Promise.all(followers)).flat() };
    }, ({ slowest, lost }) => lost.length === 0 || slowest < SET_MILLIS);
    assert.deepEqual(lost, []);
    await settle();
  });

  const noPicture = process.env.DOORBELL_SCREENSHOT !== '1' && 'DOORBELL_SCREENSHOT=1 takes it';

  test('pictureOfTheTwoWindows', { skip: noPicture }, async () => {
    await click(windows[0]);
    await settle();
    await picture(browser, windows, PICTURE);
  });

  test('aNodeThatIsSilentCostsAClickASecond', async () => {
    const children = readFileSync(`/proc/${started.pid}/task/${started.pid}/children`, 'ascii');
    const serves = pid =>
      readFileSync(`/proc/${pid}/cmdline`, 'ascii').includes('doorbell.cli.Main');
    const java = Number(children.trim().split(' ').find(serves));
    const { count, doorbell } = await read();
    process.kill(java, 'SIGSTOP');
    try {
      const began = performance.now();
      const answer = await (await fetch(`${app}/count.php`, { method: 'POST' })).json();
      const took = performance.now() - began;
      assert.equal(answer.count, count + 1);
      assert.notEqual(answer.doorbell, doorbell);
      assert.ok(took > 900 && took < 15_000, `${took} ms`); // and a machine that is busy besides
    } finally {
      process.kill(java, 'SIGCONT');
    }
  });

  test('aStrangeTargetIsRefusedAndTheApplicationGoesOn', () =>
    refusesStrangeTargets(`${app}/`, { serves: isRoot }));

  test('theLinesOfTheReadmeAreThoseOfTheApplication', () => {
    const source = readFileSync(new URL('../counter.php', import.meta.url), 'utf8');
    const lines = blocks('php')[0].split('\n').map(line => line.replace(/ +\/\/.*/, ''));
    for (const line of lines.filter(line => line !== '…')) assert.ok(source.includes(line), line);
  });

  test('ctrlCEndsItAndLeavesNothing', { timeout: 30_000 }, async () => {
    const over = once(started, 'close');
    process.kill(-started.pid, 'SIGINT'); // as a terminal does
    assert.deepEqual(await over, [0, null], started.said);
    await assert.rejects(fetch(app));
    await assert.rejects(fetch(node));
    assert.deepEqual(temporaryFolders(), foldersBefore);
    assert.equal(started.said, '');
  });
});
