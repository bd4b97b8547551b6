// Time limits, pauses and new tries.
const FIRST_PAUSE = 0.5; // seconds; each failure doubles it
const LONGEST_PAUSE = 30;
const LONGEST_RETRY_AFTER = 300; // not for good

export function never() {
  return new AbortController().signal;
}

// Works until there is a result: again at once after `false`, else after a pause that grows.
export async function insist(signal, work, isFinal) {
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
export async function within(seconds, outer, work) {
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

export function aborted(signal) {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason)));
}

// A crowd must not come again as one.
export function spread(seconds, least) {
  return seconds * (least + Math.random() * (1 - least));
}
