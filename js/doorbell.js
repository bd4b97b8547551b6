// Doorbell's browser client: README.md tells its use. SPDX-License-Identifier: Apache-2.0
(function () {
  'use strict';

  // In seconds.
  const HOLD = 25; // proxies cut at 30
  const GRACE = 10; // longer: gone
  const PATIENCE = 30; // of a set
  const ANSWER = 60; // by the application
  const FIRST_PAUSE = 0.5; // each failure doubles it
  const LONGEST_PAUSE = 30;
  const LONGEST_RETRY_AFTER = 300; // not for good
  const LOOK = 300; // follow() asks again
  const KNOWN_SET = 1000; // ids
  const NONSENSE = 'no answer of a bell'; // a login page may come with 200, too

  const ID = /^((\d{1,39})|[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;
  const never = () => new AbortController().signal;
  const page = globalThis.document; // not in Node
  let policy;

  class Doorbell {
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

    static newId() {
      const words = crypto.getRandomValues(new Uint32Array(4));
      return String(words.reduce((sum, word) => sum << 32n | BigInt(word), 0n));
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
        const set = await this._whichSet(base + '/' + ids, ids, transport, hold, signal);
        if (set[0]) return set;
        // A "not yet" at once: the node is going away, don't hammer it.
        return Date.now() - began < Math.min(1000, hold * 500) ? undefined : false;
      }, isRefusal);
      for (const id of rung) this._remember(base + '/' + id);
      if (this.callback) rung.forEach(async id => globalThis[this.callback](id));
      return rung;
    }

    async _whichSet(url, ids, transport, hold, signal) {
      // Browsers hold back a second GET of the same URL, even in another tab.
      const asked = `${url}?timeout=${hold.toFixed(2)}&_=${randomName()}`;
      const by = ask => within(hold + GRACE, signal, signal => ask(asked, ids, signal));
      const auto = transport === 'auto' && page;
      if (transport !== 'script' && !(auto && this._blocked)) {
        const began = Date.now();
        try {
          return await by(setByFetch);
        } catch (error) {
          // A page's policy and a dead network look alike: a TypeError at once.
          if (!auto || !(error instanceof TypeError) || Date.now() - began > 1000) throw error;
        }
      }
      await pageLoaded();
      this._blocked = false;
      const set = await by(setByScript);
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

  // A simple request, which needs no preflight.
  async function setByFetch(url, ids, signal) {
    const headers = {Accept: 'application/json'};
    const answer = await call(url, {headers, credentials: 'omit'}, signal);
    if (answer.status === 204) return [];
    const {set} = await answer.json();
    const rung = ids.filter(id => set.includes(id));
    if (!rung[0]) throw new Error(NONSENSE);
    return rung;
  }

  // `load` without the call means "not yet".
  function setByScript(url, ids, signal) {
    const name = '__doorbell_' + randomName();
    const script = page.createElement('script');
    script.src = trusted(`${url}&callback=${name}`);
    script.fetchPriority = 'high'; // else Chromium stalls after ten that hang
    const called = new Set();
    globalThis[name] = id => called.add(String(id));
    const ended = new Promise((resolve, reject) => {
      // Removing the element doesn't end the request: a late call must find its function.
      script.onload = script.onerror = ({type}) => {
        delete globalThis[name];
        if (type === 'load') resolve(ids.filter(id => called.has(id)));
        else reject(new Error('the script failed'));
      };
    });
    page.head.appendChild(script);
    return Promise.race([ended, aborted(signal)]).finally(() => script.remove());
  }

  async function call(url, init, signal) {
    const answer = await fetch(url, {cache: 'no-store', ...init, signal});
    if (!answer.ok) throw await refusal(answer);
    return answer;
  }

  function trusted(url) {
    try {
      policy ||= trustedTypes.createPolicy('doorbell', {createScriptURL: url => url});
      return policy.createScriptURL(url);
    } catch (error) {
      return url; // does where Trusted Types aren't required
    }
  }

  // A script that hangs before the load event would hold that event back.
  function pageLoaded() {
    return page.readyState === 'complete' ||
      new Promise(resolve => addEventListener('load', resolve));
  }

  async function refusal(answer) {
    const body = await answer.json().catch(() => {});
    return Object.assign(new Error(body?.detail || 'HTTP status ' + answer.status), {
      status: answer.status,
      retryAfter: Number(answer.headers.get('Retry-After')) || 0,
    });
  }

  function isRefusal({status}) {
    return /^4(?!08|29)/.test(status);
  }

  // Works until there is a result: again at once after `false`, else after a pause that grows.
  async function insist(signal, work, isFinal) {
    for (let failures = 0; ;) {
      signal.throwIfAborted();
      let after = 0;
      try {
        const result = await work();
        if (result) return result;
        failures = result === false ? 0 : failures + 1;
      } catch (error) {
        if (signal.aborted || isFinal(error)) throw error;
        failures++;
        after = Math.min(LONGEST_RETRY_AFTER, error.retryAfter || 0);
      }
      if (!failures) continue;
      const grown = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1));
      await within(after + spread(grown, 0.5), signal, aborted).catch(() => {});
    }
  }

  // Runs work(signal), until the outer signal or the time ends it.
  async function within(seconds, outer, work) {
    outer.throwIfAborted();
    const inner = new AbortController();
    const stop = () => inner.abort(outer.reason);
    const late = () => inner.abort(new DOMException(`not within ${seconds} s`, 'TimeoutError'));
    // A timer over 31 bits fires at once.
    const timer = seconds < 2e6 && setTimeout(late, seconds * 1000);
    outer.addEventListener('abort', stop);
    try {
      // Node 20 forgets the signal of a body.
      return await Promise.race([work(inner.signal), aborted(inner.signal)]);
    } finally {
      clearTimeout(timer);
      outer.removeEventListener('abort', stop);
    }
  }

  function aborted(signal) {
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason)));
  }

  // A crowd must not come again as one.
  function spread(seconds, least) {
    return seconds * (least + Math.random() * (1 - least));
  }

  function randomName() {
    return Math.random().toString(36).slice(2);
  }

  function withoutSlash({href}) {
    return href.replace(/\/+$/, '');
  }

  function idText(id) {
    if (typeof id === 'number' && id >= 2 ** 53) {
      throw new TypeError(`${id} has lost digits: give a string or a BigInt`);
    }
    const match = ID.exec(id);
    if (!match || BigInt(match[2] || 0) >> 128n) throw new TypeError(`no event id: ${id}`);
    return match[0];
  }

  Doorbell._ = {call, idText, insist, isRefusal, within}; // for server.mjs
  if (typeof module === 'object' && module.exports) module.exports = Doorbell;
  else globalThis.Doorbell = Doorbell;
})();
