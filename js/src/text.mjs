// Ids, names and URLs.
const ID = /^((\d{1,39})|[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

// Digit for digit as it was given.
export function idText(id) {
  const safe = typeof id !== 'number' || Number.isSafeInteger(id);
  const match = safe && typeof id !== 'object' && ID.exec(id);
  if (!match || BigInt(match[2] || 0) >> 128n) throw new TypeError(notAnId(id));
  return match[0];
}

function notAnId(id) {
  const named = typeof id === 'number' && Math.abs(id) >= 2 ** 53
    ? 'it has lost digits, give text' : 'did the answer name one?';
  let text = id === '' ? 'an empty text' : '';
  try {
    text ||= String(id);
  } catch (error) {
    text = typeof id;
  }
  return `${text} is not a valid event id: ${named}`;
}

// Where an answer says to wait, by its header Doorbell-Wait or a field: {base, ids}. The grammar is
// that of spec/protocol.md.
export function readWait(value, answered, bell) {
  let base;
  const ids = [].concat(value)
    .flatMap(part => typeof part === 'string' ? part.split(',') : [part])
    .map(item => {
      const [, place, id] = /^[ \t]*(?:([!-[\]-~]*)\/)?([^/]*?)[ \t]*$/.exec(item) || [];
      const text = idText(typeof item === 'string' ? id : item);
      const found = place === undefined ? base || bell : baseOf(place + '/', text, answered);
      if (found !== (base ||= found)) throw new TypeError(`two bells in one header: ${value}`);
      return text;
    });
  if (!ids[0] || ids[64]) throw new TypeError('a wait is for 1 to 64 ids');
  return {base, ids};
}

// An id where a host is expected would be one: 0.0.0.7.
function baseOf(place, id, answered) {
  const {href, origin, username, password} = new URL(place + id, answered);
  const scheme = /^[^/?#]*:/.test(place);
  if (!/^http/.test(origin) || username || password || /[?#]/.test(href) || !href.endsWith('/' + id)
    || scheme && !/^https?:\/\/[^/]/i.test(place)) {
    throw new TypeError('not where a bell may be: ' + place);
  }
  return href.slice(0, -id.length).replace(/\/+$/, '');
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
