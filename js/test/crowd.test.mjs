// More waits at once than the six connections that a browser opens to a host over HTTP/1.1, against a
// real node; and over HTTP/2, with TLS by the node and by nginx.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import { certificate } from './certificate.mjs';
import { SUITE_MILLIS, engines } from './engines.mjs';
import { skip as noNginx, startNginx } from './nginx.mjs';
import { startNode, startOwnNode } from './node.mjs';
import { visit } from './pages.mjs';
import { errorsOf, openPage, site } from './scripted.mjs';

const MANY = 70; // a request is for 64 at most
const SEVEN = 7;
const WAYS = [['auto', ''], ['fetch', 'ByFetch'], ['script', 'ByScript']];
const HOLD = 3600; // so that whoever is told in a test didn't wait for its end

const { certFile: cert, keyFile: key } = certificate('localhost');
let node;
let secure;

before(async () => {
  node = await startNode();
  secure = await startOwnNode({ more: ['--tls-cert', cert, '--tls-key', key] });
});
after(async () => {
  await node?.stop();
  await secure?.stop();
});

const newIds = count => Array.from({ length: count }, () => Doorbell.newId());

// A page waits for all of them, one by one. The last that has begun is told first, since a wait that
// stands in a queue is one of those; the page sets them itself, which must pass beside the waits.
async function isTold(page, ids, url, options = {}) {
  await page.evaluate(([url, ids, options]) => {
    window.rung = [];
    const bell = new Doorbell(url, options);
    for (const id of ids) bell.wait(id).then(id => rung.push(id));
  }, [url, ids, { hold: HOLD, ...options }]);
  const set = (...ids) => page.evaluate(([url, ids]) => {
    const bell = new Doorbell(url);
    return Promise.all(ids.map(id => bell.set(id)));
  }, [url, ids]);
  const [last, ...others] = ids.toReversed();
  await set(last);
  await page.waitForFunction(() => rung.length > 0);
  assert.deepEqual(await page.evaluate(() => rung), [last]);
  await set(...others);
  await page.waitForFunction(n => rung.length >= n, ids.length);
  assert.deepEqual((await page.evaluate(() => rung)).toSorted(), ids.toSorted(), 'each once');
  assert.deepEqual(await errorsOf(page), []);
}

for (const { name, skip, launch } of engines) {
  describe(name, { skip, timeout: SUITE_MILLIS }, () => {
    let browser;

    before(async () => {
      browser = await launch();
    });
    after(() => browser?.close());

    for (const [transport, way] of WAYS) {
      test(`seventyWaitsOfAPageAreToldAtOnce${way}`, async t => {
        const page = await openPage(t, browser);
        await isTold(page, newIds(MANY), node.url, { transport });
      });
    }

    test('eightTabsOfOneSiteAreToldAtOnce', async t => {
      const url = await site(t);
      const context = await browser.newContext();
      t.after(() => context.close());
      const ids = newIds(8);
      const tabs = [];
      for (const id of ids) {
        const page = await visit(await context.newPage(), url);
        await page.evaluate(([url, id, hold]) => {
          window.rung = new Doorbell(url, { hold }).wait(id);
        }, [node.url, id, HOLD]);
        tabs.push(page);
      }
      for (const [i, page] of [...tabs.entries()].reverse()) {
        await new Doorbell(node.url).set(ids[i]);
        assert.equal(await page.evaluate(() => rung), ids[i]);
      }
    });

    // By each road, at the node that is `url` for the page at that address.
    async function isToldOverHttp2(t, address, url) {
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      t.after(() => context.close());
      const page = await visit(await context.newPage(), address);
      for (const [transport] of WAYS) await isTold(page, newIds(SEVEN), url, { transport });
      const asked = page.asked.filter(request => /\/\d{30,}/.test(request.url()));
      const versions = await Promise.all(asked.map(async request =>
        (await request.response())?.httpVersion()));
      assert.ok(asked.length >= SEVEN);
      assert.deepEqual([...new Set(versions.filter(Boolean))], ['HTTP/2.0']);
    }

    test('sevenWaitsOverHttp2AreToldAtOnce', async t => {
      await isToldOverHttp2(t, await site(t), secure.url);
    });

    test('sevenWaitsOverHttp2ByNginxAreToldAtOnce', { skip: noNginx }, async t => {
      const { port } = await startNginx(t, {
        node: node.url,
        pages: (await site(t)).replace('localhost', '127.0.0.1'),
        listen: 'ssl http2',
        server: `ssl_certificate ${cert}; ssl_certificate_key ${key};`,
      });
      await isToldOverHttp2(t, `https://localhost:${port}`, '/doorbell');
    });
  });
}
