// The doctor's page in browsers: what it says where all passes, and where something doesn't.
// DOORBELL_SCREENSHOT=1 also pictures it in docs/.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../../../js/test/chromium.mjs';
import { SUITE_MILLIS, engines } from '../../../../js/test/engines.mjs';
import { front } from '../../../../js/test/front.mjs';
import { startNode } from '../../../../js/test/node.mjs';
import { skip as noNginx, startNginx } from '../../../../js/test/nginx.mjs';
import { shoot } from '../../../../js/test/pictures.mjs';
import { isReadable, troubles } from './look.mjs';
import { startSecureNode } from './secure.mjs';

const UPGRADES = 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; '
  + 'proxy_set_header Connection upgrade;';
const ALL = ['node', 'set', 'fetch', 'script', 'websocket', 'events', 'client', 'silence'];

let node;

before(async () => {
  node = await startNode();
});
after(() => node?.stop());

for (const { name, skip, launch } of engines) {
  describe(name, { skip, timeout: SUITE_MILLIS, concurrency: 3 }, () => {
    let browser;

    before(async () => {
      browser = await launch();
    });
    after(() => browser?.close());

    async function open(t, url, options) {
      const context = await browser.newContext(options);
      t.after(() => context.close());
      const page = await context.newPage();
      page.found = troubles(page);
      await page.goto(url);
      return page;
    }

    const row = (page, check) => page.locator(`[data-check=${check}]`);
    const verdict = page => page.locator('#verdict').innerText();

    // All that it found: {check: {state, says, cure}}.
    async function findings(page, { upTo = ALL } = {}) {
      await eventually(async () => await page.locator('li.runs').evaluateAll((all, names) =>
        all.filter(({ dataset }) => names.includes(dataset.check)).length, upTo) === 0, 'all is looked at');
      return Object.fromEntries(await page.locator('li').evaluateAll(all => all.map(one => [one.dataset.check, {
        state: one.className,
        says: one.querySelector('.says').textContent,
        cure: one.querySelector('.cure').textContent,
      }])));
    }

    function fails(found, ...checks) {
      assert.deepEqual(Object.keys(found).filter(check => found[check].state === 'fails'), checks,
        JSON.stringify(found, null, 1));
      for (const [check, { state, cure }] of Object.entries(found)) {
        assert.equal(cure !== '', state === 'fails', `${check} has a cure where it fails`);
      }
    }

    async function behindNginx(t, settings, query) {
      const { port } = await startNginx(t, { node: node.url, pages: node.url, settings });
      return open(t, `http://127.0.0.1:${port}/doorbell/doctor?${query}`);
    }

    test('whereNothingIsBetweenAllPasses', async t => {
      const page = await open(t, `${node.url}/doctor?silence=2`);
      const found = await findings(page);
      fails(found);
      assert.match(found.node.says, /by HTTP\/1\.1\./);
      for (const check of ['fetch', 'script', 'websocket']) {
        assert.match(found[check].says, /^Woken \d+(\.\d)? m?s after the set\.$/);
      }
      assert.match(found.events.says, /^It comes in pieces/);
      assert.equal(found.client.says, 'It takes fetch for one wait, and a WebSocket for several.');
      assert.equal(found.silence.says, 'A request may be silent for 2 s.');
      assert.match(await verdict(page), /^Pages can wait here: doorbell\.js takes fetch for one wait/);
      assert.deepEqual(page.found, []);
    });

    // nginx gathers answers; a node's event streams tell it not to.
    test('behindNginxAsItIsAWebSocketDoesNotPassAndTheRestDoes', { skip: noNginx }, async t => {
      const page = await behindNginx(t, 'proxy_buffering on;', 'silence=2');
      const found = await findings(page);
      fails(found, 'websocket');
      assert.match(found.websocket.cure, /proxy_set_header Upgrade/);
      assert.match(found.events.says, /^It comes in pieces/);
      assert.equal(found.client.says, 'It takes fetch.');
      assert.match(await verdict(page), /^Pages can wait here/);
    });

    test('theCureOfAWebSocketIsOne', { skip: noNginx }, async t => {
      fails(await findings(await behindNginx(t, UPGRADES, 'silence=1')));
    });

    test('anEventStreamThatIsHeldBackIsToldFromOneThatComesInPieces', { skip: noNginx }, async t => {
      const page = await behindNginx(t, 'proxy_ignore_headers X-Accel-Buffering;', 'silence=1');
      const found = await findings(page);
      fails(found, 'websocket', 'events');
      assert.match(found.events.says, /in one piece/);
      assert.match(found.events.cure, /proxy_buffering off/);
    });

    if (name !== 'Chromium') return; // what follows is the page's, whatever runs it

    test('byTlsAllPassesToo', async t => {
      const secure = await startSecureNode(t);
      const found = await findings(await open(t, `${secure.url}/doctor?silence=1`, { ignoreHTTPSErrors: true }));
      fails(found);
      assert.equal(found.node.says, 'A Doorbell node answers by HTTP/2.');
    });

    test('silenceThatIsCutIsMeasured', { skip: noNginx }, async t => {
      const page = await behindNginx(t, `${UPGRADES} proxy_read_timeout 1500ms;`, 'silence=20');
      const { silence } = await findings(page, { upTo: ['silence'] });
      assert.equal(silence.state, 'fails');
      assert.match(silence.says, /^Silence is cut off after [\d.]+ s with status 504\.$/);
      assert.match(silence.cure, /proxy_read_timeout/);
    });

    test('silenceIsShownAsItPasses', async t => {
      const page = await open(t, `${node.url}/doctor`);
      const bar = page.getByRole('progressbar', { name: 'seconds of silence' });
      await eventually(async () => await bar.evaluate(bar => bar.value > 0 && bar.max === 59), 'it goes on');
      await findings(page, { upTo: ALL.slice(0, -1) });
      assert.match(await verdict(page), /^Pages can wait here.*still being looked at\.$/);
    });

    test('whereNothingCanBeSetThatIsSaidAndTheRestIsNotTried', async t => {
      const proxy = await front(t, node, {
        take: ({ request, response }) => request.method === 'POST'
          && (response?.writeHead(403).end('no'), true),
      });
      const page = await open(t, `${proxy.url}/doctor?silence=1`);
      const found = await findings(page);
      fails(found, 'set');
      assert.equal(found.set.says, 'Status 403.');
      assert.equal(found.fetch.state, 'skipped');
      assert.equal(found.silence.state, 'passes');
      assert.match(await verdict(page), /^Nothing can be set/);
    });

    test('whatIsNoNodeIsToldSo', async t => {
      const proxy = await front(t, node, {
        take: ({ url, response }) => url?.searchParams.get('timeout') === '0'
          && (response.writeHead(200, { 'Content-Type': 'text/html' }).end('Log in'), true),
      });
      const found = await findings(await open(t, `${proxy.url}/doctor?silence=1`));
      fails(found, 'node');
      assert.equal(found.node.says, 'Status 200, text/html.');
      assert.equal(found.set.state, 'skipped');
    });

    test('aRefusalOfSilenceIsNoCut', async t => {
      const proxy = await front(t, node, {
        take: ({ url, response }) => url?.searchParams.get('timeout') === '7'
          && (response.writeHead(429).end(), true),
      });
      const found = await findings(await open(t, `${proxy.url}/doctor?silence=7`));
      fails(found);
      assert.equal(found.silence.state, 'skipped');
      assert.equal(found.silence.says, 'No wait is taken now: status 429.');
    });

    // Its clock is moved on only while it waits in vain.
    test('anAnswerThatIsMissingFailsAndDoorbellJsTakesAnotherWay', async t => {
      const proxy = await front(t, node, {
        take: ({ road, request, url }) => road === 'fetch' && request.method === 'GET'
          && Number(url.searchParams.get('timeout')) > 1.5 && !/event-stream/.test(request.headers.accept),
      });
      const context = await browser.newContext();
      t.after(() => context.close());
      const page = await context.newPage();
      await page.clock.install();
      await page.goto(`${proxy.url}/doctor?silence=1`);
      const isOver = async check => await row(page, check).getAttribute('class') !== 'runs';
      const inVain = (check, isEnough) => eventually(async () => {
        await page.clock.runFor(500);
        return isEnough();
      }, `${check} waits in vain`);
      await eventually(() => isOver('set'), 'a set passes');
      await inVain('fetch', () => isOver('fetch'));
      await eventually(() => isOver('events'), 'the others are over');
      const scripts = () => proxy.roads().filter(road => road === 'script').length;
      const before = scripts();
      await inVain('client', () => scripts() > before);
      const found = await findings(page);
      fails(found, 'fetch');
      assert.match(found.fetch.says, /^No answer in \d+ s\.$/);
      assert.equal(found.client.says, 'It takes script elements for one wait, and a WebSocket for several.');
    });

    test('onceMoreLooksAgainAndTheResultIsAText', async t => {
      const page = await open(t, `${node.url}/doctor?silence=1`, { permissions: ['clipboard-read', 'clipboard-write'] });
      await findings(page);
      await page.locator('li').evaluateAll(all => all.forEach(({ dataset }) => { dataset.before = ''; }));
      await page.getByRole('button', { name: 'Once more' }).click();
      await eventually(async () => await page.locator('[data-before]').count() === 0, 'it looks again');
      await findings(page);
      await page.getByRole('button', { name: 'Copy as text' }).click();
      await eventually(async () => await page.locator('#copied').innerText() === 'copied', 'it is copied');
      const text = await page.evaluate(() => navigator.clipboard.readText());
      assert.equal(text.match(/^✓ /gm).length, ALL.length, text);
      assert.match(text, /^Doorbell doctor, .*\n.*Chrom/);
      assert.doesNotMatch(text, /\d{25}/, 'no id');
    });

    for (const [colorScheme, width] of [['light', 900], ['dark', 320]]) {
      test(`everythingIsReadableAt${width}PixelsWhen${colorScheme}`, { skip: noNginx }, async t => {
        const { port } = await startNginx(t, { node: node.url, pages: node.url });
        const page = await open(t, `http://127.0.0.1:${port}/doorbell/doctor?silence=1`,
          { colorScheme, viewport: { width, height: 700 } });
        await isReadable(page);
        await findings(page);
        await isReadable(page);
      });
    }

    const noPicture = process.env.DOORBELL_SCREENSHOT !== '1' && 'DOORBELL_SCREENSHOT=1 takes it';

    for (const [picture, options] of [
      ['doctor', { viewport: { width: 760, height: 700 } }],
      ['doctor-phone', { colorScheme: 'dark', viewport: { width: 390, height: 844 } }],
    ]) {
      test(`pictureOf-${picture}`, { skip: noNginx || noPicture }, async t => {
        const { port } = await startNginx(t, { node: node.url, pages: node.url });
        const page = await open(t, `http://127.0.0.1:${port}/doorbell/doctor`, options);
        await findings(page);
        const path = fileURLToPath(new URL(`../../../../docs/${picture}.png`, import.meta.url));
        await shoot(page, path, { fullPage: true });
      });
    }
  });
}
