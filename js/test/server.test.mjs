// The client for applications, against servers that behave as a test says; the commands of a real
// node are driven in spec/clients.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import Doorbell, { Doorbell as named } from 'doorbell-client/server';
import Client from '../doorbell.mjs';
import { fake, problem, reply, ring } from './fake.mjs';
import { failsWithin, takes } from './limits.mjs';
import { MOST, assertBetween, pausesIn } from './pauses.mjs';
import { NO_URLS } from './urls.mjs';

const VECTORS = JSON.parse(readFileSync(new URL('../../spec/vectors.json', import.meta.url), 'utf8'));
const NODE = 'http://127.0.0.1';

// A URL at which nobody listens: the port of a server that listens at another address.
async function nobody(t) {
  const server = await fake(t, () => {});
  return server.url.replace('127.0.0.1', '127.0.0.2');
}

test('theServersClientIsThePagesAndMore', () => {
  assert.equal(named, Doorbell);
  assert.ok(new Doorbell(NODE) instanceof Client);
  for (const secretive of ['setAll', 'topic', 'header']) {
    assert.equal(Client.prototype[secretive], undefined, 'not in a page');
  }
});

test('aTokenGoesWithSetsAndNotWithWaits', async t => {
  const server = await fake(t, (request, response, n) =>
    n === 1 ? reply(response, 201)
      : n === 2 ? reply(response, 200, { set: 1, already: 0 })
        : reply(response, 200, { set: ['3'] }));
  const bell = new Doorbell(server.url, { token: 'abc._~+/-09==' });
  assert.equal(await bell.set('1'), true);
  assert.deepEqual(await bell.setAll(['2']), { set: 1, already: 0 });
  assert.equal(await bell.wait('3', { timeout: 5 }), '3');
  const [set, many, wait] = server.requests;
  assert.equal(set.headers.authorization, 'Bearer abc._~+/-09==');
  assert.equal(many.headers.authorization, 'Bearer abc._~+/-09==');
  assert.equal(set.headers['accept-encoding'], 'identity');
  assert.equal(wait.headers.authorization, undefined);
  for (const token of ['', 'two words', 'a\nb', 'a=b', 7, null]) {
    assert.throws(() => new Doorbell(server.url, { token }), { name: 'TypeError', message: /token/ });
  }
});

test('aSetThatIsRefusedForItsTokenIsNotTriedAgain', async t => {
  for (const status of [401, 403]) {
    const server = await fake(t, (request, response) =>
      problem(response, status, 'a set needs a token here'));
    const bell = new Doorbell(server.url, { token: 'abc' });
    await assert.rejects(bell.set('1'), { status, message: 'a set needs a token here' });
    assert.equal(server.requests.length, 1);
  }
});

test('everyValidVectorIsAnId', async t => {
  const server = await fake(t, ring);
  const bell = new Doorbell(server.url);
  for (const { text } of VECTORS.ids.valid) assert.equal(await bell.wait(text), text);
});

test('everyInvalidVectorIsATypeErrorWithoutARequest', async t => {
  const server = await fake(t, ring);
  const bell = new Doorbell(server.url);
  for (const { text, why } of VECTORS.ids.invalid) {
    for (const call of [() => bell.wait(text), () => bell.waitAny(['1', text], { timeout: 0 }),
      () => bell.set(text), () => bell.setAll(['1', text]), async () => bell.header(text)]) {
      await assert.rejects(call(), TypeError, why);
    }
  }
  assert.equal(server.requests.length, 0);
});

test('everySealedVectorIsTheHashOfItsKey', async () => {
  for (const { key, id } of VECTORS.sealed) {
    assert.deepEqual(await Doorbell.ofKey(key), { id, key });
  }
  for (const { key, why } of VECTORS.keys.invalid) {
    await assert.rejects(Doorbell.ofKey(key), TypeError, why);
  }
});

