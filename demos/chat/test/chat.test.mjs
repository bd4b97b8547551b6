// The chat as its README starts it, with each back end: by its answers, by two Chromium windows, and
// by 200 readers. DOORBELL_SCREENSHOT=1 also makes docs/chat.png and docs/chat-rate.svg.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, launch, skip } from '../../../js/test/chromium.mjs';
import { picture } from '../../../js/test/pictures.mjs';
import { refusesStrangeTargets } from '../../test/targets.mjs';
import { plot } from './plot.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const README = readFileSync(`${root}demos/chat/README.md`, 'utf8');
const BACK_ENDS = ['python', 'php'];
const READERS = 200;
const SPREAD = 2; // seconds
const RATE_LIMIT = 40; // requests before their turn; with this spread there are 10 in 100 ms
const PICTURES = process.env.DOORBELL_SCREENSHOT === '1';
const LONG = 60_000; // milliseconds, for a machine that is busy with something else
const SOON = { timeout: LONG };

/** A port below those that systems give away, so that nobody takes it while its node is away. */
async function quietPort() {
  for (;;) {
    const server = net.createServer().listen(20_000 + Math.floor(Math.random() * 12_000), '127.0.0.1');
    const port = await Promise.race([
      once(server, 'listening').then(() => server.address().port, () => 0),
      once(server, 'error').then(() => 0, () => 0),
    ]);
    if (port) return once(server.close(), 'close').then(() => port);
  }
}

/** Starts the README's command on free ports; stop() is its Ctrl-C. */
async function start(backEnd, env = {}) {
  const nodePort = await quietPort();
  const [, command] = new RegExp(`^(demos/chat/run ${backEnd})$`, 'm').exec(README);
  const temporary = mkdtempSync(join(tmpdir(), 'doorbell-chat-'));
  const child = spawn('sh', ['-c', `exec ${command} 0 ${nodePort}`], {
    cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary, ...env },
  });
  const exit = once(child, 'close');
  let said = '';
  child.stderr.on('data', data => { said += data; });
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([once(lines, 'line'), exit.then(() => assert.fail(said))]);
  const [, app, node] = /^chat: open (\S+) in two windows; the node is (\S+)$/.exec(line);
  return {
    app, node, temporary, pid: child.pid,
    async stop() {
      process.kill(-child.pid, 'SIGINT');
      const [code] = await exit;
      const left = readdirSync(temporary);
      rmSync(temporary, { recursive: true });
      return { code, left };
    },
  };
}

async function ask(app, since, said) {
  const init = said && { method: 'POST', body: new URLSearchParams(said) };
  const response = await fetch(`${app}/messages?since=${since}`, init);
  const answer = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  return { ...answer, event: response.headers.get('Doorbell-Wait').split('/').pop() };
}

const say = (app, text, since = 0) => ask(app, since, { who: 'Desk', text });

async function isSet(node, event) {
  return (await fetch(`${node}/${event}?timeout=0`)).status === 200;
}

/**
 * Waits until it is set. "Not yet" isn't the last word: a node that goes away says it to all, and a
 * connection that was kept may still lead to that one, or be cut.
 */
async function becomesSet(node, event, signal = AbortSignal.timeout(LONG)) {
  for (;;) {
    const answer = await fetch(`${node}/${event}?timeout=25`, { signal }).catch(() => undefined);
    if (answer?.status === 200) return true;
    signal.throwIfAborted();
    await setTimeout(50);
  }
}

/** Established connections to that URL's port, seen from its own side. */
function connections(url) {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0');
  return ['/proc/net/tcp', '/proc/net/tcp6'].filter(existsSync)
    .flatMap(table => readFileSync(table, 'ascii').split('\n').slice(1))
    .map(line => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === '01' && local.endsWith(`:${port}`)).length;
}

async function isListening(url) {
  return fetch(url).then(() => true, () => false);
}

