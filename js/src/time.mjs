// Time limits, pauses and new tries.
const FIRST_PAUSE = 1; // seconds; each failure doubles it
const LONGEST_PAUSE = 30;
const LONGEST_RETRY_AFTER = 300; // not for good
const AT_ONCE = 1; // seconds

// Called when a page wakes: its timers slept, and its connections may be dead.
export const waking = new Set();

if (globalThis.document) {
  for (const type of ['online', 'pageshow', 'visibilitychange']) addEventListener(type, wake);
}

function wake({type, persisted = true}) {
  // A pageshow that isn't persisted is the page's first; what is hidden may sleep on.
  if (persisted && (type === 'online' || !document.hidden)) [...waking].forEach(call => call());
}

// Works until there is a result: again at once after `false`, after a short pause after `null`, and
// after one that grows if there is none or it fails. isFinal(error): it stays so.
export async function insist(signal, work, isFinal) {
  for (let failures = 0; ;) {
    signal?.throwIfAborted();
    let after = 0;
    try {
      const result = await work();
      if (result) return result;
      failures = result === false ? 0 : result === null ? 1 : failures + 1;
    } catch (error) {
      if (signal?.aborted || isFinal(error)) throw error;
      failures++;
      after = Math.min(LONGEST_RETRY_AFTER, error.retryAfter || 0);
    }
    if (!failures) continue;
    // All of it is left to chance: those who were cut off together must not return together.
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1)) * Math.random();
    await within(Math.max(pause, after * spread(2, 0.5)), signal, () => new Promise(() => {}), true)
      .catch(() => {});
  }
}

// What insist() does after a "not yet" that was to come after so many seconds. At once: the node is
// going away. Much sooner: it was in its hurry, or has a hold of its own.
export function afterNotYet(seconds, asked) {
  return seconds > asked / 2 ? false : seconds > AT_ONCE ? null : undefined;
}

// Runs work(signal), until the outer signal, if there is one, or the time ends it, or a page that
// wakes, if it is a nap.
export async function within(seconds, outer, work, nap) {
  outer?.throwIfAborted();
  const inner = new AbortController();
  const end = Date.now() + seconds * 1000;
  let stop;
  let late;
  let check;
  // Node 20 forgets the signal of a body.
  const ended = new Promise((_, reject) => {
    const abort = reason => {
      inner.abort(reason);
      reject(reason);
    };
    stop = () => abort(outer.reason);
    late = () => abort(new DOMException(`not within ${+seconds.toFixed(1)} s`, 'TimeoutError'));
    check = () => (nap || Date.now() >= end) && late();
  });
  // A timer over 31 bits fires at once.
  const timer = seconds < 2e6 && setTimeout(late, seconds * 1000);
  waking.add(check);
  const left = outer && onAbort(outer, stop);
  try {
    return await Promise.race([ended, work(inner.signal)]);
  } finally {
    clearTimeout(timer);
    waking.delete(check);
    left?.();
  }
}

const ends = new WeakMap(); // by signal, what it ends

// One listener for all that a signal ends: Node warns of the eleventh.
function onAbort(signal, stop) {
  let stops = ends.get(signal);
  if (!stops) {
    ends.set(signal, stops = new Set());
    stops.handleEvent = () => stops.forEach(stop => stop());
    signal.addEventListener('abort', stops);
  }
  stops.add(stop);
  return () => {
    stops.delete(stop);
    if (stops.size) return;
    signal.removeEventListener('abort', stops);
    ends.delete(signal);
  };
}

export function unlessLate(error) {
  if (error.name !== 'TimeoutError') throw error;
}

// What failed last tells more than that it was not in time.
export function because(error, failure) {
  if (error.name === 'TimeoutError' && failure) error.cause ??= failure;
  return error;
}

// A crowd must not come again as one.
export function spread(seconds, least) {
  return seconds * (least + Math.random() * (1 - least));
}

// A number of seconds; less than `least` would spin.
export function checkSeconds(name, value, least) {
  if (typeof value === 'number' && value >= least) return;
  throw new TypeError(`${name} is seconds, ${least} or more, not ${value}`);
}
