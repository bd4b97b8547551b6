// The client for applications with several nodes that share a store: which is asked when, and for
// how long.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test } from 'node:test';
import Doorbell from 'doorbell-client/server';
import { inOneOf } from '../../spec/tries.mjs';
import { fake, problem, reply, ring } from './fake.mjs';
import { failsWithin, succeedsWithin } from './limits.mjs';
import { MOST, consoleOf, pausesIn } from './pauses.mjs';

const LONG = { timeout: 60 }; // no part of it is over by chance

const silent = t => fake(t, () => {});
const setting = t => fake(t, (request, response) =>
  request.method === 'GET' ? ring(request, response)
    : request.url === '/' ? reply(response, 200, { set: 1, already: 0 }) : reply(response, 201));
const saying = (t, status, headers) => fake(t, (request, response) =>
  problem(response, status, 'Later.', headers));

// A URL at which nobody listens.
async function nobody(t) {
  return { url: (await silent(t)).url.replace('127.0.0.1', '127.0.0.2') };
}

// One that accepts, and says nothing, not even in a handshake.
async function mute(t) {
  const sockets = [];
  const server = net.createServer(socket => sockets.push(socket.on('error', () => {})));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.close();
    sockets.forEach(socket => socket.destroy());
  });
  return { url: `http://127.0.0.1:${server.address().port}` };
}

// Holds a wait as a node does.
const holding = t => fake(t, (request, response, n) => {
  const seconds = new URL(request.url, 'http://fake').searchParams.get('timeout');
  if (n > 1) ring(request, response);
  else setTimeout(() => reply(response, 204), seconds * 1000);
});

const urls = servers => servers.map(({ url }) => url);

const FAILING = {
  IsAway: nobody,
  Hangs: silent,
  IsMute: mute,
  HangsInTls: async t => ({ url: (await mute(t)).url.replace('http', 'https') }),
  HangsUp: t => fake(t, request => request.socket.destroy()),
  Says408: t => saying(t, 408),
  Says429: t => saying(t, 429, { 'Retry-After': '60' }),
  Says500: t => saying(t, 500),
  Says502: t => saying(t, 502),
  Says503: t => saying(t, 503, { 'Retry-After': '60' }),
  Says504: t => saying(t, 504),
};

