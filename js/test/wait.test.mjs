import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Doorbell from '../doorbell.mjs';
import { inOneOf } from '../../spec/tries.mjs';
import { fake, idOf, problem, reply, ring } from './fake.mjs';
import { LEAST, MOST, areBetween, assertBetween, consoleOf, pausesIn, ticking } from './pauses.mjs';

const HOLD = 0.2;

// Holds the GET as a node does: half of the hold at least, then 204.
function notYet(response) {
  setTimeout(() => reply(response, 204), HOLD * 600);
}

test('waitAsksAgainUntilSet', async t => {
  const pauses = pausesIn(t, { hold: HOLD });
  const server = await fake(t, (request, response, n) =>
    n < 3 ? notYet(response) : ring(request, response));
  assert.equal(await new Doorbell(server.url, { hold: HOLD }).wait('22482'), '22482');
  assert.equal(server.requests.length, 3);
  assert.deepEqual(pauses, [], 'none after a wait that was held');
});

test('waitIsASimpleRequestWithAQueryOfItsOwn', async t => {
  const server = await fake(t, (request, response, n) =>
    n < 2 ? notYet(response) : ring(request, response));
  await new Doorbell(server.url + '/base/', { hold: HOLD }).wait('5');
  const [first, second] = server.requests;
  assert.equal(first.path, '/base/5');
  assert.equal(first.headers.accept, 'application/json');
  const seconds = Number(first.query.get('timeout'));
  assert.ok(seconds >= 0.16 && seconds <= 0.2, String(seconds));
  assert.match(first.query.get('_'), /^[0-9a-z]{5,}$/);
  assert.notEqual(first.query.get('_'), second.query.get('_'));
});

test('timeoutAskedIsJitteredBelowTheHold', async t => {
  const server = await fake(t, ring);
  const bell = new Doorbell(server.url);
  for (let id = 1; id <= 20; id++) await bell.wait(id);
  const asked = server.requests.map(request => +request.query.get('timeout'));
  assert.ok(asked.every(seconds => seconds >= 20 && seconds <= 25), String(asked));
  assert.ok(new Set(asked).size > 5, String(asked));
});

test('aNotYetAtOnceIsNotHammered', async t => {
  const bounds = [[0, 1000], [0, 2000]];
  const pauses = await inOneOf(3, async () => {
    t.mock.restoreAll();
    const pauses = pausesIn(t);
    const server = await fake(t, (request, response, n) =>
      n < 3 ? reply(response, 204) : ring(request, response));
    await new Doorbell(server.url).wait('5');
    return pauses;
  }, pauses => areBetween(pauses, bounds)); // A busy machine's may be late, as if it was held.
  assertBetween(pauses, bounds);
});

for (const [name, chance, seconds] of [['Least', LEAST, 70], ['Most', MOST, 140]]) {
  test(`aCrowdIsSpreadOverTwiceWhatRetryAfterSaysAt${name}`, async t => {
    for (const value of [() => '70', () => new Date(Date.now() + 70_000).toUTCString()]) {
      const pauses = pausesIn(t, { chance });
      const server = await fake(t, (request, response, n) => n < 3
        ? problem(response, n < 2 ? 503 : 429, 'draining', { 'Retry-After': value() })
        : ring(request, response));
      await new Doorbell(server.url).wait('5');
      const bounds = [seconds * 1000 * 0.7, seconds * 1000 * 1.01]; // a date has whole seconds
      assertBetween(pauses, [bounds, bounds]);
      t.mock.restoreAll();
    }
  });
}

test('aRetryAfterThatIsNoTimeToComeIsAsNone', async t => {
  for (const value of ['', 'soon', '-5', '0', 'Thu, 01 Jan 1970 00:00:00 GMT', 'NaN']) {
    const pauses = pausesIn(t, { chance: MOST });
    const server = await fake(t, (request, response, n) => n < 2
      ? problem(response, 503, 'draining', { 'Retry-After': value })
      : ring(request, response));
    await new Doorbell(server.url).wait('5');
    assertBetween(pauses, [[999, 1000]]);
    t.mock.restoreAll();
  }
});

test('anOrdinaryPauseIsNotShortenedByARetryAfter', async t => {
  const pauses = pausesIn(t, { chance: MOST });
  const server = await fake(t, (request, response, n) => n < 5
    ? problem(response, 503, 'draining', { 'Retry-After': '1' })
    : ring(request, response));
  await new Doorbell(server.url).wait('5');
  assertBetween(pauses, [[1999, 2000], [1999, 2000], [3999, 4000], [7999, 8000]]);
});

