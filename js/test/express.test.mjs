// A node behind an Express application that compresses its answers, and passes on the node's.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, test } from 'node:test';
import compression from 'compression';
import express from 'express';
import Doorbell from '../doorbell.mjs';
import { PATIENCE_MILLIS } from './chromium.mjs';
import { startNode } from './node.mjs';

const ENCODINGS = { 'Accept-Encoding': 'gzip, deflate, br' };
const LONG = 'x'.repeat(100_000);

let node;
let server;
let url;

before(async () => {
  node = await startNode();
  const app = express();
  app.use(compression({ threshold: 0 }));
  app.get('/', (request, response) => response.type('text').send(LONG));
  app.use('/doorbell', ({ method, url, headers }, response) => {
    const onward = http.request(node.url + url, { method, headers }, answer => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    onward.end();
  });
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}`;
});
after(async () => {
  server?.closeAllConnections();
  server?.close();
  await node?.stop();
});

test('theApplicationCompressesItsOwnAnswers', async () => {
  const answer = await fetch(url, { headers: ENCODINGS });
  assert.ok(answer.headers.get('Content-Encoding'));
  assert.equal(await answer.text(), LONG);
});

test('aStreamOfEventsTellsOfEachAsItIsSet', { timeout: PATIENCE_MILLIS }, async () => {
  const bell = new Doorbell(node.url);
  const ids = [1, 2, 3].map(() => Doorbell.newId());
  const answer = await fetch(`${url}/doorbell/${ids}`, {
    headers: { Accept: 'text/event-stream', ...ENCODINGS },
  });
  assert.equal(answer.headers.get('Content-Encoding'), null);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let told = '';
  const hears = async text => {
    while (!told.includes(text)) {
      const { value, done } = await reader.read();
      assert.ok(!done, `${told} has ${text}`);
      told += value;
    }
  };
  await hears(':\n\n');
  for (const id of ids) {
    await bell.set(id);
    await hears(`data: ${id}\n`);
  }
  assert.ok((await reader.read()).done);
});

test('whoWaitsIsToldOfASet', { timeout: PATIENCE_MILLIS }, async () => {
  const bell = new Doorbell(`${url}/doorbell`);
  const id = Doorbell.newId();
  const rung = bell.wait(id);
  assert.equal(await bell.set(id), true);
  assert.equal(await rung, id);
  for (const Accept of ['text/javascript', 'application/json']) {
    const answer = await fetch(`${url}/doorbell/${id}`, { headers: { Accept, ...ENCODINGS } });
    assert.match(await answer.text(), new RegExp(id));
  }
});
