// The command as a shell runs it; spec/clients drives it together with those of other clients.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fake, problem, reply, ring } from './fake.mjs';

const COMMAND = fileURLToPath(new URL('../bin/doorbell.mjs', import.meta.url));

async function doorbell(words, input = '') {
  const child = spawn(COMMAND, words);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', data => { stdout += data; });
  child.stderr.on('data', data => { stderr += data; });
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

// Tried for 30 s, while the other tests of this file run.
const nobody = net.createServer().listen(0, '127.0.0.1');
await once(nobody, 'listening');
const SET_AT_NOBODY = ['set', `http://127.0.0.1:${nobody.address().port}`, '5'];
nobody.close();
const toldByNobody = doorbell(SET_AT_NOBODY);

test('helpTellsEachCommandInLinesOfATerminal', async () => {
  const { code, stdout, stderr } = await doorbell(['--help']);
  assert.deepEqual([code, stderr], [0, '']);
  for (const name of ['wait', 'set', 'setAll', 'derive']) {
    assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
  }
  for (const line of stdout.split('\n')) assert.ok(line.length < 80, line);
});

test('theVersionIsThatOfThePackage', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  assert.deepEqual(await doorbell(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
});

test('severalNodesStandWithCommas', async t => {
  const server = await fake(t, (request, response) => request.method === 'GET' ? ring(request, response)
    : request.url === '/' ? reply(response, 200, { set: 1, already: 0 }) : reply(response, 201));
  const down = SET_AT_NOBODY[1];
  const told = new RegExp(`^doorbell: ${down}: no answer: .*ECONNREFUSED.*\n$`);
  for (const [words, said] of [[['set', '5'], 'first\n'], [['setAll'], '1 0\n'], [['wait', '5'], '5\n']]) {
    words.splice(1, 0, `${down},${server.url}`);
    const { code, stdout, stderr } = await doorbell(words, '5\n');
    assert.deepEqual([code, stdout], [0, said], stderr);
    assert.match(stderr, told);
  }
  const refusing = await fake(t, (request, response) => problem(response, 403, 'No.'));
  const { code, stderr } = await doorbell(['set', `${down},${refusing.url}`, '5']);
  assert.equal(code, 2);
  assert.match(stderr, new RegExp(`\ndoorbell: ${down}: no answer: .*; ${refusing.url}: No\\.\n$`));
});

test('setAllReadsLinesWithEitherEnd', async t => {
  const server = await fake(t, (request, response) => reply(response, 200, { set: 1, already: 1 }));
  const key = 'k';
  const id = '8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a';
  assert.deepEqual(await doorbell(['setAll', server.url], `5\r\n${id} ${key}\r\n`),
    { code: 0, stdout: '1 1\n', stderr: '' });
  assert.equal(server.requests[0].body, `5\n${id} ${key}`);
});

test('aKeyOfAFileOfStandardInputOrOfTheEnvironmentIsShownToNobody', async t => {
  const server = await fake(t, (request, response) => reply(response, 201));
  const file = fileURLToPath(new URL('package.test.mjs', import.meta.url));
  process.env.DOORBELL_KEY = 'environment';
  t.after(() => { delete process.env.DOORBELL_KEY; });
  for (const [words, input] of [[['--key-file', '-'], ' stdin\r\n'], [[], ''], [['argument'], ''],
    [['--key-file', file], '']]) {
    assert.deepEqual(await doorbell(['set', server.url, '5', ...words], input),
      { code: 0, stdout: 'first\n', stderr: '' });
  }
  assert.deepEqual(server.requests.map(({ body }) => body),
    ['stdin', 'environment', 'argument', readFileSync(file, 'utf8').trim()]);
  assert.deepEqual(await doorbell(['derive', '--secret-file', '-', 't', '1'], 's\n'),
    await doorbell(['derive', 's', 't', '1']));
});

test('aNodeThatSaysNotYetAtOnceIsCode1', async t => {
  const server = await fake(t, (request, response) => reply(response, 204));
  assert.deepEqual(await doorbell(['wait', server.url, '5', '1']),
    { code: 1, stdout: '', stderr: '' });
});

function isAnError({ code, stdout, stderr }, words, sentence) {
  assert.deepEqual([code, stdout], [2, ''], words.join(' '));
  assert.match(stderr, /^(doorbell: [^\n]+\n)+$/);
  assert.match(stderr, sentence);
}

test('anErrorIsASentenceAndCode2', async t => {
  const server = await fake(t, () => {});
  await server.close();
  for (const [words, sentence] of [
    [[], /--help tells more/],
    [['toString', '1'], /--help tells more/],
    [['wait', server.url, '5', '-1'], /SECONDS is a number/],
    [['wait', server.url, 'abc'], /abc is not a valid event id/],
    [['set', 'bell', '5'], /an http or https URL, not bell$/m],
    [['derive', 's', 't', 'v'], /no version/],
  ]) {
    isAnError(await doorbell(words), words, sentence);
  }
  const { code, stderr } = await doorbell(['setAll', server.url], '5\n5 k more\n');
  assert.equal(code, 2);
  assert.match(stderr, /line 2 /);
});

test('aWaitForWhatIsNotSetInTimeIsCode1', async t => {
  let fails = true;
  const server = await fake(t, (request, response, n) =>
    // A failure that passed is no reason.
    fails && n === 1 ? reply(response, 500) : setTimeout(() => reply(response, 204),
      1000 * new URL(request.url, server.url).searchParams.get('timeout')));
  const waits = async seconds => {
    // A machine that is busy may keep the "not yet" back for longer than the client waits for it.
    for (let tries = 0; ; tries++) {
      server.requests.length = 0;
      const told = await doorbell(['wait', server.url, '5', seconds]);
      if (told.code !== 2 || tries === 9) return told;
    }
  };
  assert.deepEqual(await waits('3'),
    { code: 1, stdout: '', stderr: `doorbell: ${server.url}: HTTP status 500\n` });
  fails = false;
  assert.deepEqual(await waits('0'), { code: 1, stdout: '', stderr: '' });
});

const withStatus = status => t => fake(t, (request, response) => reply(response, status));

// What a wait's last try met: a server that shows it, and what is said.
for (const [name, start, sentence] of [
  ['ErrorsOnly', withStatus(500), /not within \d+ s: HTTP status 500$/],
  ['NoNodeBehindAProxy', withStatus(502), /not within \d+ s: HTTP status 502$/],
  ['TooManyRequestsOnly', withStatus(429), /not within \d+ s: HTTP status 429$/],
  ['NoConnection', async t => {
    const server = await fake(t, () => {});
    await server.close();
    return server;
  }, /not within \d+ s: no answer: connect ECONNREFUSED [\d.:]+$/],
  ['Silence', t => fake(t, () => {}), /not within \d+ s: the node is silent$/],
]) {
  test(`aWaitThatMeets${name}IsCode2WithItsReason`, async t => {
    const server = await start(t);
    let told;
    // On a busy machine a second may be over before a first try fails.
    for (const seconds of ['1', '20']) {
      told = await doorbell(['wait', `${server.url}/`, '5', seconds]);
      if (sentence.test(told.stderr.trimEnd())) break;
    }
    const { code, stdout, stderr } = told;
    assert.deepEqual([code, stdout], [2, '']);
    const lines = stderr.trimEnd().split('\n');
    assert.match(lines.at(-1), sentence);
    for (const line of lines) assert.ok(line.startsWith(`doorbell: ${server.url}: `), line);
  });
}

// What no new try changes.
for (const [name, answer, sentence] of [
  ['ALoginPage', response => reply(response, 200, '<p>Log in</p>'), /: not a Doorbell node$/],
  ['ARedirect', response => reply(response, 301, '', { Location: 'https://bell.example/5' }),
    /: redirects to https:\/\/bell.example\/5$/],
  ['NothingThere', response => reply(response, 404, '<h1>Not found</h1>'), /: HTTP status 404, no Doorbell node$/],
]) {
  test(`${name}IsCode2AtOnceAndOneLine`, async t => {
    const server = await fake(t, (request, response) => answer(response));
    for (const words of [['wait', server.url, '5'], ['wait', server.url, '5', '60'],
      ['set', server.url, '5'], ['setAll', server.url]]) {
      const { code, stdout, stderr } = await doorbell(words, '5\n');
      assert.deepEqual([code, stdout], [2, ''], words.join(' '));
      assert.match(stderr, /^doorbell: http:[^\n]+\n$/);
      assert.match(stderr.trimEnd(), sentence);
    }
    assert.equal(server.requests.length, 4);
  });
}

test('aSetAtANodeThatIsDownIsCode2WithItsReason', async () => {
  isAnError(await toldByNobody, SET_AT_NOBODY,
    /^doorbell: http:\/\/127.0.0.1:\d+: no answer: connect ECONNREFUSED/);
});
