// The client of pages, and of Node. README.md tells its use.
import {GRACE, NONSENSE, byFetch, byScript, call, isRefusal, page, whichSet} from './roads.mjs';
import {idText, randomId, withoutSlash} from './text.mjs';
import {insist, never, spread, within} from './time.mjs';

// In seconds.
const HOLD = 25; // proxies cut at 30
const PATIENCE = 30; // of a set
const ANSWER = 60; // by the application
const LOOK = 300; // follow() asks again
const KNOWN_SET = 1000; // ids

export class Doorbell {
  static name = 'Doorbell'; // the build gives it a shorter one
  static newId = randomId;

  constructor(url, {hold = HOLD, transport = 'auto', callback} = {}) {
    this.url = withoutSlash(new URL(url, page?.baseURI));
    this.hold = hold;
    this.transport = transport;
    this.callback = callback;
    this._waits = new Map(); // shared requests
    this._known = new Set(); // never asked again
    this._blocked = false; // fetch, but not scripts
  }

  async wait(id, options) {
    return (await this.waitAny([id], options))[0];
  }

  async waitAny(ids, options) {
    return this._wait(this.url, Array.from(ids, idText), options);
  }

  async set(id, key, {signal = never(), timeout = PATIENCE} = {}) {
    const url = this.url + '/' + idText(id);
    const post = async signal => {
      const answer = await call(url, {method: 'POST', body: key, credentials: 'omit'}, signal);
      if (await answer.text()) throw new Error(NONSENSE);
      return answer;
    };
    const answer = await within(timeout, signal, signal =>
      insist(signal, () => within(GRACE, signal, post), isRefusal));
    this._remember(url);
    return answer.status === 201;
  }

  async follow(url, onAnswer, options = {}) {
    const {signal = never(), field = 'doorbell', look = LOOK, onError, init} = options;
    const ask = async signal => {
      const answer = await call(url, init, signal);
      const text = await answer.text();
      const json = text && /\bjson\b/i.test(answer.headers.get('Content-Type'));
      const data = json ? JSON.parse(text) : text || undefined;
      return [data, answer.headers.get('Doorbell-Wait') || (json && data?.[field])];
    };
    const round = async () => {
      const [data, named] = await within(ANSWER, signal, ask);
      signal.throwIfAborted();
      if (data !== undefined) await onAnswer(data);
      const event = named && this._place(named, options.transport);
      // No event, or one that rang: asking at once would spin.
      if (!event || this._known.has(event.base + '/' + event.id)) return undefined;
      const limits = {signal, timeout: spread(look, 0.8), transport: event.transport};
      await this._wait(event.base, [event.id], limits).catch(error => {
        if (error.name !== 'TimeoutError') throw error;
      });
      return false;
    };
    await insist(signal, round, error => void onError?.(error)).catch(error => {
      if (!signal.aborted) throw error;
    });
  }

  async _wait(base, ids, {signal = never(), timeout, transport = this.transport} = {}) {
    signal.throwIfAborted();
    if (transport === 'script' && !page) throw new TypeError('no page for a script');
    if (!ids[0] || ids[64]) throw new TypeError('a wait is for 1 to 64 ids');
    const known = ids.filter(id => this._known.has(base + '/' + id));
    if (known[0]) return known;
    const key = transport + ' ' + base + '/' + ids;
    let shared = this._waits.get(key);
    if (!shared) {
      const stop = new AbortController();
      shared = {waiters: 0, stop, rung: this._rung(base, ids, transport, stop.signal)};
      this._waits.set(key, shared);
    }
    shared.waiters++;
    try {
      return await within(timeout, signal, () => shared.rung);
    } finally {
      if (--shared.waiters === 0) {
        this._waits.delete(key);
        shared.stop.abort();
      }
    }
  }

  async _rung(base, ids, transport, signal) {
    const rung = await insist(signal, async () => {
      const hold = spread(this.hold, 0.8);
      const began = Date.now();
      const set = await this._ask(base, ids, transport, hold, signal);
      if (set[0]) return set;
      // A "not yet" at once: the node is going away, don't hammer it.
      return Date.now() - began < Math.min(1000, hold * 500) ? undefined : false;
    }, isRefusal);
    for (const id of rung) this._remember(base + '/' + id);
    if (this.callback) rung.forEach(async id => globalThis[this.callback](id));
    return rung;
  }

  async _ask(base, ids, transport, hold, signal) {
    const auto = transport === 'auto' && page;
    if (transport !== 'script' && !(auto && this._blocked)) {
      const began = Date.now();
      try {
        return await whichSet(byFetch, base, ids, hold, signal);
      } catch (error) {
        // A page's policy and a dead network look alike: a TypeError at once.
        if (!auto || !(error instanceof TypeError) || Date.now() - began > 1000) throw error;
      }
    }
    this._blocked = false;
    const set = await whichSet(byScript, base, ids, hold, signal);
    this._blocked = auto; // scripts get through: stay with them until one fails
    return set;
  }

  _place(named, transport) {
    const cut = String(named).lastIndexOf('/');
    if (cut < 0) return {base: this.url, id: idText(named), transport};
    const base = withoutSlash(new URL(named.slice(0, cut)));
    // A script runs in the page: only its own bell may send one.
    if (base !== this.url) transport = 'fetch';
    return {base, id: idText(named.slice(cut + 1)), transport};
  }

  _remember(url) {
    this._known.add(url);
    if (this._known.size > KNOWN_SET) this._known.delete(this._known.values().next().value);
  }
}