test('everyDerivedVectorIsDerived', async () => {
  for (const { secret, topic, version, id, key } of VECTORS.derived) {
    const versions = [version, BigInt(version)];
    if (BigInt(version) < 2 ** 53) versions.push(Number(version));
    for (const given of versions) {
      const derived = await new Doorbell(NODE, { secret }).topic(topic).at(given);
      assert.deepEqual(derived, { id, key });
    }
  }
});

test('whatIsNoVersionOrSecretIsATypeError', async () => {
  const topic = new Doorbell(NODE, { secret: 's' }).topic('t');
  for (const version of [-1, 0.5, 2 ** 53, NaN, '', '01', '+1', ' 1', '1\n', null, undefined]) {
    await assert.rejects(topic.at(version), TypeError, String(version));
  }
  for (const secret of ['', 7, null]) assert.throws(() => new Doorbell(NODE, { secret }), TypeError);
  assert.throws(() => new Doorbell(NODE).topic('t'), TypeError);
  for (const name of [undefined, null, false, NaN, 0.5, {}, ['t']]) {
    assert.throws(() => new Doorbell(NODE, { secret: 's' }).topic(name), TypeError, String(name));
  }
});

test('whatIsNoNodesUrlIsATypeError', () => {
  for (const url of ['', 'bell', '/bell', 'ftp://bell', 'http://bell/?q', 'http://bell/#f',
    ...NO_URLS]) {
    assert.throws(() => new Doorbell(url), { name: 'TypeError', message: /an http or https URL/ },
      String(url));
  }
  for (const url of ['bell', '', null, 'http://bell/?q']) {
    assert.throws(() => new Doorbell(NODE, { public: url }), TypeError, String(url));
  }
  assert.throws(() => new Doorbell(NODE, { origins: ['elsewhere.example'] }), TypeError);
});

test('aSealedIdIsFreshAndNeedsItsKey', async () => {
  const events = await Promise.all(Array.from({ length: 50 }, () => Doorbell.newSealed()));
  assert.equal(new Set(events.map(event => event.key)).size, 50);
  for (const { id, key } of events) {
    assert.match(key, /^[0-9a-f]{64}$/);
    assert.deepEqual(await Doorbell.ofKey(key), { id, key });
  }
});

test('setAllSendsALineForEachAndCounts', async t => {
  const server = await fake(t, (request, response) => reply(response, 200, { set: 2, already: 1 }));
  const event = await Doorbell.ofKey('k');
  const count = await new Doorbell(server.url).setAll(new Set([22482, '007', event]));
  assert.deepEqual(count, { set: 2, already: 1 });
  const [{ method, path, body }] = server.requests;
  assert.deepEqual([method, path, body], ['POST', '/', `22482\n007\n${event.id} k`]);
});

test('setAllGoesBy10000LinesAndAddsUp', async t => {
  const server = await fake(t, (request, response, n) =>
    reply(response, 200, n === 1 ? { set: 9000, already: 1000 } : { set: 1, already: 0 }));
  const ids = Array.from({ length: 10_001 }, (_, id) => id);
  const bell = new Doorbell(server.url);
  assert.deepEqual(await bell.setAll(ids), { set: 9001, already: 1000 });
  assert.deepEqual(server.requests.map(request => request.body.split('\n').length), [10_000, 1]);
  assert.deepEqual(await bell.setAll([]), { set: 0, already: 0 });
  assert.equal(server.requests.length, 2);
});

test('setAllNamesTheLineThatIsMalformed', async t => {
  const server = await fake(t, () => {});
  const bell = new Doorbell(server.url);
  const { id } = await Doorbell.ofKey('k');
  for (const bad of ['abc', '', null, undefined, false, -1, 0.5, [], { id: 'x', key: 'k' }, { id },
    { id: null, key: 'k' }, { id, key: 'k\n5' }]) {
    await assert.rejects(bell.setAll(['1', bad]), { name: 'TypeError', message: /^line 2: / });
  }
  assert.equal(server.requests.length, 0);
});

