// How long a request may hang: what the client learns from proxies that cut it off, on a clock that
// the test moves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import { fake, reply, ring } from './fake.mjs';

const STEP_MILLIS = 250;

// Moves the mocked clock on until the promise settles.
async function ticking(t, promise) {
  let over = false;
  promise.finally(() => { over = true; });
  while (!over) {
    t.mock.timers.tick(STEP_MILLIS);
    await new Promise(resolve => setImmediate(resolve));
  }
  return promise;
}

// A proxy that cuts what hangs for so many seconds, by any of these ways; rings at request n.
async function cutting(t, seconds, end, rings = Infinity) {
  const server = await fake(t, (request, response, n) => {
    if (n === rings) {
      ring(request, response);
      return;
    }
    const hold = Number(server.requests[n - 1].query.get('timeout'));
    const [after, act] = hold < seconds ? [hold, () => reply(response, 204)] : [seconds, () => end(response)];
    setTimeout(act, after * 1000);
  });
  server.holds = () => server.requests.map(request => Number(request.query.get('timeout')));
  return server;
}

const CUTS = {
  HangsUp: response => response.destroy(),
  Says504: response => reply(response, 504, '<h1>504 Gateway Time-out</h1>'),
};

for (const [name, end] of Object.entries(CUTS)) {
  test(`aProxyThat${name}After12SecondsIsLearned`, async t => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    const server = await cutting(t, 12, end, 6);
    const bell = new Doorbell(server.url);
    await ticking(t, bell.wait('7'));
    const [first, second, ...later] = server.holds();
    assert.ok(first >= 20 && second >= 20, 'one cut is no rule');
    assert.equal(later.length, 4);
    for (const hold of later) assert.ok(hold > 7 && hold < 10, `${hold} s`);
  });
}

test('aProxyThatCutsBeyondTheHoldIsNotMet', async t => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const server = await cutting(t, 30, CUTS.HangsUp, 5);
  await ticking(t, new Doorbell(server.url).wait('7'));
  for (const hold of server.holds()) assert.ok(hold >= 20 && hold <= 25, `${hold} s`);
});

test('aLongHoldIsCutToWhatAProxyOf30SecondsTakes', async t => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const server = await cutting(t, 30, CUTS.HangsUp, 4);
  await ticking(t, new Doorbell(server.url, { hold: 120 }).wait('7'));
  const [first, second, ...later] = server.holds();
  assert.ok(first >= 96 && second >= 96);
  for (const hold of later) assert.ok(hold > 19 && hold <= 24.5, `${hold} s`);
});

test('failuresAtRandomTimesTeachNothing', async t => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const lives = [3, 11, 7, 18, 2, 5];
  const server = await fake(t, (request, response, n) => n > lives.length
    ? ring(request, response)
    : setTimeout(() => response.destroy(), lives[n - 1] * 1000));
  await ticking(t, new Doorbell(server.url).wait('7'));
  for (const { query } of server.requests) assert.ok(query.get('timeout') >= 20);
});

test('aNodeThatIsAwayTeachesNothing', async t => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const server = await fake(t, (request, response, n) =>
    n > 6 ? ring(request, response) : response.destroy());
  await ticking(t, new Doorbell(server.url).wait('7'));
  for (const { query } of server.requests) assert.ok(query.get('timeout') >= 20);
});

test('silenceHalvesTheHoldButNotBelow5Seconds', async t => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const server = await fake(t, (request, response, n) => {
    if (n > 5) ring(request, response);
  });
  await ticking(t, new Doorbell(server.url).wait('7'));
  const holds = server.requests.map(request => Number(request.query.get('timeout')));
  const tops = [25, 12.5, 6.25, 5, 5, 5];
  holds.forEach((hold, n) => assert.ok(hold <= tops[n] && hold >= tops[n] * 0.79, `${holds}`));
});

// As a tab keeps it, and as a page without storage does without.
test('whatWasLearnedIsKeptForTheSessionAndItsUrl', async t => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const kept = new Map();
  globalThis.sessionStorage = {
    getItem: key => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, String(value)),
  };
  t.after(() => delete globalThis.sessionStorage);
  const server = await cutting(t, 12, CUTS.HangsUp, 3);
  await ticking(t, new Doorbell(server.url).wait('7'));
  const holdOf = async bell => {
    const before = server.requests.length;
    const controller = new AbortController();
    const over = bell.wait('8', { signal: controller.signal }).catch(() => {});
    await server.asked(() => server.requests.length > before);
    controller.abort();
    await over;
    return server.holds().at(-1);
  };
  assert.ok(await holdOf(new Doorbell(server.url)) < 10);
  assert.ok(await holdOf(new Doorbell(server.url + '/other')) >= 20);
  assert.ok(await holdOf(new Doorbell(server.url, { hold: 3 })) <= 3);
});
