// Looks from here whether a node is reached, whether its certificate is good, and whether a set
// wakes a wait. It asks for an id of its own, and judges by what is missing, never by what is slow.
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { Doorbell } from '../server.mjs';

const LIMIT = 10; // seconds, for a check
const BEFORE = 1; // seconds before the set, in which nothing may end the wait
const HOLD = 25; // seconds for which the node is asked to hold the wait, as a client asks it
const ANSWER_BYTES = 65_536; // a node's answers are far shorter
const LONGEST_WORD = 200;
// A line of a cure is indented by 4 and has 80 columns at most; a longer word stands whole.
const CURE_LINE = /\S.{0,75}(?=\s|$)|\S+/g;
const TOKEN = process.env.DOORBELL_TOKEN; // that the node may want of who sets

export const MARKS = {
  utf8: { ok: '\u2713', bad: '\u2717', note: '!' },
  other: { ok: 'ok ', bad: 'BAD', note: '!  ' },
};
export const CHECKS = { reached: 'reached', tls: 'TLS', wake: 'set to wake' };
export const TRUST = 'NODE_EXTRA_CA_CERTS in the environment';

// CHECK/KIND: mark, sentence, cure; in the words of all clients, see spec/doctor.json.
export const FINDINGS = {
  'reached/well': ['ok', 'a Doorbell node answers at {url}.', ''],
  'reached/name': ['bad',
    'the name {host} leads to no address.',
    'Is it spelt right? Does the name server of this machine know it?'],
  'reached/refused': ['bad',
    'nobody listens at {place}.',
    'Does the node run, and is the port right? A node that listens at 127.0.0.1 is reached from '
      + 'its own machine alone.'],
  'reached/blocked': ['bad',
    'no connection to {place} in {seconds} s.',
    'A firewall, or a wrong address? Many hosts let their programs out to the ports 80 and 443 '
      + 'only.'],
  'reached/none': ['bad',
    'no connection to {place}: {why}.',
    'Is there a way from this machine to {host}?'],
  'reached/silent': ['bad',
    '{place} takes a connection, and gives no answer in {seconds} s.',
    'Does another server listen there, or a proxy that waits for its node?'],
  'reached/cut': ['bad',
    '{place} hangs up without an answer.',
    'Does it speak TLS? Its URL begins with https: then. Or is it a proxy without its node?'],
  'reached/plain': ['bad',
    '{place} speaks no TLS.',
    'Give the URL with http: if that is meant, or start the node with --tls-cert and --tls-key.'],
  'reached/alien': ['bad', '{place} speaks no HTTP.', 'Is the port right?'],
  'reached/page': ['bad',
    'a web page answers at {url}, and no Doorbell node.',
    'Is it the login page of a network, or the application itself? Look at {url}/ from this '
      + 'machine.'],
  'reached/login': ['bad',
    'whoever answers at {url} wants a login, or refuses strangers (status {status}).',
    'A node does neither. Have the proxy before it let this machine in.'],
  'reached/redirect': ['bad',
    '{url} redirects to {to}.',
    'A client of Doorbell follows no redirect. If the node is there, give its URL.'],
  'reached/absent': ['bad',
    'there is a server and no Doorbell node at {url} (status 404).',
    'Is the path right? Behind a web server it is mostly /doorbell, and by itself a node needs '
      + 'none.'],
  'reached/gateway': ['bad',
    'a proxy answers at {url}, and does not reach its node (status {status}).',
    'Does the node run, at the address that the proxy has for it?'],
  'reached/full': ['bad',
    'whoever answers at {url} has no room (status {status}).',
    'Try again in a minute. If it is the node, its log tells why.'],
  'reached/other': ['bad',
    'another server answers at {url}, and no Doorbell node (status {status}).',
    'Are host, port and path right?'],
  'reached/stale': ['bad',
    '{url} says that an event is set which nobody has set.',
    "Is a cache in between? A node's answers say Cache-Control: no-store, and it must not keep "
      + 'them.'],
  'tls/well': ['ok', 'the certificate is trusted, and names {host}.', ''],
  'tls/here': ['ok', 'none, and none is needed: {host} is this machine.', ''],
  'tls/open': ['note',
    'none: anyone between this machine and {host} can read ids, and set them.',
    'Take https, unless the network between is your own.'],
  'tls/untried': ['note', 'not tried.', ''],
  'tls/untrusted': ['bad',
    'this machine does not trust the certificate of {place}.',
    'Has the node the whole chain (fullchain.pem)? A certificate of your own is trusted by '
      + '{trust}.'],
  'tls/expired': ['bad',
    'the certificate of {place} has expired.',
    'Renew it: a node takes the new files while it runs. Is the clock of this machine right?'],
  'tls/early': ['bad',
    'the certificate of {place} is not valid yet.',
    'Is the clock of this machine right?'],
  'tls/name': ['bad',
    'the certificate of {place} does not name {host}.',
    'Give the URL with a name that it has, or the node a certificate with this one.'],
  'tls/failed': ['bad',
    'no TLS with {place}: {why}.',
    'Does something in between let no TLS through, or speak another version of it?'],
  'wake/well': ['ok', '{millis} ms, with a new connection for the set.', ''],
  'wake/untried': ['note', 'not tried.', ''],
  'wake/early': ['bad',
    'the wait was answered, and not by the set (status {status}).',
    'Is a cache or a login page in between? Nothing may answer for the node, or keep what it '
      + 'says.'],
  'wake/short': ['bad',
    'the wait was ended by a "not yet" within {seconds} s.',
    'Does a cache keep what the node says, or a proxy let nothing hang? Or is the '
      + 'node shutting down?'],
  'wake/refused': ['bad',
    'the wait was refused (status {status}).',
    'With 504 a proxy cuts off what hangs: give it more time. With 429 or 503 the node is full.'],
  'wake/cut': ['bad',
    'the wait was cut off without an answer.',
    'Does a proxy end requests that hang? Clients ask for 25 s, and go on after that.'],
  'wake/unset': ['bad',
    'the set was not taken: {why}.',
    'Does what stands in between let a POST through, and to the same node?'],
  'wake/asleep': ['bad',
    'the event was set, and the wait was not woken in {seconds} s.',
    "Are there two nodes behind this URL? They don't know of each other. Or a proxy that holds "
      + 'answers back?'],
};