test('noRetryAfterSendsAClientAwayForGood', async t => {
  for (const value of ['1000000000', 'Fri, 31 Dec 9999 23:59:59 GMT']) {
    const pauses = pausesIn(t);
    const server = await fake(t, (request, response, n) => n < 2
      ? problem(response, 503, 'for ever', { 'Retry-After': value })
      : ring(request, response));
    await new Doorbell(server.url).wait('5');
    assertBetween(pauses, [[300_000, 600_000]]);
    t.mock.restoreAll();
  }
});

test('noPauseIsLongerThanHalfAMinute', async t => {
  const pauses = pausesIn(t, { chance: MOST });
  const server = await fake(t, (request, response, n) =>
    n < 10 ? reply(response, 500) : ring(request, response));
  await new Doorbell(server.url).wait('5');
  assertBetween(pauses.slice(5), Array(4).fill([29_999, 30_000]));
});

test('pausesDoubleAndStartAnewAfterAnAnswer', async t => {
  const pauses = pausesIn(t, { hold: HOLD });
  const server = await fake(t, (request, response, n) => {
    if (n === 3) notYet(response);
    else if (n < 5) reply(response, 500);
    else ring(request, response);
  });
  await new Doorbell(server.url, { hold: HOLD }).wait('5');
  assertBetween(pauses, [[0, 1000], [0, 2000], [0, 1000]]);
});

test('aPauseIsAllChance', async t => {
  for (const [chance, bounds] of [
    [LEAST, [[0, 1], [0, 1], [0, 1]]],
    [MOST, [[999, 1000], [1999, 2000], [3999, 4000]]],
  ]) {
    const pauses = pausesIn(t, { chance });
    const server = await fake(t, (request, response, n) =>
      n < 4 ? reply(response, 500) : ring(request, response));
    await new Doorbell(server.url).wait('5');
    assertBetween(pauses, bounds);
    t.mock.restoreAll();
  }
});

test('waitSurvivesALostConnection', async t => {
  const server = await fake(t, (request, response, n) =>
    n < 2 ? request.socket.destroy() : ring(request, response));
  assert.equal(await new Doorbell(server.url).wait('5'), '5');
});

test('anAnswerOfNoNodeIsAnErrorAtOnce', async t => {
  for (const [status, body] of [[200, '<p>Log in to the hotel network</p>'], [200, { set: ['6'] }],
    [200, { set: '5' }], [200, { set: null }], [200, []], [200, 'null'], [200, ''], [200, '"5"'],
    [201, { set: ['5'] }], [202, ''], [205, undefined]]) {
    const server = await fake(t, (request, response) => reply(response, status, body));
    await assert.rejects(new Doorbell(server.url).wait('5'), { message: 'not a Doorbell node' },
      JSON.stringify([status, body]));
    assert.equal(server.requests.length, 1);
  }
});

test('aRefusalIsNotRetriedAndSaysWhy', async t => {
  for (const status of [400, 403, 404]) {
    const server = await fake(t, (request, response) =>
      problem(response, status, 'this is no id'));
    await assert.rejects(new Doorbell(server.url).wait('5'),
      { message: 'this is no id', status });
    assert.equal(server.requests.length, 1);
  }
});

test('waitsForOneVariableShareARequest', async t => {
  let rings;
  const server = await fake(t, (request, response) => { rings = () => ring(request, response); });
  const bell = new Doorbell(server.url);
  const waits = [bell.wait('7'), bell.wait(7), bell.wait(7n)];
  await server.asked();
  waits.push(bell.wait('7'));
  rings();
  assert.deepEqual(await Promise.all(waits), ['7', '7', '7', '7']);
  assert.equal(server.requests.length, 1);
});

test('aSetVariableIsNeverWaitedForAgain', async t => {
  const server = await fake(t, (request, response) =>
    request.method === 'POST' ? reply(response, 201) : ring(request, response));
  const bell = new Doorbell(server.url);
  await bell.wait('7');
  await bell.wait('7');
  assert.equal(server.requests.length, 1);
  await bell.set('8');
  await bell.wait('8');
  assert.equal(server.requests.length, 2);
});

test('memoryOfSetVariablesIsBounded', async t => {
  const { mock } = t.mock.method(globalThis, 'fetch', async url =>
    Response.json({ set: [new URL(url).pathname.slice(1)] }));
  const bell = new Doorbell('http://127.0.0.1');
  for (let id = 0; id <= 1000; id++) await bell.wait(id);
  await bell.wait(1000);
  assert.equal(mock.callCount(), 1001);
  await bell.wait(0);
  assert.equal(mock.callCount(), 1002);
});

