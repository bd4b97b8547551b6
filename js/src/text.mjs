// Ids, names and URLs.
const ID = /^((\d{1,39})|[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;
const BELL = /^(https?:\/\/[^/]|[^/?#:]+([/?#]|$)|[/?#])/i; // `localhost:8080` is none

// Digit for digit as it was given.
export function idText(id) {
  const text = String(id);
  const match = (Number.isSafeInteger(id) || /^[sb]/.test(typeof id)) && ID.exec(text);
  if (match && !(BigInt(match[2] || 0) >> 128n)) return text;
  throw new TypeError(`${text || '""'} is not a valid event id: did the answer name one?`);
}

export function idTexts(ids) {
  // One that isn't in a list would come apart, or be a riddle.
  const texts = [...Object(ids) === ids ? ids : [ids]].map(idText);
  if (!texts[0] || texts[64]) throw new TypeError('1 to 64 ids');
  return texts;
}

// Where an answer says to wait, by its header Doorbell-Wait or a field: {base, ids}. The grammar is
// that of spec/protocol.md.
export function readWait(value, answered, bell) {
  let base;
  const ids = [].concat(value)
    .flatMap(part => typeof part === 'string' ? part.split(',') : [part])
    .map(item => {
      const [, place, id] = /^[ \t]*(?:([!-[\]-~]*)\/)?([^/]*?)[ \t]*$/.exec(item) || [];
      const found = place === undefined ? base || bell : bellUrl(place + '/', answered);
      if (found !== (base ||= found)) throw new TypeError(`two bells: ${value}`);
      return typeof item === 'string' ? id : item;
    });
  return {base, ids: idTexts(ids)};
}

// A node's URL, absolute and without a slash at its end.
export function bellUrl(given, base) {
  const text = typeof given === 'string' ? given : given?.href;
  let url;
  try {
    url = text && BELL.test(text) && new URL(text, base);
  } catch (error) {
    // told below
  }
  const is = url && /^http/.test(url.protocol) && !url.username && !url.password;
  if (!is || /[?#]/.test(url.href)) {
    throw new TypeError(`a node is an http or https URL, not ${given}`);
  }
  return url.href.replace(/\/+$/, '');
}

// What a relative URL is relative to: in a page, in a worker, in one that was made of a blob.
export function here() {
  const {document, location, origin} = globalThis;
  return [document?.baseURI, location?.href, origin].find(url => /^http/.test(url));
}

export function randomId() {
  const words = crypto.getRandomValues(new Uint32Array(4));
  return String(words.reduce((sum, word) => sum << 32n | BigInt(word), 0n));
}

export function randomName() {
  return Math.random().toString(36).slice(2);
}
