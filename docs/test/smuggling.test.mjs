// Whether a proxy and a node agree where each request ends, whatever bytes come: those of
// spec/conformance/smuggling.mjs are sent to real proxies that keep one connection to a node. A wire
// between proxy and node counts the node's answers: one more than the client got is a request that
// only the node saw, and one that comes late is taken for the answer of the next client.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test } from 'node:test';
import { startOwnNode } from '../../js/test/node.mjs';
import { A, B, ROWS } from '../../spec/conformance/smuggling.mjs';
import { lacks, serve } from './servers.mjs';

const PATIENCE_MILLIS = 2_000; // with bytes that may have no answer
const HONEST_MILLIS = 30_000; // with a request that has one, on a machine that is busy
const OF_THE_NODE = 'access-control-allow-origin';
const HEADERS = 1;
const KNOWN = 7;

/** Configurations that pass all on over one connection. */
const PROXIES = {
  nginx: node => text => text.replace('http {', `http {
        upstream node { server ${node}; keepalive 1; }`).replace(/location[^]*\n {6}}$/, `location / {
          proxy_pass http://node;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_next_upstream off;
          proxy_buffering off;
        } } }`),
  nginxUnbuffered: node => text => PROXIES.nginx(node)(text)
    .replace('proxy_buffering off;', '$& proxy_request_buffering off;'),
  haproxy: node => text => `defaults
  mode http
  timeout connect 60s
  timeout client 60s
  timeout server 60s
frontend pages
  bind ${text.match(/bind (\S+)/)[1]}
  default_backend node
backend node
  http-reuse always
  server node ${node} maxconn 1 pool-max-conn 1
`,
  haproxyByHttp2: node => text => PROXIES.haproxy(node)(text).replace(node, '$& proto h2'),
};

const answersIn = bytes => bytes.toString('latin1').toLowerCase().split(OF_THE_NODE).length - 1;

/** The heads in frames of HTTP/2, one for each answer. */
function headsIn(bytes) {
  let heads = 0;
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    heads += bytes[at + 3] === HEADERS ? 1 : 0;
  }
  return heads;
}

/** A wire to the node that counts the answers of the node, and the connections. */
async function wireTo(t, node, count) {
  const { hostname, port } = new URL(node);
  const said = [];
  const wire = { answers: () => said.reduce((sum, bytes) => sum + count(bytes), 0), connections: 0 };
  const server = net.createServer(proxy => {
    const number = wire.connections++;
    said[number] = Buffer.alloc(0);
    const end = net.connect(port, hostname)
      .on('data', data => { said[number] = Buffer.concat([said[number], data]); });
    proxy.on('error', () => end.destroy()).pipe(end);
    end.on('error', () => proxy.destroy()).pipe(proxy);
    proxy.on('close', () => end.destroy());
    end.on('close', () => proxy.destroy());
  });
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  wire.address = `127.0.0.1:${server.address().port}`;
  return wire;
}

/** All that comes for such bytes, until the answer of an honest request behind them, or the end. */
async function heardFor(proxy, bytes, name, millis = PATIENCE_MILLIS) {
  const { hostname, port } = new URL(proxy);
  const socket = net.connect(port, hostname);
  let heard = '';
  let isLate = false;
  socket.on('error', () => {});
  const end = new Promise(resolve => {
    socket.setTimeout(millis, () => resolve(isLate = true)).on('close', resolve);
    socket.on('data', data => {
      heard += data.toString('latin1');
      if (heard.endsWith(`${name}(${KNOWN});\n`)) resolve();
    });
  });
  socket.write(`${bytes}GET /${KNOWN}?callback=${name} HTTP/1.1\r\nHost: x\r\n\r\n`, 'latin1');
  await end;
  socket.destroy();
  return { heard, isLate };
}

async function agreeOn(row, number, proxy, wire) {
  const [name, bytes] = row;
  const [a, b] = [`${2 * number + 1}`.padStart(39, '1'), `${2 * number + 2}`.padStart(39, '1')];
  const answers = wire.answers();
  const { heard, isLate } = await heardFor(proxy, bytes.replaceAll(A, a).replaceAll(B, b), `own${number}`);
  const before = wire.connections;
  const next = await heardFor(proxy, '', `next${number}`, HONEST_MILLIS);
  assert.equal(next.heard.split('\r\n\r\n')[1], `next${number}(${KNOWN});\n`, `${name}: ${next.heard}`);
  // Who left in the midst of a body was answered by nobody, or too late.
  if (!isLate) assert.equal(wire.answers() - answers, answersIn(heard) + 1, `${name}: ${heard}`);
  const isReused = before > 0 && before === wire.connections;
  return { name, isReused, isPassedOn: answersIn(heard) > 0, isLate };
}

describe('smuggling', { concurrency: true }, () => {
  for (const [name, config] of Object.entries(PROXIES)) {
    const server = name.replace(/Unbuffered|ByHttp2/, '');
    test(`${name}AndANodeAgreeWhereEachRequestEnds`, { skip: lacks(server) }, async t => {
      const node = await startOwnNode();
      t.after(node.stop);
      const wire = await wireTo(t, node.url, name.endsWith('2') ? headsIn : answersIn);
      const proxy = await serve(t, server, node.url, config(wire.address));
      await fetch(`${node.url}/${KNOWN}`, { method: 'POST' });
      const agreed = [];
      // Over HTTP/2 the node's 100 is a head as well.
      const rows = ROWS.filter(([row]) => !(name.endsWith('2') && row === 'a body that is expected'));
      for (const row of rows) agreed.push(await agreeOn(row, agreed.length, proxy, wire));
      const count = what => agreed.filter(each => each[what]).length;
      t.diagnostic(`${rows.length} rows, ${count('isPassedOn')} passed on, ${count('isReused')} reused`);
      t.diagnostic(`late: ${agreed.filter(each => each.isLate).map(each => each.name)}`);
      assert.ok(count('isReused') >= 100, `${count('isReused')}`);
    });
  }
});
