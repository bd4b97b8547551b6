// Over TLS in Node: what no new try changes is an error at once, with its reason.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import https from 'node:https';
import net from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Client from '../doorbell.mjs';
import Server from '../server.mjs';
import { certificate } from './certificate.mjs';
import { fake, reply } from './fake.mjs';

const COMMAND = fileURLToPath(new URL('../bin/doorbell.mjs', import.meta.url));
const { cert, key, certFile } = certificate('bell.example');

async function listen(t, server) {
  let connections = 0;
  server.on('connection', () => { connections++; });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { port: server.address().port, connections: () => connections };
}

function secure(t) {
  return listen(t, https.createServer({ key, cert }, (request, response) => response.end()));
}

// Every call of every client rejects with that, after one try.
async function fails(url, connections, message) {
  for (const bell of [new Client(url), new Server(url)]) {
    const controller = new AbortController();
    for (const call of [() => bell.wait('1'), () => bell.wait('1', { timeout: 60 }), () => bell.set('1'),
      () => bell.follow(`${url}/state`, () => {}, {
        signal: controller.signal,
        onError: error => { throw error; },
      })]) {
      const before = connections();
      await assert.rejects(call(), error => message.test(error.message) && error.cause !== undefined
        || assert.fail(error.message));
      assert.equal(connections() - before, 1, 'not tried again');
    }
  }
}

test('anUntrustedCertificateIsAnErrorAtOnce', async t => {
  const { port, connections } = await secure(t);
  await fails(`https://127.0.0.1:${port}`, connections, /^no answer: self-signed certificate/);
});

test('whatSpeaksNoTlsIsAnErrorAtOnce', async t => {
  const { port, connections } = await listen(t, net.createServer(socket => {
    socket.on('error', () => {});
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  }));
  await fails(`https://127.0.0.1:${port}`, connections, /^no answer: .*(ssl|SSL|packet|version)/);
});

test('whatSpeaksNoHttpIsAnErrorAtOnce', async t => {
  const { port, connections } = await listen(t, net.createServer(socket => {
    socket.on('error', () => {});
    socket.end('SSH-2.0-OpenSSH_9.6\r\n');
  }));
  await fails(`http://127.0.0.1:${port}`, connections, /^no answer: .*HTTP/);
});

test('aCertificateForAnotherNameIsAnErrorAtOnce', async t => {
  const { port, connections } = await secure(t);
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: certFile };
  const { code, stderr } = await new Promise(resolve => {
    execFile(COMMAND, ['wait', `https://127.0.0.1:${port}`, '1'], { env },
      ({ code }, stdout, stderr) => resolve({ code, stderr }));
  });
  assert.equal(code, 2);
  assert.match(stderr, /^doorbell: https:[^\n]*: no answer: [^\n]*altnames[^\n]*\n$/);
  assert.equal(connections(), 1);
});

test('aPortThatNoClientMayAskIsAnErrorAtOnce', async () => {
  for (const bell of [new Client('http://127.0.0.1:6000'), new Server('http://127.0.0.1:6000')]) {
    await assert.rejects(bell.wait('1'), { message: 'no answer: bad port' });
    await assert.rejects(bell.set('1'), { message: 'no answer: bad port' });
  }
});

test('aConnectionThatBreaksIsTriedAgain', async t => {
  const server = await fake(t, (request, response, n) => {
    if (n === 1) request.socket.destroy();
    else if (n === 2) response.writeHead(200, { 'Content-Length': 99 }).write('{"set":');
    else reply(response, 200, { set: ['1'] });
    if (n === 2) setImmediate(() => request.socket.destroy());
  });
  assert.equal(await new Client(server.url).wait('1'), '1');
  assert.equal(server.requests.length, 3);
});
