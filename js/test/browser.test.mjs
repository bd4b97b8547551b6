// Chromium against a real node. The pages come from another origin than the node.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import { eventually, launch, skip } from './chromium.mjs';
import { fake, problem, reply } from './fake.mjs';
import { startNode } from './node.mjs';
import { PAGE, openContext, openPage, visit } from './pages.mjs';

let node;
let browser;

if (!skip) {
  before(async () => {
    node = await startNode();
    browser = await launch();
  });
  after(async () => {
    if (browser) await browser.close();
    if (node) await node.stop();
  });
}

// Begins to wait; resolves when the request is on its way.
async function beginWait(page, id, options = {}, url = node.url) {
  const asked = page.waitForRequest(request => request.url().startsWith(`${url}/${id}?`));
  await page.evaluate(([url, id, options]) => {
    window.stop = new AbortController();
    window.began = performance.now();
    window.rung = new Doorbell(url, options).wait(id, {signal: window.stop.signal})
      .then(id => ({id, millis: performance.now() - window.began}));
  }, [url, id, options]);
  return asked;
}

function rung(page) {
  return page.evaluate(() => window.rung);
}

// How often a page asked for it.
function asksFor(page, id) {
  return page.asked.filter(request => request.url().includes(`/${id}?`)).length;
}

function ring(id) {
  return new Doorbell(node.url).set(id);
}

// What the client could have left behind in a page.
function leftovers(page) {
  return page.evaluate(() => [
    ...[...document.scripts].map(script => script.src).filter(src => src.includes('callback=')),
    ...Object.keys(window).filter(name => name.startsWith('__doorbell')),
  ]);
}

for (const transport of ['fetch', 'script']) {
  const way = transport === 'fetch' ? 'ByFetch' : 'ByScript';

  test(`aWait${way}IsAnswered`, { skip }, async t => {
    const page = await openPage(t, browser);
    const id = Doorbell.newId();
    const request = await beginWait(page, id, { transport });
    assert.equal(request.resourceType(), transport);
    assert.equal(await ring(id), true);
    assert.equal((await rung(page)).id, id);
  });

  test(`aSetBeforeTheWait${way}IsAnsweredAtOnce`, { skip }, async t => {
    const page = await openPage(t, browser);
    const id = Doorbell.newId();
    await ring(id);
    await beginWait(page, id, { transport });
    await rung(page);
    assert.equal(asksFor(page, id), 1);
  });

  test(`twoTabsThatWaitAlone${way}AreBothAnswered`, { skip }, async t => {
    const { context, origin } = await openContext(t, browser);
    const id = Doorbell.newId();
    const pages = [];
    for (let tab = 0; tab < 2; tab++) {
      const page = await visit(await context.newPage(), origin);
      await beginWait(page, id, { transport, share: false });
      pages.push(page);
    }
    await ring(id);
    const answers = await Promise.all(pages.map(rung));
    assert.deepEqual(pages.map(page => asksFor(page, id)), [1, 1], 'no tab had to ask again');
    assert.deepEqual(answers.map(answer => answer.id), [id, id]);
  });

  test(`noDigitOfAnIdIsLost${way}`, { skip }, async t => {
    const page = await openPage(t, browser);
    for (const id of ['9007199254740993', '340282366920938463463374607431768211455']) {
      await ring(id);
      await beginWait(page, id, { transport });
      assert.equal((await rung(page)).id, id);
    }
  });

  test(`aWait${way}AsksAgainAfterItsHold`, { skip }, async t => {
    const page = await openPage(t, browser);
    const id = Doorbell.newId();
    await beginWait(page, id, { transport, hold: 0.5 });
    await page.waitForRequest(request => request.url().startsWith(`${node.url}/${id}?`));
    await ring(id);
    assert.equal((await rung(page)).id, id);
  });

  test(`aPageThatOwnsDoorbellIsNotDisturbed${way}`, { skip }, async t => {
    const html = `${PAGE}<script>
      const calls = [];
      function doorbell(id) { calls.push(id); }
      const own = doorbell;
    </script>`;
    const page = await openPage(t, browser, { html });
    const [id, other] = [Doorbell.newId(), Doorbell.newId()];
    await ring(id);
    await ring(other);
    await beginWait(page, id, { transport });
    await rung(page);
    assert.deepEqual(await page.evaluate('[calls, doorbell === own]'), [[], true]);
    await beginWait(page, other, { transport, callback: 'doorbell' });
    await rung(page);
    assert.deepEqual(await page.evaluate('[calls, doorbell === own]'), [[other], true]);
  });
}

