// Runs what README.md, docs/start.md, docs/recipes.md, docs/configuration.md and docs/operating.md
// tell a reader to type, as they tell it: a block that starts a server runs until the document's
// end, a wait until somebody sets. Ports 8080, 8081 and 8443 must be free.
import assert from 'node:assert/strict';
import { spawn, spawnSync, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertCites } from './cited.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');
const NODE = 'http://127.0.0.1:8080';

// Debian's Python has Debian's Django, and may not be the first in the path.
const django = ['python3', '/usr/bin/python3']
  .find(command => spawnSync(command, ['-c', 'import django']).status === 0);
// Where all must run, what is missing is no reason to skip.
const MAY_SKIP = process.env.CI !== 'true';
const noDjango = MAY_SKIP && !django && 'no Django: apt-get install python3-django';
const noDoctrine = MAY_SKIP
  && spawnSync('php', ['-r', 'exit((@include "Doctrine/ORM/autoload.php") ? 0 : 1);']).status !== 0
  && 'no Doctrine: apt-get install php-doctrine-orm';

function blocks(document, language) {
  const text = readFileSync(join(root, document), 'utf8');
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(match => match[1] === language)
    .map(match => match[2].trim());
}

/** A block as a shell runs it, in a folder where ./doorbell is. */
function run(block, cwd) {
  const shell = spawn('bash', ['-c', block], { cwd, detached: true });
  let output = '';
  shell.stdout.on('data', data => { output += data; });
  shell.stderr.on('data', data => { output += data; });
  const exit = once(shell, 'close').then(([code]) => ({ code, output }));
  return { shell, exit, lines: createInterface(shell.stdout) };
}

async function line(started, start) {
  for await (const text of started.lines) {
    if (text.startsWith(start)) return text;
  }
  const { output } = await started.exit;
  throw new Error(`ended without a line "${start}":\n${output}`);
}

async function stop(started) {
  if (started.shell.exitCode === null) process.kill(-started.shell.pid, 'SIGTERM');
  return started.exit;
}

/** Runs `waits` until it hangs at the node, then `sets`. */
async function hangsUntil(waits, sets, cwd) {
  const waiting = run(waits, cwd);
  const set = await run(sets, cwd).exit;
  assert.equal(set.code, 0, set.output);
  const waited = await waiting.exit;
  assert.equal(waited.code, 0, waited.output);
  return { waited: waited.output, set: set.output };
}

