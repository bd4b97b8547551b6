import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import imported, { Doorbell as named } from 'doorbell-client';
import Server from 'doorbell-client/server';
import { built } from '../build.mjs';
import { fake, reply } from './fake.mjs';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const folder = new URL('../', import.meta.url);
const path = name => fileURLToPath(new URL(name, folder));
const text = name => readFileSync(path(name), 'utf8');

test('theClientIsAtMost5632BytesOverTheWire', () => {
  const bytes = gzipSync(text('doorbell.js')).length;
  assert.ok(bytes <= 5632, `${bytes} bytes`);
});

test('theClientIsBuiltOfItsSourceAsItIsNow', async () => {
  assert.ok(text('doorbell.js') === await built(), 'npm run build --prefix js');
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
  const { bin, files, main, module, types, exports } = JSON.parse(text('package.json'));
  const leaves = way => typeof way === 'string' ? [way] : Object.values(way).flatMap(leaves);
  const ways = leaves(exports).filter(name => name !== './package.json');
  for (const name of [bin, main, module, types, ...ways]) {
    assert.ok(files.includes(name.replace('./', '')), name);
  }
  for (const name of files) assert.ok(existsSync(path(name)), name);
});

test('thePackageHasWhatItsUserNeedsAndNothingElse', async () => {
  const { stdout } = await run('npm', ['pack', path('.'), '--dry-run', '--json', '--offline'],
    { cwd: path('.') });
  const [{ files }] = JSON.parse(stdout);
  assert.deepEqual(files.map(({ path }) => path).sort(),
    [...JSON.parse(text('package.json')).files, 'README.md', 'package.json'].sort());
});

// As npm packs it, elsewhere, so that nothing of this folder helps.
test('whatIsPackedRuns', async t => {
  const there = mkdtempSync(join(tmpdir(), 'doorbell-client-'));
  t.after(() => rmSync(there, { recursive: true }));
  const npm = (...words) => run('npm', [...words, '--offline', '--no-audit', '--no-fund'], { cwd: there });
  const { stdout: tarball } = await npm('pack', path('.'), '--silent');
  await npm('install', '--silent', join(there, tarball.trim()));
  const [, application] = /```js\n(import [^]*?)```/.exec(text('README.md'));
  const node = await fake(t, (request, response) => reply(response, 201));
  writeFileSync(join(there, 'application.mjs'), application.replace('http://127.0.0.1:8080', node.url));
  await run(process.execPath, ['application.mjs'], { cwd: there });
  const room = await new Server(node.url, { secret: 'only the application knows it' })
    .topic('room/7').at(3);
  assert.deepEqual(node.requests.map(({ path, body }) => [path, body]), [[`/${room.id}`, room.key]]);
  const [, command] = /```sh\n(npx .*)\n```/.exec(text('README.md'));
  const { stdout } = await run('bash', ['-c', command], { cwd: there });
  assert.match(stdout, /^Usage: doorbell-client /);
});

test('theLockFileNamesNoRegistry', () => {
  for (const { resolved, version } of Object.values(JSON.parse(text('package-lock.json')).packages)) {
    assert.equal(resolved, undefined);
    assert.doesNotMatch(version, /:/);
  }
});

test('theDeclarationsFitTheirUse', async () => {
  const tsc = require.resolve('typescript/bin/tsc');
  await run(process.execPath, [tsc, '--project', path('test/tsconfig.json')])
    .catch(error => assert.fail(error.stdout));
});
