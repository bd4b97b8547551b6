// The form of a wait's answer: JavaScript or JSON, and the function to call.
import { ask, facts, set } from "./wire.mjs";
import { freshNumber, freshSmallNumber } from "./names.mjs";

const JAVASCRIPT = "text/javascript; charset=utf-8";

async function answerFor(accept, id, query = "") {
  return (await ask("GET", `/${id}${query}`, { headers: { Accept: accept } })).is(200);
}

async function freshSet() {
  const number = freshSmallNumber();
  (await set(number)).is(201);
  return number;
}

async function callbackIsRefused(text, headers) {
  const answer = await ask("GET", `/${freshNumber()}?callback=${text}`, { headers });
  answer.is(400, /\bcallback\b/i);
}

facts("answers", {
  async theAnswerIsJavaScriptUnlessJsonIsAskedFor() {
    const id = await freshSet();
    const accepts = [
      null, "*/*", "", "text/javascript", "application/javascript", "text/html", "image/png",
      "application/*", "application/xml, */*;q=0.1", "application/jsonp", "nonsense",
    ];
    for (const accept of accepts) {
      (await answerFor(accept, id)).has("Content-Type", JAVASCRIPT).says(`doorbell(${id});\n`);
    }
  },

  async theAnswerIsJsonForAcceptApplicationJson() {
    const id = await freshSet();
    const accepts = [
      "application/json", "APPLICATION/JSON", "application/json, */*", "text/html,application/json",
      "application/json;q=0.5, */*", "application/json; charset=utf-8",
    ];
    for (const accept of accepts) {
      (await answerFor(accept, id))
        .has("Content-Type", /^application\/json\b/).says(`{"set":["${id}"]}\n`);
    }
  },

  async theHigherQualityWins() {
    const id = await freshSet();
    const isJson = {
      "application/json;q=0.5, text/javascript": false,
      "text/javascript;q=0.5, application/json;q=0.6": true,
      "application/json;q=0.001, application/javascript;q=0.01": false,
      "text/javascript;q=0, application/json;q=0.1": true,
      "application/json;q=0": false,
      "application/json;q=0.0, */*;q=0.1": false,
      "text/javascript;q=0.9, application/json;Q=1.0": true,
    };
    for (const [accept, json] of Object.entries(isJson)) {
      const type = json ? /^application\/json\b/ : JAVASCRIPT;
      (await answerFor(accept, id)).has("Content-Type", type);
    }
  },

  async onATieTheFirstListedWins() {
    const id = await freshSet();
    (await answerFor("application/json, text/javascript", id))
      .has("Content-Type", /^application\/json\b/);
    (await answerFor("text/javascript, application/json", id))
      .has("Content-Type", JAVASCRIPT);
  },

  async aCanonicalNumberUpTo2To53Minus1IsABareLiteral() {
    for (const id of ["0", "22482", "9007199254740990", "9007199254740991"]) {
      await set(id);
      (await answerFor("*/*", id)).says(`doorbell(${id});\n`);
    }
  },

  async anyOtherTextIsAQuotedString() {
    for (const id of ["9007199254740992", "00", "022482", "9007199254740993"]) {
      await set(id);
      (await answerFor("*/*", id)).says(`doorbell("${id}");\n`);
    }
  },

  async jsonNamesEveryIdAsAString() {
    const id = await freshSet();
    (await answerFor("application/json", `00${id}`)).says(`{"set":["00${id}"]}\n`);
  },

  async aCallbackIsCalledInsteadOfDoorbell() {
    const id = await freshSet();
    const longest = `f${"x".repeat(63)}`;
    for (const name of ["ring", "_", "$", "a.b.c", "jQuery1_2", "doorbell", "A9$_.", longest]) {
      (await answerFor("*/*", id, `?callback=${name}`)).says(`${name}(${id});\n`);
    }
  },

  async aCallbackMayBePercentEncoded() {
    const id = await freshSet();
    (await answerFor("*/*", id, "?callback=%24x%2Ey")).says(`$x.y(${id});\n`);
  },

  async aCallbackOfOtherCharactersIsRefused() {
    const wrong = [
      "", "1a", ".a", "a[0]", "a%5B0%5D", "a()", "a-b", "a%20b", "a%0Ab", "a;b", "%C3%A4",
      "a%E2%80%A8b", "%22x%22", "a%3Cb", "a/b", "a+b", "%F0%9F%94%94", "a%00",
    ];
    for (const text of wrong) await callbackIsRefused(text);
  },

  async aCallbackOf65CharactersIsRefused() {
    await callbackIsRefused("x".repeat(65));
  },

  async aCallbackGivenTwiceIsRefused() {
    await callbackIsRefused("a&callback=a");
  },

  async aCallbackIsCheckedEvenForJson() {
    await callbackIsRefused("a[0]", { Accept: "application/json" });
  },

  async jsonCallsNoFunction() {
    const id = await freshSet();
    (await answerFor("application/json", id, "?callback=ring")).says(`{"set":["${id}"]}\n`);
  },
});
