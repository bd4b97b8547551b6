// What a node may do that means harm to a page: docs/SECURITY-MODEL.md.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SUITE_MILLIS, engines } from './engines.mjs';
import { fake, idOf, reply } from './fake.mjs';
import { openPage } from './scripted.mjs';

const HACKS = 'window.hacked = true;';

// A node that answers with code of its own, and then as it should.
function hostile(t) {
  return fake(t, (request, response, n) => {
    const headers = { 'Content-Type': 'text/javascript', 'Access-Control-Allow-Origin': '*',
      'Set-Cookie': 'seen=before; SameSite=None' };
    reply(response, 200, n === 1 ? HACKS : `${HACKS} doorbell("${idOf(request)}");`, headers);
  });
}

const waits = (url, transport) => `
  var ended = false;
  const bell = new Doorbell('${url}', { transport: '${transport}' });
  const wait = () => bell.wait('5', { timeout: 3 }).catch(() => {});
  wait().then(wait).then(() => { ended = true; });
`;

for (const engine of engines) {
  describe(engine.name, { skip: engine.skip, timeout: SUITE_MILLIS }, () => {
    let browser;

    before(async () => {
      browser = await engine.launch();
    });
    after(() => browser?.close());

    async function endOf(t, transport) {
      const node = await hostile(t);
      const page = await openPage(t, browser, { script: waits(node.url, transport) });
      await page.waitForFunction(() => ended);
      return { node, hacked: await page.evaluate(() => window.hacked) };
    }

    test('aNodeRunsItsCodeInAPageThatWaitsByScript', async t => {
      assert.equal((await endOf(t, 'script')).hacked, true);
    });

    test('aNodeRunsNoCodeInAPageThatWaitsByFetchAlone', async t => {
      const { node, hacked } = await endOf(t, 'fetch');
      assert.ok(node.requests.length > 1);
      assert.equal(hacked, undefined);
    });

    test('byFetchANodeIsToldNothingOfThePageButItsOrigin', async t => {
      const { node } = await endOf(t, 'fetch');
      for (const { headers } of node.requests) {
        assert.equal(headers.cookie, undefined);
        assert.equal(headers.authorization, undefined);
        assert.match(headers.referer ?? 'http://localhost:1/', /^http:\/\/localhost:\d+\/$/);
      }
    });
  });
}
