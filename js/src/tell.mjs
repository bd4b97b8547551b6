// What a developer would otherwise search for long: said in the console, once for each kind.
const MOST = 100; // kinds and places
const told = new Set();

// The place is a URL, without the query, which may hold secrets. README.md has a line for `topic`.
export function warn(place, {name, message, status, cause}, topic = 'failures') {
  const kind = [topic, status ?? cause?.code ?? name, place = place.split('?')[0]].join();
  if (told.has(kind) || told.size >= MOST) return;
  told.add(kind);
  console.warn(`Doorbell: ${place}: ${message} (doorbell-client/README.md#${topic})`);
}

// An error of the caller's own function.
export async function guard(place, call, tell) {
  try {
    await call();
  } catch (error) {
    warn(place, {message: 'the callback threw'}, 'callback');
    (globalThis.reportError || console.error)(error);
    tell?.(error);
  }
}
