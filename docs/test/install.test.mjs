// Whether a release installs and runs as docs/install.md says, with no Java in sight: the archive here,
// the package and the image in files of their own. All share one run of script/package.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync,
  statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { bareDebian, noMachine, SUITE, testDeb } from './deb.mjs';
import { noContainer, testImage } from './image.mjs';
import { assertMaterials } from './materials.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const MOST_BYTES = 60e6;
// No Java is found by this path, and no JAVA_HOME says where there is one.
const env = { PATH: '/usr/bin:/bin', HOME: '/nonexistent', LANG: 'C.UTF-8' };
// Where all must run, what is missing is no reason to skip.
const MAY_SKIP = process.env.CI !== 'true';
const folder = mkdtempSync(join(tmpdir(), 'doorbell-install-'));
// Asked as the packages are got later.
const noMirror = MAY_SKIP && spawnSync('mmdebstrap', ['--simulate', '--variant=extract',
  '--include=base-files', SUITE, '/dev/null']).status !== 0 && "Debian's mirror can't be reached";
const noDeb = noMirror || (MAY_SKIP && noMachine());
const noImage = noMirror || (MAY_SKIP && noContainer());
let archive;
let debian;
let installed;

/** The file of this run of script/package with such an end. */
const released = (end) => join(folder, 'release',
  readdirSync(join(folder, 'release')).find((name) => name.endsWith(end)));

function install(file, ...options) {
  const prefix = join(folder, 'usr local');
  const run = spawnSync('sh', [join(root, 'install.sh'), file, '--prefix', prefix, ...options],
    { env, encoding: 'utf8' });
  return { ...run, doorbell: join(prefix, 'bin', 'doorbell') };
}

before(async () => {
  const kinds = ['--archive', '--deb', ...(noMirror ? [] : ['--image'])];
  const run = spawn(join(root, 'script/package'), [...kinds, '--out', join(folder, 'release')],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = text(run.stdout);
  const warned = text(run.stderr);
  // Meanwhile, since it waits for the network mostly.
  [debian] = await Promise.all([noDeb ? null : bareDebian(folder), once(run, 'exit')]);
  assert.equal(run.exitCode, 0, await warned);
  archive = released('.tar.gz');
  installed = install(archive);
  assert.equal(await said, kinds.map((kind) =>
    `${released({ '--archive': '.tar.gz', '--deb': '.deb', '--image': '.oci.tar' }[kind])}\n`).join(''));
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('a release is small, and holds libraries of this machine alone', () => {
  assert.ok(statSync(archive).size < MOST_BYTES, `${statSync(archive).size} bytes`);
  const names = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).split('\n');
  const natives = names.filter((name) => /\/lib\/native\/./.test(name));
  assert.equal(natives.length, 4, natives.join(' '));
  assert.ok(names.some((name) => name.endsWith('/lib/node.aot')), 'a start has its cache');
});

test('each package tells what it is made of', () => {
  const trees = join(folder, 'trees');
  mkdirSync(trees);
  execFileSync('tar', ['-C', trees, '-xzf', archive]);
  assertMaterials(join(trees, readdirSync(trees)[0]));
  execFileSync('dpkg-deb', ['-x', released('.deb'), join(trees, 'deb')]);
  assertMaterials(join(trees, 'deb/usr/lib/doorbell'));
  rmSync(trees, { recursive: true });
});

test('an installed release answers a wait, though no Java is there', async () => {
  const { status, stderr, stdout, doorbell } = installed;
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

test('the node of a release tells systemd that it answers', async () => {
  const name = join(folder, 'notify');
  // Node has no datagrams of this kind.
  const listener = spawn('python3', ['-c', `
import socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
    heard.bind(sys.argv[1])
    print("bound", flush=True)
    print(heard.recv(1000).decode(), flush=True)
`, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface(listener.stdout)[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, 'bound');
  const node = spawn(installed.doorbell, ['serve', '--listen', '127.0.0.1:0', '--store', 'memory'],
    { cwd: folder, env: { ...env, NOTIFY_SOCKET: name } });
  try {
    assert.equal((await lines.next()).value, 'READY=1');
    assert.match((await lines.next()).value, /^STATUS=listening on http:\/\/127\.0\.0\.1:\d+$/);
  } finally {
    listener.kill();
    node.kill();
    await once(node, 'exit');
  }
});

test('each file of a release has its SHA-256 beside it', () => {
  const names = readdirSync(join(folder, 'release'));
  const sums = names.filter((name) => name.endsWith('.sha256'));
  assert.equal(sums.length * 2, names.length, names.join(' '));
  execFileSync('sha256sum', ['--check', '--quiet', ...sums], { cwd: join(folder, 'release') });
});

test('the same tree makes the same package and the same image', { skip: noMirror }, () => {
  const again = join(folder, 'again');
  mkdirSync(again);
  const tree = join(root, 'target/package', released('.tar.gz').split('/').at(-1).replace('.tar.gz', ''));
  execFileSync(join(root, 'script/deb'), [tree, join(root, 'target/package/man'), again]);
  execFileSync(join(root, 'script/image'), [tree, again]);
  for (const file of [released('.deb'), released('.oci.tar')]) {
    execFileSync('cmp', [file, join(again, file.split('/').at(-1))]);
  }
  rmSync(again, { recursive: true });
});

/** What is in an archive, but for the caches of a start: names, rights, times and SHA-256. */
function contents(file, into) {
  mkdirSync(into);
  execFileSync('tar', ['-C', into, '--exclude=*.aot', '-xzf', file]);
  const listed = execFileSync('sh', ['-c', `find ./* -printf '%p %m %T@ %l\\n' | sort
    find . -type f -print0 | sort -z | xargs -0 sha256sum`], { cwd: into, encoding: 'utf8' });
  rmSync(into, { recursive: true });
  return listed;
}

test('two packagings make the same bytes, but for the caches', () => {
  const out = join(folder, 'second');
  execFileSync(join(root, 'script/package'), ['--archive', '--no-caches', '--out', out], { cwd: root, stdio: 'pipe' });
  const first = contents(archive, join(folder, 'contents'));
  assert.match(first, /runtime\/lib\/modules\n/);
  assert.equal(contents(join(out, archive.split('/').at(-1)), join(folder, 'contents')), first);
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

testDeb(() => ({ folder, debian, deb: released('.deb') }), noDeb);
testImage(() => ({ folder, image: released('.oci.tar') }), noImage);
