// Who may set: the policies, the tokens, and which ids are too small. Needs a node that was started
// so, and told here: DOORBELL_SET_POLICY=sealed, or =token with a token as DOORBELL_TOKEN, and one
// whose name may have 3 sets remembered as DOORBELL_SMALL_TOKEN; DOORBELL_MIN_ID_BITS=64;
// DOORBELL_SET_URL, the address of --set-listen. Run this file alone, since the others set, too.
import assert from "node:assert/strict";
import { connect as connectHttp2 } from "./http2.mjs";
import { connect as connectWebSocket } from "./websocket.mjs";
import { ask, facts, set, settle, wait } from "./wire.mjs";
import { freshNumber, freshSealed, uuidOf } from "./names.mjs";

const POLICY = process.env.DOORBELL_SET_POLICY;
const { DOORBELL_TOKEN: TOKEN, DOORBELL_SMALL_TOKEN: SMALL } = process.env;
const BITS = Number(process.env.DOORBELL_MIN_ID_BITS ?? 0);
const SET_URL = process.env.DOORBELL_SET_URL;
const NEEDS_TOKEN = "needs a node with --set-policy token, and its token here: DOORBELL_TOKEN";

function by(token, headers = {}) {
  return { headers: { Authorization: `Bearer ${token}`, ...headers } };
}

// Requests over both versions of HTTP, by the same words.
async function versions() {
  const http2 = await connectHttp2();
  return [
    (method, path, options) => ask(method, path, options),
    (method, path, { headers = {}, ...options } = {}) => http2.ask(method, path, {
      ...options,
      headers: Object.fromEntries(Object.entries(headers).map(([n, v]) => [n.toLowerCase(), v])),
    }),
  ];
}

async function isUnset(...ids) {
  (await ask("GET", `/${ids}?timeout=0`)).is(204);
}

