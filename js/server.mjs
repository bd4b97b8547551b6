// Doorbell for applications: the client of doorbell.js, and what only they need. Secrets and keys
// have no place in a page. Runs in Node 20 and wherever there is WebCrypto.
// SPDX-License-Identifier: Apache-2.0
import Client from './doorbell.mjs';

const [
  afterNotYet, because, bellUrl, byFetch, callNode, checkSeconds, idText, idTexts, insist, isFinal,
  nonsense, warn, whichSet, within,
] = Client._;

// In seconds.
const ANSWER = 10; // silent for longer: the peer is gone
const FIRST_HOLD = 1; // of one among several nodes that a wait hasn't heard yet: does it hang?
const LATE = 2; // the node's "not yet" at the end of a wait may be on its way
const PATIENCE = 1; // of a set: somebody waits for the answer that it holds up

const LINES = 10_000; // a node refuses more in one request
const KEY_BYTES = 32;
const KEY = /^[!-~]{1,128}$/;
const SEVERAL_URLS = /,\s*https?:\/\/|^https?:\/\/[^/]*,/i;
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/; // RFC 6750, 2.1
const HEADERS = {Accept: 'application/json', 'Accept-Encoding': 'identity'};
const VERSION = /^(0|[1-9][0-9]*)$/;
const never = () => new AbortController().signal;
const encoder = new TextEncoder();

// The nodes of a bell: one, or several that share a store, of which each takes any set. The first is
// asked until it fails, and then the next one: who stays has few connections, and who failed last is
// tried last.
class Nodes {
  #urls;
  #first = 0;