describe('several nodes', { concurrency: true }, () => {
  for (const [how, first] of Object.entries(FAILING)) {
    test(`theNextNodeIsTriedWhereTheFirst${how}`, async t => {
      const nodes = [await first(t), await setting(t)];
      const event = await Doorbell.newSealed();
      for (const set of [bell => bell.set(event.id, event.key, { timeout: 10 }),
        bell => bell.setAll([event], { timeout: 10 })]) {
        assert.ok(await set(new Doorbell(urls(nodes))));
        assert.match(nodes[1].requests.at(-1).body, new RegExp(event.key));
      }
    });
  }

  for (const status of [302, 400, 401, 403, 404, 413]) {
    test(`a${status}IsNotTriedElsewhere`, async t => {
      const nodes = [await saying(t, status, { Location: '/x' }), await setting(t)];
      const bell = new Doorbell(urls(nodes));
      const error = { name: 'AggregateError', status, message: RegExp(`^${nodes[0].url}: [^;]*$`) };
      await assert.rejects(bell.set('1', undefined, { timeout: 60 }), error);
      await assert.rejects(bell.setAll(['1'], { timeout: 60 }), error);
      await assert.rejects(bell.wait('1', { timeout: 60 }), error);
      await assert.rejects(bell.wait('1'), error);
      assert.equal(nodes[1].requests.length, 0);
    });
  }

  test('theLastNodeHasItsChanceWhereTwoHang', async t => {
    for (const set of [(bell, timeout) => bell.set('1', undefined, { timeout }),
      (bell, timeout) => bell.setAll(['1'], { timeout })]) {
      await succeedsWithin(9, async timeout => {
        const nodes = [await silent(t), await silent(t), await setting(t)];
        assert.ok(await set(new Doorbell(urls(nodes)), timeout));
        assert.deepEqual(nodes.map(({ requests }) => requests.length), [1, 1, 1]);
      });
    }
  });

  test('allNodesTogetherCostNoMoreThanTheTimeOfOne', async t => {
    const nodes = [await silent(t), await silent(t), await silent(t)];
    const bell = new Doorbell(urls(nodes));
    for (const set of [() => bell.set('1', undefined, { timeout: 2 }),
      () => bell.setAll(['1'], { timeout: 2 })]) {
      // Where each has as much, it takes 6 s each time; and a busy machine doesn't.
      const isWell = ({ name, millis }) => name === 'AggregateError' && millis < 5_000;
      const failed = await inOneOf(3, async () => {
        const began = performance.now();
        const { name } = await set().catch(error => error);
        return { name, millis: performance.now() - began };
      }, isWell);
      assert.ok(isWell(failed), JSON.stringify(failed));
    }
  });

  test('theErrorNamesAllThatWereTriedEachWithItsReason', async t => {
    const nodes = [await nobody(t), await saying(t, 503), await silent(t)];
    const [away, full, hanging] = urls(nodes);
    await failsWithin(2, timeout => new Doorbell(urls(nodes)).set('1', undefined, { timeout }), error => {
      const [one, other, last] = error.message.split('; ');
      assert.match(one, RegExp(`^${away}: no answer: connect ECONNREFUSED`));
      assert.equal(other, `${full}: Later.`);
      assert.equal(last, `${hanging}: the node is silent`);
      assert.deepEqual(error.errors.map(({ name }) => name), ['TypeError', 'Error', 'TimeoutError']);
      return true;
    });
    const refusing = [nodes[0], await saying(t, 403)];
    await assert.rejects(new Doorbell(urls(refusing)).set('1', undefined, LONG), error => {
      assert.match(error.message, RegExp(`^${away}: no answer: .*; ${refusing[1].url}: Later.$`));
      assert.equal(error.status, 403);
      return true;
    });
  });

  test('setsStayAtTheNodeThatWorksUntilItFails', async t => {
    const nodes = [0, 1, 2].map(() => 201);
    const servers = await Promise.all(nodes.map((_, i) =>
      fake(t, (request, response) => reply(response, nodes[i]))));
    const asked = () => servers.map(({ requests }) => requests.length);
    const bell = new Doorbell(urls(servers));
    nodes[0] = 503;
    for (const id of ['1', '2']) await bell.set(id, undefined, LONG);
    assert.deepEqual(asked(), [1, 2, 0]);
    nodes.splice(0, 3, 201, 503, 201);
    for (const id of ['3', '4']) await bell.set(id, undefined, LONG);
    assert.deepEqual(asked(), [1, 3, 2]);
  });

  test('twoThatFindTheSameNodeAwayLeaveItOnce', async t => {
    const servers = [await saying(t, 503), await setting(t), await setting(t)];
    const bell = new Doorbell(urls(servers));
    await Promise.all(['1', '2', '3'].map(id => bell.set(id, undefined, LONG)));
    await bell.set('4', undefined, LONG);
    assert.equal(servers[1].requests.length, 4);
  });

  test('aWaitGoesToTheNextNodeWhereOneFails', async t => {
    const servers = [await nobody(t), await saying(t, 503, { 'Retry-After': '60' }), await setting(t)];
    for (const timeout of [0, 30, undefined]) {
      const bell = new Doorbell(urls(servers));
      assert.equal(await bell.wait('7', { timeout }), '7');
      assert.deepEqual(await bell.waitAny(['7', '8'], { timeout }), ['7']); // it is known
    }
    const late = new Doorbell(urls([servers[0], servers[1]])).wait('7', { timeout: 0 });
    await assert.rejects(late, ({ name, cause }) =>
      name === 'TimeoutError' && /ECONNREFUSED.*; .*Later\./.test(cause.message));
  });

  for (const timeout of [0, 0.2]) {
    test(`aWaitOf${timeout}SecondsLeavesANodeThatHangsAndTheNextBeginsAtTheOther`, async t => {
      const wanted = ['7', '8', 1];
      assert.deepEqual(await inOneOf(5, async () => {
        const [hanging, node] = [await silent(t), await setting(t)];
        const bell = new Doorbell(urls([hanging, node]));
        const told = []; // A busy machine may be over the second that each node has.
        for (const id of ['7', '8']) told.push(await bell.wait(id, { timeout }).catch(({ name }) => name));
        return [...told, hanging.requests.length];
      }, told => `${told}` === `${wanted}`), wanted);
    });
  }

  test('aNodeThatHangsToTheEndOfAWaitIsTriedLastTheNextTime', async t => {
    const counts = await inOneOf(5, async () => {
      const [hanging, last] = [await silent(t), await silent(t)];
      const bell = new Doorbell(urls([hanging, last]));
      await assert.rejects(bell.wait('7', { timeout: 0 }), { name: 'TimeoutError' });
      const stop = new AbortController();
      const again = bell.wait('7', { signal: stop.signal });
      await Promise.race([hanging, last].map(node => node.asked(() => true, 2)));
      stop.abort();
      await assert.rejects(again, { name: 'AbortError' });
      return [hanging, last].map(({ requests }) => requests.length);
    }, counts => `${counts}` === '2,1'); // A busy machine may be over the second that each node has.
    assert.deepEqual(counts, [2, 1]);
  });

  for (const timeout of [60, undefined]) {
    test(`aNodeThatHoldsAWaitOf${timeout}SecondsIsAskedForLongAndNoOther`, async t => {
      const [node, other] = [await holding(t), await setting(t)];
      assert.equal(await new Doorbell(urls([node, other])).wait('7', { timeout }), '7');
      const [first, second] = node.requests.map(({ query }) => Number(query.get('timeout')));
      assert.ok(first >= 0.8 && first <= 1 && second > 15, `${first} and ${second}`);
      assert.equal(other.requests.length, 0);
    });
  }

  test('theTokenGoesToEachNode', async t => {
    const servers = [await saying(t, 503), await setting(t)];
    await new Doorbell(urls(servers), { token: 'abc' }).set('1', undefined, LONG);
    for (const { requests: [{ headers }] } of servers) {
      assert.equal(headers.authorization, 'Bearer abc');
    }
  });

  test('aNodeThatIsNamedTwiceHasOneTurn', async t => {
    const server = await saying(t, 503, { 'Retry-After': '60' });
    const bell = new Doorbell([server.url, `${server.url}/`, server.url.replace('http', 'HTTP')]);
    await assert.rejects(bell.set('1', undefined, { timeout: 10 }), { message: /Later/ });
    assert.equal(server.requests.length, 1);
  });

  test('followWaitsAtTheNodeThatAnAnswerNames', async t => {
    const servers = [await silent(t), await setting(t)];
    const app = await fake(t, (request, response) =>
      reply(response, 200, 'x', { 'Doorbell-Wait': `${servers[1].url}/7` }));
    const stop = new AbortController();
    const following = new Doorbell(urls(servers)).follow(app.url, () => {
      if (app.requests.length === 2) stop.abort();
    }, { signal: stop.signal });
    await following;
    assert.deepEqual(servers.map(({ requests }) => requests.length), [0, 1]);
  });

  test('aListThatIsNoneIsATypeError', () => {
    for (const list of [[], [''], ['http://a.test', 'b'], ['http://a.test', null]]) {
      assert.throws(() => new Doorbell(list), TypeError, String(list));
    }
    for (const text of ['http://a.test,http://b.test', 'http://a.test/x, HTTPS://b.test', 'http://a.test,']) {
      assert.throws(() => new Doorbell(text), { name: 'TypeError', message: /several are an array/ });
      assert.throws(() => new Doorbell([text]), { name: 'TypeError', message: /several are an array/ });
    }
    assert.equal(new Doorbell('http://a.test/x,y').url, 'http://a.test/x,y');
  });
});

