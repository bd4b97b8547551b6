import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import imported, { Doorbell as named } from 'doorbell-client';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const folder = new URL('../', import.meta.url);
const path = name => fileURLToPath(new URL(name, folder));
const text = name => readFileSync(path(name), 'utf8');

test('theClientIsAtMost4KiBOverTheWire', () => {
  const bytes = gzipSync(text('doorbell.js')).length;
  assert.ok(bytes <= 4096, `${bytes} bytes`);
});

test('allWaysOfLoadingGiveOneClass', () => {
  assert.equal(typeof imported.newId, 'function');
  assert.equal(named, imported);
  assert.equal(require('doorbell-client'), imported);
  assert.equal(require('doorbell-client/doorbell.js'), imported);
});

test('aPlainScriptMakesOneGlobal', () => {
  const page = { AbortController };
  page.globalThis = page;
  const before = Object.keys(page);
  runInNewContext(text('doorbell.js'), page);
  assert.deepEqual(Object.keys(page).filter(name => !before.includes(name)), ['Doorbell']);
  assert.equal(page.Doorbell.name, 'Doorbell');
});

test('everyPackagedFileExists', () => {
  const { files, main, module, types, exports } = JSON.parse(text('package.json'));
  const ways = Object.values(exports['.']).flatMap(Object.values);
  for (const name of [main, module, types, ...ways]) {
    assert.ok(files.includes(name.replace('./', '')), name);
  }
  for (const name of files) assert.ok(existsSync(path(name)), name);
});

test('theLockFileNamesNoRegistry', () => {
  assert.doesNotMatch(text('package-lock.json'), /"resolved"|https?:/);
});

test('theDeclarationsFitTheirUse', async () => {
  const tsc = require.resolve('typescript/bin/tsc');
  await run(process.execPath, [tsc, '--project', path('test/tsconfig.json')])
    .catch(error => assert.fail(error.stdout));
});
