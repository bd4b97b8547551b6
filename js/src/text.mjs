// Ids, names and URLs.
const ID = /^((\d{1,39})|[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

// Digit for digit as it was given.
export function idText(id) {
  if (typeof id === 'number' && id >= 2 ** 53) id += ' has lost digits, give a string';
  const match = ID.exec(id);
  if (!match || BigInt(match[2] || 0) >> 128n) throw new TypeError(`no event id: ${id}`);
  return match[0];
}

export function randomId() {
  const words = crypto.getRandomValues(new Uint32Array(4));
  return String(words.reduce((sum, word) => sum << 32n | BigInt(word), 0n));
}

export function randomName() {
  return Math.random().toString(36).slice(2);
}

export function withoutSlash({href}) {
  return href.replace(/\/+$/, '');
}