test('waitAnyGivesThoseThatAreSetInTheOrderGiven', async t => {
  const server = await fake(t, (request, response) => reply(response, 200, { set: ['9', '007'] }));
  const bell = new Doorbell(server.url);
  assert.deepEqual(await bell.waitAny(['007', '8', 9n]), ['007', '9']);
  assert.deepEqual(server.requests.map(request => request.path), ['/007,8,9']);
  assert.deepEqual(await bell.waitAny(['8', '9']), ['9'], 'known as set');
  assert.equal(server.requests.length, 1);
});

test('waitAnyIsFor1To64Ids', async t => {
  const server = await fake(t, (request, response) => reply(response, 200, { set: ['64'] }));
  const bell = new Doorbell(server.url);
  const ids = Array.from({ length: 65 }, (_, i) => i + 1);
  await assert.rejects(bell.waitAny([]), TypeError);
  await assert.rejects(bell.waitAny(ids), TypeError);
  assert.deepEqual(await bell.waitAny(ids.slice(0, 64)), ['64']);
  assert.equal(server.requests.length, 1);
});

test('noDigitIsLost', async t => {
  const server = await fake(t, ring);
  const bell = new Doorbell(server.url);
  const texts = ['9007199254740993', '340282366920938463463374607431768211455', '007',
    '550E8400-e29b-41d4-a716-446655440000', 'aB'.repeat(32)];
  for (const text of texts) assert.equal(await bell.wait(text), text);
  assert.equal(await bell.wait(18446744073709551615n), '18446744073709551615');
  assert.equal(await bell.wait(9007199254740991), '9007199254740991');
  assert.deepEqual(server.requests.map(request => request.path.slice(1)),
    [...texts, '18446744073709551615', '9007199254740991']);
});

// What an application says that forgot the id, and what only looks like one.
const NO_IDS = [undefined, null, false, true, NaN, 0.5, 1e21, -1, -0.5, -1n, Infinity, 2 ** 53, '', ' ',
  '1 ', ' 1', '-1', '+1', '1.0', '1e3', '0x1', '..', '1,2', '1/2', 'abc', '1\n', '\u0661', '1'.repeat(40),
  '340282366920938463463374607431768211456', 2n ** 128n, {}, { id: '1' }, [1], [], new Date(0),
  new String('1'), new Number(1), () => 1, Symbol('1')];

test('whatIsNoIdIsATypeErrorThatNamesItAndNothingIsAsked', async t => {
  const server = await fake(t, ring);
  const bell = new Doorbell(server.url);
  for (const id of NO_IDS) {
    for (const call of [() => bell.wait(id), () => bell.waitAny(['1', id]), () => bell.set(id)]) {
      await assert.rejects(call(), { name: 'TypeError', message: /is not a valid event id: did the/ },
        String(id));
    }
  }
  await assert.rejects(bell.wait(undefined), { message: /^undefined is not a valid event id: / });
  await assert.rejects(bell.wait(''), { message: /^"" is not a valid event id: / });
  for (const key of [null, 7, {}, { timeout: 5 }]) await assert.rejects(bell.set('1', key), TypeError);
  for (const ids of [undefined, null, {}]) await assert.rejects(bell.waitAny(ids), TypeError);
  assert.equal(server.requests.length, 0);
});

test('abortEndsTheWaitAndItsRequest', async t => {
  const server = await fake(t, () => {});
  const controller = new AbortController();
  const wait = new Doorbell(server.url).wait('7', { signal: controller.signal });
  const request = await server.asked();
  controller.abort();
  await assert.rejects(wait, { name: 'AbortError' });
  await request.hungUp;
  assert.equal(server.requests.length, 1);
});

test('abortOfOneWaitLeavesTheOtherWaiting', async t => {
  let rings;
  const server = await fake(t, (request, response) => { rings = () => ring(request, response); });
  const bell = new Doorbell(server.url);
  const controller = new AbortController();
  const given = assert.rejects(bell.wait('7', { signal: controller.signal }),
    { name: 'AbortError' });
  const kept = bell.wait('7');
  await server.asked();
  controller.abort();
  await given;
  rings();
  assert.equal(await kept, '7');
  assert.equal(server.requests.length, 1);
});

test('anAbortedSignalAsksNothing', async t => {
  const server = await fake(t, ring);
  const signal = AbortSignal.abort();
  await assert.rejects(new Doorbell(server.url).wait('7', { signal }), { name: 'AbortError' });
  assert.equal(server.requests.length, 0);
});

