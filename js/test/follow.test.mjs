import assert from 'node:assert/strict';
import { test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import { fake, reply, ring } from './fake.mjs';

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
  await follow(new Doorbell(server.url), app.url, 2);
  assert.deepEqual(other.requests.map(request => request.path), ['/bells/7']);
  assert.equal(server.requests.length, 0);
});

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
  const server = await fake(t, ring);
  const app = await fake(t, (request, response, n) => n < 3
    ? reply(response, n === 1 ? 500 : 404)
    : reply(response, 200, { n }));
  const { answers, errors } = await follow(new Doorbell(server.url), app.url, 1);
  assert.deepEqual(answers, [{ n: 3 }]);
  assert.deepEqual(errors.map(error => error.status), [500, 404]);
  const [first, second, third] = app.requests;
  assert.ok(second.at - first.at >= 240, `${second.at - first.at} ms`);
  assert.ok(third.at - second.at >= 490, `${third.at - second.at} ms`);
});

test('anAnswerThatCouldNotBeTakenIsAskedForAgain', async t => {
  const server = await fake(t, ring);
  const app = await fake(t, (request, response) => reply(response, 200, { doorbell: '7' }));
  const controller = new AbortController();
  const errors = [];
  await new Doorbell(server.url).follow(app.url, () => {
    if (errors.length > 0) controller.abort();
    else throw new Error('the page is not ready');
  }, { signal: controller.signal, onError: error => errors.push(error.message) });
  assert.deepEqual(errors, ['the page is not ready']);
  assert.equal(server.requests.length, 0);
});

test('anEventThatRangAlreadyDoesNotMakeItSpin', async t => {
  const server = await fake(t, ring);
  const app = await fake(t, (request, response) => reply(response, 200, { doorbell: '7' }));
  await follow(new Doorbell(server.url), app.url, 4);
  const at = app.requests.map(request => request.at);
  assert.ok(at[2] - at[1] >= 240, `${at[2] - at[1]} ms`);
  assert.ok(at[3] - at[2] >= 490, `${at[3] - at[2]} ms`);
  assert.equal(server.requests.length, 1);
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
