// Whether the bill of materials of a release tells what is inside, and is one of CycloneDX 1.6.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { sha256 } from '../../script/dependencies.mjs';

// What the schema has for a component, of what we write; other words are mistakes.
const WORDS = ['type', 'bom-ref', 'group', 'name', 'version', 'licenses', 'purl', 'pedigree', 'hashes',
  'evidence'];

function assertComponent(component) {
  const { type, name, version, licenses, purl, hashes = [], ...more } = component;
  assert.ok(['library', 'platform'].includes(type), name);
  assert.deepEqual(Object.keys(component).filter(word => !WORDS.includes(word)), [], name);
  assert.ok(component['bom-ref'] && name && version, JSON.stringify(component));
  assert.match(licenses[0].expression, /^[A-Z][\w.-]+( (OR|WITH) [A-Z][\w.-]+)*$/, name);
  assert.doesNotMatch(licenses[0].expression, /NOASSERTION/, name);
  assert.match(purl ?? 'pkg:maven/a/b@1', /^pkg:maven\/[\w.-]+\/[\w.-]+@[\w.-]+(\?classifier=[\w-]+)?$/, name);
  for (const { alg, content } of hashes) {
    assert.equal(alg, 'SHA-256', name);
    assert.match(content, /^[0-9a-f]{64}$/, name);
  }
  assert.equal(more.evidence.occurrences.length, 1, name);
}

/** Fails unless the bill in the folder of a release has exactly its jars, libraries and its Java. */
export function assertMaterials(tree) {
  const bill = JSON.parse(readFileSync(join(tree, 'doorbell.cdx.json'), 'utf8'));
  assert.deepEqual([bill.bomFormat, bill.specVersion, bill.version], ['CycloneDX', '1.6', 1]);
  assert.equal(bill.metadata.component.name, 'doorbell');
  bill.components.forEach(assertComponent);
  const refs = bill.components.map(component => component['bom-ref']);
  assert.equal(new Set(refs).size, refs.length);

  const listed = new Map(bill.components.filter(({ hashes }) => hashes)
    .map(({ hashes, evidence }) => [evidence.occurrences[0].location, hashes[0].content]));
  const inside = new Map(readdirSync(join(tree, 'lib'), { recursive: true, withFileTypes: true })
    .filter(file => file.isFile() && /\.(jar|so)$/.test(file.name))
    .map(file => join(file.parentPath ?? file.path, file.name))
    .concat(join(tree, 'runtime/lib/modules'))
    .map(file => [relative(tree, file), sha256(file)]));
  assert.ok(inside.size > 30, `${inside.size} files`);
  assert.deepEqual([...listed].sort(), [...inside].sort());

  const java = bill.components.filter(({ type }) => type === 'platform');
  const [, version] = /^JAVA_VERSION="(.*)"$/m.exec(readFileSync(join(tree, 'runtime/release'), 'utf8'));
  assert.deepEqual(java.map(each => [each.name, each.version]), [['OpenJDK runtime', version]]);
  for (const name of ['picocli', 'uplot']) {
    const { evidence } = bill.components.find(component => component.name === name);
    assert.ok(inside.has(evidence.occurrences[0].location), `${name} stands in a jar`);
  }
}
