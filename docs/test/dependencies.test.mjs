// Whether each jar of the build is one that was looked at, and none is known to be bad. Offline.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { builtJars, compare, faults, isIn, readAdvisories, readList, sha256 }
  from '../../script/dependencies.mjs';

test('eachJarOfTheBuildIsListedByItsHashAndNoneIsKnownToBeBad', () => {
  const jars = builtJars();
  assert.ok(jars.size > 30, `${jars.size} jars`);
  assert.deepEqual(faults(jars, readList(), readAdvisories()), []);
});

test('eachListedJarHasAHashAndALicence', () => {
  for (const [jar, { use, hash, licence }] of readList()) {
    assert.match(`${use} ${hash} ${licence}`, /^(ships|inside|tests) [0-9a-f]{64} [A-Z][\w.|-]+$/, jar);
    assert.ok(use === 'tests' || !licence.includes('NOASSERTION'), jar);
  }
});

test('eachAdvisoryHasAnIdAMonthAndRanges', () => {
  const advisories = readAdvisories();
  assert.ok(advisories.length > 20);
  for (const { id, date, name, ranges } of advisories) {
    assert.match(id, /^(CVE-\d{4}-\d+|GHSA(-[0-9a-z]{4}){3})$/);
    assert.match(date, /^20\d\d-(0[1-9]|1[0-2])$/, id);
    assert.match(name, /^[\w.-]+:[\w.-]+$/, id);
    assert.ok(ranges.length > 0, id);
    for (const range of ranges) assert.equal(isIn('0.0.1', range), !/>=/.test(range), `${id} ${range}`);
  }
});

test('versionsAreComparedByTheirNumbersAndWords', () => {
  const rising = ['1.9', '1.10', '4.2.0.Alpha1', '4.2.0.Beta2', '4.2.0.RC1', '4.2.0.Final', '4.2.14.Final', '5'];
  rising.forEach((one, i) => rising.forEach((other, j) => {
    assert.equal(Math.sign(compare(one, other)), Math.sign(i - j), `${one} ${other}`);
  }));
  assert.equal(compare('4.2.0.Final', '4.2'), 0);
  assert.ok(isIn('4.2.14.Final', '>=4.2.0.Alpha1,<4.2.15.Final'));
  assert.ok(!isIn('4.2.15.Final', '>=4.2.0.Alpha1,<4.2.15.Final'));
  assert.ok(!isIn('4.1.130.Final', '>=4.2.0.Alpha1,<4.2.15.Final'));
  assert.throws(() => isIn('1', '4.2'), /is no bound/);
});

test('aJarThatIsNewOrOtherOrBadOrGoneIsTold', t => {
  const folder = mkdtempSync(join(tmpdir(), 'doorbell-jars-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const jar = join(folder, 'bell-1.2.jar');
  writeFileSync(jar, 'a jar');
  const jars = new Map([['bell-1.2.jar', jar]]);
  const listed = (version, hash) => readList(`tests a.b:bell:${version} ${hash} MIT\n`);
  const bad = readAdvisories('CVE-2026-1 2026-01 a.b:bell <1.0 >=1.1,<1.3\n');
  const good = listed('1.2', sha256(jar));
  assert.deepEqual(faults(jars, good, []), []);
  assert.match(faults(jars, listed('1.2', '0'), []).join(), /^bell-1.2.jar has another SHA-256/);
  assert.match(faults(jars, new Map(), []).join(), /^bell-1.2.jar is not in packaging/);
  assert.match(faults(new Map(), good, []).join(), /^bell-1.2.jar is in .* the build has none$/);
  assert.match(faults(jars, good, bad).join(), /^bell-1.2.jar has the fault CVE-2026-1: take another/);
});
