import assert from 'node:assert/strict';
import { test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import Server from '../server.mjs';
import { fake, reply, ring } from './fake.mjs';
import { MOST, assertBetween, consoleOf, pausesIn } from './pauses.mjs';

// Follows until so many answers came; gives them and the errors that were told.
async function follow(bell, url, count, options = {}) {
  const controller = new AbortController();
  const answers = [];
  const errors = [];
  await bell.follow(url, answer => {
    answers.push(answer);
    if (answers.length === count) controller.abort();
  }, { signal: controller.signal, onError: error => errors.push(error), ...options });
  return { answers, errors };
}

test('followWaitsForTheEventInTheHeader', async t => {
  const server = await fake(t, ring);
  const app = await fake(t, (request, response, n) =>
    reply(response, 200, `answer ${n}`, { 'Doorbell-Wait': `${server.url}/10${n}` }));
  const { answers, errors } = await follow(new Doorbell(server.url), app.url, 3);
  assert.deepEqual(answers, ['answer 1', 'answer 2', 'answer 3']);
  assert.deepEqual(errors, []);
  assert.deepEqual(server.requests.map(request => request.path), ['/101', '/102']);
});

test('aUrlThatThePageChangesIsAskedAsItIsThen', async t => {
  const server = await fake(t, ring);
  const app = await fake(t, (request, response, n) =>
    reply(response, 200, { n, doorbell: `10${n}` }));
  const url = new URL('/since/0', app.url);
  const stop = new AbortController();
  await new Doorbell(server.url).follow(url, ({ n }) => {
    url.pathname = `/since/${n}`;
    if (n === 3) stop.abort();
  }, { signal: stop.signal });
  assert.deepEqual(app.requests.map(request => request.path),
    ['/since/0', '/since/1', '/since/2']);
});

test('followWaitsForTheEventInTheField', async t => {
  const server = await fake(t, ring);
  const app = await fake(t, (request, response, n) =>
    reply(response, 200, { n, doorbell: `10${n}`, next: n + 200 }));
  const bell = new Doorbell(server.url);
  const { answers } = await follow(bell, app.url, 2);
  assert.deepEqual(answers.map(answer => answer.n), [1, 2]);
  await follow(bell, app.url, 2, { field: 'next' });
  assert.deepEqual(server.requests.map(request => request.path), ['/101', '/203']);
});

test('theHeaderComesBeforeTheField', async t => {
  const server = await fake(t, ring);
  const app = await fake(t, (request, response, n) =>
    reply(response, 200, { doorbell: '1' }, { 'Doorbell-Wait': `2${n}` }));
  await follow(new Doorbell(server.url), app.url, 2);
  assert.deepEqual(server.requests.map(request => request.path), ['/21']);
});

test('followWaitsAtAnotherBellWhereTheUrlSaysSo', async t => {
  const server = await fake(t, ring);
  const other = await fake(t, (request, response) => reply(response, 200, { set: ['7'] }));
  const app = await fake(t, (request, response) =>
    reply(response, 200, { doorbell: `${other.url}/bells/7` }));
  await follow(new Doorbell(server.url, { origins: [other.url] }), app.url, 2);
  assert.deepEqual(other.requests.map(request => request.path), ['/bells/7']);
  assert.equal(server.requests.length, 0);
});

test('aUrlInTheHeaderIsRelativeToTheAnswers', async t => {
  const server = await fake(t, ring);
  const app = await fake(t, (request, response, n) => {
    if (request.url.startsWith('/bell/')) ring(request, response);
    else if (request.url === '/old/state') reply(response, 302, undefined, { Location: '/new/state' });
    else reply(response, 200, 'state', { 'Doorbell-Wait': '../bell/7,8' });
  });
  await follow(new Doorbell(server.url, { origins: [app.url] }), `${app.url}/old/state`, 2);
  assert.ok(app.requests.some(request => request.path === '/bell/7,8'));
  assert.equal(server.requests.length, 0);
});

// A server stands where others can't: who answers it must not send it anywhere.
test('onAServerNoOtherOriginIsAskedUnlessItIsNamed', async t => {
  const said = consoleOf(t);
  const server = await fake(t, ring);
  const inner = await fake(t, ring);
  for (const Client of [Doorbell, Server]) {
    for (const { origins } of [{}, { origins: [] }, { origins: ['https://elsewhere.example'] }]) {
      for (const named of [`${inner.url}/7`, `//${new URL(inner.url).host}/bell/7`,
        `${inner.url.replace('127.0.0.1', '127.1')}/7`, '/7']) {
        const app = await fake(t, (request, response) =>
          reply(response, 200, 'state', { 'Doorbell-Wait': named }));
        await assert.rejects(new Client(server.url, { origins }).follow(app.url, () => {}, {
          onError: error => { throw error; },
        }), { name: 'TypeError', message: /^http:\/\/127.0.0.1:\d+ is not in `origins`$/ });
        assert.deepEqual(app.requests.map(request => request.path), ['/']);
      }
    }
    await follow(new Client(server.url, { origins: [`${inner.url}`] }), await state(t, inner), 2);
    await follow(new Client(server.url), await state(t, inner), 2, { origins: [`${inner.url}/x`] });
    await follow(new Client(`${server.url}/base`), await state(t, server), 2);
  }
  assert.equal(inner.requests.length, 4);
  assert.equal(server.requests.length, 2);
  assert.ok(said.warnings.length > 0);
});

test('whereRedirectsAreNotWantedNobodyIsAskedBehindThem', async t => {
  const inner = await fake(t, ring);
  const app = await fake(t, (request, response) =>
    reply(response, 302, undefined, { Location: `${inner.url}/secret` }));
  for (const Client of [Doorbell, Server]) {
    const errors = [];
    await new Client(inner.url).follow(app.url, () => {}, {
      init: { redirect: 'manual' },
      onError: error => {
        errors.push(error.message);
        throw error;
      },
    }).catch(() => {});
    assert.deepEqual(errors, [`redirects to ${inner.url}/secret`]);
  }
  assert.equal(inner.requests.length, 0);
});

// The URL of an application that names an event at that bell.
async function state(t, bell) {
  const app = await fake(t, (request, response) =>
    reply(response, 200, 'state', { 'Doorbell-Wait': `${bell.url}/7` }));
  return app.url;
}

test('anAnswerWithoutABodyIsNotHandedOn', async t => {
  const server = await fake(t, ring);
  const app = await fake(t, (request, response, n) => n === 1
    ? reply(response, 204, undefined, { 'Doorbell-Wait': '1' })
    : reply(response, 200, 'news', { 'Doorbell-Wait': '2' }));
  const { answers } = await follow(new Doorbell(server.url), app.url, 1);
  assert.deepEqual(answers, ['news']);
  assert.equal(app.requests.length, 2);
});

test('followLooksAgainAfterFiveMinutesAtTheLatest', async t => {
  const server = await fake(t, () => {});
  const app = await fake(t, (request, response) => reply(response, 200, { doorbell: '7' }));
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const controller = new AbortController();
  let delivered;
  const next = () => new Promise(resolve => { delivered = resolve; });
  const first = next();
  const bell = new Doorbell(server.url, { hold: 3600 });
  const over = bell.follow(app.url, () => delivered(), { signal: controller.signal });
  await first;
  await server.asked();
  const second = next();
  t.mock.timers.tick(239_000);
  assert.equal(app.requests.length, 1);
  t.mock.timers.tick(61_000);
  await second;
  assert.equal(app.requests.length, 2);
  controller.abort();
  await over;
});

test('errorsOfTheApplicationAreToldAndPaused', async t => {
  const pauses = pausesIn(t, { chance: MOST });
  const server = await fake(t, ring);
  const app = await fake(t, (request, response, n) => n < 3
    ? reply(response, n === 1 ? 500 : 404)
    : reply(response, 200, { n }));
  const { answers, errors } = await follow(new Doorbell(server.url), app.url, 1);
  assert.deepEqual(answers, [{ n: 3 }]);
  assert.deepEqual(errors.map(error => error.status), [500, 404]);
  assertBetween(pauses, [[999, 1000], [1999, 2000]]);
});

// Follows an application that answers so; gives what is said in the console, once so many answers came.
async function saidOf(t, answers, { url = app => app.url, count = 3, ...options } = {}) {
  const said = consoleOf(t);
  pausesIn(t, { chance: 0.00001 });
  const server = await fake(t, ring);
  const app = await fake(t, (request, response, n) => answers(response, server, n));
  const { errors } = await follow(new Doorbell(server.url), url(app), count, options);
  return { ...said, errors, app, server };
}

const line = (app, sentence, topic) =>
  `Doorbell: ${app.url}/: ${sentence} (doorbell-client/README.md#${topic})`;

for (const [name, answers] of [
  ['WithoutAHeader', response => reply(response, 200, 'text')],
  ['WithAnotherField', response => reply(response, 200, { event: '7' })],
  ['WithAFieldThatIsNull', response => reply(response, 200, { doorbell: null })],
]) {
  test(`anAnswer${name}NamesNoEventAndThatIsSaidOnce`, async t => {
    const { warnings, errors, app, server } = await saidOf(t, answers);
    assert.deepEqual(warnings,
      [line(app, 'no event in Doorbell-Wait or "doorbell", so it is polled', 'no-event')]);
    assert.deepEqual(errors, []);
    assert.equal(server.requests.length, 0);
  });
}

test('noSecretOfAUrlIsSaid', async t => {
  const { warnings } = await saidOf(t, response => reply(response, 200, 'text'),
    { url: app => `${app.url}/?token=secret` });
  assert.equal(warnings.length, 1);
  assert.doesNotMatch(warnings[0], /secret/);
});

test('anEventThatIsSetAlreadyIsSaidOnceAndDoesNotMakeItSpin', async t => {
  const said = consoleOf(t);
  const pauses = pausesIn(t, { chance: MOST });
  const server = await fake(t, ring);
  const app = await fake(t, (request, response) => reply(response, 200, { doorbell: ['8', '7'] }));
  await follow(new Doorbell(server.url), app.url, 4);
  assertBetween(pauses, [[999, 1000], [1999, 2000]]);
  assert.equal(server.requests.length, 1);
  assert.deepEqual(said.warnings, [line(app, 'event 8 is set already, so it is polled', 'set-already')]);
});

test('aCallbackThatThrowsIsNoFailureOfTheApplication', async t => {
  const said = consoleOf(t);
  const pauses = pausesIn(t);
  const reported = [];
  globalThis.reportError = error => reported.push(error.message);
  t.after(() => delete globalThis.reportError);
  const server = await fake(t, ring);
  const app = await fake(t, (request, response, n) => reply(response, 200, { doorbell: n }));
  for (const throws of [n => { throw new Error(`of ${n}`); }, async n => { throw new Error(`of ${n}`); }]) {
    const controller = new AbortController();
    const errors = [];
    let answers = 0;
    app.requests.length = 0;
    await new Doorbell(server.url).follow(app.url, () => {
      if (++answers === 3) controller.abort();
      else return throws(answers);
    }, { signal: controller.signal, onError: error => errors.push(error.message) });
    assert.deepEqual(errors, ['of 1', 'of 2']);
    assert.deepEqual(reported.splice(0), errors);
  }
  assert.deepEqual(pauses, []);
  assert.deepEqual(said.warnings, [line(app, 'the callback threw', 'callback')]);
  assert.equal(server.requests.length, 4, 'each event was waited for');
});

test('whereThereIsNoReportErrorTheConsoleGetsIt', async t => {
  const { reportError } = globalThis; // of later versions of Node
  delete globalThis.reportError;
  t.after(() => { if (reportError) globalThis.reportError = reportError; });
  const said = consoleOf(t);
  const server = await fake(t, ring);
  const app = await fake(t, (request, response, n) => reply(response, 200, { doorbell: n }));
  const error = new Error('of the callback');
  await assert.rejects(new Doorbell(server.url).follow(app.url, () => { throw error; },
    { onError: error => { throw error; } }), error);
  assert.deepEqual(said.errors, [error]);
});

test('whatTheApplicationFailsByIsSaidOnceForEachKindAndAllOfItIsToldToOnError', async t => {
  const { warnings, errors, app } = await saidOf(t, (response, server, n) => {
    if (n > 10) reply(response, 200, { doorbell: n });
    else if (n % 5 === 0) response.destroy();
    else if (n % 5 === 1) reply(response, 500);
    else if (n % 5 === 2) reply(response, 404);
    else if (n % 5 === 3) reply(response, 200, '{', { 'Content-Type': 'application/json' });
    else reply(response, 200, { doorbell: 'none' });
  });
  assert.equal(errors.length, 10);
  assert.deepEqual(warnings, [
    'HTTP status 500', 'HTTP status 404', errors[2].message,
    'none is not a valid event id: did the answer name one?', 'no answer: other side closed',
  ].map(sentence => line(app, sentence, 'failures')));
});

test('whatTheNodeFailsByIsSaidOfTheNode', async t => {
  const said = consoleOf(t);
  pausesIn(t, { chance: 0.00001 });
  const site = await fake(t, (request, response) => reply(response, 404, '<h1>Not found</h1>'));
  const app = await fake(t, (request, response) => reply(response, 200, { doorbell: '7' }));
  const { errors } = await follow(new Doorbell(`${site.url}/typo`), app.url, 3);
  assert.deepEqual(errors.map(({ status }) => status), [404, 404]);
  assert.deepEqual(said.warnings, [`Doorbell: ${site.url}/typo: HTTP status 404, no Doorbell node`
    + ' (doorbell-client/README.md#failures)']);
});

test('aUrlThatIsNoneEndsAFollowAtOnce', async () => {
  await assert.rejects(new Doorbell('http://127.0.0.1').follow('/state', () => {}), TypeError);
  await assert.rejects(new Doorbell('http://127.0.0.1').follow('http://', () => {}), TypeError);
});

test('onErrorIsToldOnceOfWhatTheCallbackThrowsAndMayEndTheFollow', async t => {
  const said = consoleOf(t);
  const server = await fake(t, ring);
  const app = await fake(t, (request, response) => reply(response, 200, { doorbell: '7' }));
  const told = [];
  const over = new Doorbell(server.url).follow(app.url, () => { throw new Error('of the callback'); }, {
    onError: error => {
      told.push(error.message);
      throw new Error('of onError');
    },
  });
  await assert.rejects(over, { message: 'of onError' });
  assert.deepEqual(told, ['of the callback']);
  assert.deepEqual(said.warnings, [line(app, 'the callback threw', 'callback')]);
  assert.equal(server.requests.length, 0);
});

test('followEndsWithWhatOnErrorThrows', async t => {
  const server = await fake(t, ring);
  const app = await fake(t, (request, response) => reply(response, 401));
  const over = new Doorbell(server.url).follow(app.url, () => {}, {
    onError: error => { throw error; },
  });
  await assert.rejects(over, { status: 401 });
});

test('abortEndsAFollowWhileItWaits', async t => {
  const server = await fake(t, () => {});
  const app = await fake(t, (request, response) => reply(response, 200, { doorbell: '7' }));
  const controller = new AbortController();
  const errors = [];
  const over = new Doorbell(server.url).follow(app.url, () => {}, {
    signal: controller.signal,
    onError: error => errors.push(error),
  });
  const wait = await server.asked();
  controller.abort();
  assert.equal(await over, undefined);
  assert.deepEqual(errors, []);
  await wait.hungUp;
  assert.equal(app.requests.length, 1);
});

test('initGoesToTheApplicationOnly', async t => {
  const server = await fake(t, ring);
  const app = await fake(t, (request, response, n) => reply(response, 200, { doorbell: n }));
  await follow(new Doorbell(server.url), app.url, 2, { init: { headers: { 'X-Token': 't' } } });
  assert.equal(app.requests[1].headers['x-token'], 't');
  assert.equal(server.requests[0].headers['x-token'], undefined);
});