test('scriptsAndCallbacksAreGoneAfterTheWait', { skip }, async t => {
  const page = await openPage(t, browser);
  const id = Doorbell.newId();
  await beginWait(page, id, { transport: 'script' });
  assert.equal((await leftovers(page)).length, 2);
  await ring(id);
  await rung(page);
  assert.deepEqual(await leftovers(page), []);
});

test('aCancelledScriptIsForgottenAndItsLateCallDoesNothing', { skip }, async t => {
  const page = await openPage(t, browser);
  const id = Doorbell.newId();
  await beginWait(page, id, { transport: 'script' });
  const name = await page.evaluate(async () => {
    stop.abort();
    return rung.catch(error => error.name);
  });
  assert.equal(name, 'AbortError');
  await eventually(async () => (await leftovers(page)).length === 1, 'the element is gone');
  await ring(id);
  await eventually(async () => (await leftovers(page)).length === 0, 'the callback is gone');
  assert.deepEqual(page.errors, []);
});

test('aPolicyThatForbidsFetchLeavesTheScript', { skip }, async t => {
  const page = await openPage(t, browser, { headers: {
    'Content-Security-Policy': `default-src 'self'; script-src 'self' ${node.url}`,
  } });
  const [id, next] = [Doorbell.newId(), Doorbell.newId()];
  await beginWait(page, id);
  await eventually(() => scriptsOf(page, id).length > 0, 'the wait goes by a script');
  await ring(id);
  assert.equal((await rung(page)).id, id);
  await page.evaluate(([url, ids]) => {
    window.blocked = [];
    addEventListener('securitypolicyviolation', event => blocked.push(event.blockedURI));
    const bell = new Doorbell(url);
    window.rung = bell.wait(ids[0]).then(() => bell.wait(ids[1]));
  }, [node.url, [id, next]]);
  await eventually(() => scriptsOf(page, next).length > 0, 'so does the next one');
  const blocked = await page.evaluate('blocked');
  assert.deepEqual(blocked, [], 'fetch is not tried again');
});

function scriptsOf(page, id) {
  return page.asked.filter(request =>
    request.resourceType() === 'script' && request.url().includes(id));
}

test('aPageThatRequiresCorpIsAnsweredByScript', { skip }, async t => {
  const page = await openPage(t, browser, { headers: {
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Opener-Policy': 'same-origin',
  } });
  assert.equal(await page.evaluate('crossOriginIsolated'), true);
  const id = Doorbell.newId();
  await beginWait(page, id, { transport: 'script' });
  await ring(id);
  assert.equal((await rung(page)).id, id);
});

test('aPageThatRequiresTrustedTypesIsAnsweredByScript', { skip }, async t => {
  const page = await openPage(t, browser, { headers: {
    'Content-Security-Policy': "require-trusted-types-for 'script'; trusted-types doorbell",
  } });
  const id = Doorbell.newId();
  await beginWait(page, id, { transport: 'script' });
  await ring(id);
  assert.equal((await rung(page)).id, id);
});

test('aWaitByScriptDoesNotHoldTheLoadEvent', { skip }, async t => {
  const id = Doorbell.newId();
  const html = `${PAGE}<script>
    const rung = new Doorbell('${node.url}', {transport: 'script'}).wait('${id}');
  </script>`;
  const page = await openPage(t, browser, { html }); // returns after the load event
  await eventually(() => scriptsOf(page, id).length === 1, 'the wait is on its way');
  await ring(id);
  assert.equal(await page.evaluate('rung'), id);
});

test('aScriptThatFailsIsTriedAgainAfterAPause', { skip }, async t => {
  const page = await openPage(t, browser);
  const bell = await fake(t, (request, response, n) => n < 3
    ? problem(response, 503, 'draining')
    : reply(response, 200, `${new URL(request.url, node.url).searchParams.get('callback')}(5);`,
      { 'Content-Type': 'text/javascript' }));
  await page.evaluate(() => { Math.random = () => 0.999; });
  await beginWait(page, '5', { transport: 'script' }, bell.url);
  assert.equal((await rung(page)).id, '5');
  const [first, second, third] = bell.requests;
  assert.ok(second.at - first.at >= 990, `${second.at - first.at} ms`);
  assert.ok(third.at - second.at >= 1990, `${third.at - second.at} ms`);
});

test('moreThanTenScriptsCanHang', { skip }, async t => {
  const page = await openPage(t, browser);
  // Six waits each on three hosts, as far as Chromium is concerned.
  const handle = (request, response) => response.on('close', () => {});
  const bells = [await fake(t, handle), await fake(t, handle), await fake(t, handle)];
  await page.evaluate(urls => {
    for (const url of urls) {
      for (let id = 1; id <= 5; id++) {
        new Doorbell(url, {transport: 'script', hold: 25 + id}).wait(id).catch(() => {});
      }
    }
  }, bells.map(bell => bell.url));
  await Promise.all(bells.map(bell => bell.asked(() => true, 5)));
});