facts("access", {
  async aSetWithoutATokenIs401(t) {
    if (!TOKEN) return t.skip(NEEDS_TOKEN);
    for (const request of await versions()) {
      const id = freshNumber();
      for (const headers of [{}, { Authorization: TOKEN }, { Authorization: `Basic ${TOKEN}` }]) {
        (await request("POST", `/${id}`, { headers })).is(401, /\btoken\b/)
          .has("WWW-Authenticate", "Bearer");
      }
      (await request("POST", "/", { body: `${id}\n` })).is(401, /\btoken\b/);
      await isUnset(id);
    }
  },

  async aSetWithAnotherTokenIs403(t) {
    if (!TOKEN) return t.skip(NEEDS_TOKEN);
    for (const request of await versions()) {
      const id = freshNumber();
      for (const other of [`${TOKEN}0`, TOKEN.slice(1), TOKEN.toUpperCase(), "0"]) {
        if (other === TOKEN) continue;
        const answer = await request("POST", `/${id}`, by(other));
        answer.is(403, /\btoken\b/);
        assert.ok(!`${answer}`.includes(other.length > 1 ? other : TOKEN), "it isn't said again");
      }
      (await request("POST", "/", { body: id, ...by("0") })).is(403, /\btoken\b/);
      await isUnset(id);
    }
  },

  async aTokenSetsAndWaitingIsFree(t) {
    if (!TOKEN) return t.skip(NEEDS_TOKEN);
    for (const request of await versions()) {
      const [one, two] = [freshNumber(), freshNumber()];
      const waiting = await wait(one);
      (await request("POST", `/${one}`, by(TOKEN))).is(201);
      (await waiting.answer()).is(200);
      (await request("POST", "/", { body: `${one}\n${two}\n`, ...by(TOKEN) })).is(200);
      (await ask("GET", `/${two}?timeout=0`)).is(200);
    }
  },

  async aSealedIdNeedsItsKeyToo(t) {
    if (!TOKEN) return t.skip(NEEDS_TOKEN);
    const { id, key } = freshSealed();
    (await ask("POST", `/${id}`, { body: key })).is(401);
    (await ask("POST", `/${id}`, by(TOKEN))).is(403, /\bkey\b/);
    (await ask("POST", `/${id}`, { body: key, ...by(TOKEN) })).is(201);
  },

  async aPageCannotSendATokenFromAnotherOrigin(t) {
    if (!TOKEN) return t.skip(NEEDS_TOKEN);
    const headers = { "Access-Control-Request-Headers": "authorization" };
    (await ask("OPTIONS", "/1", { headers })).is(204).has("Access-Control-Allow-Headers", "*");
  },

  async aWebSocketOfAPageIsToldToPost(t) {
    if (!TOKEN) return t.skip(NEEDS_TOKEN);
    const id = freshNumber();
    const page = await connectWebSocket();
    await page.say(`wait ${id}`, `set ${id}`).hears(new RegExp(`^error ${id}: .*\\bPOST\\b`));
    (await ask("POST", `/${id}`, by(TOKEN))).is(201);
    await page.hears(`set ${id}`);
    page.hangUp();
  },

  async aWebSocketSetsByTheTokenOfItsHandshake(t) {
    if (!TOKEN) return t.skip(NEEDS_TOKEN);
    const id = freshNumber();
    const server = await connectWebSocket("/", by(TOKEN));
    await server.say(`set ${id}`).hears(`done ${id}`);
    const stranger = await connectWebSocket("/", by(`${TOKEN}0`));
    await stranger.say(`set ${id}`).hears(new RegExp(`^error ${id}: .*\\btoken\\b`));
    server.hangUp();
    stranger.hangUp();
  },

  async aNameAtItsLimitIs429AndOthersDoNotFeelIt(t) {
    if (!SMALL || !TOKEN) return t.skip("needs a token with sets=3 as DOORBELL_SMALL_TOKEN");
    const [one, ...more] = [freshNumber(), freshNumber(), freshNumber(), freshNumber()];
    (await ask("POST", "/", { body: [one, ...more].join("\n"), ...by(SMALL) })).is(429);
    await isUnset(one, ...more);
    (await ask("POST", "/", { body: `${one}\n${more[0]}`, ...by(SMALL) })).is(200);
    (await ask("POST", `/${one}`, by(SMALL))).is(200); // was set, and counts no more
    (await ask("POST", `/${more[1]}`, by(SMALL))).is(201);
    const refused = (await ask("POST", `/${more[2]}`, by(SMALL))).is(429, /\bremembered\b/);
    assert.match(refused.header("Retry-After"), /^[1-9][0-9]*$/);
    const line = await connectWebSocket("/", by(SMALL));
    await line.say(`set ${more[2]}`).hears(new RegExp(`^error ${more[2]}: .*\\bremembered\\b`));
    // What is set already needs no room.
    await line.say(`set ${more[1]}`).hears(`done ${more[1]}`);
    line.hangUp();
    (await ask("POST", `/${more[1]}`, by(SMALL))).is(200);
    const known = `${one}\n${more[0]}\n${more[1]}`;
    const counts = await ask("POST", "/", { body: known, ...by(SMALL) });
    assert.deepEqual(counts.is(200).json(), { set: 0, already: 3 });
    (await ask("POST", "/", { body: `${known}\n${more[2]}`, ...by(SMALL) })).is(429);
    for (let i = 0; i < 20; i++) (await ask("POST", `/${freshNumber()}`, by(TOKEN))).is(201);
    await isUnset(more[2]);
  },

  async onlySealedIdsAreSet(t) {
    if (POLICY !== "sealed") return t.skip("needs a node with --set-policy sealed");
    for (const request of await versions()) {
      const plain = freshNumber();
      const { id, key } = freshSealed();
      (await request("POST", `/${plain}`)).is(403, /\bsealed\b/);
      (await request("POST", `/${uuidOf(plain)}`)).is(403, /\bsealed\b/);
      (await request("POST", "/", { body: `${id} ${key}\n${plain}` })).is(403, /\bline 2\b/);
      await isUnset(plain, id);
      (await request("POST", `/${id}`, { body: key })).is(201);
    }
    const plain = freshNumber();
    const line = await connectWebSocket();
    await line.say(`set ${plain}`).hears(new RegExp(`^error ${plain}: .*\\bsealed\\b`));
    const { id, key } = freshSealed();
    await line.say(`set ${id} ${key}`).hears(`done ${id}`);
    line.hangUp();
  },

  async aSmallNumberIsNoId(t) {
    if (!BITS) return t.skip("needs a node with --min-id-bits, told here: DOORBELL_MIN_ID_BITS=64");
    const least = 2n ** BigInt(BITS);
    for (const request of await versions()) {
      for (const id of [0n, 22482n, least - 1n].flatMap((id) => [`${id}`, uuidOf(`${id}`)])) {
        (await request("GET", `/${id}?timeout=0`)).is(400, /\b2\^/);
        (await request("POST", `/${id}`, by(TOKEN))).is(400, /\b2\^/);
        const body = `${freshNumber()}\n${id}`;
        (await request("POST", "/", { body, ...by(TOKEN) })).is(400, /\bline 2\b/);
      }
      (await request("GET", `/${least}?timeout=0`)).is(204);
      (await request("GET", `/${freshSealed().id}?timeout=0`)).is(204);
    }
    const line = await connectWebSocket();
    await line.say(`wait ${least - 1n}`).hears(/^error .*\b2\^/);
    line.hangUp();
  },

  async setsAreTakenAtTheirOwnAddressAlone(t) {
    if (!SET_URL) return t.skip("needs a node with --set-listen, told here: DOORBELL_SET_URL");
    const there = (path, init) => fetch(new URL(path, SET_URL), init);
    const id = freshNumber();
    const outside = await wait(id);
    const inside = there(`/${id}`, { headers: { Accept: "application/json" } });
    await settle();
    for (const request of await versions()) {
      const sentence = /takes no sets/;
      (await request("POST", `/${id}`, by(TOKEN))).is(403, sentence);
      (await request("POST", "/", { body: id, ...by(TOKEN) })).is(403, sentence);
    }
    const line = await connectWebSocket("/", by(TOKEN));
    await line.say(`set ${id}`).hears(new RegExp(`^error ${id}: .*takes no sets`));
    outside.isQuiet();
    const set = await there(`/${id}`, { method: "POST", ...by(TOKEN) });
    assert.equal(set.status, 201);
    (await outside.answer()).is(200);
    assert.deepEqual(await (await inside).json(), { set: [id] });
    line.hangUp();
  },
}, false);
