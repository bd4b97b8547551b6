// The Debian package in a machine of its own: a Debian with systemd and no Java, in namespaces.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync,
  writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { eventually } from '../../js/test/chromium.mjs';

const EVENT = 'http://127.0.0.1:8080/22482';
const UNIT = 'doorbell.service';
/** The Debian of the machine. */
export const SUITE = 'bookworm';

/** Sets one event after the other from $1 on, each once and by a connection of its own, until /over is there. */
const SETS = `
for ((i = $1; ; i++)); do
  exec 3<>/dev/tcp/127.0.0.1/8080
  printf 'POST /%s HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' $i >&3
  read -rt 20 version status rest <&3
  echo "$i $status"
  exec 3>&-
  echo $((i - $1)) >/sets
  [ ! -e /over ] || exit 0
done`;

/** A folder with a bare Debian, whose packages come from its mirror. */
export async function bareDebian(folder) {
  const root = join(folder, 'debian');
  const made = spawn('mmdebstrap', ['--quiet', '--variant=minbase',
    '--include=systemd-sysv,adduser,libstdc++6', '--aptopt=Acquire::Languages "none"',
    SUITE, root], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  made.stderr.on('data', (data) => { said += data; });
  const [status] = await once(made, 'close');
  assert.equal(status, 0, said);
  return root;
}

/** The package with that version, and with what `change` does to its files. */
function remade(deb, folder, version, change) {
  const tree = join(folder, version);
  execFileSync('dpkg-deb', ['-R', deb, tree]);
  const control = join(tree, 'DEBIAN/control');
  writeFileSync(control,
    readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${version}`));
  change(tree);
  const made = `${tree}.deb`;
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, made]);
  rmSync(tree, { recursive: true });
  return made;
}

/** An older one has one file more, which the newer one doesn't have. */
const older = (deb, folder) => remade(deb, folder, '0.0.9',
  (tree) => writeFileSync(join(tree, 'usr/lib/doorbell/older'), ''));

/** A newer one that can't be installed. */
const broken = (deb, folder) => remade(deb, folder, '99',
  (tree) => writeFileSync(join(tree, 'DEBIAN/preinst'), '#!/bin/sh\nexit 1\n', { mode: 0o755 }));

/** The first process of a machine, if it is there: all others go with it, and don't go with nspawn. */
function firstInside(nspawn) {
  const read = (file) => readFileSync(`/proc/${file}`, 'utf8');
  try {
    return read(`${nspawn}/task/${nspawn}/children`).trim().split(' ')
      .find((pid) => /^NSpid:.*\t1$/m.test(read(`${pid}/status`)));
  } catch {
    return undefined; // A process has gone meanwhile.
  }
}

/** Begins a machine with this root; ends with `stop`. */
async function boot(root) {
  const nspawn = spawn('systemd-nspawn', ['--directory', root, '--boot', '--quiet', '--register=no',
    '--keep-unit', '--private-network', '--console=pipe', `--machine=doorbell-test-${process.pid}`],
  { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => {
    const first = firstInside(nspawn.pid);
    if (first) process.kill(Number(first), 'SIGKILL');
    nspawn.kill('SIGKILL');
  };
  process.on('exit', kill);
  let said = '';
  nspawn.stdout.on('data', (data) => { said += data; });
  nspawn.stderr.on('data', (data) => { said += data; });
  const exit = once(nspawn, 'close').finally(() => process.removeListener('exit', kill));
  let leader; // The first process inside.
  const inside = (how, words) => how('nsenter', ['--target', leader, '--mount', '--uts', '--ipc',
    '--net', '--pid', '--root', '--wd', '--', ...words],
  { encoding: 'utf8', env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LANG: 'C.UTF-8' } });
  const run = (...words) => inside(spawnSync, words);
  const machine = {
    run,
    /** What a command prints that goes on meanwhile, and must go well. */
    begin: async (...words) => (await inside(promisify(execFile), words)).stdout,
    /** What a command prints, which must go well. */
    says(...words) {
      const done = run(...words);
      assert.equal(done.status, 0, `${words.join(' ')}: ${done.stderr}${done.stdout}`);
      return done.stdout.trim();
    },
    async stop() {
      run('systemctl', '--no-block', 'poweroff');
      await exit;
    },
  };
  const runs = () => {
    assert.equal(nspawn.exitCode, null, said);
    leader = firstInside(nspawn.pid);
    return leader && run('systemctl', 'is-system-running', '--wait').stdout.trim() === 'running';
  };
  try {
    await eventually(runs, 'the machine runs');
  } catch (e) {
    kill();
    await exit;
    throw new Error(said, { cause: e });
  }
  return machine;
}

/** Why a machine can't be made here; undefined where it can. */
export function noMachine() {
  if (process.getuid() !== 0) return 'only root makes machines in namespaces';
  const missing = ['mmdebstrap', 'systemd-nspawn', 'nsenter', 'dpkg-deb']
    .find((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  return missing && `there is no ${missing}`;
}

/** `release()` has the package as `deb`, the folder of a bare Debian as `debian`. */
export function testDeb(release, skip) {
  describe('the Debian package', { skip, concurrency: 1 }, () => {
    let debian;
    let machine;
    const property = (name) => machine.says('systemctl', 'show', '-P', name, UNIT);
    const doorbell = (...words) => machine.run('doorbell', ...words);
    const isSet = () => doorbell('wait', EVENT, '--timeout', '0').status === 0;
    const pid = () => property('MainPID');
    /** A file of a process, by its number in the machine. */
    const proc = (file) => machine.says('cat', `/proc/${pid()}/${file}`);
    const journal = () => machine.says('journalctl', '--unit', UNIT, '--output', 'cat');

    before(async () => {
      debian = release().debian;
      mkdirSync(join(debian, 'debs'));
      copyFileSync(release().deb, join(debian, 'debs/new.deb'));
      copyFileSync(older(release().deb, release().folder), join(debian, 'debs/old.deb'));
      copyFileSync(broken(release().deb, release().folder), join(debian, 'debs/broken.deb'));
      machine = await boot(debian);
      assert.notEqual(machine.run('sh', '-c', 'command -v java').status, 0, 'no Java is there');
    });

    after(() => machine?.stop());

    test('begins a node under systemd that answers, without rights', () => {
      machine.says('dpkg', '-i', '/debs/old.deb');
      assert.equal(property('ActiveState'), 'active');
      assert.equal(property('StatusText'), 'listening on http://127.0.0.1:8080');
      assert.equal(machine.says('systemctl', 'is-enabled', UNIT), 'enabled');
      assert.equal(doorbell('set', EVENT).stdout, 'set\n');
      assert.ok(isSet());
      const status = proc('status');
      assert.match(status, /^CapBnd:\s*0+$/m);
      assert.match(status, /^NoNewPrivs:\s*1$/m);
      // A machine of this kind may not raise the limit that it was given.
      const [, most] = /^Max open files +\d+ +(\d+) /m.exec(machine.says('cat', '/proc/1/limits'));
      assert.match(proc('limits'), new RegExp(`^Max open files +(1048576|${most}) `, 'm'));
      assert.equal(machine.says('stat', '-c', '%U %a', `/proc/${pid()}`, '/var/lib/doorbell'),
        'doorbell 555\ndoorbell 700');
    });

    test('has what the node needs in its sandbox: io_uring, and the cache of its start', () => {
      const files = machine.says('sh', '-c', `ls -l /proc/${pid()}/fd`);
      assert.match(files, /anon_inode:\[io_uring\]/);
      assert.match(proc('maps'), /\/usr\/lib\/doorbell\/lib\/node\.aot$/m);
      assert.doesNotMatch(journal(), /WARN|ERROR/);
    });

    test('has a unit that systemd finds no fault with, and that is hardened', () => {
      const { status, stderr, stdout } = machine.run('systemd-analyze', 'verify', '--man=no', UNIT);
      assert.equal(`${status} ${stderr}${stdout}`, '0 ');
      machine.says('systemd-analyze', 'security', '--threshold=20', UNIT);
    });

    test('a hangup reloads, and the node goes on', async () => {
      const before = pid();
      machine.says('systemctl', 'reload', UNIT);
      await eventually(() => journal().includes('the configuration was read again'),
        'the configuration was read again');
      await eventually(() => property('ActiveState') === 'active', 'it is reloaded');
      assert.equal(pid(), before);
    });

    test('a node that is asked by a signal has the stacks of its threads in the journal', async () => {
      const before = pid();
      machine.says('sh', '-c', `kill -QUIT ${before}`);
      await eventually(() => journal().includes('Full thread dump'), 'the stacks are told');
      assert.equal(pid(), before);
    });

    test('a node that hangs is ended and begun again, and one that does not is not', async () => {
      const place = join(debian, 'etc/systemd/system/doorbell.service.d');
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, 'quick.conf'),
        '[Service]\nWatchdogSec=5s\nTimeoutAbortSec=100ms\nRestartSec=100ms\n');
      try {
        machine.says('systemctl', 'daemon-reload');
        machine.says('systemctl', 'restart', UNIT);
        const hangs = pid();
        const heard = property('WatchdogTimestampMonotonic');
        await eventually(() => property('WatchdogTimestampMonotonic') !== heard, 'it is heard');
        assert.equal(pid(), hangs);
        machine.says('sh', '-c', `kill -STOP ${hangs}`);
        await eventually(() => pid() !== hangs && property('ActiveState') === 'active',
          'another node runs');
        assert.ok(isSet());
      } finally {
        rmSync(place, { recursive: true });
        machine.says('systemctl', 'daemon-reload');
      }
    });

    test('an upgrade keeps the sets and the configuration, and runs what is new', () => {
      const before = pid();
      machine.says('sh', '-c', 'echo max-wait=30m >>/etc/doorbell/doorbell.conf');
      machine.says('dpkg', '-i', '/debs/new.deb');
      assert.equal(property('ActiveState'), 'active');
      assert.notEqual(pid(), before);
      assert.ok(isSet());
      const config = doorbell('serve', '--config', '/etc/doorbell/doorbell.conf', '--print-config');
      assert.match(config.stdout, /^max-wait=30m$/m);
      assert.ok(!existsSync(join(debian, 'usr/lib/doorbell/older')));
      // All is as it was packed, but for what the administrator changed.
      assert.match(machine.says('dpkg', '--verify', 'doorbell'), /^\S+ c \/etc\/doorbell\/.*$/);
    });

    test('an upgrade by a socket of systemd is noticed by nobody', async () => {
      const units = ['doorbell.socket', 'doorbell@a.service', 'doorbell@b.service'];
      const states = () => machine.run('systemctl', 'is-active', ...units).stdout.split('\n').slice(0, 3);
      machine.says('systemctl', 'disable', '--now', UNIT);
      machine.says('systemctl', 'enable', '--now', 'doorbell.socket', 'doorbell@a');
      try {
        const { status, stderr, stdout } = machine.run('systemd-analyze', 'verify', '--man=no', ...units);
        assert.equal(`${status} ${stderr}${stdout}`, '0 ');
        for (const [old, next, end] of [['a', 'b', ['active', 'inactive', 'active']],
          ['b', 'a', ['active', 'active', 'inactive']]]) {
          const event = EVENT.replace(/\d+$/, old === 'a' ? '31' : '32');
          for (const file of ['over', 'sets']) rmSync(join(debian, file), { force: true });
          const sets = machine.begin('bash', '-c', SETS, '-', old === 'a' ? '1000' : '1000000');
          const wait = machine.begin('doorbell', 'wait', event, '--timeout', '60s');
          await eventually(() => Number(machine.run('cat', '/sets').stdout) > 5, 'some are set');
          machine.says('systemctl', 'enable', '--now', `doorbell@${next}`);
          machine.says('systemctl', 'disable', '--now', `doorbell@${old}`);
          assert.equal(doorbell('set', event).stdout, 'set\n');
          await wait;
          writeFileSync(join(debian, 'over'), '');
          assert.match(await sets, /^(?:\d+ 201\n){10,}$/);
          assert.deepEqual(states(), end);
        }
      } finally {
        writeFileSync(join(debian, 'over'), '');
        machine.says('systemctl', 'disable', '--now', ...units);
        machine.says('systemctl', 'enable', '--now', UNIT);
      }
      assert.ok(isSet());
    });

    test('a node that was stopped stays so when a new version comes', () => {
      machine.says('systemctl', 'stop', UNIT);
      assert.equal(property('Result'), 'success');
      machine.says('dpkg', '-i', '/debs/new.deb');
      assert.equal(property('ActiveState'), 'inactive');
      machine.says('systemctl', 'start', UNIT);
      assert.ok(isSet());
    });

    test('an upgrade that fails leaves no mark that would keep a node stopped', () => {
      machine.says('systemctl', 'stop', UNIT);
      assert.notEqual(machine.run('dpkg', '-i', '/debs/broken.deb').status, 0);
      assert.equal(property('ActiveState'), 'inactive');
      assert.equal(machine.run('test', '-e', '/run/doorbell.stopped').status, 1);
      machine.says('systemctl', 'start', UNIT);
      const before = pid();
      machine.says('dpkg', '-i', '/debs/new.deb');
      assert.notEqual(pid(), before);
      assert.ok(isSet());
    });

    test('has the files for two nodes behind a proxy', () => {
      assert.deepEqual(readdirSync(join(debian, 'usr/share/doc/doorbell/examples')).sort(),
        ['Caddyfile', 'haproxy.cfg', 'nginx.conf']);
    });

    test('has a page for each command, and completion', () => {
      const pages = readdirSync(join(debian, 'usr/share/man/man1'));
      for (const page of ['doorbell', 'doorbell-serve', 'doorbell-wait', 'doorbell-set']) {
        assert.ok(pages.includes(`${page}.1.gz`), page);
      }
      const completion = '/usr/share/bash-completion/completions/doorbell';
      assert.match(machine.says('bash', '-c', `. ${completion}; complete -p doorbell`), /doorbell$/);
      assert.equal(readlinkSync(join(debian, 'usr/bin/doorbell')), '../lib/doorbell/bin/doorbell');
    });

    test('goes and leaves the sets, until it is purged', () => {
      machine.says('systemctl', 'stop', UNIT);
      machine.says('systemctl', 'start', 'doorbell.socket', 'doorbell@a');
      machine.says('dpkg', '-r', 'doorbell');
      for (const unit of [UNIT, 'doorbell.socket', 'doorbell@a']) {
        assert.equal(machine.run('systemctl', 'is-active', unit).stdout, 'inactive\n', unit);
      }
      assert.ok(!existsSync(join(debian, 'usr/lib/doorbell')));
      const store = join(debian, 'var/lib/doorbell/store');
      assert.ok(readdirSync(store).length > 0);
      machine.says('dpkg', '-i', '/debs/new.deb');
      assert.ok(isSet());
      machine.says('dpkg', '-P', 'doorbell');
      for (const gone of ['var/lib/doorbell', 'etc/doorbell', 'etc/default/doorbell']) {
        assert.ok(!existsSync(join(debian, gone)), gone);
      }
    });
  });
}
