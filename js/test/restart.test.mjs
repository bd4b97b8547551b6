// A node is killed under its pages and started again: they pick up by themselves, and no wake is lost.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import { SUITE_MILLIS, engines } from './engines.mjs';
import { skip as noNginx, startNginx } from './nginx.mjs';
import { startOwnNode } from './node.mjs';
import { visit } from './pages.mjs';
import { errorsOf, openPage, site } from './scripted.mjs';

const EVENTS = 16;

// A node on one port that keeps its sets in a folder through kills.
async function mortalNode(t) {
  const folder = mkdtempSync(join(tmpdir(), 'doorbell-restart-'));
  const store = `rocksdb:${folder}`;
  let running = await startOwnNode({ store });
  const { url } = running;
  t.after(async () => {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    url,
    kill: () => running.kill(),
    async start() {
      running = await startOwnNode({ store, listen: new URL(url).host });
    },
  };
}

// Waits for the first of all ids, over and over, and notes each in the order of its ring.
const waitsForAll = ([url, ids, transport]) => {
  window.rung = [];
  const bell = new Doorbell(url, { transport });
  const next = async left => {
    if (!left.length) return;
    const set = await bell.waitAny(left);
    rung.push(...set);
    await next(left.filter(id => !set.includes(id)));
  };
  next(ids);
};

for (const { name, skip, launch } of engines) {
  describe(name, { skip, timeout: SUITE_MILLIS }, () => {
    let browser;

    before(async () => {
      browser = await launch();
    });
    after(() => browser?.close());

    test('noWakeIsLostWhileANodeIsKilledAgainAndAgain', async t => {
      const node = await mortalNode(t);
      const ids = Array.from({ length: EVENTS }, () => Doorbell.newId());
      const pages = [];
      for (const transport of ['auto', 'script']) {
        const page = await openPage(t, browser);
        await page.evaluate(waitsForAll, [node.url, ids, transport]);
        pages.push(page);
      }
      // Whoever sets tries until the node has it, as an application would.
      const setter = new Doorbell(node.url);
      for (const [i, id] of ids.entries()) {
        if (i % 8 === 4) {
          await node.kill(); // the pages wait for the rest
          const set = setter.set(id); // meets nobody at first
          await node.start();
          await set;
          // The latch must outlive its node: who asks only now is told, too.
          await node.kill();
          await node.start();
        } else {
          await setter.set(id);
        }
      }
      for (const page of pages) {
        await page.waitForFunction(n => rung.length >= n, EVENTS);
        const rung = await page.evaluate(() => rung);
        assert.deepEqual(rung.toSorted(), ids.toSorted(), 'each once');
        assert.deepEqual(await errorsOf(page), []);
      }
    });

    test('aPageThatFollowsGetsTheNewestState', async t => {
      const node = await mortalNode(t);
      const setter = new Doorbell(node.url);
      const states = ['old', 'new'].map(text => ({ text, doorbell: Doorbell.newId() }));
      let state = states[0];
      const page = await openPage(t, browser);
      await page.route('**/state', route => route.fulfill({ json: state }));
      await page.evaluate(url => {
        window.seen = [];
        new Doorbell(url).follow('/state', ({ text }) => seen.push(text));
      }, node.url);
      await page.waitForFunction(() => seen.includes('old'));
      await node.kill();
      state = states[1]; // committed while there is no node
      const set = setter.set(states[0].doorbell);
      await node.start();
      await set;
      await page.waitForFunction(() => seen.includes('new'));
      assert.deepEqual(await page.evaluate(() => seen), ['old', 'new']);
    });

    test('aPageBehindNginxPicksUp', { skip: noNginx }, async t => {
      const node = await mortalNode(t);
      const pages = (await site(t)).replace('localhost', '127.0.0.1');
      const nginx = await startNginx(t, { node: node.url, pages });
      const context = await browser.newContext();
      t.after(() => context.close());
      const page = await visit(await context.newPage(), `http://127.0.0.1:${nginx.port}`);
      const id = Doorbell.newId();
      await page.evaluate(waitsForAll, ['/doorbell', [id], 'auto']);
      await page.evaluate(id => new Doorbell('/doorbell').set(id), Doorbell.newId());
      await node.kill();
      await page.waitForResponse(response => response.status() === 502);
      await node.start();
      await new Doorbell(node.url).set(id);
      await page.waitForFunction(() => rung.length > 0);
      assert.deepEqual(await page.evaluate(() => rung), [id]);
    });
  });
}