// Of Node's errors by their codes; whatever else is wrong with a certificate is a chain that leads
// nowhere.
const NO_CONNECTION = {
  ENOTFOUND: 'name', EAI_AGAIN: 'name', EAI_NONAME: 'name', EAI_NODATA: 'name',
  ECONNREFUSED: 'refused', ETIMEDOUT: 'blocked', LATE: 'blocked',
};
const NO_TLS = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|RECORD_LAYER_FAILURE/;
const DISTRUST = {
  CERT_NOT_YET_VALID: 'early', CERT_HAS_EXPIRED: 'expired', ERR_TLS_CERT_ALTNAME_INVALID: 'name',
};
const UNTRUSTED = /CERT|ISSUER|SIGNATURE|CHAIN/;
const WHOSE = {
  204: 'well', 401: 'login', 403: 'login', 404: 'absent', 407: 'login', 429: 'full',
  502: 'gateway', 503: 'gateway', 504: 'gateway', 511: 'login',
};

// Prints what it finds; resolves with the exit code.
export async function doctor(node) {
  const locale = process.env.LC_ALL || process.env.LC_CTYPE || process.env.LANG || '';
  const isUtf8 = process.platform === 'win32' || /utf-?8/i.test(locale);
  let code = 0;
  for await (const { finding, words } of examine(new Doorbell(node).url)) {
    console.log(lines(finding, words, isUtf8));
    if (FINDINGS[finding][0] === 'bad') code = 1;
  }
  return code;
}

