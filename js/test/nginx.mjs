// nginx before a node, with its default settings, except where a test adds some. It works for a
// site whose pages it serves under / and whose node it serves under /doorbell/.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, required } from './chromium.mjs';

export const NGINX = process.env.NGINX || '/usr/sbin/nginx';

// For a test's `skip`: false, or why.
export const skip = !existsSync(NGINX) && !required
  && `no nginx at ${NGINX}: apt-get install nginx`;

// `listen` is what the directive takes after the port, `settings` are for the node's location.
export async function startNginx(t, { node, pages, listen = '', server = '', settings = '' }) {
  const folder = mkdtempSync(join(tmpdir(), 'doorbell-nginx-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(kind => `${kind}_temp_path ${folder}/${kind};`).join(' ');
  writeFileSync(join(folder, 'nginx.conf'), `
    daemon off;
    ${process.getuid() === 0 ? 'user root;' : ''}
    pid ${folder}/pid;
    error_log stderr emerg;
    events {}
    http {
      ${temporary}
      log_format short '$status $request_uri';
      access_log ${folder}/log short;
      server {
        listen 127.0.0.1:${port} ${listen};
        ${server}
        location / { proxy_pass ${pages}; }
        location /doorbell/ { proxy_pass ${node}; ${settings} }
      }
    }`);
  const child = spawn(NGINX, ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', data => { said += data; });
  const ended = once(child, 'exit');
  const stop = async () => {
    process.removeListener('exit', kill);
    kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const kill = () => child.kill('SIGTERM');
  process.on('exit', kill);
  t.after(stop);
  await eventually(async () => child.exitCode !== null || await accepts(port), 'nginx listens');
  if (child.exitCode !== null) throw new Error(`nginx ended: ${said}`);
  return {
    port,
    // How each request for this id ended, in order: their HTTP statuses.
    statuses: id => readFileSync(join(folder, 'log'), 'utf8').split('\n')
      .filter(line => line.includes(`/doorbell/${id}?`)).map(line => Number(line.split(' ')[0])),
  };
}

const given = new Set();

// Another one each time: what was given may not be taken yet. nginx can't be asked for any that is free.
export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  if (given.has(port)) return freePort();
  given.add(port);
  return port;
}

export function accepts(port, host = '127.0.0.1') {
  const socket = net.connect(port, host);
  return new Promise(resolve => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).finally(() => socket.destroy());
}
