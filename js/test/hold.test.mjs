// How long a request may hang: what the client learns from proxies that cut it off. The clock is the
// test's, and so is fetch, since a network doesn't keep to such a clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Doorbell from '../doorbell.mjs';
import { ticking as tickingBy } from './pauses.mjs';

const ticking = (t, promise) => tickingBy(t, promise, 100);

let nodes = 0; // what is learned about one must not help another

// Answers request n, as answer(hold, n) says, after so many seconds: [seconds, what]. A string cuts,
// nothing is silence, true rings. Gives the holds that were asked for.
function network(t, answer) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const holds = [];
  holds.began = []; // in ms
  t.mock.method(globalThis, 'fetch', (text, { signal }) => new Promise((resolve, reject) => {
    const url = new URL(text);
    const hold = Number(url.searchParams.get('timeout'));
    holds.push(hold);
    holds.began.push(Date.now());
    signal.addEventListener('abort', () => reject(signal.reason));
    const [seconds, what] = answer(hold, holds.length);
    if (what === undefined) return;
    setTimeout(() => {
      if (what === true) resolve(Response.json({ set: [url.pathname.split('/').pop()] }));
      else if (typeof what === 'number') resolve(new Response(null, { status: what }));
      else reject(new TypeError(what));
    }, seconds * 1000);
  }));
  return holds;
}

// A proxy that cuts what hangs for so many seconds; the bell rings at request n.
function cutting(t, seconds, how, rings = Infinity) {
  return network(t, (hold, n) => n === rings ? [0, true]
    : hold < seconds ? [hold, 204] : [seconds, how]);
}

for (const [name, how] of Object.entries({ HangsUp: 'terminated', Says504: 504 })) {
  test(`aProxyThat${name}After12SecondsIsLearned`, async t => {
    const holds = cutting(t, 12, how, 6);
    await ticking(t, new Doorbell(`http://node${++nodes}`).wait('7'));
    const [first, second, ...later] = holds;
    assert.ok(first >= 20 && second >= 20, `one cut is no rule: ${holds}`);
    assert.equal(later.length, 4);
    for (const hold of later) assert.ok(hold > 7 && hold < 10, String(holds));
  });
}

test('aProxyThatCutsBeyondTheHoldIsNotMet', async t => {
  const holds = cutting(t, 30, 'terminated', 5);
  await ticking(t, new Doorbell(`http://node${++nodes}`).wait('7'));
  for (const hold of holds) assert.ok(hold >= 20 && hold <= 25, String(holds));
});

test('aLongHoldIsCutToWhatAProxyOf30SecondsTakes', async t => {
  const holds = cutting(t, 30, 'terminated', 4);
  await ticking(t, new Doorbell(`http://node${++nodes}`, { hold: 120 }).wait('7'));
  const [first, second, ...later] = holds;
  assert.ok(first >= 96 && second >= 96, String(holds));
  for (const hold of later) assert.ok(hold > 19 && hold <= 24.5, String(holds));
});

test('failuresAtRandomTimesTeachNothing', async t => {
  const lives = [3, 11, 7, 18, 2, 5];
  const holds = network(t, (hold, n) => n > lives.length ? [0, true] : [lives[n - 1], 'reset']);
  await ticking(t, new Doorbell(`http://node${++nodes}`).wait('7'));
  for (const hold of holds) assert.ok(hold >= 20, String(holds));
});

test('aNodeThatIsAwayTeachesNothing', async t => {
  const holds = network(t, (hold, n) => n > 6 ? [0, true] : [0.01, 'refused']);
  await ticking(t, new Doorbell(`http://node${++nodes}`).wait('7'));
  for (const hold of holds) assert.ok(hold >= 20, String(holds));
});

test('silenceHalvesTheHoldButNotBelow5Seconds', async t => {
  const holds = network(t, (hold, n) => n > 5 ? [0, true] : []);
  await ticking(t, new Doorbell(`http://node${++nodes}`).wait('7'));
  const tops = [25, 12.5, 6.25, 5, 5, 5];
  assert.equal(holds.length, tops.length);
  tops.forEach((top, n) => {
    assert.ok(holds[n] <= top && holds[n] >= top * 0.79, String(holds));
  });
});

