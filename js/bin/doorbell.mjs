#!/usr/bin/env node
// Waits for event variables and sets them from a shell: --help tells how.
import { readFileSync } from 'node:fs';
import { Doorbell } from '../server.mjs';
import { doctor } from './doctor.mjs';

const WELL = 0;
const NOT_IN_TIME = 1;
const ERROR = 2;
const SET_SECONDS = 30; // long enough for a node to restart
const TOKEN = process.env.DOORBELL_TOKEN || undefined;

const HELP = `Usage: doorbell-client COMMAND ARGUMENT...
Waits for event variables at a Doorbell node, and sets them. Once set, an event
stays set; a node forgets it after 24 hours, or what its --remember says.

  wait NODE ID[,ID...] [SECONDS]
        Waits until one of them is set, 64 at most, and prints those that are,
        a line each. Without SECONDS it waits for ever; 0 only asks.
  set NODE ID [KEY | --key-file FILE]
        Sets it, and prints "first" if this call did, or "already". A sealed id
        needs its key, as it stands in FILE (- is standard input) or in the
        environment as DOORBELL_KEY: others see a KEY in the list of processes.
  setAll NODE
        Sets many: reads lines, ID or ID KEY, and prints how many it set and
        how many were set already.
  derive SECRET|--secret-file FILE TOPIC VERSION
        Prints the id and the key of a topic's version.
  doctor NODE
        Looks from here whether NODE is reached, whether its certificate is
        good, and whether a set wakes a wait; a cross comes with its cure.

A node may want a token of who sets: it stands in the environment as
DOORBELL_TOKEN, and goes to NODE with each set, the doctor's too.
NODE is a URL such as http://127.0.0.1:8080, or of nodes that share a store
several with commas, but for the doctor. A set is tried for ${SET_SECONDS} s.
Exit codes: 0 well; 1 not set in time (wait); 2 an error, told on standard
error, also where a wait's last try failed. What may pass is tried again.
The doctor's codes: 0 all is well; 1 there is a cross; 2 no NODE was named.
Also: --help, --version.
`;

const USAGE = 'wait NODE ID[,ID...] [SECONDS], set NODE ID [KEY | --key-file FILE], setAll NODE,'
  + ' derive SECRET TOPIC VERSION, or doctor NODE; --help tells more';

// Of how many words each is made.
const COMMANDS = new Map([
  ['wait', [2, 3, wait]],
  ['set', [2, 4, set]],
  ['setAll', [1, 1, setAll]],
  ['derive', [3, 4, derive]],
  ['doctor', [1, 1, examine]],
]);

async function wait(node, ids, seconds) {
  if (seconds !== undefined && !/^\d+(\.\d+)?$/.test(seconds)) {
    throw new TypeError(`SECONDS is a number such as 30 or 0.5, not ${seconds}`);
  }
  const timeout = seconds === undefined ? undefined : Number(seconds);
  const set = await new Doorbell(nodes(node)).waitAny(ids.split(','), { timeout });
  return set.join('\n');
}

async function set(node, id, ...words) {
  if (words[1] !== undefined && words[0] !== '--key-file') throw new TypeError(USAGE);
  const key = words[1] !== undefined ? (await text(words[1])).trim()
    : words[0] ?? (process.env.DOORBELL_KEY || undefined);
  const bell = new Doorbell(nodes(node), { token: TOKEN });
  return await bell.set(id, key, { timeout: SET_SECONDS }) ? 'first' : 'already';
}

async function setAll(node) {
  const bell = new Doorbell(nodes(node), { token: TOKEN });
  const all = (await text('-')).replace(/\r?\n$/, '');
  const lines = all.split(/\r?\n/).map((line, index) => {
    const [id, key, ...more] = line.split(' ');
    if (more.length) throw new TypeError(`line ${index + 1} is neither ID nor ID KEY`);
    return key === undefined ? id : { id, key };
  });
  const count = await bell.setAll(lines, { timeout: SET_SECONDS });
  return `${count.set} ${count.already}`;
}

// The URLs; a comma in a path begins no other one.
const nodes = text => text.split(/,(?=https?:\/\/)/i);

// What stands in a file, or in standard input.
async function text(path) {
  if (path !== '-') return readFileSync(path, 'utf8');
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function derive(...words) {
  if (words.length === 4 && words[0] !== '--secret-file') throw new TypeError(USAGE);
  if (words.length === 4) words.splice(0, 2, (await text(words[1])).replace(/[\r\n]+$/, ''));
  const [secret, topic, version] = words;
  const { id, key } = await new Doorbell('http://localhost', { secret }).topic(topic).at(version);
  return `${id} ${key}`;
}

async function examine(node) {
  process.exitCode = await doctor(node);
}

// Of a failure of the node: its URL, and what the last try met. Of several, it names them itself.
function sentence(error, node) {
  const reason = error.name === 'TimeoutError' && error.cause ? `: ${error.cause.message}` : '';
  const isOfOne = error.cause || error.status !== undefined || error.name === 'TimeoutError';
  const place = isOfOne && !(error instanceof AggregateError) ? `${node}: ` : '';
  return `doorbell: ${place}${error.message}${reason}`.replace(/\s+/g, ' ');
}

async function run([name, ...words]) {
  if (name === '--help' || name === '-h') return HELP;
  if (name === '--version') {
    return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
  }
  const [least, most, command] = COMMANDS.get(name) || [];
  if (!(words.length >= least && words.length <= most)) {
    throw new TypeError(USAGE);
  }
  return command(...words);
}

const words = process.argv.slice(2);
let told;
console.warn = text => {
  told = text.replace(/^Doorbell/, 'doorbell').replace(/ \([^ ]*README[^ ]*\)$/, '');
  console.error(told);
};
try {
  const said = await run(words);
  if (said !== undefined) console.log(said.trimEnd());
  process.exitCode ??= WELL;
} catch (error) {
  // Without a cause, it is what a node said.
  const isNotYet = error.name === 'TimeoutError' && words[0] === 'wait' && !error.cause;
  const said = sentence(error, words[1]?.replace(/\/+$/, ''));
  if (!isNotYet && said !== told) console.error(said);
  process.exitCode = isNotYet ? NOT_IN_TIME : ERROR;
}
