// The roads to one node: WebSocket, fetch, script element. Finds the one that gets through, and how
// long a request may hang on it.
import {byFetch, byScript, page, whichSet} from './requests.mjs';
import {openSocket} from './socket.mjs';
import {afterNotYet, spread} from './time.mjs';

// In seconds.
const AT_ONCE = 1; // what fails sooner was never on its way
const SHORTEST = 5; // hold that cuts or silence lead to; with less, a page would poll
const SCRIPT_HOLD = 10; // a script that is given up hangs on, and a browser has six connections
const LATER = 300_000; // in ms: what was found not to pass is tried again
const LINGER = 1; // a socket that nobody needs may be needed again

// onSet(ids): told by a socket.
export function findRoads(base, transport, longest, onSet) {
  const auto = page && transport === 'auto';
  if (!page && transport === 'auto') transport = 'fetch';
  let [passing, until] = session(base); // a hold, and a time of Date.now()
  let cut = 0; // seconds after which the last request was cut off
  let socket;
  // Times of Date.now().
  let noFetchBefore = 0; // scripts get through
  let noSocketBefore = 0;

  // Which are set, or what afterNotYet() says.
  async function ask(ids, signal) {
    const began = Date.now();
    const road = !auto ? transport
      : (ids[1] || socket) && began >= noSocketBefore ? 'websocket'
      : began < noFetchBefore ? 'script' : 'fetch';
    const hold = began < until ? Math.min(longest, passing) : longest;
    const asked = spread(road === 'script' ? Math.min(hold, SCRIPT_HOLD) : hold, 0.8);
    const past = () => (Date.now() - began) / 1000;
    try {
      roads.taken = road;
      const set = await send[road](ids, asked, signal);
      return set[0] ? set : afterNotYet(past(), asked);
    } catch (error) {
      if (signal.aborted) throw error;
      const silent = error.name === 'TimeoutError';
      learn(silent, past(), asked, hold);
      // A page's policy and a dead network look alike: a TypeError at once.
      const shut = road === 'fetch' && (silent || error instanceof TypeError && past() < AT_ONCE);
      noFetchBefore = shut ? Date.now() + LATER : 0;
      // Here and not at its end: where a policy forbids it, Firefox throws before there is one.
      if (road === 'websocket') noSocketBefore = Date.now() + LATER;
      // One that ends after it has served: so did those of all others, maybe.
      if (!auto || !shut && (road !== 'websocket' || !silent && past() > AT_ONCE)) throw error;
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
  function learn(silent, seconds, asked, hold) {
    let least = hold;
    if (silent) {
      least = hold / 2;
    } else if (seconds > AT_ONCE && seconds < asked) {
      if (Math.abs(seconds - cut) < seconds / 10) least = seconds * 0.8;
      cut = seconds;
    }
    least = Math.max(SHORTEST, least);
    if (least < hold) session(base, passing = least, until = Date.now() + LATER);
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

// The longest hold that passes to a node, and until when that is believed: for as long as the tab
// lives at most.
function session(base, ...learned) {
  try {
    const key = 'doorbell ' + base;
    if (learned[0]) sessionStorage.setItem(key, learned);
    return sessionStorage.getItem(key).split(',');
  } catch (error) {
    return []; // nothing, a page without, or not in a page
  }
}
