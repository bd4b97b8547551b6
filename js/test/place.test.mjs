// What a node's URL is relative to, in pages and in workers, in each browser.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SUITE_MILLIS, engines } from './engines.mjs';
import { fake, reply, ring } from './fake.mjs';
import { openPage } from './pages.mjs';
import { NO_URLS } from './urls.mjs';

// Says by which URL a bell in the worker asks, and what came of it.
const WORKER = `
  async function answer({ data: [url, id] }) {
    try {
      const bell = new Doorbell(url);
      postMessage({ url: bell.url, ...id && { id: await bell.wait(id) } });
    } catch (error) {
      postMessage({ name: error.name });
    }
  }
`;

for (const engine of engines) {
  describe(engine.name, { skip: engine.skip, timeout: SUITE_MILLIS }, () => {
    let browser;

    before(async () => {
      browser = await engine.launch();
    });
    after(() => browser?.close());

    // Makes a worker by `make`, an expression of the page, and asks it.
    const ask = (page, make, ...words) => page.evaluate(([make, words]) => new Promise((resolve, reject) => {
      const worker = eval(make);
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(words);
    }), [make, words]);

    for (const [name, script, make] of [
      ['AWorker', `importScripts('/doorbell.js'); onmessage = answer; ${WORKER}`,
        'new Worker("/page.js")'],
      ['AModuleWorker', `import { Doorbell } from '/doorbell.mjs'; onmessage = answer; ${WORKER}`,
        'new Worker("/page.js", {type: "module"})'],
      ['AWorkerOfABlob', '',
        `new Worker(URL.createObjectURL(new Blob(["importScripts('" + location.origin + "/doorbell.js');"
          + "onmessage = answer;" + ${JSON.stringify(WORKER)}])))`],
    ]) {
      test(`inAWorkerAUrlIsRelativeToItsPlace: ${name}`, async t => {
        const page = await openPage(t, browser, { script });
        const { origin } = new URL(page.url());
        assert.deepEqual(await ask(page, make, '/doorbell/'), { url: `${origin}/doorbell` });
        assert.deepEqual(await ask(page, make, 'localhost:8080'), { name: 'TypeError' });
        const bell = await fake(t, (request, response) => request.url.startsWith('/x')
          ? reply(response, 404) : ringAcross(request, response));
        assert.deepEqual(await ask(page, make, bell.url, '7'), { url: bell.url, id: '7' });
      });
    }

    test('inAPageAUrlIsRelativeToItsBase', async t => {
      const page = await openPage(t, browser);
      const { origin } = new URL(page.url());
      const urls = (...given) => page.evaluate(given => given.map(url => new Doorbell(url).url), given);
      assert.deepEqual(await urls('/doorbell', 'doorbell/', '//bell.example', 'https://bell.example/x/'),
        [`${origin}/doorbell`, `${origin}/doorbell`, 'http://bell.example', 'https://bell.example/x']);
      await page.evaluate(() => {
        const base = document.createElement('base');
        base.href = 'https://elsewhere.example/a/b';
        document.head.append(base);
      });
      assert.deepEqual(await urls('/doorbell', 'doorbell'),
        ['https://elsewhere.example/doorbell', 'https://elsewhere.example/a/doorbell']);
    });

    test('inAPageWhatIsNoNodesUrlIsATypeErrorAtConstruction', async t => {
      const page = await openPage(t, browser);
      const wrong = NO_URLS.filter(url => !(Array.isArray(url) || typeof url === 'object' && url));
      const taken = await page.evaluate(urls => urls.filter(url => {
        try {
          return new Doorbell(url).url;
        } catch (error) {
          return !(error instanceof TypeError && /^a node is an http or https URL/.test(error.message));
        }
      }), wrong);
      assert.deepEqual(taken, []);
      assert.ok(await page.evaluate(() => new Doorbell(location).url), 'anything with an href');
    });
  });
}

function ringAcross(request, response) {
  response.setHeader('Access-Control-Allow-Origin', '*');
  ring(request, response);
}