for (const backEnd of BACK_ENDS) {
  describe(backEnd, { concurrency: 1 }, () => {
    let chat;
    let browser;
    let windows;

    before(async () => {
      chat = await start(backEnd);
      if (skip) return;
      browser = await launch();
      windows = [await open('Desk'), await open('Phone')];
    });

    after(async () => {
      if (browser) await browser.close();
      await chat.stop();
    });

    async function open(name) {
      const context = await browser.newContext({ viewport: { width: 420, height: 560 } });
      const page = await context.newPage();
      await page.goto(`${chat.app}/?name=${name}`);
      await waits(page);
      return page;
    }

    const waits = page => page.getByText(/wait for the event of/).waitFor(SOON);
    const texts = page => page.locator('#messages li').evaluateAll(items =>
      items.map(item => item.lastChild.textContent));
    async function lastId() {
      for (let version = 0; ;) {
        const answer = await ask(chat.app, version);
        if (answer.messages.length === 0) return version;
        ({ version } = answer);
      }
    }

    async function types(page, text) {
      await page.getByLabel('Message', { exact: true }).fill(text);
      await page.getByRole('button', { name: 'Send' }).click();
    }

    // With a reader beside it: one who looks sets what was too much for a writer's second.
    const has = (page, count) => eventually(async () => {
      await ask(chat.app, 0);
      await setTimeout(200);
      return await page.locator('#messages li').count() >= count;
    }, `the page shows ${count} messages`, 2 * LONG);

    async function shows(page, expected) {
      await has(page, expected.length);
      assert.deepEqual(await texts(page), expected);
    }

    test('anAnswerNamesTheEventThatTellsOfMore', async () => {
      const nothing = await ask(chat.app, 0);
      assert.deepEqual(nothing.messages, []);
      assert.equal(await isSet(chat.node, nothing.event), false);
      const waiting = becomesSet(chat.node, nothing.event);
      const one = await say(chat.app, 'Grüße, <b>Phone</b> 🔔');
      assert.equal(await waiting, true);
      assert.deepEqual(one.messages, [{ id: 1, who: 'Desk', text: 'Grüße, <b>Phone</b> 🔔' }]);
      assert.equal(one.version, 1);
      assert.notEqual(one.event, nothing.event);
      assert.equal((await ask(chat.app, 1)).event, one.event, 'the same to all who ask');
      assert.equal(await isSet(chat.node, one.event), false);
    });

    test('whoIsToldToWaitCannotSet', async () => {
      const { event } = await ask(chat.app, await lastId());
      assert.equal((await fetch(`${chat.node}/${event}`, { method: 'POST' })).status, 403);
    });

    test('badInputIsRefusedWithASentence', async () => {
      const before = await lastId();
      const long = 'x'.repeat(1001);
      const form = fields => ({ method: 'POST', body: new URLSearchParams(fields) });
      for (const [status, path, init] of [
        [400, '/messages?since=x'], [400, '/messages?since=-1'], [409, '/messages?since=999'],
        [404, '/secret'], [404, '/chat.db'], [400, '/messages?since=0', form({ who: 'Desk' })],
        [400, '/messages?since=0', form({ who: 'Desk', text: long })],
        [400, '/messages?since=0', form({ who: ' ', text: 'x' })],
        [409, '/messages?since=999', form({ who: 'Desk', text: 'to another chat' })],
      ]) {
        const answer = await fetch(chat.app + path, init);
        assert.equal(answer.status, status, path);
        assert.match((await answer.json()).detail, /\.$/);
      }
      assert.equal(await lastId(), before, 'nothing was said');
    });

    test('aStrangeTargetIsRefusedAndTheApplicationGoesOn', async () => {
      // PHP's own server hangs up on what it can't read, before the application sees it.
      const hangsUp = target => backEnd === 'php' && isNoHttp(target);
      const isNoHttp = target => !/^(?!.*[ \x7f])(\/|http:\/\/|\*)/.test(target)
        || target.startsWith('http://[') || target.length > 10_000;
      await refusesStrangeTargets(chat.app, { hangsUp });
    });

    test('writersAtOnceLeaveNoEventUnset', async () => {
      const first = await lastId();
      let areWriting = true;
      const writers = Promise.all(Array.from({ length: 40 }, (_, i) =>
        say(chat.app, `at once ${i}`, first))).finally(() => { areWriting = false; });
      // Meanwhile no answer has a version of which it lacks the message.
      while (areWriting) {
        const { messages, version } = await ask(chat.app, first);
        assert.equal(version, first + messages.length);
      }
      await writers;
      const { messages } = await ask(chat.app, 0);
      assert.deepEqual(messages.map(({ id }) => id),
        Array.from({ length: first + 40 }, (_, i) => i + 1));
      // A writer that found the node slow is helped by a reader a second later.
      await eventually(async () => {
        for (let version = 0; version < messages.length; version++) {
          const { event } = await versionOf(version);
          if (!await isSet(chat.node, event)) return false;
        }
        return true;
      }, 'every event but the last is set', LONG);
      assert.equal(await isSet(chat.node, (await ask(chat.app, messages.length)).event), false);
    });

    // An answer that was true at this version names its event: derived ids can be asked for again.
    async function versionOf(version) {
      const secret = secretOf(chat.pid);
      const key = createHmac('sha256', secret).update(`chat\n${version}`).digest('hex');
      return { event: createHash('sha256').update(key).digest('hex') };
    }

    test('manyMessagesComeInOrderByTwoHundred', async () => {
      const first = await lastId();
      for (let i = 0; i < 26; i++) {
        await Promise.all(Array.from({ length: 8 }, (_, j) => say(chat.app, `${i} ${j}`, first)));
      }
      let version = 0;
      const ids = [];
      while (version < first + 208) {
        const answer = await ask(chat.app, version);
        assert.ok(answer.messages.length <= 200);
        ids.push(...answer.messages.map(({ id }) => id));
        ({ version } = answer);
        // A reader a second later sets what a writer could not, so somebody has to look meanwhile.
        if (version < first + 208) {
          await eventually(async () => {
            await ask(chat.app, version);
            return isSet(chat.node, answer.event);
          }, 'the event of what is left is set', LONG);
        }
      }
      assert.equal(ids.length, first + 208);
      assert.deepEqual(ids, ids.map((_, i) => i + 1));
    });

    test('twoWindowsFollowEachOther', { skip }, async () => {
      const [desk, phone] = windows;
      const last = await lastId();
      for (const page of windows) await has(page, last);
      const before = await texts(desk);
      await types(desk, 'Is anybody there?');
      await shows(phone, [...before, 'Is anybody there?']);
      await types(phone, 'Yes. <i>Phone</i>');
      await shows(desk, [...before, 'Is anybody there?', 'Yes. <i>Phone</i>']);
      await shows(phone, [...before, 'Is anybody there?', 'Yes. <i>Phone</i>']);
    });

    test('theApplicationHoldsNoConnectionWhilePagesWait', { skip }, async () => {
      await Promise.all(windows.map(waits));
      await eventually(() => connections(chat.app) === 0, 'no connection to the application');
      assert.ok(connections(chat.node) >= 2);
    });

    for (const [name, sleep, wake] of [
      ['offline', page => page.context().setOffline(true), page => page.context().setOffline(false)],
      ['frozen', page => lifecycle(page, 'frozen'), page => lifecycle(page, 'active')],
    ]) {
      test(`whoWas_${name}_getsEveryMessageInOrderAndNoneTwice`, { skip }, async () => {
        const [desk, phone] = windows;
        const before = await texts(phone);
        await sleep(phone);
        const missed = [1, 2, 3, 4, 5].map(i => `${name} ${i}`);
        for (const text of missed) {
          await types(desk, text);
          await desk.locator('#messages li').filter({ hasText: text }).waitFor(SOON);
        }
        await wake(phone);
        await shows(phone, [...before, ...missed]);
        await types(desk, `after ${name}`);
        await shows(phone, [...before, ...missed, `after ${name}`]);
        const ids = await phone.locator('#messages li').evaluateAll(items =>
          items.map(item => Number(item.dataset.id)));
        assert.deepEqual(ids, ids.map((_, i) => i + 1));
      });
    }

    test('aNodeThatIsDownHurtsNoWriterAndAReaderTellsLater', async () => {
      const from = await lastId();
      const { event } = await ask(chat.app, from);
      const pid = Number(execFileSync('pgrep', ['-P', chat.pid, '-f', 'doorbell.cli.Main']));
      process.kill(pid, 'SIGTERM');
      // To its end: until then it takes sets by connections that were kept, and its store forgets.
      await eventually(() => !existsSync(`/proc/${pid}`), 'the node has ended', LONG);
      // Nobody is there to wait for: what the writer waits is its own, and not a reader's 25 s.
      const began = performance.now();
      assert.equal((await say(chat.app, 'unheard', from)).version, from + 1);
      assert.ok(performance.now() - began < 10_000, 'the writer does not wait for the node');
      const { stop } = await startNode(new URL(chat.node).host);
      try {
        const waiting = becomesSet(chat.node, event);
        // A reader who looks, as each does every few minutes, tells those who wait.
        await eventually(async () => {
          await ask(chat.app, from + 1);
          return isSet(chat.node, event).catch(() => false);
        }, 'a reader has set what the writer could not', LONG);
        assert.equal(await waiting, true);
      } finally {
        await stop();
      }
    });

    test('aCtrlCLeavesNothingBehind', async () => {
      const other = await start(backEnd);
      const { code, left } = await other.stop();
      assert.equal(code, 130);
      assert.deepEqual(left, []);
      assert.equal(await isListening(other.app), false);
      assert.equal(await isListening(other.node), false);
    });

    test('pacedWakesComeEvenlyAndNoneBeforeItsTurn', { timeout: 4 * LONG }, async () => {
      const atOnce = await rates(backEnd, '0');
      const paced = await rates(backEnd, String(SPREAD));
      const sum = counts => counts.reduce((a, b) => a + b);
      assert.equal(sum(atOnce), READERS);
      assert.equal(sum(paced), READERS);
      // A busy machine makes wakes late and never early: so many may have asked by then, and no more.
      for (let i = 0; i < SPREAD * 10; i++) {
        const turn = READERS * (i + 1) / (SPREAD * 10);
        assert.ok(sum(paced.slice(0, i + 1)) <= turn + RATE_LIMIT, `${paced} until ${i}`);
      }
      console.log(`# ${backEnd}: at most ${Math.max(...atOnce)} requests in 100 ms at once, ` +
        `${Math.max(...paced)} with ?spread=${SPREAD}`);
      if (PICTURES && backEnd === 'php') {
        writeFileSync(`${root}docs/chat-rate.svg`, plot({ atOnce, paced, SPREAD, READERS, RATE_LIMIT }));
      }
    });

    const noPicture = !(PICTURES && backEnd === 'python') && 'DOORBELL_SCREENSHOT=1 takes it';

    test('pictureOfTheTwoWindows', { skip: skip || noPicture }, async () => {
      const other = await start(backEnd);
      const pages = [];
      for (const name of ['Desk', 'Phone']) {
        const context = await browser.newContext({ viewport: { width: 420, height: 560 } });
        pages.push(await context.newPage());
        await pages.at(-1).goto(`${other.app}/?name=${name}`);
        await waits(pages.at(-1));
      }
      const lines = [[0, 'Is the build green?'], [1, 'Not yet. It waits for the library.'],
        [0, 'And who tells it?'], [1, 'Doorbell. My page was told “nothing new”, and hangs there.'],
        [0, 'So the application sleeps meanwhile?'], [1, 'It holds no connection at all.']];
      for (const [i, [who, text]] of lines.entries()) {
        await types(pages[who], text);
        for (const page of pages) {
          await page.waitForFunction(n => document.querySelectorAll('li').length === n &&
            document.getElementById('state').textContent.includes(`event of ${n}.`), i + 1);
        }
      }
      await picture(browser, pages, `${root}docs/chat.png`);
      await other.stop();
    });
  });
}

