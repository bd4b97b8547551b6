// Single requests: by fetch, and by a script element where a page may not fetch.
import {randomName} from './text.mjs';
import {within} from './time.mjs';

export const GRACE = 10; // seconds; silent for longer: gone
const ASK_WHERE = 1; // seconds
export const page = globalThis.document; // not in Node

// What Node's fetch says of a peer that no new try will change: its certificate, its protocol.
const FOR_GOOD =
  /^(?!.*(TIMEOUT|EOF)).*(CERT|CRL|SSL|TLS|ISSUER|SIGNATURE|PROTO|INVALID|HPE|HOSTNAME|bad [pu])/;

let policy;

export async function call(url, init, signal) {
  const answer = await fetch(url, {cache: 'no-store', ...init, signal})
    .catch(error => { throw unanswered(error); });
  if (!answer.ok) throw await refusal(answer, url, init, signal);
  return answer;
}

// At a node, which answers itself. A page can't ask for `identity`, and its browser decodes.
export async function callNode(url, init, signal) {
  const headers = {Accept: 'application/json', 'Accept-Encoding': 'identity'};
  const more = {headers, credentials: 'omit', redirect: 'manual', ...init};
  const answer = await call(url, more, signal);
  const coding = globalThis.process && answer.headers.get('Content-Encoding');
  if (coding && coding !== 'identity') throw nonsense('unasked encoding ' + coding);
  return answer;
}

// A browser doesn't tell why.
function unanswered(error) {
  if (error instanceof TypeError) {
    const {code, message} = error.cause || {};
    const reason = message || code || error.message;
    if (FOR_GOOD.test(code || reason)) error.status = 0;
    error.message = `no answer: ${reason}`.trim();
  }
  return error;
}

async function refusal(answer, url, init, signal) {
  const {status, headers} = answer;
  const body = await answer.json().catch(() => {});
  let message = body?.detail || `HTTP status ${status}`;
  if (status < 400) {
    message = 'redirects to ' + (headers.get('Location') || await target(url, signal));
  } else if (status === 404 && !body && init?.redirect) {
    message += ', no Doorbell node';
  }
  const after = headers.get('Retry-After'); // a number, or a date
  const retryAfter = Math.max(0, Number(after) || (Date.parse(after) - Date.now()) / 1000 || 0);
  return Object.assign(new Error(message), {status, retryAfter});
}

// A page sees a redirect's target only by following it.
async function target(url, signal) {
  const ask = signal => fetch(url, {method: 'HEAD', signal});
  const answer = await within(ASK_WHERE, signal, ask).catch(() => {});
  return answer?.url || 'elsewhere';
}

// A login page may come with 200, too.
export function nonsense(why = 'not a Doorbell node') {
  return Object.assign(new Error(why), {status: 200});
}

// Of an error that no new try will change.
export function isFinal({status}) {
  return status !== undefined && !/^(408|429|5)/.test(status);
}

// Which of the ids are set, once any is; none after so many seconds.
export function whichSet(ask, base, ids, hold, signal) {
  // Browsers hold back a second GET of the same URL, even in another tab.
  const url = `${base}/${ids}?timeout=${hold.toFixed(2)}&_=${randomName()}`;
  return within(hold + GRACE, signal, signal => ask(url, ids, signal));
}

// A simple request, which needs no preflight.
export async function byFetch(url, ids, signal) {
  const answer = await callNode(url, {}, signal);
  const text = await answer.text();
  if (answer.status === 204) return [];
  let rung = [];
  try {
    const {set} = JSON.parse(text);
    rung = ids.filter(id => set.some(one => one === id));
  } catch (error) {
    // told below
  }
  if (answer.status !== 200 || !rung[0]) throw nonsense();
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
      else reject(new Error('no answer by a script'));
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
