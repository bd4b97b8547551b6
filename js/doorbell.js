// Doorbell's browser client: README.md tells its use. SPDX-License-Identifier: Apache-2.0
(function () {
  'use strict';

  // In seconds.
  const HOLD = 25; // proxies cut at 30 or more
  const GRACE = 10; // silent for so much longer: the peer is gone
  const ANSWER = 60; // to a set, and by the application
  const FIRST_PAUSE = 0.5; // each failure doubles it
  const LONGEST_PAUSE = 30;
  const LONGEST_RETRY_AFTER = 300; // no server sends a client away for good
  const LOOK = 300; // follow() asks again, whatever happens
  const TRIES = 10; // of a set
  const KNOWN_SET = 1000; // ids remembered as set

  const ID = /^(\d{1,39}|[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;
  const NEVER = new AbortController().signal;
  const hasPage = typeof document === 'object';
  let policy;

  class Doorbell {
    constructor(url, {hold = HOLD, transport = 'auto', callback} = {}) {
      this.url = withoutSlash(new URL(url, hasPage ? document.baseURI : undefined));
      this.hold = hold;
      this.transport = transport;
      this.callback = callback;
      this._waits = new Map(); // a request that its waiters share
      this._known = new Set(); // set is for good: never asked again
      this._blocked = false; // fetch, but not scripts
    }

    async wait(id, options) {
      return this._wait(this.url, idText(id), options);
    }

    async set(id, key, {signal = NEVER, tries = TRIES} = {}) {
      const url = this.url + '/' + idText(id);
      const answer = await insist(signal, async () => {
        const answer = await within(ANSWER, signal, signal => fetch(url,
          {method: 'POST', body: key, credentials: 'omit', cache: 'no-store', signal}));
        if (answer.status !== 200 && answer.status !== 201) throw await refusal(answer);
        return answer;
      }, (error, failures) => isRefusal(error) || failures >= tries);
      this._remember(url);
      return answer.status === 201;
    }

    async follow(url, onAnswer, options = {}) {
      const {signal = NEVER, field = 'doorbell', look = LOOK, onError, init} = options;
      const ask = async signal =>
        read(await fetch(url, Object.assign({cache: 'no-store'}, init, {signal})), field);
      const round = async () => {
        const {data, named} = await within(ANSWER, signal, ask);
        signal.throwIfAborted();
        if (data !== undefined) await onAnswer(data);
        const event = named && this._place(named, options.transport);
        // No event, or one that rang: asking at once would spin.
        if (!event || this._known.has(event.base + '/' + event.id)) return undefined;
        const limits = {signal, timeout: jittered(look), transport: event.transport};
        await this._wait(event.base, event.id, limits).catch(error => {
          if (error.name !== 'TimeoutError') throw error;
        });
        return false;
      };
      await insist(signal, round, error => onError && void onError(error)).catch(error => {
        if (!signal.aborted) throw error;
      });
    }

    static randomId() {
      const words = Array.from(crypto.getRandomValues(new Uint32Array(4)), BigInt);
      return String(words.reduce((sum, word) => sum * BigInt(4294967296) + word));
    }

    async _wait(base, id, {signal = NEVER, timeout, transport = this.transport} = {}) {
      signal.throwIfAborted();
      if (transport === 'script' && !hasPage) throw new TypeError('no page for a script');
      const url = base + '/' + id;
      if (this._known.has(url)) return id;
      const key = transport + ' ' + url;
      let shared = this._waits.get(key);
      if (!shared) {
        const stop = new AbortController();
        shared = {waiters: 0, stop, rung: this._untilSet(url, id, transport, stop.signal)};
        this._waits.set(key, shared);
      }
      shared.waiters++;
      try {
        await within(timeout, signal, inner => Promise.race([shared.rung, aborted(inner)]));
      } finally {
        if (--shared.waiters === 0) {
          this._waits.delete(key);
          shared.stop.abort();
        }
      }
      return id;
    }

    async _untilSet(url, id, transport, signal) {
      await insist(signal, async () => {
        const hold = jittered(this.hold);
        const began = Date.now();
        if (await this._isSet(url, id, transport, hold, signal)) return true;
        // A "not yet" at once: the node is going away, don't hammer it.
        return Date.now() - began < Math.min(1000, hold * 500) ? undefined : false;
      }, isRefusal);
      this._remember(url);
      if (this.callback) Promise.resolve(id).then(globalThis[this.callback]);
    }

    async _isSet(url, id, transport, hold, signal) {
      // Browsers hold back a second GET of the same URL, even in another tab.
      const asked = `${url}?timeout=${hold.toFixed(2)}&_=${randomName()}`;
      const by = ask => within(hold + GRACE, signal, signal => ask(asked, id, signal));
      const auto = transport === 'auto' && hasPage;
      if (transport !== 'script' && !(auto && this._blocked)) {
        const began = Date.now();
        try {
          return await by(isSetByFetch);
        } catch (error) {
          // A page's policy and a dead network look alike: a TypeError at once.
          if (!auto || !(error instanceof TypeError) || Date.now() - began > 1000) throw error;
        }
      }
      await pageLoaded();
      this._blocked = false;
      const isSet = await by(isSetByScript);
      this._blocked = auto; // scripts get through: stay with them until one fails
      return isSet;
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
  async function isSetByFetch(url, id, signal) {
    const headers = {Accept: 'application/json'};
    const answer = await fetch(url, {headers, credentials: 'omit', cache: 'no-store', signal});
    if (answer.status === 204) return false;
    if (answer.status !== 200) throw await refusal(answer);
    // A login page may come with 200, too.
    if ((await answer.json()).set.indexOf(id) < 0) throw new Error('no answer of a bell');
    return true;
  }

  // `load` without the call means "not yet".
  function isSetByScript(url, id, signal) {
    const name = '__doorbell_' + randomName();
    const script = document.createElement('script');
    script.src = trusted(`${url}&callback=${name}`);
    script.fetchPriority = 'high'; // else Chromium stalls after ten that hang
    let called = false;
    globalThis[name] = rang => { called = String(rang) === id; };
    const ended = new Promise((resolve, reject) => {
      // Removing the element doesn't end the request: a late call must find its function.
      script.onload = script.onerror = ({type}) => {
        delete globalThis[name];
        if (type === 'load') resolve(called);
        else reject(new Error('the script failed'));
      };
    });
    document.head.appendChild(script);
    return Promise.race([ended, aborted(signal)]).finally(() => script.remove());
  }

  function trusted(url) {
    if (!policy) {
      policy = {createScriptURL: url => url};
      try {
        policy = trustedTypes.createPolicy('doorbell', policy);
      } catch (error) {
        // Plain text does where Trusted Types aren't required.
      }
    }
    return policy.createScriptURL(url);
  }

  // A script that hangs before the load event would hold that event back.
  function pageLoaded() {
    return document.readyState === 'complete' ||
      new Promise(resolve => addEventListener('load', resolve, {once: true}));
  }

  async function read(answer, field) {
    if (!answer.ok) throw await refusal(answer);
    const text = await answer.text();
    const json = text && /\bjson\b/i.test(answer.headers.get('Content-Type'));
    const data = json ? JSON.parse(text) : text || undefined;
    return {data, named: answer.headers.get('Doorbell-Wait') || (json && data && data[field])};
  }

  // What an error says, its status, and when to come again.
  async function refusal(answer) {
    const {detail} = await answer.json().catch(() => 0) || 0;
    const error = new Error(detail || 'HTTP status ' + answer.status);
    error.status = answer.status;
    error.retryAfter = Number(answer.headers.get('Retry-After')) || 0;
    return error;
  }

  function isRefusal({status}) {
    return status >= 400 && status < 500 && status !== 408 && status !== 429;
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
        failures++;
        if (signal.aborted || isFinal(error, failures)) throw error;
        after = Math.min(LONGEST_RETRY_AFTER, error.retryAfter || 0);
      }
      if (!failures) continue;
      const grown = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1));
      const pause = after + grown * (0.5 + Math.random() / 2);
      await within(pause, signal, aborted).catch(() => {});
    }
  }

  // Runs work(signal), aborted by the outer signal or after so many seconds.
  async function within(seconds, outer, work) {
    outer.throwIfAborted();
    const inner = new AbortController();
    const stop = () => inner.abort(outer.reason);
    const late = () => inner.abort(new DOMException(`not within ${seconds} s`, 'TimeoutError'));
    // A timer over 31 bits fires at once.
    const timer = seconds < 2e6 ? setTimeout(late, seconds * 1000) : 0;
    outer.addEventListener('abort', stop);
    try {
      return await work(inner.signal);
    } finally {
      clearTimeout(timer);
      outer.removeEventListener('abort', stop);
    }
  }

  function aborted(signal) {
    return new Promise((_, reject) => { signal.onabort = () => reject(signal.reason); });
  }

  // Who came together must not come together again.
  function jittered(seconds) {
    return seconds * (0.8 + Math.random() / 5);
  }

  function randomName() {
    return Math.random().toString(36).slice(2);
  }

  function withoutSlash({href}) {
    return href.replace(/\/+$/, '');
  }

  function idText(id) {
    if (typeof id === 'number' && !Number.isSafeInteger(id)) {
      throw new TypeError(`${id} has lost digits: give a string or a BigInt`);
    }
    if (!ID.test(id)) throw new TypeError(`no event id: ${id}`);
    return String(id);
  }

  if (typeof module === 'object' && module.exports) module.exports = Doorbell;
  else globalThis.Doorbell = Doorbell;
})();
