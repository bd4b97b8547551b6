// What the doctor says, as spec/doctor.json has it for all clients.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { CHECKS, FINDINGS, MARKS, TRUST, trust } from '../bin/doctor.mjs';
import { certificate } from './certificate.mjs';
import { startNode } from './node.mjs';

const COMMAND = fileURLToPath(new URL('../bin/doorbell.mjs', import.meta.url));
const SPEC = JSON.parse(readFileSync(new URL('../../spec/doctor.json', import.meta.url), 'utf8'));
const NOT_YET = 'HTTP/1.1 204 No Content\r\n\r\n';
const SET = 'HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n';
const UNTRIED = ['tls/untried', 'wake/untried'];
let node;

before(async () => { node = await startNode(); });
after(() => node?.stop());

async function doctor(url, env = {}) {
  const words = Array.isArray(url) ? url : [url];
  const child = spawn(process.execPath, [COMMAND, 'doctor', ...words],
    { env: { ...process.env, LC_ALL: 'C.UTF-8', ...env } });
  const told = { stdout: '', stderr: '' };
  child.stdout.on('data', data => { told.stdout += data; });
  child.stderr.on('data', data => { told.stderr += data; });
  const [code] = await once(child, 'close');
  return { code, ...told };
}

// The lines of a cure: as many words as 80 columns hold, behind an indent.
function lines(cure) {
  let text = '';
  let column = 80;
  for (const word of cure.split(' ').filter(Boolean)) {
    const isNext = column + 1 + word.length > 80;
    text += isNext ? `${text && '\n'}    ${word}` : ` ${word}`;
    column = isNext ? 4 + word.length : column + 1 + word.length;
  }
  return text && `${text}\n`;
}

// It says that, in the words of the spec, and nothing else.
function finds(names, url, { code, stdout, stderr }, words = {}, marks = 'utf8') {
  const [, host, port] = /^https?:\/\/(.*):(\d+)(?:\/.*)?$/.exec(url);
  const all = { url, host, place: `${host}:${port}`, seconds: 10, trust: SPEC.trust.node, ...words };
  const filled = text => Object.entries(all)
    .reduce((text, [name, word]) => text.replaceAll(`{${name}}`, word), text);
  let expected = '';
  for (const name of names) {
    const [mark, sentence, cure] = SPEC.findings[name];
    const check = SPEC.checks[name.split('/')[0]];
    expected += `${SPEC.marks[marks][mark]} ${check}: ${filled(sentence)}\n${lines(filled(cure))}`;
  }
  // How long a wake takes is the machine's affair.
  assert.equal(stdout.replace(/(?<=: )[1-9]\d*(?= ms, )/, '{millis}'), expected);
  assert.deepEqual([code, stderr],
    [names.some(name => SPEC.findings[name][0] === 'bad') ? 1 : 0, '']);
}

// Gives each request the next of the answers, and hangs up; `hold` is silence.
async function answering(t, answers, options) {
  let number = 0;
  const sockets = new Set();
  const serve = socket => {
    sockets.add(socket.on('error', () => {}));
    socket.once('data', () => {
      const answer = answers[number++];
      if (answer !== 'hold') socket.end(answer);
    });
  };
  const server = options ? tls.createServer(options, serve) : net.createServer(serve);
  server.on('tlsClientError', () => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    sockets.forEach(socket => socket.destroy());
    server.close();
  });
  return `http${options ? 's' : ''}://localhost:${server.address().port}`;
}

test('itHasTheWordsOfAllClients', () => {
  assert.deepEqual(FINDINGS, SPEC.findings);
  assert.deepEqual([MARKS, CHECKS, TRUST], [SPEC.marks, SPEC.checks, SPEC.trust.node]);
});

test('allIsWellWithANode', async () => {
  const well = ['reached/well', 'tls/here', 'wake/well'];
  finds(well, node.url, await doctor(node.url));
  finds(well, node.url, await doctor(`${node.url}/`));
  const url = node.url.replace('127.0.0.1', 'localhost');
  finds(well, url, await doctor(url));
});