test('aRoundIsFollowedByAPauseNotBeforeTheLongestRetryAfter', async t => {
  const pauses = pausesIn(t, { chance: MOST });
  const servers = [await saying(t, 503, { 'Retry-After': '8' }), await saying(t, 503),
    await fake(t, (request, response, n) => reply(response, n === 1 ? 429 : 201))];
  const bell = new Doorbell(urls(servers));
  assert.equal(await bell.set('1', undefined, { timeout: 60 }), true);
  assert.equal(pauses.length, 1);
  assert.ok(pauses[0] > 15_900 && pauses[0] <= 16_000, `${pauses}`);
  assert.deepEqual(servers.map(({ requests }) => requests.length), [2, 2, 2]);
});

test('aNotYetAtOnceIsAskedAtTheNextNodeWithoutAPause', async t => {
  const pauses = pausesIn(t);
  const servers = [await fake(t, (request, response) => reply(response, 204)), await setting(t)];
  assert.equal(await new Doorbell(urls(servers)).wait('7'), '7');
  assert.deepEqual(pauses, []);
});

test('aNotYetAtOnceEndsARoundThatHasARetryAfterAllTheSame', async t => {
  const pauses = await inOneOf(3, async () => {
    t.mock.restoreAll();
    const pauses = pausesIn(t, { chance: MOST });
    const first = await fake(t, (request, response, n) =>
      n > 1 ? ring(request, response) : problem(response, 503, 'Later.', { 'Retry-After': '8' }));
    const leaving = await fake(t, (request, response) => reply(response, 204));
    assert.equal(await new Doorbell(urls([first, leaving])).wait('7'), '7');
    return pauses;
  }, ({ length }) => length === 1); // A busy machine's 204 may be late, as if it was held.
  assert.equal(pauses.length, 1);
  assert.ok(pauses[0] > 15_900 && pauses[0] <= 16_000, `${pauses}`);
});

test('aClockThatIsSetForwardEndsNoWait', async t => {
  const server = await fake(t, (request, response, n) => {
    if (n > 1) return ring(request, response);
    t.mock.method(Date, 'now', () => 1e14);
    reply(response, 204);
  });
  assert.equal(await new Doorbell(server.url).wait('7', { timeout: 60 }), '7');
});

test('eachNodeThatFailsIsToldOnceInTheConsole', async t => {
  const said = consoleOf(t);
  const servers = [await saying(t, 503), await setting(t)];
  for (const id of ['1', '2']) await new Doorbell(urls(servers)).set(id, undefined, LONG);
  assert.equal(said.warnings.length, 1);
  assert.ok(said.warnings[0].startsWith(`Doorbell: ${servers[0].url}: Later.`));
});
