// The node's URL, in Node; browser.test.mjs has pages and workers.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Doorbell from '../doorbell.mjs';
import { fake, ring } from './fake.mjs';
import { NO_URLS } from './urls.mjs';

const run = promisify(execFile);

test('whatIsNoNodesUrlIsATypeErrorAtConstruction', () => {
  for (const url of NO_URLS) {
    assert.throws(() => new Doorbell(url), { name: 'TypeError', message: /^a node is an http or https URL/ },
      String(url));
  }
  assert.throws(() => new Doorbell(), TypeError);
  assert.throws(() => new Doorbell('localhost:8080'), { message: /, not localhost:8080$/ });
});

test('aUrlIsKeptAbsoluteAndWithoutASlashAtItsEnd', () => {
  for (const [given, url] of [
    ['http://bell', 'http://bell'], ['HTTP://Bell:80/', 'http://bell'], ['https://bell/a//', 'https://bell/a'],
    [new URL('http://bell:8080/x/'), 'http://bell:8080/x'], ['http://my_bell:8080', 'http://my_bell:8080'],
    ['http://[::1]:8080/', 'http://[::1]:8080'], [' http://bell/ '.trim(), 'http://bell'],
  ]) {
    assert.equal(new Doorbell(given).url, url);
  }
});

// An application that renders its pages on a server imports there what runs in the page later.
test('aRelativeUrlIsResolvedLateWhereThereIsNoLocation', async () => {
  for (const url of ['/doorbell', 'doorbell', './doorbell', '//bell.example/doorbell']) {
    const bell = new Doorbell(url);
    assert.throws(() => bell.url, { name: 'TypeError', message: /^a node is an http or https URL/ });
    await assert.rejects(bell.wait('1'), TypeError);
    await assert.rejects(bell.set('1'), TypeError);
  }
  const script = `
    const Doorbell = require('./doorbell.js');
    const bell = new Doorbell('/doorbell');
    globalThis.location = new URL('https://app.example/rooms/7?x#y');
    console.log(bell.url, new Doorbell('bell').url, new Doorbell('../bell/').url);`;
  const { stdout } = await run(process.execPath, ['-e', script],
    { cwd: fileURLToPath(new URL('..', import.meta.url)) });
  assert.equal(stdout, 'https://app.example/doorbell https://app.example/rooms/bell https://app.example/bell\n');
});

test('aRelativeUrlIsAskedOnceItIsKnown', async t => {
  const server = await fake(t, ring);
  const bell = new Doorbell('/doorbell');
  globalThis.location = new URL(server.url);
  t.after(() => delete globalThis.location);
  assert.equal(await bell.wait('7'), '7');
  assert.deepEqual(server.requests.map(request => request.path), ['/doorbell/7']);
});
