// The OCI image, run as its configuration says by runc, which Docker uses too.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { assertMaterials } from './materials.mjs';

const EVENT = 'http://127.0.0.1:8080/22482';
const NAME = `doorbell-test-${process.pid}`;
const MEMORY = 256 << 20;
const COMPOSE = readFileSync(new URL('../../packaging/compose.yaml', import.meta.url), 'utf8');

/** Why a container can't be run here; undefined where it can. */
export function noContainer() {
  if (process.getuid() !== 0) return 'only root runs containers with an address of their own';
  const missing = ['umoci', 'runc']
    .find((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  return missing && `there is no ${missing}`;
}

/** What Docker and Kubernetes make of an image's settings, where they are told to be strict. */
function harden(bundle, data) {
  const file = join(bundle, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  config.process.terminal = false;
  config.process.capabilities = {};
  config.root.readonly = true;
  Object.assign(config.mounts.find((mount) => mount.destination === '/data'),
    { type: 'bind', source: data, options: ['bind', 'rw'] });
  config.linux.cgroupsPath = `/${NAME}`;
  config.linux.resources.memory = { limit: MEMORY };
  // Docker refuses io_uring so.
  config.linux.seccomp = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{
    names: ['io_uring_setup', 'io_uring_enter', 'io_uring_register'], action: 'SCMP_ACT_ERRNO' }] };
  writeFileSync(file, JSON.stringify(config));
  return config;
}

/** `release()` has the image as `image`. */
export function testImage(release, skip) {
  describe('the image', { skip, concurrency: 1 }, () => {
    let bundle;
    let config;
    const inside = (...words) => spawnSync('runc', ['exec', NAME, ...words], { encoding: 'utf8' });

    /** The health check of compose.yaml, as Compose reads it. */
    function healthCheck() {
      const [, command] = /^ +test: \[CMD-SHELL, '(.*)']$/m.exec(COMPOSE);
      const { status, stdout } = inside('sh', '-c', command.replaceAll('$$', '$'));
      return { status, stdout };
    }

    const remove = () => spawnSync('runc', ['delete', '--force', NAME]);

    /** Runs `use` while the container runs, and ends that as a container engine does. */
    async function running(use) {
      const container = spawn('runc', ['run', '--bundle', bundle, NAME],
        { stdio: ['ignore', 'pipe', 'pipe'] });
      const exit = once(container, 'exit');
      let said = '';
      container.stderr.on('data', (data) => { said += data; });
      process.on('exit', remove);
      try {
        const [line] = await Promise.race([once(container.stdout.setEncoding('utf8'), 'data'),
          exit.then(() => assert.fail(said))]);
        assert.match(line, /^doorbell: listening on http:\/\/.*:8080\n$/);
        await use(JSON.parse(execFileSync('runc', ['state', NAME], { encoding: 'utf8' })).pid);
        execFileSync('runc', ['kill', NAME, 'TERM']);
        assert.deepEqual(await exit, [0, null], 'the first process of its kind hears the signal');
        assert.equal(said.replace(/^.* INFO  doorbell .*\n/m, ''), '');
      } finally {
        process.removeListener('exit', remove);
        remove();
      }
    }

    before(() => {
      const { folder, image } = release();
      const layout = join(folder, 'oci');
      mkdirSync(layout);
      execFileSync('tar', ['-C', layout, '-xf', image]);
      const tag = execFileSync('umoci', ['list', '--layout', layout], { encoding: 'utf8' }).trim();
      bundle = join(folder, 'bundle');
      execFileSync('umoci', ['unpack', '--image', `${layout}:${tag}`, bundle]);
      const data = join(folder, 'data');
      mkdirSync(data);
      config = harden(bundle, data);
      const { uid, gid } = config.process.user;
      chownSync(data, uid, gid);
    });

    test('tells what it is made of', () => {
      assertMaterials(join(bundle, 'rootfs/usr/lib/doorbell'));
    });

    test('runs a node without rights, on a root that is not written to', () => running((pid) => {
      assert.notEqual(config.process.user.uid, 0);
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      assert.match(status, new RegExp(`^Uid:\\s*${config.process.user.uid}\\s`, 'm'));
      assert.match(status, /^NSpid:.*\s1$/m);
      assert.equal(readlinkSync(`/proc/${pid}/exe`), '/usr/lib/doorbell/runtime/bin/java');
      assert.match(readFileSync(`/proc/${pid}/maps`, 'utf8'), /\/lib\/node\.aot$/m);
      const files = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
      assert.ok(files.includes('anon_inode:[eventpoll]'), 'epoll, where io_uring is refused');
      assert.equal(inside('doorbell', 'set', EVENT).stdout, 'set\n');
      assert.deepEqual(healthCheck(), { status: 0, stdout: 'set\n' });
    }));

    test('its sets outlive it, and its heap is a part of the memory it is given', () =>
      running(() => {
        assert.equal(inside('doorbell', 'wait', EVENT, '--timeout', '0').status, 0);
        const { stdout } = inside('doorbell', 'serve', '--print-config');
        const [, megabytes] = /^#max-buffered=(\d+)m$/m.exec(stdout);
        assert.ok(megabytes * 4 <= MEMORY / 2 ** 20, `${megabytes} MB, which are 1/4 of the heap`);
      }));
  });
}
