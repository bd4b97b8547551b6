// Time limits, pauses and new tries.
const FIRST_PAUSE = 0.5; // seconds; each failure doubles it
const LONGEST_PAUSE = 30;
const LONGEST_RETRY_AFTER = 300; // not for good

// Called when a page wakes: its timers slept, and its connections may be dead.
export const waking = new Set();

if (globalThis.document) {
  for (const type of ['online', 'pageshow', 'visibilitychange']) addEventListener(type, wake);
}

function wake({type, persisted = true}) {
  // A pageshow that isn't persisted is the page's first; what is hidden may sleep on.
  if (persisted && (type === 'online' || !document.hidden)) [...waking].forEach(call => call());
}

// Works until there is a result: again at once after `false`, else after a pause that grows.
export async function insist(signal, work, isFinal) {
  for (let failures = 0; ;) {
    signal?.throwIfAborted();
    let after = 0;
    try {
      const result = await work();
      if (result) return result;
      failures = result === false ? 0 : failures + 1;
    } catch (error) {
      if (signal?.aborted || isFinal(error)) throw error;
      failures++;
      after = Math.min(LONGEST_RETRY_AFTER, error.retryAfter || 0);
    }
    if (!failures) continue;
    const grown = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1));
    await within(after + spread(grown, 0.5), signal, () => new Promise(() => {}), true)
      .catch(() => {});
  }
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
    late = () => abort(new DOMException(`not within ${seconds} s`, 'TimeoutError'));
    check = () => (nap || Date.now() >= end) && late();
  });
  // A timer over 31 bits fires at once.
  const timer = seconds < 2e6 && setTimeout(late, seconds * 1000);
  waking.add(check);
  outer?.addEventListener('abort', stop);
  try {
    return await Promise.race([ended, work(inner.signal)]);
  } finally {
    clearTimeout(timer);
    waking.delete(check);
    outer?.removeEventListener('abort', stop);
  }
}

export function unlessLate(error) {
  if (error.name !== 'TimeoutError') throw error;
}

// A crowd must not come again as one.
export function spread(seconds, least) {
  return seconds * (least + Math.random() * (1 - least));
}
