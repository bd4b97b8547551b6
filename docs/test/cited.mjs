// Tests that a page names, as `file: name`, behind each of its sentences.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FILES = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*Test.java',
  '*Contract.java', '*.test.mjs', '*Test.php', '*/test_*.py'], { cwd: root, encoding: 'utf8' }).trim().split('\n');

/** Fails unless a part of a page names a test, and all that it names are there. */
export function assertCites(part) {
  const cited = [...part.matchAll(/`(\w+(?:\.test\.mjs|\.java|\.php|\.py)): (\w+)`/g)];
  assert.ok(cited.length > 0, `no test is named for: ${part}`);
  for (const [, file, name] of cited) {
    const found = FILES.filter(path => path.endsWith(`/${file}`)).map(path =>
      readFileSync(join(root, path), 'utf8')).some(text => text.includes(` ${name}(`) || text.includes(`'${name}'`));
    assert.ok(found, `there is no ${file}: ${name}`);
  }
}