test('timeoutEndsTheWaitAndItsRequest', async t => {
  const server = await fake(t, () => {});
  const wait = new Doorbell(server.url).wait('7', { timeout: 0.1 });
  await assert.rejects(wait, error =>
    error instanceof DOMException && error.name === 'TimeoutError' && error.cause === undefined);
  await (await server.asked()).hungUp;
});

test('whatFailedLastIsTheCauseOfATimeout', async t => {
  const server = await fake(t, (request, response) => problem(response, 503, 'no store'));
  pausesIn(t);
  const bell = new Doorbell(server.url);
  for (const call of [signal => bell.wait('7', { signal }), signal => bell.set('7', '', { signal })]) {
    const tries = server.requests.length;
    const controller = new AbortController();
    const over = call(controller.signal);
    await server.asked(() => true, tries + 2);
    controller.abort(new DOMException('late', 'TimeoutError'));
    await assert.rejects(over, ({ name, cause }) =>
      name === 'TimeoutError' && cause.status === 503 && cause.message === 'no store');
  }
});

test('aFailureThatPassedIsNoCause', async t => {
  const pauses = pausesIn(t, { hold: HOLD });
  const server = await fake(t, (request, response, n) =>
    n === 1 ? reply(response, 500) : n === 2 ? notYet(response) : undefined);
  const bell = new Doorbell(server.url, { hold: HOLD });
  const controller = new AbortController();
  const wait = bell.wait('7', { signal: controller.signal });
  await server.asked(() => true, 3);
  const late = new DOMException('late', 'TimeoutError');
  controller.abort(late);
  await assert.rejects(wait, late);
  assert.equal(late.cause, undefined);
  assert.equal(pauses.length, 1);
});

test('thirtyWaitsWithOneSignalAreNoLeak', async t => {
  const warned = [];
  const onWarning = warning => warned.push(warning.name);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const server = await fake(t, (request, response, n) => n > 30 && reply(response, 503));
  const bell = new Doorbell(server.url);
  const controller = new AbortController();
  const { signal } = controller;
  const calls = Array.from({ length: 30 }, (_, id) => [
    bell.wait(id, { signal }),
    bell.set(id, '', { signal }),
    bell.follow(`${server.url}/state`, () => {}, { signal }),
  ]).flat();
  await server.asked(() => true, 30);
  controller.abort();
  const results = await Promise.allSettled(calls);
  assert.equal(results.filter(({ reason }) => reason?.name === 'AbortError').length, 60);
  await new Promise(resolve => setImmediate(resolve));
  assert.deepEqual(warned.filter(name => name !== 'ExperimentalWarning'), []);
});

