// The client of pages, and of Node. README.md tells its use.
import {lineTo} from './line.mjs';
import {GRACE, call, callNode, isFinal, nonsense, page} from './requests.mjs';
import {guard, warn} from './tell.mjs';
import {bellUrl, here, idText, idTexts, randomId, readWait} from './text.mjs';
import {because, checkSeconds, insist, spread, unlessLate, within} from './time.mjs';

// In seconds.
const HOLD = 25; // proxies cut at 30
const PATIENCE = 30; // of a set
const ANSWER = 60; // by the application
const LOOK = 300; // follow() asks again
const LEAST = 0.1; // of a hold, and of a look
const KNOWN_SET = 1000; // ids

export class Doorbell {
  static name = 'Doorbell'; // the build gives it a shorter one
  static newId = randomId;
  static randomId = randomId;

  constructor(url, {hold = HOLD, transport = 'auto', share = true, callback, origins} = {}) {
    this._given = url;
    // A server that renders a page has no location: a relative URL is resolved when it is needed.
    bellUrl(url, here() || 'http://later');
    if (here()) this.url;
    checkSeconds('hold', hold, LEAST);
    this.hold = hold;
    this.transport = transport;
    this.share = share;
    this.callback = callback;
    this.origins = origins;
    this._known = new Set(); // never asked again
    this._called = new WeakSet(); // waits that the callback was told of
  }

  get url() {
    return this._url ||= bellUrl(this._given, here());
  }

  async wait(id, options) {
    return (await this.waitAny([id], options))[0];
  }

  async waitAny(ids, options) {
    return this._wait(this.url, idTexts(ids), options);
  }

  async set(id, key = '', {signal, timeout = PATIENCE} = {}) {
    const url = this.url + '/' + idText(id);
    if (typeof key !== 'string') throw new TypeError('a key is text');
    checkSeconds('timeout', timeout, 0);
    let failure;
    const post = async signal => {
      const answer = await callNode(url, {method: 'POST', body: key}, signal);
      if (await answer.text() || answer.status > 201) throw nonsense();
      return answer;
    };
    const answer = await within(timeout, signal, signal =>
      insist(signal, () => within(GRACE, signal, post), error => {
        failure = error;
        return isFinal(error) || warn(this.url, error);
      })).catch(error => { throw because(error, failure); });
    this._remember(url);
    return answer.status === 201;
  }

  async follow(url, onAnswer, options = {}) {
    const {signal, field = 'doorbell', look = LOOK, init, onError} = options;
    const {origins = this.origins} = options;
    checkSeconds('look', look, LEAST);
    const own = this.url;
    const asked = () => new URL(url, here()).href; // as it is now: it may be an object that changes
    let application = asked();
    let place; // where an error is from
    let over; // by what onError throws
    const tell = error => {
      over = true;
      onError?.(error);
      over = false;
    };
    const ask = async signal => {
      const answer = await call(application, init, signal);
      const text = await answer.text();
      const json = text && /\bjson\b/i.test(answer.headers.get('Content-Type'));
      const data = json ? JSON.parse(text) : text || undefined;
      const named = answer.headers.get('Doorbell-Wait') ?? (json ? data?.[field] : undefined);
      return [data, named ?? undefined, answer.url || application];
    };
    const round = async () => {
      place = application = asked();
      const [data, named, answered] = await within(ANSWER, signal, ask);
      signal?.throwIfAborted();
      if (data !== undefined) await guard(place, () => onAnswer(data), tell);
      signal?.throwIfAborted();
      if (named === undefined) {
        const message = `no event in Doorbell-Wait or "${field}", so it is polled`;
        return warn(place, {message}, 'no-event');
      }
      const {base, ids} = readWait(named, answered, own);
      // A page is its user's, who may go anywhere; a server stands where others can't.
      const {origin} = new URL(base);
      const places = [own, ...origins || here() && [base] || []];
      if (!places.some(url => new URL(url).origin === origin)) {
        throw new TypeError(`${origin} is not in \`origins\``);
      }
      const known = ids.find(id => this._known.has(base + '/' + id));
      if (known) { // asking at once would spin
        const message = `event ${known} is set already, so it is polled`;
        return warn(place, {message}, 'set-already');
      }
      place = base;
      // A script runs in the page: only its own bell may send one.
      const transport = base === own ? options.transport : 'fetch';
      const timeout = spread(look, 0.8);
      await this._wait(base, ids, {signal, timeout, transport}).catch(unlessLate);
      return false;
    };
    await insist(signal, round, error => over || (warn(place, error), tell(error))).catch(error => {
      if (!signal?.aborted) throw error;
    });
  }

  async _wait(base, ids, {signal, timeout = Infinity, transport = this.transport} = {}) {
    signal?.throwIfAborted();
    checkSeconds('timeout', timeout, 0);
    const transports = {auto: 1, fetch: 1, websocket: globalThis.WebSocket, script: page};
    if (!transports[transport]) throw new TypeError(`no ${transport} here`);
    const known = ids.filter(id => this._known.has(base + '/' + id));
    if (known[0]) return known;
    const line = lineTo(base, transport, this);
    const waits = ids.map(line.join);
    try {
      await within(timeout, signal, () => Promise.race(waits.map(({rung}) => rung)));
    } catch (error) {
      throw because(error, line.failure());
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
    guard(base, () => globalThis[this.callback](wait.id));
  }

  _remember(url) {
    this._known.add(url);
    if (this._known.size > KNOWN_SET) this._known.delete(this._known.values().next().value);
  }
}