// By the name of a failure: a server that shows it, and what it is told as.
const FAILURES = {
  aNodeThatIsDown: [nobody, { name: 'TypeError', message: /^no answer: connect ECONNREFUSED/ }],
  aNodeThatIsSilent: [async t => (await fake(t, () => {})).url, { name: 'TimeoutError' }],
  aNodeThatStopsHalfWay: [
    async t => (await fake(t, (request, response) => response.writeHead(200).write('{"set'))).url,
    { name: 'TimeoutError' }],
  aNodeThatHangsUp: [
    async t => (await fake(t, request => request.socket.destroy())).url,
    { name: 'TypeError', message: 'no answer: other side closed' }],
  aNodeWithoutAStore: [
    async t => (await fake(t, (request, response) => problem(response, 503, 'no store'))).url,
    { message: 'no store', status: 503 }],
};

describe('failures', { concurrency: true }, () => {
  for (const [name, [start, error]] of Object.entries(FAILURES)) {
    test(`${name}FailsASetOnceItsTimeIsOver`, async t => {
      const bell = new Doorbell(await start(t));
      await failsWithin(0.7, timeout => bell.set('1', undefined, { timeout }), error);
    });

    test(`${name}FailsASetOfManyOnceItsTimeIsOver`, async t => {
      const bell = new Doorbell(await start(t));
      await failsWithin(0.7, timeout => bell.setAll(['1'], { timeout }), error);
    });

    test(`${name}IsTheCauseWhereAWaitIsNotInTime`, async t => {
      const bell = new Doorbell(await start(t));
      await failsWithin(2.3, seconds => bell.wait('1', { timeout: seconds - 2 }), late => {
        assert.equal(late.name, 'TimeoutError');
        assert.match(late.message, /^not within (0\.3|21) s$/);
        for (const [key, value] of Object.entries(error)) {
          if (value instanceof RegExp) assert.match(late.cause[key], value);
          else assert.equal(late.cause[key], value);
        }
        return true;
      });
    });
  }

  // By default a visitor who waits for it waits no longer.
  for (const [name, [start]] of Object.entries(FAILURES)) {
    test(`${name}HoldsUpASetForOneSecond`, async t => {
      const bell = new Doorbell(await start(t));
      await takes(1, assert.rejects(bell.set('1')));
      await takes(1, assert.rejects(bell.setAll(['1'])));
    });
  }
});

test('aSetOfAPageIsTriedForLonger', async t => {
  const server = await fake(t, (request, response, n) => reply(response, n < 3 ? 503 : 201));
  pausesIn(t, { chance: MOST });
  assert.equal(await new Client(server.url).set('1'), true);
  assert.equal(server.requests.length, 3);
});

test('aKeyThatIsNoTextIsATypeError', async () => {
  for (const key of [5, false, null, {}]) {
    await assert.rejects(new Doorbell(NODE).set('5', key), { name: 'TypeError', message: 'a key is text' });
  }
});

// What no new try changes: how a server shows it, and what is told.
const FINAL = {
  aLoginPage: [response => reply(response, 200, '<p>Log in</p>'), { message: 'not a Doorbell node' }],
  anAnswerInAnotherForm: [response => reply(response, 200, { set: 9, already: 0 }),
    { message: 'not a Doorbell node' }],
  anotherStatus: [response => reply(response, 202), { message: 'not a Doorbell node' }],
  aRedirect: [response => reply(response, 302, undefined, { Location: '/login' }),
    { message: 'redirects to /login', status: 302 }],
  aRedirectForGood: [response => reply(response, 308, '<p>', { Location: 'https://bell.example/1' }),
    { message: 'redirects to https://bell.example/1', status: 308 }],
  noNodeThere: [response => reply(response, 404, '<h1>Not found</h1>'),
    { message: 'HTTP status 404, no Doorbell node', status: 404 }],
  aRefusal: [response => problem(response, 403, 'a wrong key'), { message: 'a wrong key', status: 403 }],
  anEncodingThatNobodyAskedFor: [response => {
    response.writeHead(201, { 'Content-Encoding': 'gzip' });
    response.end(gzipSync(''));
  }, { message: 'unasked encoding gzip' }],
  anEncodingThatNobodyKnows: [response => {
    response.writeHead(200, { 'Content-Encoding': 'x-mill', 'Content-Type': 'application/json' });
    response.end('xyz');
  }, { message: 'unasked encoding x-mill' }],
};

