// The node's landing page in browsers: a wait and a set that are tried right there, and the lines to
// paste, whatever way leads to the node. DOORBELL_SCREENSHOT=1 also pictures it in docs/.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../../../js/test/chromium.mjs';
import { SUITE_MILLIS, engines } from '../../../../js/test/engines.mjs';
import { fake, reply } from '../../../../js/test/fake.mjs';
import { startNode } from '../../../../js/test/node.mjs';
import { skip as noNginx, startNginx } from '../../../../js/test/nginx.mjs';
import { shoot } from '../../../../js/test/pictures.mjs';
import { isReadable, troubles } from './look.mjs';
import { startSecureNode } from './secure.mjs';

const WOKEN = /^Woken \d+(\.\d)? ms after the set\n?The wait went by a fetch/;

let node;

before(async () => {
  node = await startNode(['--base-path', '/bell']);
});
after(() => node?.stop());

for (const { name, skip, launch } of engines) {
  describe(name, { skip, timeout: SUITE_MILLIS }, () => {
    let browser;

    before(async () => {
      browser = await launch();
    });
    after(() => browser?.close());

    async function open(t, url, options) {
      const context = await browser.newContext({ viewport: { width: 900, height: 900 }, ...options });
      t.after(() => context.close());
      const page = await context.newPage();
      page.found = troubles(page);
      await page.goto(url);
      return page;
    }

    const press = (page, button) => page.getByRole('button', { name: button, exact: true }).click();
    const said = page => page.locator('#said').innerText();

    async function wakesAtOnce(page) {
      await press(page, 'Wait');
      await press(page, 'Set it');
      await eventually(async () => WOKEN.test(await said(page)), 'it is woken');
      assert.deepEqual(page.found, []);
    }

    // What `path` of the page leads to, and what stands in its lines.
    async function knowsWhereItIs(page, base) {
      await wakesAtOnce(page);
      const snippet = await page.locator('#snippet').textContent();
      assert.ok(snippet.includes(`<script src="${base}/doorbell.js">`), snippet);
      assert.ok(snippet.includes(`new Doorbell('${base}')`), snippet);
      for (const path of ['doctor', 'doorbell.js']) {
        assert.equal(await page.getByRole('link', { name: `/${path}` }).evaluate(link => link.href),
          `${base}/${path}`);
      }
    }

    for (const [way, path] of [['AtTheRoot', '/'], ['UnderDoorbell', '/doorbell'],
      ['UnderItsBasePath', '/bell'], ['UnderItsBasePathWithASlash', '/bell/']]) {
      test(`whatIsTriedAndPastedIsRight${way}`, async t => {
        const page = await open(t, node.url + path);
        await knowsWhereItIs(page, (node.url + path).replace(/\/$/, ''));
      });
    }

    test('whatIsTriedAndPastedIsRightBehindNginx', { skip: noNginx }, async t => {
      const { port } = await startNginx(t, { node: node.url, pages: node.url });
      const base = `http://127.0.0.1:${port}/doorbell`;
      await knowsWhereItIs(await open(t, `${base}/`), base);
    });

    if (name !== 'Chromium') return; // what follows is the page's, whatever runs it

    test('aSetFromElsewhereEndsTheWaitToo', async t => {
      const page = await open(t, node.url);
      await press(page, 'Wait');
      await page.getByRole('button', { name: 'Set it' }).and(page.locator(':enabled')).waitFor();
      // The second command, as it stands there.
      const [, command] = (await page.locator('pre').first().innerText()).match(/^curl -d (.*)$/m);
      assert.equal(execFileSync('bash', ['-c', `curl -s -d ${command}`], { encoding: 'utf8' }), '');
      await eventually(async () => /^Woken by somebody else/.test(await said(page)), 'it is woken');
      await wakesAtOnce(page);
    });

    test('theLinesWorkAsTheyAreCopied', async t => {
      const landing = await open(t, `${node.url}/bell/`);
      await press(landing, 'Copy');
      await eventually(async () => /cop/.test(await landing.locator('#copied').innerText()), 'it is copied');
      const snippet = await landing.evaluate(() => getSelection().toString());
      const answer = { count: 7, doorbell: '0' };
      const application = await fake(t, (request, response) => {
        if (request.url === '/count') reply(response, 200, answer);
        else reply(response, 200, `<!doctype html>${snippet}`, { 'Content-Type': 'text/html' });
      });
      const page = await open(t, application.url);
      await eventually(async () => await page.title() === '7', 'the page has the count');
      answer.count = 8;
      answer.doorbell = '1';
      assert.equal((await fetch(`${node.url}/0`, { method: 'POST' })).status, 201);
      await eventually(async () => await page.title() === '8', 'the page has the next count');
    });

    test('theKeyboardIsEnough', async t => {
      const page = await open(t, node.url);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Set it' }).and(page.locator(':enabled')).waitFor();
      await page.keyboard.press('Tab');
      // What had the focus is disabled now: it goes on from there.
      if (await page.evaluate(() => document.activeElement.id) !== 'set') await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await eventually(async () => WOKEN.test(await said(page)), 'it is woken');
    });

    test('aNodeThatIsGoneIsSaidSo', async t => {
      const mortal = await startNode(['--base-path', '/mortal']);
      t.after(() => mortal.stop());
      const page = await open(t, mortal.url);
      await mortal.stop();
      await press(page, 'Wait');
      await eventually(async () => /can't be loaded/.test(await said(page)), 'it is told');
      assert.equal(await page.getByRole('button', { name: 'Wait' }).isEnabled(), true);
    });

    test('whatIsTriedAndPastedIsRightByTls', async t => {
      const secure = await startSecureNode(t);
      assert.match(secure.url, /^https:/);
      await knowsWhereItIs(await open(t, secure.url, { ignoreHTTPSErrors: true }), secure.url);
    });

    for (const [colorScheme, width] of [['light', 900], ['dark', 320]]) {
      test(`everythingIsReadableAt${width}PixelsWhen${colorScheme}`, async t => {
        const page = await open(t, node.url, { colorScheme, viewport: { width, height: 700 } });
        await isReadable(page);
        await press(page, 'Wait');
        await isReadable(page);
        await press(page, 'Set it');
        await eventually(async () => WOKEN.test(await said(page)), 'it is woken');
        await isReadable(page);
      });
    }

    const noPicture = process.env.DOORBELL_SCREENSHOT !== '1' && 'DOORBELL_SCREENSHOT=1 takes it';

    for (const [picture, options] of [
      ['landing', { viewport: { width: 760, height: 980 } }],
      ['landing-phone', { colorScheme: 'dark', viewport: { width: 390, height: 844 } }],
    ]) {
      test(`pictureOf-${picture}`, { skip: noPicture }, async t => {
        const page = await open(t, node.url, options);
        await wakesAtOnce(page);
        const path = fileURLToPath(new URL(`../../../../docs/${picture}.png`, import.meta.url));
        await shoot(page, path, { fullPage: picture !== 'landing' });
      });
    }
  });
}