async function lifecycle(page, state) {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setWebLifecycleState', { state });
  await session.detach();
}

/** The demo's secret, from the environment of its back end: what only the application knows. */
function secretOf(pid) {
  const [child] = execFileSync('pgrep', ['-P', pid, '-f', 'chat\\.(py|php)'], { encoding: 'utf8' })
    .split('\n');
  return /(?:^|\0)CHAT_SECRET=(\w+)/.exec(readFileSync(`/proc/${child}/environ`, 'utf8'))[1];
}

async function startNode(listen) {
  const args = ['serve', '--listen', listen, '--store', 'memory'];
  const child = spawn(`${root}doorbell`, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exit.then(() => assert.fail('no node'))]);
  return { stop() { child.kill(); return exit; } };
}

/** Requests to the back end in each 100 ms after a message to so many readers who wait. */
async function rates(backEnd, spread) {
  const chat = await start(backEnd, { CHAT_SPREAD: spread });
  const asked = [];
  const stop = new AbortController();
  const reader = async () => {
    let { version, event } = await ask(chat.app, 0);
    while (version === 0) {
      await becomesSet(chat.node, event, stop.signal);
      asked.push(performance.now());
      ({ version, event } = await ask(chat.app, version));
    }
  };
  try {
    const readers = Array.from({ length: READERS }, reader);
    await eventually(() => connections(chat.node) >= READERS, 'all readers wait', LONG);
    const began = performance.now();
    await say(chat.app, 'news');
    await Promise.all(readers);
    const counts = new Array(Math.ceil((SPREAD + 0.5) * 10)).fill(0);
    for (const at of asked) counts[Math.min(Math.floor((at - began) / 100), counts.length - 1)]++;
    return counts;
  } finally {
    stop.abort();
    await chat.stop();
  }
}