describe('documents', { concurrency: 1 }, () => {
  let folder;
  let serve;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'doorbell-documents-'));
    symlinkSync(join(root, 'doorbell'), join(folder, 'doorbell'));
    serve = run('exec ./doorbell serve', folder);
    assert.equal(await line(serve, 'doorbell: '), `doorbell: listening on ${NODE}`);
  });

  after(async () => {
    await stop(serve);
    rmSync(folder, { recursive: true });
  });

  test('readmeHasAtMost80Lines', () => {
    const lines = readFileSync(join(root, 'README.md'), 'utf8').split('\n').length - 1;
    assert.ok(lines <= 80, `${lines} lines`);
  });

  test('readmeSaysWhatIsRunHere', () => {
    const commands = blocks('README.md', 'sh');
    assert.deepEqual(commands, [
      './doorbell serve',
      `curl ${NODE}/22482`,
      `curl -i -d '' ${NODE}/22482`,
      './doorbell demo',
      'script/test',
    ]);
  });

  test('theDialogOfTheReadmeHolds', async () => {
    const [, waits, sets] = blocks('README.md', 'sh');
    const { waited, set } = await hangsUntil(waits, sets, folder);
    assert.match(waited, /^doorbell\(22482\);$/m);
    assert.match(set, /^HTTP\/1\.1 201 Created\r$/m);
    const later = await run(waits, folder).exit;
    assert.match(later.output, /^doorbell\(22482\);$/m);
  });

  test('theCommandsOfStartDoWhatItSays', async () => {
    const [serves, , waits, sets, loop, setsById, ...more] = blocks('docs/start.md', 'sh');
    assert.equal(serves, './doorbell serve');
    assert.deepEqual(more, []);
    const { set } = await hangsUntil(waits, sets, folder);
    assert.equal(set, 'set\n');
    assert.equal((await run(loop, folder).exit).code, 0);
    const id = setsById.split('/').pop();
    const byId = await hangsUntil(`curl -s ${NODE}/${id}`, setsById, folder);
    assert.equal(byId.waited, `doorbell("${id}");\n`);
  });

  test('theFileOfTheConfigurationIsTakenAndPrintedAgain', async () => {
    const [file] = blocks('docs/configuration.md', 'properties');
    const [prints, ...more] = blocks('docs/configuration.md', 'sh');
    assert.deepEqual(more, []);
    writeFileSync(join(folder, 'file'), file);
    const { code, output } = await run('./doorbell serve --config file --print-config', folder).exit;
    assert.equal(code, 0, output);
    const settings = file.split('\n').filter(line => !line.startsWith('#'));
    assert.ok(settings.length > 3);
    const printed = output.replaceAll('"', '').split('\n');
    for (const setting of settings) {
      assert.equal(printed[printed.indexOf(setting) - 1], '# the file of --config', setting);
    }
    const said = (await run(prints, folder).exit).output;
    assert.match(said, /^# the command line\nmax-wait=30m$/m);
    assert.match(said, /^# DOORBELL_DRAIN\ndrain=10s$/m);
  });

  test('theCheckOfOperatingSaysThatThisHostCan', async () => {
    const [check, , ...more] = blocks('docs/operating.md', 'sh');
    assert.deepEqual(more, []);
    const { code, output } = await run(check, folder).exit;
    assert.equal(code, 0, output);
    assert.match(output, /^For 1,000 waits, [^]*^– sync: [^]*\nThis host can hold them\.\n$/m);
  });

  test('theTokensOfOperatingMaySet', async () => {
    const cwd = join(folder, 'tokens');
    mkdirSync(cwd);
    symlinkSync(join(root, 'doorbell'), join(cwd, 'doorbell'));
    const [, serves] = blocks('docs/operating.md', 'sh');
    const node = run(serves, cwd);
    try {
      const url = 'http://127.0.0.1:8081';
      assert.equal(await line(node, 'doorbell: '), `doorbell: listening on ${url}`);
      const tokens = readFileSync(join(cwd, 'tokens'), 'utf8').trim().split('\n');
      assert.deepEqual(tokens.map(text => text.split(' ')[0]), ['shop', 'blog']);
      const set = token => run(`DOORBELL_TOKEN=${token} ./doorbell set ${url}/22482`, cwd).exit;
      for (const text of tokens) assert.equal((await set(text.split(' ')[1])).code, 0);
      const refused = await set('');
      assert.equal(refused.code, 2, refused.output);
      assert.match(refused.output, /a set needs a token here/);
    } finally {
      await stop(node);
    }
  });

  test('theNodeOfStartSpeaksTls', async () => {
    const cwd = join(folder, 'tls');
    mkdirSync(cwd);
    symlinkSync(join(root, 'doorbell'), join(cwd, 'doorbell'));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj',
      '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', 'privkey.pem',
      '-out', 'fullchain.pem'], { cwd, stdio: 'pipe' });
    const [, serves] = blocks('docs/start.md', 'sh');
    const secure = run(`exec ${serves}`, cwd);
    try {
      assert.equal(await line(secure, 'doorbell: '),
        'doorbell: listening on https://127.0.0.1:8443');
      const asked = await run(`curl -sk -o /dev/null -w '%{http_version} %{http_code}' \
        'https://127.0.0.1:8443/22482?timeout=0'`, cwd).exit;
      assert.equal(asked.output, '2 204');
      await everyClientTrustsWhatItIsTold(cwd);
    } finally {
      await stop(secure);
    }
  });

  // By the words of the table there, and without them by none.
  async function everyClientTrustsWhatItIsTold(cwd) {
    const start = readFileSync(join(root, 'docs/start.md'), 'utf8');
    const [keytool] = start.match(/keytool [^`]*/);
    const made = await run(`'${jdk}/bin/'${keytool}`, cwd).exit;
    assert.equal(made.code, 0, made.output);
    const url = 'https://127.0.0.1:8443';
    const clients = [
      ['--cacert fullchain.pem', told => `curl -s ${told} -d '' ${url}/1`],
      ['SSL_CERT_FILE=fullchain.pem', told => `${told} php '${root}/php/bin/doorbell' set ${url} 2`],
      ['SSL_CERT_FILE=fullchain.pem',
        told => `PYTHONPATH='${root}/python/src' ${told} python3 -m doorbell set ${url} 3`],
      ['NODE_EXTRA_CA_CERTS=fullchain.pem',
        told => `${told} node '${root}/js/bin/doorbell.mjs' set ${url} 4`],
      ['-Djavax.net.ssl.trustStore=FILE -Djavax.net.ssl.trustStorePassword=changeit',
        told => `JAVA_OPTS='${told}' ./doorbell set ${url}/5`],
    ];
    for (const [told, set] of clients) {
      assert.ok(start.includes(`\`${told}\``), told);
      assert.notEqual((await run(set(''), cwd).exit).code, 0, set(''));
      const { code, output } = await run(set(told), cwd).exit;
      assert.equal(code, 0, output);
    }
  }

  test('theAnswerOfStartIsJsonAndItsIdIsTheOneThatIsSet', () => {
    const [answer] = blocks('docs/start.md', 'json').map(JSON.parse);
    const [, , , , , setsById] = blocks('docs/start.md', 'sh');
    assert.ok(setsById.endsWith(`/${answer.doorbell}`));
  });

  const jdk = execFileSync(join(root, 'script/jdk'), ['25'], { encoding: 'utf8' }).trim();
  const java = join(jdk, 'bin/java');
  const client = join(root, 'client/target/classes');

  test('theJavaOfStartRuns', () => {
    const [source, embedded, ...more] = blocks('docs/start.md', 'java');
    assert.deepEqual(more, []);
    assert.equal(says(source, 'Start.java', java, ['-cp', client]), 'look again\n');
    // What the server needs; Logback is the command's.
    const lib = join(root, 'cli/target/lib');
    const node = readdirSync(lib).filter((jar) => !jar.startsWith('logback'))
      .map((jar) => join(lib, jar)).join(':');
    const native = '--enable-native-access=ALL-UNNAMED';
    assert.match(says(embedded, 'Embedded.java', java, [native, '-cp', node]),
      /^listening on port \d+\n$/);
  });

  /** What a script says that is run with `command` in a folder with the clients. */
  function says(source, name, command, args, env = {}) {
    writeFileSync(join(folder, name), source);
    return execFileSync(command, [...args, name], {
      cwd: folder, encoding: 'utf8', timeout: 900_000, env: { ...process.env, ...env },
    });
  }

  const python = { PYTHONPATH: join(root, 'python/src'), PYTHONDONTWRITEBYTECODE: '1' };
  const afterCommit = extension => join(root, `docs/test/after-commit.${extension}`);

  test('thePhpThePythonAndTheNodeOfStartRun', () => {
    const [php] = blocks('docs/start.md', 'php');
    symlinkSync(join(root, 'php'), join(folder, 'php'));
    assert.equal(says(`<?php\n${php}`, 'start.php', 'php', []), 'look again\n');
    const [py] = blocks('docs/start.md', 'python');
    assert.equal(says(py, 'start.py', 'python3', [], python), 'look again\n');
    const [js] = blocks('docs/start.md', 'js');
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(join(root, 'js'), join(folder, 'node_modules/doorbell-client'));
    assert.equal(says(js, 'start.mjs', process.execPath, []), 'look again\n');
  });

  test('pdoSetsAfterTheCommitAndNotAfterARollback', () => {
    const [pdo] = blocks('docs/recipes.md', 'php');
    assert.equal(says(`<?php\n${pdo}`, 'pdo.php', 'php', [afterCommit('php')]), [
      'before the commit: not set',
      'after the commit: set',
      'before the commit: not set',
      'committed, without a node too: 2',
      'after a rollback: not set\n',
    ].join('\n'));
  });

  test('doctrineSetsAfterTheCommitAndNotAfterARollback', { skip: noDoctrine }, () => {
    const [, doctrine, ...more] = blocks('docs/recipes.md', 'php');
    assert.deepEqual(more, []);
    assert.equal(says(`<?php\n${doctrine}`, 'doctrine.php', 'php', [afterCommit('php')]), [
      'committed at postFlush: 0',
      'before the commit: not set',
      'after the commit: set',
      'committed at postFlush: 1',
      'before the commit: not set',
      'committed, without a node too: 2',
      'after a rollback: not set\n',
    ].join('\n'));
  });

  test('djangoSetsAfterTheCommitAndNotAfterARollback', { skip: noDjango }, () => {
    const [clicks] = blocks('docs/recipes.md', 'python');
    const said = says(clicks, 'clicks.py', django ?? 'python3', [afterCommit('py')], python);
    // On a busy machine there are two reasons, each told once: no connection, and none in time.
    assert.equal(said.replace(/(WARNING: http:.* is tried aga\n)\1/, '$1'), [
      'before the commit: not set',
      'after the commit: set',
      'after a rollback: not set',
      'WARNING: http://127.0.0.1:9 is tried aga',
      'WARNING: pages ask again in some minutes',
      'committed, without a node too: 2\n',
    ].join('\n'));
  });

  test('springSetsAfterTheCommitAndNotAfterARollback', async () => {
    const [ringer, ...more] = blocks('docs/recipes.md', 'java');
    assert.deepEqual(more, []);
    writeFileSync(join(folder, 'Ringer.java'), ringer);
    const jars = join(folder, 'jars');
    const maven = `JAVA_HOME='${jdk}' timeout 900 ./mvnw -q -B -f docs/test/spring`;
    const got = await run(`${maven} dependency:build-classpath -Dmdep.outputFile='${jars}'`, root)
      .exit;
    assert.equal(got.code, 0, got.output);
    const driver = readFileSync(join(root, 'docs/test/spring/AfterCommit.java'), 'utf8');
    const classpath = `${client}:${readFileSync(jars, 'utf8').trim()}`;
    assert.equal(says(driver, 'AfterCommit.java', java, ['-cp', classpath]), [
      'before the commit: not set',
      'after the commit: set',
      'after a rollback: not set',
      'without a transaction: set',
      'committed, without a node too: 3\n',
    ].join('\n'));
  });

  test('theOutboxOfTheRecipesRuns', () => {
    const [, outbox, ...more] = blocks('docs/recipes.md', 'python');
    assert.deepEqual(more, []);
    assert.equal(says(outbox, 'outbox.py', 'python3', [], python), 'later\nsent\n0\n');
  });

  test('theCommandsOfTheRecipesDoWhatTheySay', async () => {
    const [spread, once, any, ...more] = blocks('docs/recipes.md', 'sh');
    assert.deepEqual(more, []);
    assert.equal((await run(spread, folder).exit).output, '201\n');
    assert.equal((await run(once, folder).exit).output, 'worker one does it\n');
    assert.equal((await run(any, folder).exit).output, 'doorbell(4716);\n');
  });

  test('theDemoSaysWhereToLook', async () => {
    // The node of the README has its port: the demo takes others.
    const demo = run('exec ./doorbell demo --listen 127.0.0.1:0 --app 127.0.0.1:0', folder);
    const open = await line(demo, 'counter: ');
    assert.match(open, /^counter: open http:\/\/127\.0\.0\.1:\d+ in two windows$/);
    const url = open.split(' ')[2];
    const page = await (await fetch(url)).text();
    assert.match(page, /<script src="http:\/\/127\.0\.0\.1:\d+\/doorbell\.js">/);
    await stop(demo);
  });

  test('everyPromiseNamesTestsThatExist', () => {
    const text = readFileSync(join(root, 'spec/protocol.md'), 'utf8');
    const promises = text.split(/^(?=\*\*P\d+\.\*\*|#)/m).filter(part => part.startsWith('**P'));
    assert.ok(promises.length > 70);
    promises.forEach(assertCites);
  });

  test('openapiSaysWhatTheProtocolSays', () => {
    const protocol = readFileSync(join(root, 'spec/protocol.md'), 'utf8');
    const openapi = readFileSync(join(root, 'spec/openapi.yaml'), 'utf8');
    const statuses = new Set([...openapi.matchAll(/^ +"(\d{3})":/gm)].map(match => match[1]));
    assert.ok(statuses.size > 10);
    for (const status of statuses) assert.match(protocol, new RegExp(`\\b${status}\\b`));
    const components = openapi.slice(openapi.indexOf('\ncomponents:'));
    for (const [, kind, name] of openapi.matchAll(/"#\/components\/(\w+)\/(\w+)"/g)) {
      const section = components.slice(components.indexOf(`\n  ${kind}:\n`));
      assert.ok(section.includes(`\n    ${name}:\n`), `${kind}/${name} is missing`);
    }
  });

  test('everyLinkOfTheDocumentsLeadsSomewhere', () => {
    const files = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' });
    for (const file of files.trim().split('\n')) {
      const text = readFileSync(join(root, file), 'utf8');
      for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
        const path = new URL(target, `file://${root}/${file}`);
        assert.ok(existsSync(path), `${file}: ${target}`);
      }
    }
  });
});
