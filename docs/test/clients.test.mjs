// Runs what docs/redis.md says of clients with several nodes, where the first is away.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fake, reply } from '../../js/test/fake.mjs';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');
const TEXT = readFileSync(join(root, 'docs/redis.md'), 'utf8');
const MILLIS = 900_000;
const jdk = execFileSync(join(root, 'script/jdk'), ['25'], { encoding: 'utf8' }).trim();

// By language: the file, the program that runs it, and what comes before its name and its text.
const RUNS = {
  php: ['sets.php', 'php', [], `<?php require '${root}/php/doorbell.php';\n`],
  python: ['sets.py', 'python3', [], ''],
  js: ['sets.mjs', process.execPath, [], ''],
  java: ['Sets.java', join(jdk, 'bin/java'), ['-cp', join(root, 'client/target/classes')], ''],
};

for (const [language, [file, program, words, before]] of Object.entries(RUNS)) {
  test(`the_${language}_ofRedisSetsAtTheSecondNodeWhereTheFirstIsAway`, async t => {
    const folder = mkdtempSync(join(tmpdir(), 'doorbell-nodes-'));
    t.after(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(join(root, 'js'), join(folder, 'node_modules/doorbell-client'));
    const node = await fake(t, (request, response) => reply(response, 201));
    const away = node.url.replace('127.0.0.1', '127.0.0.2'); // it listens at one address alone
    const blocks = [...TEXT.matchAll(new RegExp('^```' + language + '\\n([^]*?)^```$', 'gm'))];
    assert.equal(blocks.length, 1);
    const source = blocks[0][1].replace('http://10.0.0.1:8080', away)
      .replace('http://10.0.0.2:8080', node.url)
      .replace(/(limit: |patience=|timeout: |ofSeconds\()1/, (_, name) => `${name}60`); // busy machines
    writeFileSync(join(folder, file), before + source);
    await run(program, [...words, file], {
      cwd: folder, timeout: MILLIS,
      env: { ...process.env, PYTHONPATH: join(root, 'python/src'), PYTHONDONTWRITEBYTECODE: '1' },
    });
    assert.deepEqual(node.requests.map(({ method, path }) => [method, path]), [['POST', '/22482']]);
  });
}