function lines(finding, words, isUtf8) {
  const [mark, sentence, cure] = FINDINGS[finding];
  const [check] = finding.split('/');
  // A terminal would obey what a stranger says.
  const filled = text => text.replace(/\{(\w+)\}/g,
    (all, name) => String(words[name]).replace(/[^ -~]/g, '?').slice(0, LONGEST_WORD));
  const line = `${MARKS[isUtf8 ? 'utf8' : 'other'][mark]} ${CHECKS[check]}: ${filled(sentence)}`;
  const below = filled(cure).match(CURE_LINE) ?? [];
  return [line, ...below].join('\n    ');
}

// The findings, a check each, as they come.
async function* examine(url) {
  const { protocol, hostname, port, pathname } = new URL(url);
  const isTls = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const path = pathname.replace(/\/$/, '');
  const at = { host, port: Number(port) || (isTls ? 443 : 80), isTls, path };
  const id = Doorbell.newId();
  const words = { url, host, place: `${hostname}:${at.port}`, seconds: LIMIT, trust: TRUST };
  const reached = await reach(at, id, words);
  yield { finding: `reached/${reached}`, words };
  const trusted = words.isConnected ? await trust(at, words) : 'untried';
  yield { finding: `tls/${trusted}`, words };
  const isTried = reached === 'well' && FINDINGS[`tls/${trusted}`][0] !== 'bad';
  yield { finding: `wake/${isTried ? await wake(at, id, words) : 'untried'}`, words };
}

// Who answers there? Its certificate is the next question, so any will do here.
async function reach(at, id, words) {
  const late = after(LIMIT);
  let socket;
  try {
    socket = await connect(at, late);
  } catch (error) {
    words.why = error.message || error.code;
    return NO_CONNECTION[error.code] || 'none';
  }
  words.isHere = socket.remoteAddress === socket.localAddress || isLoopback(socket.remoteAddress);
  try {
    if (at.isTls) socket = await secure(at, late, { socket, rejectUnauthorized: false });
  } catch (error) {
    words.why = error.message || error.code;
    return error.code === 'LATE' ? 'silent' : NO_TLS.test(error.code) ? 'plain'
      : isCut(error) ? 'cut' : 'none';
  }
  words.isConnected = true;
  try {
    return whose(await ask(at, socket, 'GET', `${id}?timeout=0`, late), words);
  } catch (error) {
    return error.code === 'LATE' ? 'silent' : isCut(error) ? 'cut' : 'alien';
  } finally {
    socket.destroy();
  }
}

// What an answer to an ask for what nobody has set shows.
function whose({ status, headers, body, json }, words) {
  Object.assign(words, { status, to: headers.location || 'nowhere' });
  if (status >= 300 && status < 400) return 'redirect';
  if (status === 200 && json.set) return 'stale';
  if (status !== 204 && status < 300 && /^\s*</.test(body)) return 'page';
  if (status === 503 && /^application\/problem\+json/i.test(headers['content-type'])) return 'full';
  return WHOSE[status] || 'other';
}

export async function trust(at, words) {
  if (!at.isTls) return words.isHere ? 'here' : 'open';
  try {
    const late = after(LIMIT);
    (await secure(at, late, { socket: await connect(at, late) })).destroy();
    return 'well';
  } catch (error) {
    words.why = error.message || error.code;
    return DISTRUST[error.code] || (UNTRUSTED.test(error.code) ? 'untrusted' : 'failed');
  }
}

async function wake(at, id, words) {
  const late = after(LIMIT);
  const sockets = [];
  const once = async (method, target) => {
    const plain = await connect(at, late);
    sockets.push(plain);
    const socket = at.isTls ? await secure(at, late, { socket: plain }) : plain;
    return { ...await ask(at, socket, method, target, late), at: performance.now() };
  };
  try {
    const wait = once('GET', `${id}?timeout=${HOLD}`).catch(error => ({ error }));
    const early = await Promise.race([wait, after(BEFORE).catch(() => undefined)]);
    if (early) return unwoken(early, words);
    const began = performance.now();
    const taken = await once('POST', id).catch(() => undefined);
    if (!taken || taken.status > 201 || taken.body.trim()) return untaken(taken, words);
    const woken = await wait;
    if (woken.status !== 200 || woken.json.set?.[0] !== id) return unwoken(woken, words);
    words.millis = Math.ceil(woken.at - began);
    return 'well';
  } finally {
    sockets.forEach(socket => socket.destroy());
  }
}