// Under PHP each request opens the database, and whichever is first makes it.
test('theFirstRequestsOfPhpMayComeTogether', { timeout: 4 * LONG }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-'));
  const code = `echo '>'; while (!file_exists($argv[1])) usleep(50);
    $_SERVER = ['REQUEST_METHOD' => 'GET', 'REQUEST_URI' => '/messages?since=0'];
    require '${root}demos/chat/chat.php';`;
  for (let round = 0; round < 20; round++) {
    const [go, database] = ['go', 'db'].map(name => join(folder, `${name}${round}`));
    const env = { ...process.env, CHAT_NODE: 'http://127.0.0.1:9', CHAT_SECRET: 'secret',
      CHAT_SPREAD: '0', CHAT_DATABASE: database };
    const requests = Array.from({ length: 6 }, () => {
      const php = spawn('php', ['-r', code, go], { env });
      const request = { output: '', begun: once(php.stdout, 'data'), end: once(php, 'close') };
      php.stdout.on('data', data => { request.output += data; });
      return request;
    });
    await Promise.all(requests.map(request => request.begun));
    writeFileSync(go, '');
    await Promise.all(requests.map(request => request.end));
    for (const { output } of requests) assert.equal(output, '>{"messages":[],"version":0}');
  }
  rmSync(folder, { recursive: true });
});
