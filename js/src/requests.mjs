// Single requests: by fetch, and by a script element where a page may not fetch.
import {randomName} from './text.mjs';
import {within} from './time.mjs';

export const GRACE = 10; // seconds; silent for longer: gone
export const NONSENSE = 'no answer of a bell'; // a login page may come with 200, too
export const page = globalThis.document; // not in Node

let policy;

export async function call(url, init, signal) {
  const answer = await fetch(url, {cache: 'no-store', ...init, signal});
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

async function refusal(answer) {
  const body = await answer.json().catch(() => {});
  return Object.assign(new Error(body?.detail || 'HTTP status ' + answer.status), {
    status: answer.status,
    retryAfter: Number(answer.headers.get('Retry-After')) || 0,
  });
}

export function isRefusal({status}) {
  return /^4(?!08|29)/.test(status);
}

// Which of the ids are set, once any is; none after so many seconds.
export function whichSet(ask, base, ids, hold, signal) {
  // Browsers hold back a second GET of the same URL, even in another tab.
  const url = `${base}/${ids}?timeout=${hold.toFixed(2)}&_=${randomName()}`;
  return within(hold + GRACE, signal, signal => ask(url, ids, signal));
}

// A simple request, which needs no preflight.
export async function byFetch(url, ids, signal) {
  const headers = {Accept: 'application/json'};
  const answer = await call(url, {headers, credentials: 'omit'}, signal);
  if (answer.status === 204) return [];
  const {set} = await answer.json();
  const rung = ids.filter(id => set.includes(id));
  if (!rung[0]) throw new Error(NONSENSE);
  return rung;
}

// `load` without the call means "not yet".
export async function byScript(url, ids, signal) {
  // A script that hangs before the load event would hold that event back.
  if (page.readyState !== 'complete') await new Promise(loaded => addEventListener('load', loaded));
  const name = '__doorbell_' + randomName();
  const script = page.createElement('script');
  script.src = trusted(url + '&callback=' + name);
  script.fetchPriority = 'high'; // else Chromium stalls after ten that hang
  const called = new Set();
  globalThis[name] = id => called.add(String(id));
  return new Promise((resolve, reject) => {
    // Removing the element doesn't end the request: a late call must find its function.
    script.onload = script.onerror = ({type}) => {
      delete globalThis[name];
      script.remove();
      if (type === 'load') resolve(ids.filter(id => called.has(id)));
      else reject(new Error('the script failed'));
    };
    signal.onabort = () => script.remove();
    page.head.append(script);
  });
}

function trusted(url) {
  try {
    policy ||= trustedTypes.createPolicy('doorbell', {createScriptURL: url => url});
    return policy.createScriptURL(url);
  } catch (error) {
    return url; // does where Trusted Types aren't required
  }
}
