// Whether limits for each address hold behind real proxies, by the lines of docs/operating.md: each
// client is counted by its own address, whatever it says of itself. Clients are 127.0.0.2 and on.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { eventually } from '../../js/test/chromium.mjs';
import { startOwnNode } from '../../js/test/node.mjs';
import { lacks, serve } from './servers.mjs';

const PAGE = readFileSync(new URL('../operating.md', import.meta.url), 'utf8');
const CLIENTS = PAGE.slice(PAGE.indexOf('\n### The clients of a proxy\n'));
const MODULES = '/usr/lib/apache2/modules';
const STREAM = ['/usr/lib/nginx/modules/ngx_stream_module.so', process.env.NGINX_STREAM]
  .find(path => path && existsSync(path));
const PER_ADDRESS = 2;
const REQUESTS = 5;
const REFUSED_MILLIS = 20_000;

let last = 1;
let lastId = 1_000;

/** An address of this machine that no test has had. */
const fresh = () => `127.0.0.${++last}`;

/** The blocks of the page for a web server, in their order. */
function blocks(language) {
  return [...CLIENTS.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))]
    .map(([, text]) => text);
}

const [NGINX_FIELDS, NGINX_STREAM] = blocks('nginx');
const [HAPROXY_FIELDS, HAPROXY_TCP] = blocks('haproxy');
const [APACHE_FIELDS] = blocks('apache');
const [CADDY_FIELDS] = blocks('caddy');

const LINE_OF_CADDY = /reverse_proxy \/doorbell\/\* (\S+)/;

/** What makes of the configuration of docs/start.md the one with the lines of this page. */
const WITH_FIELDS = {
  nginx: text => text.replace('proxy_buffering off;', `$&\n${NGINX_FIELDS}`),
  haproxy: text => `${text}\n${HAPROXY_FIELDS}`,
  apache: text => `${text}\nLoadModule headers_module ${MODULES}/mod_headers.so\n${APACHE_FIELDS}`,
  caddy: text => text.replace(LINE_OF_CADDY,
    (line, node) => CADDY_FIELDS.replace('127.0.0.1:8080', node)),
  haproxyByHttp2: text => WITH_FIELDS.haproxy(text).replace(/server node \S+/, '$& proto h2'),
  caddyByHttp2: text => WITH_FIELDS.caddy(text.replace(LINE_OF_CADDY,
    'reverse_proxy /doorbell/* h2c://$1')),
};

/** What clients write to be taken for others, the first of them nothing. */
const FORGED = [
  {},
  { 'X-Forwarded-For': '198.51.100.1' },
  { 'X-Forwarded-For': '198.51.100.1, 127.0.0.1' },
  { 'X-Forwarded-For': 'unknown' },
  { 'X-Forwarded-For': '"' },
  { Forwarded: 'for=198.51.100.2' },
  { Forwarded: 'for="[2001:db8::1]:4711"' },
  { Forwarded: 'for="' },
  { 'X-Forwarded-For': '198.51.100.3', Forwarded: 'for=198.51.100.3' },
  { 'X-Real-IP': '198.51.100.4' },
];

function ask(url, localAddress, headers, method = 'GET') {
  return new Promise((heard, failed) => {
    http.request(url, { method, agent: false, localAddress, headers }, answer => {
      answer.resume();
      heard(answer.statusCode);
    }).on('error', failed).end();
  });
}

/**
 * How many waits each client has parked, of some that it begins with fields of its own. All are held until
 * as many are refused as should be, which takes no time; where more are parked, that shows a while later.
 */
async function parked(url, clients, refused) {
  const id = ++lastId;
  const statuses = clients.map(() => []);
  const all = clients.flatMap((forged, client) => {
    const from = fresh();
    return Array.from({ length: REQUESTS }, async (_, i) => {
      const status = await ask(`${url}/${id}`, from, forged[i % forged.length]);
      statuses[client].push(status);
    });
  });
  const count = wanted => statuses.flat().filter(status => status === wanted).length;
  await eventually(() => count(429) >= refused, `${refused} waits are refused`, REFUSED_MILLIS).catch(() => {});
  assert.equal(await ask(`${url}/${id}`, '127.0.0.1', {}, 'POST'), 201);
  await Promise.all(all);
  assert.equal(count(200) + count(429), all.length, `${statuses.join('; ')}`);
  return statuses.map(each => each.filter(status => status === 200).length);
}

async function eachClientIsCounted(url, forgeries = FORGED) {
  const clients = [...forgeries.map(fields => [fields]), forgeries];
  const counts = await parked(url, clients, clients.length * (REQUESTS - PER_ADDRESS));
  assert.deepEqual(counts, clients.map(() => PER_ADDRESS));
}

/** Clients with such fields are counted together, as one. */
async function allAreCountedAsOne(url, clients) {
  const counts = await parked(url, clients, clients.length * REQUESTS - PER_ADDRESS);
  assert.equal(counts.reduce((sum, count) => sum + count), PER_ADDRESS);
}

async function startNode(t, ...more) {
  const node = await startOwnNode({ more: ['--max-waits-per-address', `${PER_ADDRESS}`, ...more] });
  t.after(node.stop);
  return node;
}

