// The jars that the build takes, held against two lists in packaging/, with no network:
//   dependencies.txt   each jar: whether a release ships it, its coordinates, SHA-256 and licence
//   advisories.txt     versions that are known to be bad
// A jar that isn't in the first, or is in the second, is told, and the exit code is 1. Needs a build.
//   node script/dependencies.mjs           holds the jars against the lists
//   node script/dependencies.mjs --write   writes dependencies.txt anew from the jars, to be looked at
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const LIST = join(root, 'packaging/dependencies.txt');
const ADVISORIES = join(root, 'packaging/advisories.txt');
const REPOSITORY = '/repository/';
const SHIPPED = join(root, 'cli/target/lib');
/** Where the build says which jars its tests have. */
const CLASSPATHS = ['io', 'cli'].map(module => join(root, module, 'target/test.classpath'));
/** Jars of which parts stand in a jar of ours: the property of the version, the folder, the rest of the name. */
const INSIDE = [
  ['picocli.version', 'info/picocli/picocli', '-sources'],
  ['uplot.version', 'org/webjars/npm/uplot', ''],
];
const HEAD = `# Each jar that the build takes; made anew by: node script/dependencies.mjs --write
# ships, if a release has it; inside, if parts of it stand in a jar of ours; or tests.
# GROUP:ARTIFACT:VERSION, and a classifier if there is one; its SHA-256; its licence by the name of SPDX,
# A|B for either.
`;
const LICENCES = [
  [/apache/i, 'Apache-2.0'], [/^MIT|mit licen[sc]e/i, 'MIT'], [/MIT-0/, 'MIT-0'],
  [/eclipse public licen[sc]e.*2/i, 'EPL-2.0'], [/eclipse public licen[sc]e.*1/i, 'EPL-1.0'],
  [/EPL-2\.0/, 'EPL-2.0'], [/cc0|public domain/i, 'CC0-1.0'], [/bsd.*2|2-clause/i, 'BSD-2-Clause'],
  [/bsd/i, 'BSD-3-Clause'], [/LGPL-2\.1/, 'LGPL-2.1-only'],
  [/^GNU General Public License, version 2$/, 'GPL-2.0-only'],
];

const lines = text => text.split('\n').filter(line => line && !line.startsWith('#'))
  .map(line => line.split(/\s+/));
export const sha256 = file => createHash('sha256').update(readFileSync(file)).digest('hex');

/** What the list says, by the names of the jars. */
export function readList(text = readFileSync(LIST, 'utf8')) {
  return new Map(lines(text).map(([use, coordinates, hash, licence]) => {
    const [group, artifact, version, classifier] = coordinates.split(':');
    const jar = `${[artifact, version, classifier].filter(Boolean).join('-')}.jar`;
    return [jar, { use, group, artifact, version, classifier, hash, licence }];
  }));
}

/** Known faults: an id, the month of its publication, whose it is, and ranges of bad versions. */
export function readAdvisories(text = readFileSync(ADVISORIES, 'utf8')) {
  return lines(text).map(([id, date, name, ...ranges]) => ({ id, date, name, ranges }));
}

/** The numbers and words of a version, so that 4.2.0.Alpha1 comes before 4.2.0.Final and 4.2.0. */
const parts = version => version.toLowerCase().match(/[0-9]+|[a-z]+/g)
  .filter(part => !['final', 'ga', 'release'].includes(part));

/** Negative if the version `a` comes before `b`, 0 if they are the same. */
export function compare(a, b) {
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [one, other] = [left[i] ?? '0', right[i] ?? '0'];
    const [isWord, isOtherWord] = [one, other].map(part => !/^[0-9]/.test(part));
    if (isWord !== isOtherWord) return isWord ? -1 : 1;
    const order = isWord ? one.localeCompare(other) : Number(one) - Number(other);
    if (order !== 0) return order;
  }
  return 0;
}

/** Whether a version is in a range: bounds with commas between, as `>=4.2.0,<4.2.15`. */
export function isIn(version, range) {
  return range.split(',').every(bound => {
    const [, sign, at] = /^(>=|<=|<|>|=)(.+)$/.exec(bound) ?? [];
    if (!at) throw new Error(`'${bound}' is no bound of a range`);
    const order = compare(version, at);
    return { '>=': order >= 0, '<=': order <= 0, '<': order < 0, '>': order > 0, '=': order === 0 }[sign];
  });
}