for (const seconds of [1.2, 3, 6]) {
  test(`aHoldIsNotLearnedBelow5SecondsByCutsAfter${seconds}`, async t => {
    const holds = cutting(t, seconds, 'terminated', 12);
    await ticking(t, new Doorbell(`http://node${++nodes}`).wait('7'));
    for (const hold of holds) assert.ok(hold >= 4, String(holds));
    assert.ok(holds.at(-1) <= 5, String(holds));
  });
}

for (const [name, answer] of [
  ['Cut', (hold, n, at) => at < 200 ? [12, 'terminated'] : [hold, 204]],
  ['Silence', (hold, n, at) => at < 200 ? [] : [hold, 204]],
]) {
  test(`theFullHoldIsTriedAgainSomeMinutesAfter${name}`, async t => {
    const stop = new AbortController();
    const now = () => Date.now() / 1000; // the mocked clock begins at 0
    const holds = network(t, (hold, n) => answer(hold, n, now()));
    const wait = new Doorbell(`http://node${++nodes}`).wait('7', { signal: stop.signal });
    const full = (async () => {
      while (now() < 900) await new Promise(resolve => setImmediate(resolve));
      stop.abort();
    })();
    await ticking(t, Promise.all([full, wait.catch(() => {})]));
    const learned = holds.findIndex(hold => hold < 19);
    const again = holds.findIndex((hold, i) => i > learned && hold >= 19);
    assert.ok(learned > 0 && again > learned, String(holds));
    const pause = (holds.began[again] - holds.began[learned]) / 1000;
    assert.ok(pause > 120 && pause < 500, `${pause} s`);
    assert.ok(holds.slice(again).every(hold => hold >= 19), 'and stays, since it passes now');
  });
}

test('aTabThatLearnedLongAgoTriesTheFullHold', async t => {
  const kept = new Map();
  globalThis.sessionStorage = {
    getItem: key => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, String(value)),
  };
  t.after(() => delete globalThis.sessionStorage);
  for (const [url, value] of [['http://long', '6,-1'], ['http://older', '6'],
    ['http://other', 'x,y'], ['http://none', '']]) {
    kept.set(`doorbell ${url}`, value);
    const holds = network(t, () => [0, true]);
    await ticking(t, new Doorbell(url).wait('7'));
    t.mock.timers.reset();
    t.mock.restoreAll();
    assert.ok(holds[0] >= 20, url);
  }
});

test('aNotYetThatComesMuchTooSoonIsPausedButNoPauseGrows', async t => {
  const holds = network(t, (hold, n) => n > 12 ? [0, true] : [5, 204]); // a node whose hold is 5 s
  await ticking(t, new Doorbell(`http://node${++nodes}`).wait('5'));
  const pauses = holds.began.slice(1).map((at, i) => at - holds.began[i] - 5000);
  for (const pause of pauses) assert.ok(pause >= 0 && pause <= 1200, String(pauses));
  assert.ok(new Set(pauses).size > 2, `spread: ${pauses}`);
});

test('aWaitThatWasHeldForMostOfItsTimeIsFollowedAtOnce', async t => {
  const holds = network(t, (hold, n) => n > 5 ? [0, true] : [hold * 0.7, 204]);
  await ticking(t, new Doorbell(`http://node${++nodes}`).wait('5'));
  holds.began.slice(1).forEach((at, i) => assert.ok(at - holds.began[i] - holds[i] * 700 <= 200));
});

test('whatWasLearnedIsKeptForTheSessionAndItsUrl', async t => {
  const kept = new Map();
  globalThis.sessionStorage = {
    getItem: key => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, String(value)),
  };
  t.after(() => delete globalThis.sessionStorage);
  let rings = false;
  const holds = network(t, hold => rings ? [0, true] : [12, 'terminated']);
  const learning = new Doorbell('http://kept').wait('7');
  const learned = (async () => {
    while (holds.length < 3) await new Promise(resolve => setImmediate(resolve));
    rings = true;
  })();
  await ticking(t, Promise.all([learned, learning]));
  const holdOf = async bell => {
    await ticking(t, bell.wait('8'));
    return holds.at(-1);
  };
  assert.ok(await holdOf(new Doorbell('http://kept', { hold: 24 })) < 10);
  assert.ok(await holdOf(new Doorbell('http://kept/other')) >= 20);
  assert.ok(await holdOf(new Doorbell('http://kept', { hold: 3 })) <= 3);
});