test('whereNobodyAnswersItSaysWhy', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const refused = `http://127.0.0.2:${server.address().port}`; // taken, but at another address
  finds(['reached/refused', ...UNTRIED], refused, await doctor(refused));
  server.close();
  const url = 'http://nowhere.invalid:8080/bell';
  finds(['reached/name', ...UNTRIED], url, await doctor(url));
});

// Names lead to these addresses; to none, and that only after long, where they are null.
const names = addresses => ({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`
  import dns from 'node:dns';
  const all = ${JSON.stringify(addresses)};
  dns.lookup = (host, options, done) => all ? done(null, all)
    : setTimeout(() => done(null, []), 12_000);`)}` });

// Without a zone there is no way to a link's own addresses.
test('whereNoAddressIsReachedTheSystemsCodeIsTold', async () => {
  const url = 'http://bell.example:8080';
  const nowhere = ['fe80::1', 'fe80::2'].map(address => ({ address, family: 6 }));
  const { stdout } = await doctor(url, names(nowhere));
  assert.match(stdout, /^✗ reached: no connection to bell\.example:8080: E[A-Z]+\.$/m);
});

// Beside each other, since some wait for 10 s.
describe('cases', { concurrency: 4 }, () => {
  test('aNameServerThatIsSilentKnowsNoName', async () => {
    const url = 'http://bell.example:8080';
    finds(['reached/name', ...UNTRIED], url, await doctor(url, names(null)));
  });

  for (const { what, answers, finds: names, words } of SPEC.cases) {
    test(`itTellsOf: ${what}`, async t => {
      const url = await answering(t, answers);
      finds(names, url, await doctor(url), words);
    });
  }
});

test('aPageWithoutAnEndIsAPageToo', async t => {
  const server = net.createServer(socket => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `http://127.0.0.1:${server.address().port}`;
  finds(['reached/page', 'tls/here', 'wake/untried'], url, await doctor(url));
});

for (const [kind, name, days, isTold] of [
  ['well', 'localhost', 2, true], ['untrusted', 'localhost', 2, false],
  ['expired', 'localhost', -1, true], ['name', 'bell.example', 2, true],
]) {
  test(`itTellsThatACertificateIs: ${kind}`, async t => {
    const { certFile, cert, key } = certificate(name, days);
    const url = await answering(t, [NOT_YET, NOT_YET, SET], { cert, key });
    const wake = kind === 'well' ? 'wake/short' : 'wake/untried';
    finds(['reached/well', `tls/${kind}`, wake], url,
      await doctor(url, { NODE_EXTRA_CA_CERTS: isTold ? certFile : '' }));
  });
}

test('aNodeWithoutTlsAndOneThatSlamsTheDoorAreTold', async t => {
  const plain = node.url.replace('http:', 'https:');
  finds(['reached/plain', ...UNTRIED], plain, await doctor(plain));
  const url = (await answering(t, [''])).replace('http:', 'https:');
  finds(['reached/cut', ...UNTRIED], url, await doctor(url));
});

test('plainHttpToAnotherMachineIsToldAndNoCross', async () => {
  assert.equal(await trust({ isTls: false }, { isHere: false }), 'open');
  assert.equal(SPEC.findings['tls/open'][0], 'note');
});

test('whatIsNoUrlOrNoCommandIsAMistake', async () => {
  for (const words of [[], ['bell'], [node.url, 'x']]) {
    const { code, stdout, stderr } = await doctor(words);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^doorbell: [^\n]+\n$/);
  }
});

test('itsMarksAreThoseThatTheOutputCanShow', async () => {
  const url = 'http://nowhere.invalid:80';
  for (const [is, marks] of [['C.UTF-8', 'utf8'], ['de_DE.utf8', 'utf8'], ['C', 'other'], ['', 'other']]) {
    const told = await doctor(url, { LC_ALL: is, LC_CTYPE: '', LANG: '' });
    // 80 is the port that nobody writes.
    finds(['reached/name', ...UNTRIED], url, told, {}, marks);
  }
});