/** The jars of others that the build has taken from Maven's repository. */
function takenJars() {
  const all = CLASSPATHS.flatMap(file => readFileSync(file, 'utf8').trim().split(':'))
    .filter(path => path.includes(REPOSITORY) && path.endsWith('.jar'));
  const [repository] = all[0].split(REPOSITORY);
  const pom = readFileSync(join(root, 'pom.xml'), 'utf8');
  for (const [property, folder, classifier] of INSIDE) {
    const [, version] = new RegExp(`<${property}>(.*)</${property}>`).exec(pom);
    all.push(`${repository}${REPOSITORY}${folder}/${version}/${basename(folder)}-${version}${classifier}.jar`);
  }
  return [...new Set(all)];
}

/** The jars that a release ships, and all that the build has beside: paths by the names of the jars. */
export function builtJars() {
  const jars = new Map(takenJars().map(path => [basename(path), path]));
  for (const name of readdirSync(SHIPPED)) {
    if (!name.startsWith('doorbell-')) jars.set(name, join(SHIPPED, name));
  }
  return jars;
}

/** What is wrong with these jars, a sentence each. */
export function faults(jars, list, advisories) {
  const found = [];
  for (const [name, path] of jars) {
    const known = list.get(name);
    if (!known) {
      found.push(`${name} is not in packaging/dependencies.txt: look at it, then list it`);
      continue;
    }
    if (sha256(path) !== known.hash) found.push(`${name} has another SHA-256 than the list says`);
    if ((dirname(path) === SHIPPED) !== (known.use === 'ships')) {
      found.push(`${name} isn't what packaging/dependencies.txt says: one that ${known.use}`);
    }
    for (const { id, ranges } of advisories.filter(bad => bad.name === `${known.group}:${known.artifact}`)) {
      if (ranges.some(range => isIn(known.version, range))) {
        found.push(`${name} has the fault ${id}: take another version`);
      }
    }
  }
  for (const name of list.keys()) {
    if (!jars.has(name)) found.push(`${name} is in packaging/dependencies.txt, and the build has none`);
  }
  return found;
}

/** The licences that the description of a jar names, or one that it descends from: any of A|B. */
function licence(pom) {
  const text = existsSync(pom) ? readFileSync(pom, 'utf8') : '';
  const [, block] = /<licenses>([^]*?)<\/licenses>/.exec(text) ?? [];
  if (block) {
    return [...block.matchAll(/<name>([^<]*)<\/name>/g)].map(([, name]) =>
      LICENCES.find(([pattern]) => pattern.test(name))?.[1] ?? 'NOASSERTION').join('|');
  }
  const [, parent] = /<parent>([^]*?)<\/parent>/.exec(text) ?? [];
  if (!parent) return 'NOASSERTION';
  const of = name => new RegExp(`<${name}>\\s*([^<\\s]*)\\s*</${name}>`).exec(parent)[1];
  const [repository] = pom.split(REPOSITORY);
  const [artifact, version] = [of('artifactId'), of('version')];
  return licence(join(repository, REPOSITORY, of('groupId').replaceAll('.', '/'), artifact, version,
    `${artifact}-${version}.pom`));
}

function written() {
  const shipped = new Set(readdirSync(SHIPPED));
  const inside = INSIDE.map(([, folder]) => `${REPOSITORY}${folder}/`);
  const entries = takenJars().map(path => {
    const folders = path.slice(path.indexOf(REPOSITORY) + REPOSITORY.length).split('/');
    const [artifact, version, jar] = folders.slice(-3);
    const classifier = jar.slice(`${artifact}-${version}`.length, -'.jar'.length);
    const name = [folders.slice(0, -3).join('.'), artifact, version].join(':') + classifier.replace('-', ':');
    const pom = join(dirname(path), `${artifact}-${version}.pom`);
    const isInside = inside.some(folder => path.includes(folder));
    const use = isInside ? 'inside' : shipped.has(jar) ? 'ships' : 'tests';
    return `${use} ${name} ${sha256(path)} ${licence(pom)}`;
  });
  return `${HEAD}${entries.sort().join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === '--write') {
    writeFileSync(LIST, written());
  } else {
    const found = faults(builtJars(), readList(), readAdvisories());
    for (const sentence of found) console.error(`dependencies: ${sentence}`);
    process.exitCode = found.length > 0 ? 1 : 0;
  }
}
