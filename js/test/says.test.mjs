// What a page says in the console, and what it rejects at once, in each browser.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import { after, before, describe, test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import { certificate } from './certificate.mjs';
import { eventually } from './chromium.mjs';
import { SUITE_MILLIS, engines } from './engines.mjs';
import { fake, reply } from './fake.mjs';
import { startNode } from './node.mjs';
import { errorsOf, openPage } from './scripted.mjs';

const CORS = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'Doorbell-Wait' };

let node;

before(async () => {
  node = await startNode();
});
after(() => node?.stop());

const ring = id => new Doorbell(node.url).set(id);

// Of a page: what the client warned of. The browser's own lines are no warnings of ours.
function warningsOf(page) {
  const said = [];
  page.on('console', message => {
    if (message.text().startsWith('Doorbell: ')) said.push([message.type(), message.text()]);
  });
  return said;
}

// A node whose certificate nobody trusts.
async function untrusted(t) {
  const server = https.createServer(certificate(), (request, response) => response.end());
  let connections = 0;
  server.on('connection', () => { connections++; });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { url: `https://127.0.0.1:${server.address().port}`, connections: () => connections };
}

const line = (url, sentence, topic) =>
  ['warning', `Doorbell: ${url}: ${sentence} (doorbell-client/README.md#${topic})`];

