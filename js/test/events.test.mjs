// A browser's own EventSource at a real node, as README.md shows it, and one that nobody closes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import { eventually } from './chromium.mjs';
import { SUITE_MILLIS, engines } from './engines.mjs';
import { front } from './front.mjs';
import { startNode } from './node.mjs';
import { openPage } from './scripted.mjs';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [, SNIPPET] = /```js\n(const source[^]*?)```/.exec(README);

let node;

before(async () => {
  node = await startNode();
});
after(() => node?.stop());

for (const engine of engines) {
  describe(engine.name, { skip: engine.skip, timeout: SUITE_MILLIS }, () => {
    let browser;

    before(async () => {
      browser = await engine.launch();
    });
    after(() => browser?.close());

    for (const [name, closes] of [['ThatIsClosedAsksOnce', true], ['ThatNobodyClosesEnds', false]]) {
      test(`anEventSource${name}AndIsToldOnce`, async t => {
        const proxy = await front(t, node);
        const id = Doorbell.newId();
        const page = await openPage(t, browser);
        const script = SNIPPET.replace('/doorbell/22482', `${proxy.url}/${id}`)
          .replace('source.close();', closes ? '$&' : '').replace('const source', 'window.source');
        await page.evaluate(script => {
          window.told = [];
          console.log = text => told.push(text);
          eval(script);
        }, script);
        await eventually(() => proxy.asked.length > 0, 'it waits');
        await new Doorbell(node.url).set(id);
        // It connects again by itself some seconds later, and for the last time.
        await page.waitForFunction(() => source.readyState === EventSource.CLOSED);
        assert.deepEqual(await page.evaluate(() => told), [`${id} is set`]);
        assert.equal(proxy.asked.length, closes ? 1 : 2);
      });
    }
  });
}
