// Whether `doorbell doctor` finds what is wrong: real web servers before a node, each set up wrong in
// one thing, and right ones, of which nothing may be said. No bound here is a time: a slow machine makes
// a run longer, and no cross.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createGzip } from 'node:zlib';
import { fake } from '../../js/test/fake.mjs';
import { startOwnNode } from '../../js/test/node.mjs';
import { lacks, lines, serve, SERVERS } from './servers.mjs';

const LAUNCHER = process.env.DOORBELL_LAUNCHER
  || new URL('../../doorbell', import.meta.url).pathname;
const RESOURCES = new URL('../../cli/src/main/resources/doorbell/cli/doctor/', import.meta.url);
const CHECKS = ['name', 'reached', 'TLS', 'node', 'clock', 'HTTP', 'CORS', 'cache', 'set', 'stream',
  'WebSocket', 'hops', 'silence'];

let node;
let other;

before(async () => {
  node = await startOwnNode();
  other = await startOwnNode();
});
after(() => Promise.all([node?.stop(), other?.stop()]));

/** What the doctor says: its marks by check, its text without line breaks, and its exit code. */
async function examine(t, url, ...options) {
  const child = spawn(LAUNCHER, ['doctor', url, '--longest', '8s', ...options],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  t.after(() => child.kill());
  let said = '';
  child.stdout.on('data', data => { said += data; });
  child.stderr.on('data', data => { said += data; });
  const [code] = await once(child, 'close');
  // The lines for a web server are as they are.
  for (const line of said.split('\n')) assert.ok(line.length <= 80 || /^ {4}( {4})?\S/.test(line), said);
  const marks = {};
  for (const [, mark, check] of said.matchAll(/^([✓✗–]) (\S+)/gm)) marks[check] = mark;
  return { code, said, marks, text: said.replace(/\s+/g, ' '),
    crosses: Object.keys(marks).filter(check => marks[check] === '✗') };
}

/** One thing is wrong, told by a cross of this check with these words, and nothing else is. */
function isWrong(told, check, ...words) {
  assert.deepEqual(told.crosses, [].concat(check), told.said);
  assert.equal(told.code, 1, told.said);
  for (const word of words) {
    assert.ok(word.test ? word.test(told.text) : told.text.includes(word), `${word}\n${told.said}`);
  }
}

function isWell(told, untried = ['TLS']) {
  assert.equal(told.code, 0, told.said);
  assert.deepEqual(Object.keys(told.marks), CHECKS, told.said);
  for (const check of CHECKS) {
    assert.equal(told.marks[check], untried.includes(check) ? '–' : '✓', told.said);
  }
  assert.match(told.text, /Nothing is wrong/);
}

/** A server between that hands on what the node says, as `change` has it. */
function between(t, change) {
  return fake(t, (request, response) => {
    const { method, headers: { upgrade, connection, ...headers } } = request;
    const onward = http.request(node.url + request.url, { method, headers }, answer => {
      const seen = { ...answer.headers };
      const body = change(seen, answer, request) ?? answer;
      response.writeHead(answer.statusCode, seen);
      response.flushHeaders();
      body.pipe(response);
    });
    response.on('close', () => onward.destroy());
    onward.on('error', () => response.destroy());
    onward.end();
  });
}

/** Connections to the node, whose bytes go through `pass(client, server)`. */
async function wires(t, pass) {
  const { hostname, port } = new URL(node.url);
  const open = new Set();
  const server = net.createServer(client => {
    const onward = net.connect(port, hostname);
    for (const [one, peer] of [[client, onward], [onward, client]]) {
      open.add(one);
      one.on('error', () => {}).on('close', () => { open.delete(one); peer.destroy(); });
    }
    pass(client, onward);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const one of open) one.destroy();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

// The line that stands there must be there: else the configuration would be a right one.
const swap = (old, line) => text => {
  assert.ok(text.includes(old), old);
  return text.replace(old, line);
};
const nginx = (...swaps) => text => swaps.reduce((conf, one) => one(conf), text);

describe('doctor', { concurrency: 8 }, () => {
  for (const name of Object.keys(SERVERS)) {
    test(`nothingIsWrongBehind${name}AsStartHasIt`, { skip: lacks(name) }, async t => {
      isWell(await examine(t, `${await serve(t, name, node.url)}/doorbell/`));
    });

    test(`theLinesFor${name}AreThoseOfStart`, () => {
      assert.equal(readFileSync(new URL(`${name}.conf`, RESOURCES), 'utf8'), lines(name));
    });
  }

  test('nothingIsWrongWithABareNode', async t => {
    isWell(await examine(t, node.url));
  });

  const skip = lacks('nginx');
  const behindNginx = async (t, ...swaps) =>
    examine(t, `${await serve(t, 'nginx', node.url, nginx(...swaps))}/doorbell`);

  // nginx hands on each chunk, so it holds back what has none.
  test('nginxThatBuffersHoldsStreamsBack', { skip }, async t => {
    const told = await behindNginx(t,
      swap('proxy_http_version 1.1;', 'proxy_http_version 1.0;'),
      swap('proxy_buffering off;', 'proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;'));
    isWrong(told, ['stream', 'WebSocket'], 'its events come with its end',
      'nginx: `proxy_buffering off;`', 'The lines for nginx, where the node is at 127.0.0.1:8080:');
    assert.ok(told.said.includes(lines('nginx').replace(/^(?=.)/gm, '    ')), told.said);
  });

  test('nginxThatBuffersAndZipsHoldsStreamsBack', { skip }, async t => {
    isWrong(await behindNginx(t, swap('proxy_buffering off;', `proxy_ignore_headers X-Accel-Buffering;
      gzip on; gzip_types text/event-stream; gzip_min_length 0; gzip_proxied any;`)),
    'stream', 'held back by compression: gzip', 'nginx: `gzip off;` here');
  });

  test('compressionThatHoldsStreamsBackIsTold', async t => {
    const zipping = await between(t, (headers, answer, request) => {
      if (!/gzip/.test(request.headers['accept-encoding'])) return answer;
      if (!/event-stream/.test(headers['content-type'])) return answer;
      headers['content-encoding'] = 'gzip';
      return answer.pipe(createGzip());
    });
    isWrong(await examine(t, zipping.url), ['stream', 'WebSocket'], 'held back by compression: gzip',
      'Have it leave text/event-stream as it is');
  });

  test('nginxThatZipsEventStreamsDoesNoHarmWhereItDoesNotBuffer', { skip }, async t => {
    const gzip = 'gzip on; gzip_types text/event-stream; gzip_min_length 0; gzip_proxied any;';
    const told = await behindNginx(t, swap('proxy_buffering off;', `proxy_buffering off; ${gzip}`));
    assert.match(told.text, /✓ stream .*though compressed on its way/);
    isWell(told);
  });

  test('nginxThatCutsAfter5SecondsIsToldWithWhatClientsDo', { skip }, async t => {
    isWrong(await behindNginx(t, swap('proxy_read_timeout 1h;', 'proxy_read_timeout 5s;')),
      ['WebSocket', 'silence'], /cuts a silent wait after \d+ s: it is answered 504 then/,
      'nginx: `proxy_read_timeout 1h;`', 'cuts a silent WebSocket after', 'Clients ask again');
  });

  test('nginxThatSpeaksHttp10ToTheNodeLetsNoWebSocketThrough', { skip }, async t => {
    const told = await behindNginx(t, swap('proxy_http_version 1.1;', ''));
    isWrong(told, 'WebSocket', 'the node answered as ever: a hop speaks HTTP/1.0 to it',
      'nginx: `proxy_http_version 1.1;`');
    assert.equal(told.marks.hops, '–');
  });

  test('nginxThatCachesIsTold', { skip }, async t => {
    isWrong(await behindNginx(t,
      swap('access_log off;', 'access_log off; proxy_cache_path cache keys_zone=all:1m;'),
      swap('proxy_buffering off;', `proxy_cache all;
        proxy_cache_valid 200 204 1m; proxy_ignore_headers Cache-Control X-Accel-Buffering;`)),
    'cache', 'a cache said "not yet" as before', 'nginx: `proxy_cache off;`');
  });

  test('anAccessControlAllowOriginTooManyIsTold', { skip }, async t => {
    isWrong(await behindNginx(t, swap('proxy_buffering off;',
      'proxy_buffering off; add_header Access-Control-Allow-Origin *;')),
    'CORS', 'Access-Control-Allow-Origin is there 2 times',
    'nginx: no `add_header Access-Control-Allow-Origin`');
  });

  test('aNosniffOnNotYetIsTold', { skip }, async t => {
    isWrong(await behindNginx(t, swap('proxy_buffering off;',
      'proxy_buffering off; add_header X-Content-Type-Options nosniff;')),
    'CORS', 'X-Content-Type-Options is added to a 204', 'no `add_header X-Content-Type-Options`');
  });

  test('setsThatAreRefusedAreTold', { skip }, async t => {
    const told = await behindNginx(t, swap('proxy_buffering off;',
      'proxy_buffering off; limit_except GET { deny all; }'));
    isWrong(told, 'set', "a POST is answered 403: sets don't get through here");
  });

  test('aPathThatTheWebServerDoesNotPassOnIsTold', { skip }, async t => {
    const told = await behindNginx(t, swap('location /doorbell/', 'location /elsewhere/doorbell/'));
    isWrong(told, 'node', '404, and not by a node: nothing is at /doorbell/',
      'The lines for nginx');
    assert.equal(told.marks.silence, '–');
  });

  test('haproxyThatCutsAfter5SecondsIsTold', { skip: lacks('haproxy') }, async t => {
    const url = await serve(t, 'haproxy', node.url, text =>
      text.replace('timeout server 1h', 'timeout server 5s').replace('timeout tunnel 1h', ''));
    isWrong(await examine(t, `${url}/doorbell`), ['WebSocket', 'silence'],
      /cuts a silent wait after \d+ s: it is answered 504 then/,
      'HAProxy: `timeout server 1h` and `timeout tunnel 1h`', 'The lines for HAProxy');
  });

  test('twoNodesBehindOneNameAreTold', { skip: lacks('haproxy') }, async t => {
    const url = await serve(t, 'haproxy', node.url, text =>
      `${text}\n    server second ${new URL(other.url).host}\n    balance roundrobin\n`);
    const told = await examine(t, `${url}/doorbell`);
    assert.ok(told.crosses.includes('set'), told.said);
    assert.ok(!told.crosses.includes('cache'), told.said);
    assert.match(told.text, /✗ set .*are there two\? > Run one node behind this URL/);
  });

  test('apacheThatCutsAfter5SecondsIsTold', { skip: lacks('apache') }, async t => {
    const url = await serve(t, 'apache', node.url, swap('timeout=3600', 'timeout=5'));
    const told = await examine(t, `${url}/doorbell`);
    assert.ok(told.crosses.includes('silence'), told.said);
    assert.match(told.text, /cuts a silent wait after \d+ s: it is answered 50[24] then/);
    assert.match(told.text, /Apache: `timeout=3600` behind ProxyPass\./);
    assert.ok(told.said.includes(lines('apache')), told.said);
  });

  test('aCaptivePageIsTold', async t => {
    const captive = await fake(t, (request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>Welcome to our network</h1>');
    });
    isWrong(await examine(t, captive.url), 'node', 'a page comes, status 200',
      "the network's own login page does");
  });

  test('aRedirectToALoginIsTold', async t => {
    const login = await fake(t, (request, response) => {
      response.writeHead(302, { Location: 'https://sso.example/login?back=/' }).end();
    });
    isWrong(await examine(t, login.url), 'node',
      'redirects to https://sso.example/login', 'which looks like a login');
  });

  test('aRedirectToHttpsIsTold', async t => {
    const plain = await fake(t, (request, response) => {
      response.writeHead(301, { Location: `https://127.0.0.1${request.url}` }).end();
    });
    isWrong(await examine(t, plain.url), 'node', 'redirects to https://127.0.0.1/',
      'Use https:// in the URL');
  });

  test('aNodeAtAnotherPathIsNamed', { skip }, async t => {
    const url = await serve(t, 'nginx', node.url);
    isWrong(await examine(t, `${url}/doorbell/22482`), 'node',
      `There is a node at ${url}/doorbell: use that URL.`);
  });

  test('aClockThatIsWrongIsTold', async t => {
    const url = await between(t, headers => {
      headers.date = new Date(Date.now() + 10 * 60_000).toUTCString();
    });
    const told = await examine(t, url.url);
    assert.ok(told.crosses.includes('clock'), told.said);
    assert.match(told.text, /the server's clock is (9|10|11) min ahead of this machine's/);
  });

  test('anAnswerThatNeverComesIsTold', async t => {
    const url = await wires(t, (client, onward) => {
      client.pipe(onward);
      // Forgets a connection on which nothing is said for 5 s, and doesn't say so.
      let timer;
      const forget = () => onward.removeAllListeners('data');
      onward.on('data', data => {
        clearTimeout(timer);
        timer = setTimeout(forget, 5_000);
        client.write(data);
      });
      timer = setTimeout(forget, 5_000);
      onward.on('close', () => clearTimeout(timer));
    });
    const told = await examine(t, url);
    isWrong(told, ['WebSocket', 'silence'], /a wait of \S+ s never got its answer, one of \S+ s did/,
      'forgets a silent connection without a word', 'a WebSocket is dead after');
  });

  test('aConnectionThatIsClosedIsTold', async t => {
    const url = await wires(t, (client, onward) => {
      client.pipe(onward).pipe(client);
      client.setTimeout(5_000, () => client.destroy());
    });
    isWrong(await examine(t, url), ['WebSocket', 'silence'],
      /cuts a silent wait after \d+ s: the connection is closed without an answer then/);
  });

  test('http10OnTheWayIsTold', async t => {
    const url = await wires(t, (client, onward) => {
      client.once('data', data => {
        const head = data.toString('latin1').replace('HTTP/1.1\r\n', 'HTTP/1.0\r\n')
          .replace(/^(Connection|Upgrade): .*\r\n/gim, '');
        onward.write(head, 'latin1');
        client.pipe(onward);
      });
      onward.pipe(client);
    });
    const told = await examine(t, url);
    isWrong(told, ['WebSocket', 'hops'], 'HTTP/1.0 on the way: a stream has no chunks');
  });

  test('aCaOfOnesOwnIsNamedByAnOption', async t => {
    const folder = mkdtempSync(join(tmpdir(), 'doorbell-doctor-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const made = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    made('req', '-x509', ...key, '-days', '2', '-subj', '/CN=Our CA', '-keyout', 'ca.key',
      '-out', 'ca.pem');
    made('req', '-new', ...key, '-subj', '/CN=bell', '-keyout', 'key.pem', '-out', 'bell.csr');
    writeFileSync(join(folder, 'for'), 'subjectAltName=IP:127.0.0.1\n');
    made('x509', '-req', '-in', 'bell.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial',
      '-days', '2', '-extfile', 'for', '-out', 'cert.pem');
    const secure = await startOwnNode({
      more: ['--tls-cert', join(folder, 'cert.pem'), '--tls-key', join(folder, 'key.pem')],
    });
    t.after(() => secure.stop());
    const [without, named, misnamed, plain] = await Promise.all([
      examine(t, secure.url),
      examine(t, secure.url, '--ca', join(folder, 'ca.pem')),
      examine(t, secure.url.replace('127.0.0.1', 'localhost'), '--ca', join(folder, 'ca.pem')),
      examine(t, secure.url.replace('https', 'http')),
    ]);
    isWrong(without, 'TLS', 'CN=Our CA', '--ca FILE');
    isWell(named, []);
    assert.match(named.text, /HTTP\/2: all waits of a browser share a connection/);
    assert.deepEqual(misnamed.crosses, ['TLS'], misnamed.said);
    assert.match(misnamed.text, /the certificate isn't for localhost, but for 127\.0\.0\.1/);
    isWrong(plain, 'node', 'this port speaks TLS', 'Use https:// in the URL');
  });

  test('aNameThatNobodyKnowsIsTold', async t => {
    isWrong(await examine(t, 'https://no-such-bell.invalid/doorbell'), 'name',
      'nobody knows the name no-such-bell.invalid');
  });

  test('aClosedPortIsTold', async t => {
    const { port } = new URL(await wires(t, () => {})); // taken, but at another address
    isWrong(await examine(t, `http://127.0.0.2:${port}`), 'reached',
      `port ${port}: 127.0.0.2 refuses`, 'Nothing listens there');
  });

  // Of a message with a number or a name in it, the parts around are looked for.
  test('everyMessageThatIsQuotedInTroubleshootingIsSaidSomewhere', () => {
    const root = new URL('../../', import.meta.url).pathname;
    const files = execFileSync('git', ['ls-files', '*/src/main/*.java', 'js/src/*', 'doorbell'],
      { cwd: root, encoding: 'utf8' }).trim().split('\n');
    const sources = files.map(file => readFileSync(join(root, file), 'utf8')).join('\n')
      .replace(/"\s*\+\s*"/g, '');
    const text = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8')
      .replace(/^```[^]*?^```$/gm, '').replace(/`[^`\n]*`/g, '').replace(/\s+/g, ' ');
    const quotes = [...text.matchAll(/"((?:\\"|[^"])+)"/g)].map(([, quote]) => quote);
    assert.ok(quotes.length > 40, quotes.join('\n'));
    for (const part of quotes.flatMap(quote => quote.split('...')).map(part => part.trim())) {
      assert.ok(sources.includes(part), part);
    }
  });
});
