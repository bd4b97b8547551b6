// The roads to one node: WebSocket, fetch, script element. Finds the one that gets through, and how
// long a request may hang on it.
import {byFetch, byScript, page, whichSet} from './requests.mjs';
import {openSocket} from './socket.mjs';
import {spread} from './time.mjs';

// In seconds.
const AT_ONCE = 1; // what fails sooner was never on its way
const SHORTEST = 5; // hold that silence leads to
const SCRIPT_HOLD = 10; // a script that is given up hangs on, and a browser has six connections
const LATER = 300; // a socket is tried again
const LINGER = 1; // a socket that nobody needs may be needed again

// onSet(ids): told by a socket.
export function findRoads(base, transport, longest, onSet) {
  const auto = page && transport === 'auto';
  if (!page && transport === 'auto') transport = 'fetch';
  let hold = Math.min(longest, session(base) || longest);
  let cut = 0; // seconds after which the last request was cut off
  let blocked = false; // fetch, but not scripts
  let socket;
  let noSocketBefore = 0;

  // Which are set; false: none yet; undefined: none, and sooner than a hold ends.
  async function ask(ids, signal) {
    const bySocket = auto && (ids[1] || socket) && Date.now() >= noSocketBefore;
    const road = bySocket ? 'websocket' : auto && blocked ? 'script' : auto ? 'fetch' : transport;
    const asked = spread(road === 'script' ? Math.min(hold, SCRIPT_HOLD) : hold, 0.8);
    const began = Date.now();
    const past = () => (Date.now() - began) / 1000;
    try {
      roads.taken = road;
      const set = await send[road](ids, asked, signal);
      if (set[0]) return set;
      // A "not yet" at once: the node is going away, don't hammer it.
      return past() < Math.min(AT_ONCE, asked / 2) ? undefined : false;
    } catch (error) {
      if (signal.aborted) throw error;
      const silent = error.name === 'TimeoutError';
      learn(silent, past(), asked);
      // A page's policy and a dead network look alike: a TypeError at once.
      const shut = road === 'fetch' && (silent || error instanceof TypeError && past() < AT_ONCE);
      blocked = shut; // where scripts get through, it stays with them until one fails
      // Here and not at its end: where a policy forbids it, Firefox throws before there is one.
      if (road === 'websocket') noSocketBefore = Date.now() + LATER * 1000;
      if (!auto || !shut && road !== 'websocket') throw error;
    }
    return ask(ids, signal);
  }

  const send = {
    fetch: (...asked) => whichSet(byFetch, base, ...asked),
    script: (...asked) => whichSet(byScript, base, ...asked),
    async websocket(...asked) {
      socket ||= openSocket(base, id => {
        roads.taken = 'websocket';
        onSet([id]);
      }, () => { socket = undefined; });
      return socket.hang(...asked);
    },
  };

  // A proxy that cuts does so twice after the same time; a network that fails hardly does. A NAT
  // that forgets a connection tells nobody.
  function learn(silent, seconds, asked) {
    let least = hold;
    if (silent) {
      least = Math.max(SHORTEST, hold / 2);
    } else if (seconds > AT_ONCE && seconds < asked) {
      if (Math.abs(seconds - cut) < seconds / 10) least = seconds * 0.8;
      cut = seconds;
    }
    if (least < hold) session(base, hold = least);
  }

  // roads.taken: by the last request or answer.
  const roads = {
    ask,
    forget: id => socket?.forget(id),
    rest(isIdle) {
      if (socket) setTimeout(() => isIdle() && socket?.end(), LINGER * 1000);
    },
  };
  return roads;
}

// What was learned about a node, for as long as the tab lives.
function session(base, hold) {
  try {
    const key = 'doorbell ' + base;
    if (hold) sessionStorage.setItem(key, hold);
    return sessionStorage.getItem(key);
  } catch (error) {
    return undefined; // a page without, or not in a page
  }
}