function untaken(answer, words) {
  words.why = !answer ? 'no answer'
    : answer.status < 300 ? 'a page answered' : `status ${answer.status}`;
  return 'unset';
}

function unwoken({ status, error }, words) {
  if (error) return error.code === 'LATE' ? 'asleep' : 'cut';
  words.status = status;
  return status === 204 ? 'short' : status < 300 ? 'early' : 'refused';
}

// Rejects then. Whoever races against it hears of it; nobody else needs to.
function after(seconds) {
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(Object.assign(new Error('no answer in time'), { code: 'LATE' })),
      seconds * 1000).unref();
  });
  late.catch(() => {});
  return late;
}

// Each address of a name has its time, where Node goes on to the next one after 250 ms.
async function connect({ host, port }, late) {
  const socket = net.connect({ host, port, autoSelectFamilyAttemptTimeout: 2_000 });
  let isKnown = net.isIP(host) !== 0;
  socket.once('lookup', () => { isKnown = true; });
  try {
    return await opened(socket, 'connect', late);
  } catch (error) {
    throw isKnown || error.code !== 'LATE' ? error
      : Object.assign(new Error('the name server is silent'), { code: 'EAI_AGAIN' });
  }
}

function secure({ host }, late, options) {
  const servername = net.isIP(host) ? '' : host;
  return opened(tls.connect({ host, servername, ALPNProtocols: ['http/1.1'], ...options }),
    'secureConnect', late);
}

async function opened(socket, event, late) {
  try {
    await Promise.race([late, new Promise((resolve, reject) => {
      socket.once(event, resolve).once('error', reject).once('close', () => reject(cut()));
    })]);
    return socket.on('error', () => {});
  } catch (error) {
    socket.on('error', () => {}).destroy();
    throw error;
  }
}

function ask({ host, port, isTls, path }, socket, method, target, late) {
  const isUsual = port === (isTls ? 443 : 80);
  const name = net.isIPv6(host) ? `[${host}]` : host;
  const headers = {
    Host: isUsual ? name : `${name}:${port}`, Connection: 'close',
    Accept: 'application/json', 'Accept-Encoding': 'identity',
    ...method === 'POST' && { 'Content-Length': 0 },
    ...method === 'POST' && TOKEN && { Authorization: `Bearer ${TOKEN}` },
  };
  const answer = new Promise((resolve, reject) => {
    http.request({ method, path: `${path}/${target}`, headers, createConnection: () => socket })
      .on('error', reject).on('response', response => read(response).then(resolve, reject)).end();
  });
  answer.catch(() => {});
  return Promise.race([late, answer]);
}

async function read(response) {
  const { statusCode: status, headers } = response;
  const isPage = /^text\/html/i.test(headers['content-type']);
  let body = isPage ? '<' : '';
  if (!isPage && status < 300) { // a page may have no end
    for await (const chunk of response.setEncoding('utf8')) {
      body += chunk;
      if (body.length > ANSWER_BYTES) break;
    }
  }
  return { status, headers, body, json: parsed(body) };
}

function parsed(body) {
  try {
    return Object(JSON.parse(body));
  } catch (error) {
    return {};
  }
}

const cut = () => Object.assign(new Error('it hung up'), { code: 'ECONNRESET' });
const isCut = ({ code }) => /^(ECONNRESET|EPIPE|ECONNABORTED)$/.test(code);
const isLoopback = address => /^(127\.|::1$|::ffff:127\.)/i.test(address);