for (const engine of engines) {
  describe(engine.name, { skip: engine.skip, timeout: SUITE_MILLIS }, () => {
    let browser;

    before(async () => {
      browser = await engine.launch();
    });
    after(() => browser?.close());

    // An application that answers so; a page that follows it by a bell at the node.
    async function follows(t, answer, options = {}) {
      const app = await fake(t, answer);
      const page = await openPage(t, browser);
      const said = warningsOf(page);
      await page.evaluate(([node, url, options]) => {
        Math.random = () => 0.01; // its pauses are short
        window.answers = [];
        window.told = [];
        window.throws = false;
        new Doorbell(node).follow(url, answer => {
          answers.push(answer);
          if (throws) throw new Error(`of answer ${answers.length}`);
        }, { ...options, onError: error => told.push(error.message) });
      }, [options.node || node.url, app.url, options]);
      return { page, said, app, answers: n => page.waitForFunction(n => answers.length >= n, n) };
    }

    for (const [name, answer] of [
      ['WithoutAHeader', response => reply(response, 200, 'text', CORS)],
      ['WithAnotherField', response => reply(response, 200, { event: '7' }, CORS)],
      ['WhoseHeaderIsNotExposed', response => reply(response, 200, 'text',
        { 'Access-Control-Allow-Origin': '*', 'Doorbell-Wait': '7' })],
    ]) {
      test(`anAnswer${name}IsSaidOnce`, async t => {
        const { page, said, app, answers } = await follows(t, (request, response) => answer(response));
        await answers(4);
        assert.deepEqual(said,
          [line(`${app.url}/`, 'no event in Doorbell-Wait or "doorbell", so it is polled', 'no-event')]);
        assert.deepEqual(await page.evaluate(() => told), []);
      });
    }

    test('anyOfTwoIdsInTheHeaderWakesAndNothingIsSaid', async t => {
      const pairs = [1, 2, 3].map(() => [Doorbell.newId(), Doorbell.newId()]);
      let state = 0;
      const { page, said, answers } = await follows(t, (request, response) =>
        reply(response, 200, `${state}`, { ...CORS, 'Doorbell-Wait': pairs[state].join(', ') }));
      await answers(1);
      await ring(pairs[state++][1]);
      await answers(2);
      await ring(pairs[state++][0]);
      await answers(3);
      assert.deepEqual(await page.evaluate(() => [answers, told]), [['0', '1', '2'], []]);
      assert.deepEqual(said, []);
    });

    test('anEventThatIsSetAlreadyIsSaidOnce', async t => {
      const id = Doorbell.newId();
      const { said, app, answers } = await follows(t, (request, response) =>
        reply(response, 200, { doorbell: id }, CORS));
      await answers(1);
      await ring(id);
      await answers(4);
      assert.deepEqual(said,
        [line(`${app.url}/`, `event ${id} is set already, so it is polled`, 'set-already')]);
    });

    test('aCallbackThatThrowsIsReportedAndTheNextAnswerComes', async t => {
      const ids = [1, 2, 3].map(() => Doorbell.newId());
      let state = 0;
      const { page, said, app, answers } = await follows(t, (request, response) =>
        reply(response, 200, { doorbell: ids[state] }, CORS));
      await answers(1);
      await page.evaluate(() => { throws = true; });
      for (let n = 2; n <= 3; n++) {
        await ring(ids[state++]);
        await answers(n);
      }
      await page.waitForFunction(() => told.length === 2);
      assert.deepEqual(await page.evaluate(() => told), ['of answer 2', 'of answer 3']);
      assert.deepEqual((await errorsOf(page)).map(text => text.replace(/.*Error: /, '')),
        ['of answer 2', 'of answer 3']);
      assert.deepEqual(said, [line(`${app.url}/`, 'the callback threw', 'callback')]);
      assert.equal(app.requests.length, 3, 'no answer is asked for again');
    });

    test('aWrongUrlOfTheNodeIsSaidOnce', async t => {
      const site = await fake(t, (request, response) => reply(response, 404, '<h1>Not found</h1>', CORS));
      const { page, said, app } = await follows(t, (request, response) =>
        reply(response, 200, { doorbell: '7' }, CORS), { node: `${site.url}/typo` });
      await page.waitForFunction(() => told.length >= 3);
      assert.deepEqual(said, [line(`${site.url}/typo`, 'HTTP status 404, no Doorbell node', 'failures')]);
      assert.ok(app.requests.length >= 3);
    });

    // Calls `wait` and `set` of a bell at that URL; gives what each rejects with.
    function rejections(page, url, options) {
      return page.evaluate(async ([url, options]) => {
        const bell = new Doorbell(url, options);
        const told = error => ({ message: error.message, status: error.status });
        return [await bell.wait('7').catch(told), await bell.set('7').catch(told)];
      }, [url, options]);
    }

    test('aRedirectIsAnErrorAtOnceThatNamesThePlace', async t => {
      const page = await openPage(t, browser);
      const said = warningsOf(page);
      const bell = await fake(t, (request, response) => request.url.startsWith('/there/')
        ? setTimeout(() => reply(response, 204, undefined, CORS), 300)
        : reply(response, 301, '', { ...CORS, Location: `/there${request.url}` }));
      for (const rejected of await rejections(page, bell.url)) {
        assert.equal(rejected.message.replace(/\?.*/, ''), `redirects to ${bell.url}/there/7`);
      }
      assert.deepEqual(new Set(bell.requests.map(request => request.method)), new Set(['GET', 'HEAD', 'POST']));
      assert.equal(said.length, 1);
    });

    test('aRedirectToWhereAPageMayNotLookIsAnErrorAtOnce', async t => {
      const page = await openPage(t, browser);
      const login = await fake(t, (request, response) => reply(response, 200, '<p>Log in</p>'));
      const bell = await fake(t, (request, response) =>
        reply(response, 302, '', { ...CORS, Location: login.url }));
      for (const rejected of await rejections(page, bell.url)) {
        assert.equal(rejected.message, 'redirects to elsewhere');
      }
    });

    test('aLoginPageIsAnErrorAtOnce', async t => {
      const page = await openPage(t, browser);
      const bell = await fake(t, (request, response) => reply(response, 200, '<p>Log in</p>', CORS));
      const expected = { message: 'not a Doorbell node', status: 200 };
      assert.deepEqual(await rejections(page, bell.url), [expected, expected]);
      assert.equal(bell.requests.length, 2);
    });

    // What a call rejects with that is not in time: its name, and its cause's message and status. A
    // machine that is busy may need more than a second for a first failure.
    function rejection(page, url, options = {}, call = 'wait') {
      return page.evaluate(async ([url, options, call]) => {
        Math.random = () => 0.01;
        const bell = new Doorbell(url, options);
        for (const timeout of [1, 60]) {
          const words = call === 'set' ? ['7', '', { timeout }] : ['7', { timeout }];
          const { name, cause } = await bell[call](...words).catch(error => error);
          if (cause || timeout === 60) return [name, cause?.message, cause?.status];
        }
      }, [url, options, call]);
    }

    test('aNodeThatIsDownIsSaidOnceAndIsTheCauseOfATimeout', async t => {
      const page = await openPage(t, browser);
      const said = warningsOf(page);
      const bell = await fake(t, () => {});
      await bell.close();
      for (const transport of ['auto', 'fetch']) {
        const [name, cause] = await rejection(page, bell.url, { transport });
        assert.equal(name, 'TimeoutError');
        assert.match(cause, /^no answer/);
      }
      const [name, cause] = await rejection(page, bell.url, {}, 'set');
      assert.equal(name, 'TimeoutError');
      assert.match(cause, /^no answer: /);
      for (const [type, text] of said) {
        assert.equal(type, 'warning');
        assert.ok(text.startsWith(`Doorbell: ${bell.url}: no answer`), text);
      }
      assert.equal(new Set(said.map(([, text]) => text)).size, said.length, 'each once');
    });

    // A browser tells no script of it, so it is tried again; its own line names the certificate.
    test('anUntrustedCertificateIsSaidOnce', async t => {
      const page = await openPage(t, browser);
      const said = warningsOf(page);
      const bell = await untrusted(t);
      const [name, cause] = await rejection(page, bell.url, { transport: 'fetch' });
      assert.equal(name, 'TimeoutError');
      assert.match(cause, /^no answer: /);
      assert.deepEqual(said.map(([type, text]) => [type, text.split(': ', 3).join(': ')]),
        [['warning', `Doorbell: ${bell.url}: no answer`]]);
      assert.ok(bell.connections() > 1, 'tried again');
    });

    // Whatever tab asks for it.
    test('aTabThatOthersAskForIsToldOfFailuresToo', async t => {
      const page = await openPage(t, browser);
      const bell = await fake(t, (request, response) => reply(response, 503, 'none', CORS));
      const other = await page.context().newPage();
      await other.goto(page.url());
      const said = warningsOf(page);
      await other.evaluate(url => {
        window.bell = new Doorbell(url);
        bell.wait('8', { timeout: 600 }).catch(() => {});
      }, bell.url);
      await eventually(() => bell.requests.length > 0, 'it is asked for');
      const [name, , status] = await rejection(page, bell.url);
      assert.deepEqual([name, status], ['TimeoutError', 503]);
      assert.deepEqual(said, [line(bell.url, 'HTTP status 503', 'failures')]);
    });
  });
}