test('waitingAndSettingNeedNoPreflight', { skip }, async t => {
  const page = await openPage(t, browser);
  const headers = { 'Access-Control-Allow-Origin': '*' };
  const bell = await fake(t, (request, response) => request.method === 'GET'
    ? reply(response, 200, { set: ['5'] }, headers)
    : reply(response, 201, undefined, headers));
  await beginWait(page, '5', { transport: 'fetch' }, bell.url);
  await rung(page);
  const key = 'ab'.repeat(32);
  await page.evaluate(([url, key]) => new Doorbell(url).set(key, 'k'), [bell.url, key]);
  assert.deepEqual(bell.requests.map(request => request.method), ['GET', 'POST']);
});

test('aPageCanSet', { skip }, async t => {
  const page = await openPage(t, browser);
  const set = () => page.evaluate(([url, id]) => new Doorbell(url).set(id), [node.url, id]);
  const id = Doorbell.newId();
  assert.equal(await set(), true);
  assert.equal(await set(), false);
});

test('aPlainPageLoadsTheClientFromTheNode', { skip }, async t => {
  const answer = await fetch(`${node.url}/doorbell.js`);
  const file = readFileSync(new URL('../doorbell.js', import.meta.url), 'utf8');
  assert.equal(await answer.text(), file, 'the node serves the file as it is committed');
  const page = await openPage(t, browser, {
    html: `<!doctype html><script src="${node.url}/doorbell.js"></script>`,
  });
  const id = Doorbell.newId();
  await beginWait(page, id);
  await ring(id);
  assert.equal((await rung(page)).id, id);
  assert.deepEqual(page.errors, []);
});

test('aPageCanImportTheModule', { skip }, async t => {
  const html = `<!doctype html><script type="module">
    import Doorbell, { Doorbell as named } from '/doorbell.mjs';
    window.imported = [typeof Doorbell.newId, Doorbell === named];
  </script>`;
  const page = await openPage(t, browser, { html });
  assert.deepEqual(await page.evaluate('imported'), ['function', true]);
});

test('theClientForApplicationsDerivesByWebCrypto', { skip }, async t => {
  const page = await openPage(t, browser);
  const { derived } = JSON.parse(readFileSync(new URL('../../spec/vectors.json', import.meta.url)));
  const got = await page.evaluate(async ([url, derived]) => {
    const { Doorbell } = await import('/server.mjs');
    return Promise.all(derived.map(({ secret, topic, version }) =>
      new Doorbell(url, { secret }).topic(topic).at(version)));
  }, [node.url, derived]);
  assert.deepEqual(got, derived.map(({ id, key }) => ({ id, key })));
});

test('aPageWaitsForAnyOfSeveral', { skip }, async t => {
  const page = await openPage(t, browser);
  const ids = [1, 2, 3].map(() => Doorbell.newId());
  await ring(ids[1]);
  for (const transport of ['fetch', 'script']) {
    const rung = await page.evaluate(([url, ids, transport]) =>
      new Doorbell(url, { transport }).waitAny(ids), [node.url, ids, transport]);
    assert.deepEqual(rung, [ids[1]], transport);
  }
});

test('followInAPageDeliversEachState', { skip }, async t => {
  const page = await openPage(t, browser);
  const ids = [1, 2, 3].map(() => Doorbell.newId());
  let state = 0;
  await page.route('**/state', route => route.fulfill({
    json: { state },
    headers: { 'Doorbell-Wait': `${node.url}/${ids[state]}` },
  }));
  await page.evaluate(url => {
    window.states = [];
    new Doorbell(url).follow('/state', answer => states.push(answer.state));
  }, node.url);
  for (; state < 2; await ring(ids[state++])) {
    await page.waitForFunction(n => states.length === n, state + 1);
  }
  await page.waitForFunction(() => states.length === 3);
  assert.deepEqual(await page.evaluate('states'), [0, 1, 2]);
});

test('anotherBellIsNeverAskedByScript', { skip }, async t => {
  const page = await openPage(t, browser);
  const other = await fake(t, (request, response) => reply(response, 200, { set: ['7'] },
    { 'Access-Control-Allow-Origin': '*' }));
  await page.route('**/state', route => route.fulfill({ json: { doorbell: `${other.url}/7` } }));
  await page.evaluate(url => {
    window.answers = 0;
    new Doorbell(url, {transport: 'script'}).follow('/state', () => { answers++; });
  }, node.url);
  await page.waitForFunction(() => answers === 2);
  assert.deepEqual(page.asked.filter(request => request.url().startsWith(other.url))
    .map(request => request.resourceType()), ['fetch']);
});
