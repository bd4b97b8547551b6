// nginx between the browser and a real node: HTTP/1.0 to the node, answers gathered before they are
// passed on, and what is silent for 60 seconds cut off.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import { eventually } from './chromium.mjs';
import { SUITE_MILLIS, engines } from './engines.mjs';
import { freePort, skip as noNginx, startNginx } from './nginx.mjs';
import { startNode } from './node.mjs';
import { visit } from './pages.mjs';
import { site } from './scripted.mjs';

const CUT_SECONDS = 60;
const UPGRADES = 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; '
  + 'proxy_set_header Connection upgrade;';

test('noPortIsGivenTwice', async () => {
  const ports = [];
  while (ports.length < 1_000) ports.push(await freePort());
  assert.equal(new Set(ports).size, ports.length);
});

for (const { name, skip, launch } of engines) {
  describe(`${name} behind nginx`, { skip: skip || noNginx, timeout: SUITE_MILLIS }, () => {
    let node;
    let browser;

    before(async () => {
      node = await startNode();
      browser = await launch();
    });
    after(async () => {
      await browser?.close();
      await node?.stop();
    });

    async function open(t, settings) {
      const pages = (await site(t)).replace('localhost', '127.0.0.1');
      const nginx = await startNginx(t, { node: node.url, pages, settings });
      const context = await browser.newContext();
      t.after(() => context.close());
      const page = await visit(await context.newPage(), `http://127.0.0.1:${nginx.port}`);
      return { nginx, page };
    }

    const begin = (page, id, options = {}) => page.evaluate(([id, options]) => {
      window.rung = new Doorbell('/doorbell', options).wait(id);
    }, [id, options]);

    // Through nginx, too.
    const set = (page, id) => page.evaluate(id => new Doorbell('/doorbell').set(id), id);

    for (const [transport, way] of [['auto', ''], ['script', 'ByScript']]) {
      test(`whoWaitsIsToldOfASet${way}`, async t => {
        const { nginx, page } = await open(t);
        const id = Doorbell.newId();
        await begin(page, id, { transport, hold: 0.5 });
        await eventually(() => nginx.statuses(id).length >= 2, 'it asks again after its hold');
        assert.equal(await set(page, id), true);
        assert.equal(await page.evaluate(() => rung), id);
        // nginx writes it down when the page has the answer already.
        await eventually(() => nginx.statuses(id).includes(200), 'the last wait is in the log');
        const [last, ...before] = nginx.statuses(id).reverse();
        assert.equal(last, 200);
        assert.deepEqual(new Set(before), new Set([204]));
      });
    }

    test('whatAPageAsksForIsOverBeforeNginxCuts', async t => {
      const { page } = await open(t);
      const id = Doorbell.newId();
      const asked = page.waitForRequest(request => request.url().includes(id));
      await begin(page, id);
      const seconds = Number(new URL((await asked).url()).searchParams.get('timeout'));
      assert.ok(seconds >= 5 && seconds < CUT_SECONDS, `it asks for ${seconds} s`);
      await set(page, id);
      assert.equal(await page.evaluate(() => rung), id);
    });

    for (const [what, settings, road] of [
      ['NoWebSocketPasses', '', 'fetch'],
      ['WebSocketsPass', UPGRADES, 'websocket'],
    ]) {
      test(`severalAreToldWhere${what}`, async t => {
        const { page } = await open(t, settings);
        const ids = [1, 2, 3].map(() => Doorbell.newId());
        await page.evaluate(ids => {
          window.bell = new Doorbell('/doorbell');
          window.rung = Promise.all(ids.map(id => bell.wait(id)));
        }, ids);
        for (const id of ids) await set(page, id);
        assert.deepEqual(await page.evaluate(() => rung), ids);
        assert.equal(await page.evaluate(() => bell.road), road);
      });
    }

    if (name !== 'Chromium') return; // what follows is the client's, whatever runs it

    test('aPageWhoseWaitsAreCutLearnsToAskForLess', async t => {
      const { nginx, page } = await open(t, 'proxy_read_timeout 6500ms;');
      const [id, next] = [Doorbell.newId(), Doorbell.newId()];
      await begin(page, id);
      await eventually(() => nginx.statuses(id).includes(204), 'a wait has ended by itself');
      const statuses = nginx.statuses(id);
      assert.equal(statuses[0], 504);
      assert.equal(statuses.lastIndexOf(504), statuses.indexOf(204) - 1, String(statuses));
      await set(page, id);
      assert.equal(await page.evaluate(() => rung), id);
      // It knows now.
      await begin(page, next);
      await eventually(() => nginx.statuses(next).length > 0, 'a wait has ended by itself again');
      await set(page, next);
      assert.equal(await page.evaluate(() => rung), next);
      assert.ok(!nginx.statuses(next).includes(504), String(nginx.statuses(next)));
    });
  });
}