  constructor(given) {
    this.#urls = [...new Set([given].flat().map(url => {
      if (!SEVERAL_URLS.test(url)) return bellUrl(url);
      throw new TypeError(`a node is one URL, and several are an array, not ${url}`);
    }))];
    if (!this.#urls.length) throw new TypeError('a node is an http or https URL, not an empty array');
    this.isOne = this.#urls.length === 1;
    [this.url] = this.#urls;
  }

  // Where to try, one after the other.
  inOrder() {
    return [...this.#urls.slice(this.#first), ...this.#urls.slice(0, this.#first)];
  }

  // Others may have found the same.
  failed(url) {
    if (url === this.#urls[this.#first]) this.#first = (this.#first + 1) % this.#urls.length;
  }

  // Of failures by their URLs: the failure of a single node, or an error that tells of each.
  error(failures) {
    const errors = [...failures.values()];
    const {status} = errors.at(-1);
    if (this.isOne) return errors[0];
    const message = [...failures].map(([url, {message}]) => `${url}: ${message}`).join('; ');
    return Object.assign(new AggregateError(errors, message), status === undefined ? {} : {status});
  }
}

export class Doorbell extends Client {
  #nodes;
  #secret;
  #public;
  #headers;

  constructor(url, {secret, token, public: known, origins = [], ...options} = {}) {
    const nodes = new Nodes(url);
    super(nodes.url, {origins: [...origins, ...nodes.inOrder()], ...options});
    this.#nodes = nodes;
    for (const origin of origins) new URL(origin); // a TypeError, unless it is one
    // A comma would begin another item of a header.
    this.#public = known === undefined ? '' : `${bellUrl(known).replaceAll(',', '%2C')}/`;
    if (secret !== undefined && (typeof secret !== 'string' || !secret)) {
      throw new TypeError('a secret is text, and not empty');
    }
    this.#secret = secret;
    if (token !== undefined && !(typeof token === 'string' && TOKEN.test(token))) {
      throw new TypeError('a token has letters, digits and . _ ~ + / - alone');
    }
    // Of sets alone: waiting is free.
    this.#headers = token && {...HEADERS, Authorization: `Bearer ${token}`};
  }

  async waitAny(ids, options = {}) {
    const {signal = never(), timeout = this.#nodes.isOne ? undefined : Infinity} = options;
    if (timeout === undefined) return super.waitAny(ids, options);
    checkSeconds('timeout', timeout, 0);
    const texts = idTexts(ids);
    const known = texts.filter(id => this._known.has(`${this.url}/${id}`));
    if (known.length) return known;
    const rung = await this.#lastOf(signal, timeout + LATE, inner => this.#ask(texts, timeout, inner))
      .catch(error => {
        throw signal.aborted || isFinal(error) ? error : late(timeout, error);
      });
    if (!rung.length) throw late(timeout);
    for (const id of rung) this._remember(`${this.url}/${id}`);
    return rung;
  }

  async set(id, key, options) {
    const text = idText(id);
    if (key !== undefined && typeof key !== 'string') throw new TypeError('a key is text');
    const {status} = await this.#post(text, key, options, told => !told);
    this._remember(`${this.url}/${text}`);
    return status === 201;
  }

  async setAll(lines, options) {
    const texts = Array.from(lines, lineText);
    const sum = {set: 0, already: 0};
    for (let from = 0; from < texts.length; from += LINES) {
      const some = texts.slice(from, from + LINES);
      const read = text => count(text, some.length);
      const {told} = await this.#post('', some.join('\n'), options, read);
      sum.set += told.set;
      sum.already += told.already;
    }
    return sum;
  }

  topic(name) {
    const secret = this.#secret;
    if (secret === undefined) throw new TypeError('topics need new Doorbell(url, {secret})');
    // `undefined` would be the name of a topic that strangers share.
    if (!/^(string|bigint)$/.test(typeof name) && !Number.isSafeInteger(name)) {
      throw new TypeError(`a topic's name is text, not ${typeof name}`);
    }
    return {
      async at(version) {
        if (typeof version === 'number' && !Number.isSafeInteger(version)) {
          throw new TypeError(`${version} has lost digits: give a string or a BigInt`);
        }
        if (!VERSION.test(version)) throw new TypeError(`no version, 0 or more: ${version}`);
        return Doorbell.ofKey(await hmac(secret, `${name}\n${version}`));
      },
    };
  }

  header(...ids) {
    return {'Doorbell-Wait': this.#public + idTexts(ids)};
  }

  static async newSealed() {
    return Doorbell.ofKey(hex(crypto.getRandomValues(new Uint8Array(KEY_BYTES))));
  }

  static async ofKey(key) {
    return {id: hex(await crypto.subtle.digest('SHA-256', encoder.encode(keyText(key)))), key};
  }

  // Which of them are set; none, if the end came first. A node that holds the first request as it
  // should is asked to hold the next one for long; whoever hangs is left after its part.
  #ask(ids, timeout, signal) {
    const end = performance.now() + timeout * 1000;
    let heard;
    return async (url, part) => {
      const began = performance.now();
      const isHeard = this.#nodes.isOne || url === heard;
      heard = undefined;
      const longest = isHeard ? this.hold : Math.min(this.hold, FIRST_HOLD, part / 2);
      const hold = Math.max(0, Math.min(longest, (end - began) / 1000));
      const ask = signal => whichSet(byFetch, url, ids, hold, signal);
      const set = await (isHeard ? ask(signal) : within(part, signal, ask));
      const now = performance.now();
      if (set.length || now >= end) return set;
      const next = afterNotYet((now - began) / 1000, hold);
      if (next !== undefined) heard = url;
      return next;
    };
  }

  // `read` finds in an answer what only a node says, or nothing.
  #post(path, body, {signal = never(), timeout = PATIENCE} = {}, read) {
    checkSeconds('timeout', timeout, 0);
    const once = async (url, signal) => {
      const init = {method: 'POST', body, headers: this.#headers || HEADERS};
      const answer = await callNode(`${url}/${path}`, init, signal);
      const told = read(await answer.text());
      if (!told || answer.status > 201) throw nonsense();
      return {status: answer.status, told};
    };
    return this.#lastOf(signal, timeout, signal => (url, seconds) =>
      within(Math.min(ANSWER, seconds), signal, signal => once(url, signal)));
  }

  // Insists on what work(signal) gives at one of the nodes, each of which has a part of the time that
  // is left; when it is over, the last failures tell more. Empty, if the last answer was a "not yet".
  async #lastOf(signal, seconds, work) {
    const end = performance.now() + seconds * 1000;
    const failures = new Map(); // by the URLs of those who were tried, the last one last
    let asking;
    return within(seconds, signal, inner => {
      const once = work(inner);
      return insist(inner, async () => {
        const urls = this.#nodes.inOrder();
        let retryAfter = 0;
        for (let left = urls.length; ; left--) {
          asking = urls.at(-left);
          let result;
          try {
            // The last one has until the end.
            const part = left > 1 ? (end - performance.now()) / 1000 / left : Infinity;
            result = await once(asking, part);
          } catch (error) {
            if (inner.aborted) throw error; // says less than what failed before
            failures.delete(asking);
            failures.set(asking, error);
            if (isFinal(error)) throw error;
            warn(asking, error);
            this.#nodes.failed(asking);
            retryAfter = Math.max(retryAfter, error.retryAfter || 0);
            if (left === 1) throw retryAfter ? Object.assign(error, {retryAfter}) : error;
            continue;
          }
          failures.clear();
          if (result === undefined) {
            this.#nodes.failed(asking); // it goes away
            if (left > 1) continue;
          }
          asking = undefined;
          // Another node of the round has said when to come again.
          if (result === undefined && retryAfter) throw Object.assign(new Error(), {retryAfter});
          return result;
        }
      }, isFinal);
    }).catch(error => {
      if (signal.aborted) throw error;
      const isLate = error.name === 'TimeoutError';
      if (asking && isLate && !failures.has(asking)) {
        failures.set(asking, new DOMException('the node is silent', 'TimeoutError'));
        this.#nodes.failed(asking);
      }
      if (failures.size) throw this.#nodes.error(failures);
      if (!isLate) throw error;
      return [];
    });
  }
}

export default Doorbell;

function late(seconds, cause) {
  return because(new DOMException(`not within ${seconds} s`, 'TimeoutError'), cause);
}

// A key of two lines would set an id of somebody else's.
function lineText(line, index) {
  try {
    if (typeof line !== 'object' || !line) return idText(line);
    return `${idText(line.id)} ${keyText(line.key)}`;
  } catch (error) {
    throw new TypeError(`line ${index + 1}: ${error.message}`);
  }
}

function keyText(key) {
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw new TypeError('a key is 1 to 128 printable ASCII characters without spaces');
  }
  return key;
}

function count(text, lines) {
  try {
    const {set, already} = JSON.parse(text);
    return Number.isInteger(set) && set + already === lines && {set, already};
  } catch (error) {
    return undefined;
  }
}

async function hmac(secret, text) {
  const hash = {name: 'HMAC', hash: 'SHA-256'};
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), hash, false, ['sign']);
  return hex(await crypto.subtle.sign('HMAC', key, encoder.encode(text)));
}

function hex(bytes) {
  return Array.from(new Uint8Array(bytes), byte => byte.toString(16).padStart(2, '0')).join('');
}
