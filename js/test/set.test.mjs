import assert from 'node:assert/strict';
import { test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import { fake, problem, reply } from './fake.mjs';
import { succeedsWithin } from './limits.mjs';
import { LEAST, assertBetween, pausesIn } from './pauses.mjs';

test('setIsTrueForTheCallThatSetIt', async t => {
  const server = await fake(t, (request, response, n) => reply(response, n === 1 ? 201 : 200));
  const bell = new Doorbell(server.url);
  assert.equal(await bell.set('22482'), true);
  assert.equal(await bell.set('22482'), false);
  const [first] = server.requests;
  assert.equal(first.method, 'POST');
  assert.equal(first.path, '/22482');
  assert.equal(first.body, '');
});

test('setSendsTheKey', async t => {
  const server = await fake(t, (request, response) => reply(response, 201));
  await new Doorbell(server.url).set('ab'.repeat(32), 'secret');
  const [first] = server.requests;
  assert.equal(first.body, 'secret');
  assert.match(first.headers['content-type'], /^text\/plain/);
});

test('aWrongKeyIsNotTriedAgain', async t => {
  const server = await fake(t, (request, response) =>
    problem(response, 403, 'the key does not open this id'));
  await assert.rejects(new Doorbell(server.url).set('ab'.repeat(32), 'wrong'),
    { message: 'the key does not open this id', status: 403 });
  assert.equal(server.requests.length, 1);
});

test('setIsTriedAgainUntilItIsStored', async t => {
  const server = await fake(t, (request, response, n) => {
    if (n === 1) request.socket.destroy();
    else if (n === 2) problem(response, 503, 'the store is out of reach');
    else reply(response, 201);
  });
  assert.equal(await new Doorbell(server.url).set('5'), true);
  assert.equal(server.requests.length, 3);
});

test('setHonoursRetryAfter', async t => {
  const server = await fake(t, (request, response, n) =>
    n === 1 ? problem(response, 429, 'too many', { 'Retry-After': '1' }) : reply(response, 201));
  const pauses = pausesIn(t);
  await new Doorbell(server.url).set('5');
  assertBetween(pauses, [[1000, 2000]]);
});

test('setGivesUpWhenItsTimeIsOver', async t => {
  pausesIn(t, { chance: LEAST });
  await succeedsWithin(0.9, async timeout => {
    const server = await fake(t, (request, response) => problem(response, 503, 'no store'));
    await assert.rejects(new Doorbell(server.url).set('5', undefined, { timeout }),
      { name: 'TimeoutError', message: `not within ${timeout} s` });
    assert.ok(server.requests.length >= 2, 'tried again');
  });
});

test('whatIsNoAnswerOfANodeHasNotSet', async t => {
  for (const [status, body] of [[200, '<p>Log in</p>'], [200, '{}'], [202, ''], [203, ''], [204, undefined]]) {
    const server = await fake(t, (request, response) => reply(response, status, body));
    await assert.rejects(new Doorbell(server.url).set('5'), { message: 'not a Doorbell node' });
    assert.equal(server.requests.length, 1);
  }
});

test('abortEndsASet', async t => {
  const server = await fake(t, (request, response) => problem(response, 503, 'no store'));
  const controller = new AbortController();
  const set = new Doorbell(server.url).set('5', undefined, { signal: controller.signal });
  await server.asked();
  controller.abort();
  await assert.rejects(set, { name: 'AbortError' });
});