test('whatMayPassIsToldOnceForEachKind', async t => {
  const said = consoleOf(t);
  pausesIn(t, { chance: LEAST });
  const server = await fake(t, (request, response, n) => {
    if (n > 12) ring(request, response);
    else if (n % 4 === 0) request.socket.destroy();
    else if (n % 4 === 1) reply(response, 204);
    else reply(response, n % 4 === 2 ? 503 : 429);
  });
  await new Doorbell(server.url).wait('5');
  assert.equal(server.requests.length, 13);
  assert.deepEqual(said.warnings.map(text => text.replace(/.*?: (.*) \(.*/, '$1')), [
    `${server.url}: "not yet" at once`,
    `${server.url}: HTTP status 503`,
    `${server.url}: HTTP status 429`,
    `${server.url}: no answer: other side closed`,
  ]);
  for (const text of said.warnings) {
    assert.match(text, /^Doorbell: [^\n]+ \(doorbell-client\/README\.md#failures\)$/);
  }
});

test('listenersOfTheSignalAreRemoved', async t => {
  const server = await fake(t, (request, response, n) =>
    n % 2 ? reply(response, 500)
      : request.method === 'GET' ? ring(request, response) : reply(response, 201));
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args) => (listeners++, addEventListener.apply(signal, args));
  signal.removeEventListener = (...args) => (listeners--, removeEventListener.apply(signal, args));
  const bell = new Doorbell(server.url);
  await bell.wait('7', { signal });
  await bell.set('8', undefined, { signal });
  assert.equal(listeners, 0);
});

test('aSilentPeerIsGivenUp', async t => {
  const server = await fake(t, (request, response, n) => {
    if (n > 1) ring(request, response);
  });
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const wait = new Doorbell(server.url).wait('7');
  const first = await server.asked();
  t.mock.timers.tick(36_000);
  await first.hungUp;
  await ticking(t, server.asked(() => true, 2));
  assert.equal(await wait, '7');
});

test('whatWouldSpinOrMeanNothingIsATypeError', async t => {
  const server = await fake(t, ring);
  for (const seconds of [0, -1, NaN, 0.001, '25', null, {}, true]) {
    assert.throws(() => new Doorbell(server.url, { hold: seconds }), TypeError, `hold ${seconds}`);
    const bell = new Doorbell(server.url);
    await assert.rejects(bell.follow(server.url, () => {}, { look: seconds }), TypeError);
    if (seconds >= 0 && typeof seconds === 'number') continue;
    await assert.rejects(bell.wait('1', { timeout: seconds }), TypeError, `timeout ${seconds}`);
    await assert.rejects(bell.set('1', undefined, { timeout: seconds }), TypeError);
  }
  for (const transport of ['', 'WebSocket', null, 7]) {
    await assert.rejects(new Doorbell(server.url, { transport }).wait('1'), TypeError);
    await assert.rejects(new Doorbell(server.url).wait('1', { transport }), TypeError);
  }
  assert.equal(server.requests.length, 0);
  assert.equal(await new Doorbell(server.url).wait('1', { timeout: Infinity }), '1');
});

test('scriptTransportNeedsAPage', async t => {
  const server = await fake(t, ring);
  const bell = new Doorbell(server.url, { transport: 'script' });
  await assert.rejects(bell.wait('7'), { name: 'TypeError', message: 'no script here' });
});

test('webSocketTransportNeedsOne', async t => {
  const { WebSocket } = globalThis; // Node 20 has none
  globalThis.WebSocket = undefined;
  t.after(() => { globalThis.WebSocket = WebSocket; });
  const bell = new Doorbell('http://127.0.0.1', { transport: 'websocket' });
  await assert.rejects(bell.wait('7'), { name: 'TypeError', message: 'no websocket here' });
});

test('theCallbackOfThePageIsCalledOnceForAnEvent', async t => {
  const server = await fake(t, ring);
  const rung = [];
  globalThis.doorbell = id => rung.push(id);
  t.after(() => delete globalThis.doorbell);
  const bell = new Doorbell(server.url, { callback: 'doorbell' });
  await Promise.all([bell.wait('7'), bell.wait('7')]);
  assert.deepEqual(rung, ['7']);
  await new Doorbell(server.url).wait('8');
  assert.deepEqual(rung, ['7']);
});

test('theCallbackIsCalledForAnEventThatItsOwnPageSets', async t => {
  let rings;
  const server = await fake(t, (request, response) => {
    if (request.method === 'POST') reply(response, 201);
    else rings = () => ring(request, response);
  });
  const rung = [];
  globalThis.doorbell = id => rung.push(id);
  t.after(() => delete globalThis.doorbell);
  const bell = new Doorbell(server.url, { callback: 'doorbell' });
  const wait = bell.wait('7');
  await server.asked();
  await bell.set('7');
  rings();
  await wait;
  assert.deepEqual(rung, ['7']);
  assert.equal(bell.road, 'fetch');
});

test('nothingHoldsUpTheExitOfNode', async t => {
  const server = await fake(t, (request, response) => {
    if (idOf(request) === '2,1') reply(response, 200, { set: ['1'] });
  });
  const script = `
    const Doorbell = require('./doorbell.js');
    const bell = new Doorbell('${server.url}', {hold: 3600}); // longer than a test may take
    const controller = new AbortController();
    const left = bell.wait(2, {signal: controller.signal, timeout: 10_000}).catch(() => 'left');
    bell.wait(1, {timeout: 10_000}).then(() => controller.abort()).then(() => left)
      .then(console.log);`;
  const child = spawn(process.execPath, ['-e', script], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill());
  let said = '';
  child.stdout.on('data', data => { said += data; });
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
  assert.equal(said, 'left\n');
});

test('newIdsAreCanonicalDecimalsBelow2To128', () => {
  assert.equal(Doorbell.randomId, Doorbell.newId);
  const ids = Array.from({ length: 200 }, () => Doorbell.newId());
  assert.equal(new Set(ids).size, 200);
  for (const id of ids) {
    assert.equal(String(BigInt(id)), id);
    assert.ok(BigInt(id) < 2n ** 128n);
  }
  assert.ok(ids.some(id => BigInt(id) > 2n ** 127n) && ids.some(id => BigInt(id) < 2n ** 127n));
});
