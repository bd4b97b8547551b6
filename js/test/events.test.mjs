// A browser's own EventSource at a real node, as README.md shows it, and one that nobody closes; and
// the package's for Node, of two versions.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { EventSource } from 'eventsource';
import EventSource2 from 'eventsource-2';
import Doorbell from '../doorbell.mjs';
import { PATIENCE_MILLIS, eventually } from './chromium.mjs';
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

for (const [name, Source] of [['TheEventSourceOfThePackage', EventSource],
  ['TheEventSourceOfItsVersion2', EventSource2]]) {
  const settings = { timeout: PATIENCE_MILLIS, concurrency: true };

  describe(name, settings, () => {
    for (const [what, isSet] of [['ThatIsSetLater', false], ['ThatIsSetAlready', true]]) {
      test(`isToldOnceOfAnEvent${what}AndStaysAway`, async t => {
        const proxy = await front(t, node);
        const id = Doorbell.newId();
        if (isSet) await new Doorbell(node.url).set(id);
        const source = open(t, Source, `${proxy.url}/${id}`);
        await eventually(() => proxy.asked.length > 0, 'it asks');
        if (!isSet) await new Doorbell(node.url).set(id);
        await eventually(() => source.readyState === Source.CLOSED || source.told.length > 1,
          'it stays away');
        assert.deepEqual(source.told, [id]);
        assert.equal(proxy.asked.length, 2);
      });
    }

    test('isToldOfEachOfSeveralOnceThoughItIsCutOffMeanwhile', async t => {
      const proxy = await front(t, node);
      const [one, other] = [Doorbell.newId(), Doorbell.newId()];
      const source = open(t, Source, `${proxy.url}/${one},${other}`);
      await eventually(() => proxy.asked.length === 1, 'it asks');
      await new Doorbell(node.url).set(one);
      await eventually(() => source.told.length === 1, 'it is told of one');
      proxy.asked[0].end.destroy();
      await eventually(() => proxy.asked.length === 2, 'it comes back');
      await new Doorbell(node.url).set(other);
      await eventually(() => source.readyState === Source.CLOSED, 'it stays away');
      assert.deepEqual(source.told, [one, other]);
      assert.equal(proxy.asked.length, 3);
    });
  });
}

// Notes what it is told.
function open(t, Source, url) {
  const source = new Source(url);
  t.after(() => source.close());
  source.told = [];
  source.addEventListener('set', event => source.told.push(event.data));
  source.addEventListener('error', () => {});
  return source;
}