/** The lines that a WebSocket is told that waits for three ids, as soon as one is refused. */
async function toldByWebSocket(url, localAddress, fields) {
  const request = http.get(url, { agent: false, localAddress, headers: {
    ...fields,
    Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13,
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
  } });
  request.on('response', ({ statusCode }) => request.destroy(new Error(`status ${statusCode}`)));
  const [, socket, head] = await once(request, 'upgrade');
  for (const said of ['wait 1', 'wait 2', 'wait 3']) {
    socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | said.length, 0, 0, 0, 0]), Buffer.from(said)]));
  }
  let data = head;
  while (!`${data}`.includes('try later')) data = Buffer.concat([data, (await once(socket, 'data'))[0]]);
  socket.destroy();
  return `${data}`;
}

describe('proxies', { concurrency: 1 }, () => {
  for (const [name, change] of Object.entries(WITH_FIELDS)) {
    const server = name.replace('ByHttp2', '');
    test(`behind${name}EachClientIsCountedWhateverItForges`, { skip: lacks(server) }, async t => {
      const node = await startNode(t, '--trusted-proxies', '127.0.0.1');
      await eachClientIsCounted(`${await serve(t, server, node.url, change)}/doorbell`);
    });
  }

  for (const name of ['nginx', 'haproxy', 'apache', 'caddy']) {
    test(`behind${name}AWebSocketIsCountedByItsClient`, { skip: lacks(name) }, async t => {
      const node = await startNode(t, '--trusted-proxies', '127.0.0.1');
      const url = `${await serve(t, name, node.url, WITH_FIELDS[name])}/doorbell/`;
      for (const fields of FORGED.slice(0, 6)) {
        assert.match(await toldByWebSocket(url, fresh(), fields), /error 3: at most 2 waits from one/);
      }
    });
  }

  // The field that the proxy doesn't write is passed on as it was forged.
  test('withoutTheLinesWhoForgesTheOtherFieldIsCountedAtTheProxy', { skip: lacks('caddy') }, async t => {
    const node = await startNode(t, '--trusted-proxies', '127.0.0.1');
    const url = `${await serve(t, 'caddy', node.url)}/doorbell`;
    await eachClientIsCounted(url, FORGED.filter(fields => !fields.Forwarded));
    await allAreCountedAsOne(url, [1, 2, 3].map(i => [{ Forwarded: `for=198.51.100.${i}` }]));
  });

  test('aProxyThatIsNotTrustedIsCountedAsOneClient', { skip: lacks('caddy') }, async t => {
    const node = await startNode(t, '--trusted-proxies', '192.0.2.0/24,::1,unix');
    const url = `${await serve(t, 'caddy', node.url)}/doorbell`;
    await allAreCountedAsOne(url, [1, 2, 3].map(() => FORGED));
  });

  test('overAUnixSocketTheProxyIsTrustedByTheWord', { skip: lacks('nginx') }, async t => {
    const folder = mkdtempSync(join(tmpdir(), 'doorbell-unix-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const bell = `unix:${folder}/bell.sock`;
    const node = await startNode(t, '--listen', bell, '--trusted-proxies', 'unix');
    const url = await serve(t, 'nginx', node.url,
      text => WITH_FIELDS.nginx(text).replace(/proxy_pass \S+;/, `proxy_pass http://${bell}:;`));
    await eachClientIsCounted(`${url}/doorbell`);
  });

  // Behind the PROXY protocol nobody is believed who isn't a proxy.
  const speaks = version => text => HAPROXY_TCP.replace(/127\.0\.0\.1:8081/, text.match(/server node (\S+)/)[1])
    .replace('send-proxy-v2', version).replace('backend doorbell', `defaults
    timeout connect 60s
    timeout client 60s
frontend tcp
    mode tcp
    bind ${text.match(/bind (\S+)/)[1]}
    default_backend doorbell
$&`);
  for (const version of ['send-proxy', 'send-proxy-v2', 'send-proxy-v2 check inter 100']) {
    test(`haproxyNamesEachClientBy: ${version}`, { skip: lacks('haproxy') }, async t => {
      const node = await startNode(t, '--trusted-proxies', '127.0.0.1', '--proxy-protocol', 'all');
      await eachClientIsCounted(await serve(t, 'haproxy', node.url, speaks(version)));
    });
  }

  const noStream = lacks('nginx') || (!STREAM && 'no module stream: apt-get install libnginx-mod-stream');
  test('nginxNamesEachClientByItsStream', { skip: noStream }, async t => {
    const node = await startNode(t, '--trusted-proxies', '127.0.0.1', '--proxy-protocol', 'all');
    await eachClientIsCounted(await serve(t, 'nginx', node.url, text => {
      const stream = NGINX_STREAM.replace('127.0.0.1:8081', new URL(node.url).host)
        .replace('listen 443', `listen ${text.match(/listen (127[^;]*);/)[1]}`);
      return `load_module ${STREAM};\n${text.replace(/http \{[^]*/, '')}\n${stream}`;
    }));
  });

  test('whoSendsTheHeaderWithoutBeingAProxyIsToldSo', async t => {
    const node = await startNode(t, '--trusted-proxies', '127.0.0.1', '--proxy-protocol', 'all');
    assert.equal(await ask(`${node.url}/1?timeout=0`, fresh(), {}), 400);
    assert.equal(await ask(`${node.url}/1?timeout=0`, '127.0.0.1', {}), 400);
  });
});
