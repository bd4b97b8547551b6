// Pages whose policies forbid all that they don't need, against a real node.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import { eventually } from './chromium.mjs';
import { SUITE_MILLIS, engines } from './engines.mjs';
import { startNode } from './node.mjs';
import { errorsOf, openPage } from './scripted.mjs';

let node;

before(async () => {
  node = await startNode();
});
after(() => node?.stop());

// The roads by which the node was asked, as far as the page's policy let them pass.
async function roads(page) {
  const passed = await Promise.all(page.asked
    .filter(request => request.url().startsWith(node.url))
    .map(async request => await request.response() && request.resourceType()));
  return [...new Set(passed.filter(Boolean))];
}

const ring = id => new Doorbell(node.url).set(id);

// Waits for `id`, and then for `next`.
const waits = (id, next, options = {}) => `
  var rung = [];
  const bell = new Doorbell('${node.url}', ${JSON.stringify(options)});
  bell.wait('${id}').then(id => rung.push(id))
    .then(() => bell.wait('${next}')).then(id => rung.push(id));
`;

for (const engine of engines) {
  describe(engine.name, { skip: engine.skip, timeout: SUITE_MILLIS }, () => {
    let browser;

    before(async () => {
      browser = await engine.launch();
    });
    after(() => browser?.close());

    // A page with this policy is told of two events, one set before and one while it waits.
    async function isTold(t, headers, options = {}) {
      const [id, next] = [Doorbell.newId(), Doorbell.newId()];
      const page = await openPage(t, browser,
        { headers, script: waits(id, next, options.client), client: options.src });
      for (const [i, each] of [id, next].entries()) {
        await eventually(() => page.asked.some(request => request.url().includes(each)), each);
        await ring(each);
        await page.waitForFunction(n => rung.length > n, i);
      }
      assert.deepEqual(await page.evaluate(() => rung), [id, next]);
      assert.deepEqual(await errorsOf(page), []);
      return page;
    }

    test('aPageThatMayOnlyConnectIsTold', async t => {
      const page = await isTold(t, { 'Content-Security-Policy':
        `default-src 'none'; img-src data:; script-src 'self'; connect-src ${node.url}` });
      assert.deepEqual(await roads(page), ['fetch']);
    });

    // Several are asked for by a WebSocket first, which this policy forbids.
    test('aPageThatMayOnlyConnectByHttpIsToldOfSeveral', async t => {
      const ids = [1, 2, 3].map(() => Doorbell.newId());
      const page = await openPage(t, browser, {
        headers: { 'Content-Security-Policy':
          `default-src 'none'; img-src data:; script-src 'self'; connect-src ${node.url}` },
        script: `
          var rung = [];
          const bell = new Doorbell('${node.url}');
          for (const id of ${JSON.stringify(ids)}) bell.wait(id).then(id => rung.push(id));
        `,
      });
      for (const [i, id] of ids.entries()) {
        await ring(id);
        await page.waitForFunction(n => rung.length > n, i);
      }
      assert.deepEqual(await page.evaluate(() => rung), ids);
      assert.deepEqual(await errorsOf(page), []);
    });

    test('aPageThatMayOnlyRunScriptsIsTold', async t => {
      const page = await isTold(t, { 'Content-Security-Policy':
        `default-src 'none'; img-src data:; script-src 'self' ${node.url}` });
      assert.deepEqual(await roads(page), ['script']);
    });

    test('aPageThatTrustsWhatItsScriptsLoadIsTold', async t => {
      const page = await isTold(t, { 'Content-Security-Policy':
        "default-src 'none'; img-src data:; script-src 'nonce-once' 'strict-dynamic'" });
      assert.deepEqual(await roads(page), ['script']);
    });

    test('aPageThatRequiresTrustedTypesIsTold', async t => {
      const page = await isTold(t, { 'Content-Security-Policy':
        `default-src 'none'; img-src data:; script-src 'self' ${node.url}; `
        + "require-trusted-types-for 'script'; trusted-types doorbell" });
      assert.deepEqual(await roads(page), ['script']);
    });

    test('aPageThatMayDoNothingGivesUpAtItsTimeLimitAndDoesNotSpin', async t => {
      const page = await openPage(t, browser, {
        headers: { 'Content-Security-Policy': "default-src 'none'; img-src data:; script-src 'self'" },
        script: `
          var blocked = [];
          addEventListener('securitypolicyviolation', event => blocked.push(event.blockedURI));
          var ended = new Doorbell('${node.url}').wait('5', {timeout: 1}).catch(({name}) => name);
        `,
      });
      assert.equal(await page.evaluate(() => ended), 'TimeoutError');
      const tries = await page.evaluate(() => blocked.length);
      assert.ok(tries >= 2 && tries <= 12, `${tries} tries in a second`);
    });

    for (const [transport, way] of [['auto', ''], ['script', 'ByScript']]) {
      test(`anIsolatedPageIsTold${way}`, async t => {
        const page = await isTold(t, {
          'Cross-Origin-Embedder-Policy': 'require-corp',
          'Cross-Origin-Opener-Policy': 'same-origin',
        }, { client: { transport }, src: `${node.url}/doorbell.js` });
        assert.equal(await page.evaluate(() => crossOriginIsolated), true);
      });

      // Its origin is opaque: it may not even look at what pages of one origin share.
      test(`aPageInASandboxIsTold${way}`, async t => {
        const page = await isTold(t, { 'Content-Security-Policy': 'sandbox allow-scripts' },
          { client: { transport } });
        assert.equal(await page.evaluate(() => origin), 'null');
      });
    }
  });
}
