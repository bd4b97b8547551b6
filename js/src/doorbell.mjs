// The client of pages, and of Node. README.md tells its use.
import {lineTo} from './line.mjs';
import {GRACE, NONSENSE, call, isRefusal, page} from './requests.mjs';
import {idText, randomId, readWait, withoutSlash} from './text.mjs';
import {insist, spread, unlessLate, within} from './time.mjs';

// In seconds.
const HOLD = 25; // proxies cut at 30
const PATIENCE = 30; // of a set
const ANSWER = 60; // by the application
const LOOK = 300; // follow() asks again
const KNOWN_SET = 1000; // ids

export class Doorbell {
  static name = 'Doorbell'; // the build gives it a shorter one
  static newId = randomId;
  static randomId = randomId;

  constructor(url, {hold = HOLD, transport = 'auto', share = true, callback} = {}) {
    this.url = withoutSlash(new URL(url, page?.baseURI));
    this.hold = hold;
    this.transport = transport;
    this.share = share;
    this.callback = callback;
    this._known = new Set(); // never asked again
    this._called = new WeakSet(); // waits that the callback was told of
  }

  async wait(id, options) {
    return (await this.waitAny([id], options))[0];
  }

  async waitAny(ids, options) {
    return this._wait(this.url, Array.from(ids, idText), options);
  }

  async set(id, key, {signal, timeout = PATIENCE} = {}) {
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
    const {signal, field = 'doorbell', look = LOOK, onError, init} = options;
    const ask = async signal => {
      const answer = await call(url, init, signal);
      const text = await answer.text();
      const json = text && /\bjson\b/i.test(answer.headers.get('Content-Type'));
      const data = json ? JSON.parse(text) : text || undefined;
      const named = answer.headers.get('Doorbell-Wait') ?? (json ? data?.[field] : undefined);
      return [data, named ?? undefined, answer.url];
    };
    const round = async () => {
      const [data, named, from] = await within(ANSWER, signal, ask);
      signal?.throwIfAborted();
      if (data !== undefined) await onAnswer(data);
      if (named === undefined) return undefined;
      const {base, ids} = readWait(named, from, this.url);
      // One that rang: asking at once would spin.
      if (ids.some(id => this._known.has(base + '/' + id))) return undefined;
      // A script runs in the page: only its own bell may send one.
      const transport = base === this.url ? options.transport : 'fetch';
      const limits = {signal, timeout: spread(look, 0.8), transport};
      await this._wait(base, ids, limits).catch(unlessLate);
      return false;
    };
    await insist(signal, round, error => void onError?.(error)).catch(error => {
      if (!signal?.aborted) throw error;
    });
  }

  async _wait(base, ids, {signal, timeout, transport = this.transport} = {}) {
    signal?.throwIfAborted();
    const needed = {script: page, websocket: globalThis.WebSocket};
    if (transport in needed && !needed[transport]) throw new TypeError(`no ${transport} here`);
    if (!ids[0] || ids[64]) throw new TypeError('a wait is for 1 to 64 ids');
    const known = ids.filter(id => this._known.has(base + '/' + id));
    if (known[0]) return known;
    const line = lineTo(base, transport, this);
    const waits = ids.map(line.join);
    try {
      await within(timeout, signal, () => Promise.race(waits.map(({rung}) => rung)));
    } finally {
      waits.forEach(line.leave);
    }
    const rung = waits.filter(({road}) => road);
    rung.forEach(wait => this._rung(base, wait));
    return rung.map(({id}) => id);
  }

  async _rung(base, wait) {
    this._remember(base + '/' + wait.id);
    this.road = wait.road; // of the last wait that ended
    // Several may have waited for it.
    if (!this.callback || this._called.has(wait)) return;
    this._called.add(wait);
    globalThis[this.callback](wait.id);
  }

  _remember(url) {
    this._known.add(url);
    if (this._known.size > KNOWN_SET) this._known.delete(this._known.values().next().value);
  }
}
