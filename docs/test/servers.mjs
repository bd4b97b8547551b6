// Web servers before a node, by the lines of docs/start.md, or by lines that a test sets up wrong.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { accepts, freePort } from '../../js/test/nginx.mjs';

const START = readFileSync(new URL('../start.md', import.meta.url), 'utf8');
const MODULES = '/usr/lib/apache2/modules';
const MAY_SKIP = process.env.CI !== 'true';

/** The lines for a web server as they stand there. */
export function lines(language) {
  return START.match(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'm'))[1];
}

/** These lines with the address of the node at that URL. */
export function block(language, node) {
  const text = lines(language);
  assert.ok(!text.includes('8080') || text.includes('127.0.0.1:8080'));
  return text.replaceAll('127.0.0.1:8080', new URL(node).host);
}

export const SERVERS = {
  nginx: {
    path: '/usr/sbin/nginx',
    args: folder => ['-e', 'stderr', '-p', folder, '-c', join(folder, 'conf')],
    conf: (folder, port, block) => `
      daemon off;
      ${process.getuid() === 0 ? 'user root;' : ''}
      pid ${folder}/pid;
      error_log stderr crit;
      events {}
      http {
        access_log off;
        ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
          .map(kind => `${kind}_temp_path ${folder}/${kind};`).join(' ')}
        server { listen 127.0.0.1:${port}; ${block} }
      }`,
  },
  apache: {
    path: '/usr/sbin/apache2',
    args: folder => ['-D', 'FOREGROUND', '-f', join(folder, 'conf')],
    conf: (folder, port, block) => `
      ServerName 127.0.0.1
      Listen 127.0.0.1:${port}
      ServerRoot ${folder}
      DefaultRuntimeDir ${folder}
      PidFile ${folder}/pid
      ErrorLog ${folder}/log
      ${['mpm_event', 'authz_core', 'proxy', 'proxy_http']
        .map(name => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
      ${block}`,
  },
  haproxy: {
    path: '/usr/sbin/haproxy',
    args: folder => ['-db', '-f', join(folder, 'conf')],
    // With no time for the node to answer in but that of the lines.
    conf: (folder, port, block) => `
defaults
  mode http
  timeout connect 60s
  timeout client 60s
  timeout server 1ms
frontend pages
  bind 127.0.0.1:${port}
  ${START.match(/^HAProxy, with `(use_backend .*)` in `frontend`:$/m)[1]}
${block}`,
  },
  caddy: {
    path: '/usr/bin/caddy',
    args: folder => ['run', '--adapter', 'caddyfile', '--config', join(folder, 'conf')],
    conf: (folder, port, block) => `{
        admin off
        auto_https off
      }
      http://127.0.0.1:${port} {
        ${block}
      }`,
  },
};

/** For a test's `skip`: false, or why. */
export function lacks(name) {
  const { path } = SERVERS[name];
  return MAY_SKIP && !existsSync(path) && `no ${name} at ${path}`;
}

/**
 * Starts the web server of that name before a node, and resolves with its URL; `change` makes another
 * configuration of the right one.
 */
export function serve(t, name, node, change = text => text) {
  const { conf } = SERVERS[name];
  return start(t, name, (folder, port) => change(conf(folder, port, block(name, node))));
}

/**
 * Starts the web server of that name by the configuration that `text(folder, port)` is, on a host of
 * spec/faults or on this one, and resolves with its URL. Nobody but a test can take port 0: where another
 * took the port, once more.
 */
export async function start(t, name, text, { address, enter } = { address: '127.0.0.1', enter: [] }) {
  const { path, args } = SERVERS[name];
  for (let tries = 1; ; tries++) {
    const folder = mkdtempSync(join(tmpdir(), 'doorbell-where-'));
    const port = await freePort();
    writeFileSync(join(folder, 'conf'), text(folder, port));
    const [program, ...words] = [...enter, path, ...args(folder)];
    const child = spawn(program, words, {
      detached: true, // Apache ends its whole process group
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    });
    let said = '';
    child.stderr.on('data', data => { said += data; });
    const ended = once(child, 'exit');
    const kill = () => child.kill();
    process.on('exit', kill);
    t.after(async () => {
      process.removeListener('exit', kill);
      kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    });
    while (child.exitCode === null) {
      if (await accepts(port, address)) return `http://${address}:${port}`;
      await delay(20);
    }
    if (tries === 5) throw new Error(`${path} ended: ${said}`);
  }
}
