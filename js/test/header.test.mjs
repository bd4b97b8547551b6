// The header Doorbell-Wait, by the vectors that all clients share.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import Doorbell from 'doorbell-client/server';
import { idTexts, readWait } from '../src/text.mjs';
import { fake, reply, ring } from './fake.mjs';

const VECTORS = JSON.parse(readFileSync(new URL('../../spec/vectors.json', import.meta.url), 'utf8'));
const bellOf = url => new Doorbell(url).url;

for (const name of ['waitHeaders', 'waitFields']) {
  test(`everyVectorOf${name}IsReadAsItSays`, () => {
    for (const { value, response, bell, base, ids, error, note } of VECTORS[name]) {
      const read = () => readWait(value, response, bellOf(bell));
      const told = JSON.stringify({ value, note });
      if (error) assert.throws(read, TypeError, told);
      else assert.deepEqual(read(), { base, ids }, told);
    }
  });
}

test('whatIsNoListIsOneIdAndDoesNotComeApart', () => {
  assert.deepEqual(idTexts('22482'), ['22482']);
  assert.deepEqual(idTexts(22482), ['22482']);
  assert.deepEqual(idTexts(new Set(['1', 2])), ['1', '2']);
  for (const none of [undefined, null, '', []]) assert.throws(() => idTexts(none), TypeError);
  assert.throws(() => idTexts(undefined), /undefined is not a valid event id/);
});

test('everyVectorOfHeadersWrittenIsWrittenAndReadAgain', () => {
  for (const { base, ids, value } of VECTORS.headersWritten) {
    const bell = new Doorbell('http://10.0.0.1', base === null ? {} : { public: base });
    assert.deepEqual(bell.header(...ids), { 'Doorbell-Wait': value });
    assert.deepEqual(readWait(value, 'http://app.example/', bell.url).ids, ids);
  }
});

test('everyVectorOfHeadersRefusedIsATypeError', () => {
  for (const { ids } of VECTORS.headersRefused) {
    assert.throws(() => new Doorbell('http://10.0.0.1').header(...ids), TypeError, JSON.stringify(ids));
  }
});

test('aCommaInThePublicUrlBeginsNoItem', () => {
  const bell = new Doorbell('http://10.0.0.1', { public: 'https://bell.example/a,b' });
  assert.deepEqual(readWait(bell.header(7, 8n)['Doorbell-Wait'], 'http://app/', bell.url),
    { base: 'https://bell.example/a%2Cb', ids: ['7', '8'] });
});

async function twoRounds(t, headers, body) {
  const bell = await fake(t, ring);
  const app = await fake(t, (request, response) => reply(response, 200, body(bell), headers(bell)));
  const controller = new AbortController();
  let answers = 0;
  await new Doorbell(bell.url).follow(app.url, () => {
    if (++answers === 2) controller.abort();
  }, { signal: controller.signal, onError: error => { throw error; } });
  return bell.requests.map(request => request.path);
}

test('followWaitsForAnyOfTheIdsInTheHeaderOrTheField', async t => {
  const two = new Doorbell('http://10.0.0.1').header('1', '2');
  assert.deepEqual(await twoRounds(t, () => two, () => 'text'), ['/1,2']);
  assert.deepEqual(await twoRounds(t, () => ({}), () => ({ doorbell: [1, '2'] })), ['/1,2']);
  assert.deepEqual(await twoRounds(t, () => ({}), () => ({ doorbell: 0 })), ['/0']);
});