for (const [name, [answer, error]] of Object.entries(FINAL)) {
  test(`${name}IsAnErrorAtOnceAndNotTriedAgain`, async t => {
    const server = await fake(t, (request, response) => answer(response));
    for (const BellClass of [Client, Doorbell]) {
      const bell = new BellClass(server.url);
      await assert.rejects(bell.set('1'), error);
      await assert.rejects(bell.wait('1'), error);
      await assert.rejects(bell.wait('1', { timeout: 60 }), error);
    }
    await assert.rejects(new Doorbell(server.url).setAll(['1']), error);
    assert.equal(server.requests.length, 7);
  });
}

test('noEncodingIsAskedFor', async t => {
  const server = await fake(t, (request, response) =>
    request.method === 'POST' ? reply(response, 201) : ring(request, response));
  const bell = new Doorbell(server.url);
  await bell.set('1');
  await bell.wait('2');
  await bell.wait('3', { timeout: 5 });
  for (const { headers } of server.requests) assert.equal(headers['accept-encoding'], 'identity');
});

test('aTimeoutOf0OnlyAsks', async t => {
  const server = await fake(t, (request, response) => request.url.startsWith('/7')
    ? ring(request, response) : reply(response, 204));
  const bell = new Doorbell(server.url);
  assert.equal(await bell.wait('7', { timeout: 0 }), '7');
  await assert.rejects(bell.wait('8', { timeout: 0 }), { name: 'TimeoutError' });
  assert.deepEqual(server.requests.map(request => request.query.get('timeout')), ['0.00', '0.00']);
});

test('aNotYetBeforeTheTimeIsOverIsAskedAgain', async t => {
  const pauses = pausesIn(t, { hold: 20, chance: MOST });
  const server = await fake(t, (request, response, n) =>
    n === 1 ? reply(response, 204) : ring(request, response));
  assert.equal(await new Doorbell(server.url).wait('7', { timeout: 20 }), '7');
  assertBetween(pauses, [[999, 1000]]); // not at once: the node is going away
});

test('aSetIsTriedAgainWithinItsTime', async t => {
  const server = await fake(t, (request, response, n) => {
    if (n === 1) request.socket.destroy();
    else if (n === 2) reply(response, 429);
    else reply(response, 201);
  });
  assert.equal(await new Doorbell(server.url).set('5', undefined, { timeout: 30 }), true);
  assert.equal(server.requests.length, 3);
});

test('aWrongKeyIsRefusedAtOnce', async t => {
  const server = await fake(t, (request, response) => problem(response, 403, 'line 1: a wrong key'));
  const bell = new Doorbell(server.url);
  const event = await Doorbell.newSealed();
  const refusal = { message: 'line 1: a wrong key', status: 403 };
  await assert.rejects(bell.set(event.id, 'wrong'), refusal);
  await assert.rejects(bell.setAll([event]), refusal);
  await assert.rejects(bell.wait(event.id, { timeout: 5 }), refusal);
  assert.equal(server.requests.length, 3);
});

test('abortEndsEverythingWithItsReason', async t => {
  const server = await fake(t, () => {});
  const bell = new Doorbell(server.url);
  const controller = new AbortController();
  const { signal } = controller;
  const calls = [bell.set('1', undefined, { signal }), bell.setAll(['1'], { signal }),
    bell.wait('1', { signal, timeout: 60 }), bell.wait('1', { signal })];
  await server.asked(() => true, 4);
  controller.abort();
  for (const call of calls) await assert.rejects(call, { name: 'AbortError' });
});
