// Whether a release installs and runs as docs/install.md says, with no Java in sight.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync,
  statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const MOST_BYTES = 60e6;
// No Java is found by this path, and no JAVA_HOME says where there is one.
const env = { PATH: '/usr/bin:/bin', HOME: '/nonexistent', LANG: 'C.UTF-8' };
let folder;
let archive;

function install(file, ...options) {
  const prefix = join(folder, 'usr local');
  const run = spawnSync('sh', [join(root, 'install.sh'), file, '--prefix', prefix, ...options],
    { env, encoding: 'utf8' });
  return { ...run, doorbell: join(prefix, 'bin', 'doorbell') };
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'doorbell-install-'));
  const run = spawnSync(join(root, 'script/package'), ['--out', join(folder, 'release')],
    { cwd: root, encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr + run.stdout);
  archive = run.stdout.trim().split('\n').at(-1);
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('a release is small, and holds libraries of this machine alone', () => {
  assert.ok(statSync(archive).size < MOST_BYTES, `${statSync(archive).size} bytes`);
  const names = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).split('\n');
  const natives = names.filter((name) => /\/lib\/native\/./.test(name));
  assert.equal(natives.length, 4, natives.join(' '));
  assert.ok(names.some((name) => name.endsWith('/lib/node.aot')), 'a start has its cache');
});

test('an installed release answers a wait, though no Java is there', async () => {
  const { status, stderr, stdout, doorbell } = install(archive);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^doorbell \d/);
  const node = spawn(doorbell, ['serve', '--listen', '127.0.0.1:0'], { cwd: folder, env });
  try {
    const [line] = await once(node.stdout.setEncoding('utf8'), 'data');
    const event = `${line.trim().split(' ').at(-1)}/22482`;
    const wait = spawn(doorbell, ['wait', event], { cwd: folder, env });
    const set = execFileSync(doorbell, ['set', event], { cwd: folder, env, encoding: 'utf8' });
    assert.equal(set, 'set\n');
    assert.deepEqual(await once(wait, 'exit'), [0, null]);
    const java = readFileSync(`/proc/${node.pid}/cmdline`, 'utf8').split('\0')[0];
    assert.match(java, /usr local\/lib\/doorbell\/doorbell-.*\/runtime\/bin\/java$/);
    assert.ok(readFileSync(`/proc/${node.pid}/maps`, 'utf8').includes('/lib/node.aot'));
  } finally {
    node.kill();
    await once(node, 'exit');
  }
  const again = install(archive);
  assert.equal(again.status, 0, again.stderr);
  const releases = readdirSync(join(folder, 'usr local/lib/doorbell'));
  assert.equal(releases.length, 2, 'the first one, whose files a node may hold, and the new one');
});

test('an archive that is not what its SHA-256 says is not installed', () => {
  const bad = join(folder, 'bad', archive.split('/').at(-1));
  mkdirSync(join(folder, 'bad'));
  copyFileSync(archive, bad);
  copyFileSync(`${archive}.sha256`, `${bad}.sha256`);
  appendFileSync(bad, 'x');
  const { status, stderr } = install(bad, '--prefix', join(folder, 'none'));
  assert.equal(status, 1);
  assert.match(stderr, /the SHA-256 of .* nothing is installed\n$/);
  assert.throws(() => statSync(join(folder, 'none')));
});

test('a release that does not run here leaves the one that does', () => {
  const name = archive.split('/').at(-1).replace(/^doorbell-[^-]*/, 'doorbell-99');
  const bin = join(folder, 'odd', name.replace('.tar.gz', ''), 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'doorbell'), '#!/bin/sh\nexit 127\n', { mode: 0o755 });
  const odd = join(folder, name);
  execFileSync('tar', ['-C', join(folder, 'odd'), '-czf', odd, name.replace('.tar.gz', '')]);
  writeFileSync(`${odd}.sha256`, execFileSync('sha256sum', [odd]));
  const { status, stderr, doorbell } = install(odd);
  assert.equal(status, 1);
  assert.match(stderr, /doesn't run on this machine; nothing is installed\n$/);
  assert.match(execFileSync(doorbell, ['new'], { env, encoding: 'utf8' }), /^\d+\n$/);
});

test('what is no release is told in a sentence', () => {
  assert.match(install(join(root, 'README.md')).stderr, /README.md is no release; its name is like/);
  const other = archive.replace(/-linux-.*/, '-linux-riscv64.tar.gz');
  assert.match(install(other).stderr, /is for another machine; take the release for /);
  assert.match(install(join(folder, `doorbell-9-linux-${execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim()}.tar.gz`)).stderr, /can't get /);
});
