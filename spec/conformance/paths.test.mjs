// Where things stand, and what is answered elsewhere and to other methods.
import { createHash } from "node:crypto";
import { ask, facts, HOST, ID_RULE, isSet, set } from "./wire.mjs";
import { freshNumber, freshSmallNumber } from "./names.mjs";

const BASE_PATH = process.env.DOORBELL_BASE_PATH;
const METHODS = "GET, HEAD, POST, OPTIONS";
const HTML = /^text\/html\b/;
const TEXT = /^text\/plain\b/;
const PEOPLE = { headers: { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" } };
const JAVASCRIPT = /^text\/javascript\b/;

// Everything that stands under "/" stands under `prefix` too.
async function standsUnder(prefix) {
  const [one, other] = [freshSmallNumber(), freshSmallNumber()];
  (await ask("GET", `${prefix}/${one}?timeout=0`)).is(204);
  (await ask("POST", `${prefix}/${one}`)).is(201);
  (await ask("GET", `/${one}`)).is(200);
  (await ask("GET", `${prefix}/${one}`)).is(200).says(`doorbell(${one});\n`);
  (await ask("POST", `${prefix}/`, { body: other })).is(200).says('{"set":1,"already":0}\n');
  (await ask("GET", `${prefix}/`, PEOPLE)).is(200).has("Content-Type", HTML);
  (await ask("GET", `${prefix}/doctor`)).is(200).has("Content-Type", HTML);
  (await ask("GET", `${prefix}/doorbell.js`)).is(200).has("Content-Type", JAVASCRIPT);
  (await ask("GET", `${prefix}/abc`)).is(400);
  (await ask("GET", `${prefix}/1/`)).is(404);
}

facts("paths", {
  async aPathIsTheIdAlone() {
    await standsUnder("");
  },

  async everyPathAlsoStandsUnderDoorbell() {
    await standsUnder("/doorbell");
    (await ask("GET", "/doorbell", PEOPLE)).is(200).has("Content-Type", HTML);
  },

  async everyPathAlsoStandsUnderTheBasePath(t) {
    if (!BASE_PATH) return t.skip("needs a node with --base-path: DOORBELL_BASE_PATH=/bell");
    await standsUnder(BASE_PATH);
    await standsUnder(`${BASE_PATH}/doorbell`);
    (await ask("GET", BASE_PATH, PEOPLE)).is(200).has("Content-Type", HTML);
    (await ask("GET", `/doorbell${BASE_PATH}/1`)).is(404);
  },

  async theRootIsALandingPage() {
    for (const method of ["GET", "HEAD"]) {
      (await ask(method, "/", PEOPLE)).is(200).has("Content-Type", HTML);
    }
    (await ask("GET", "/?any=query", PEOPLE)).is(200).has("Content-Type", HTML);
  },

  async theRootIsTextUnlessAPageIsPreferred() {
    for (const accept of [null, "*/*", "application/json, text/html", "text/html;q=0"]) {
      for (const method of ["GET", "HEAD"]) {
        (await ask(method, "/", { headers: { Accept: accept } })).is(200).has("Content-Type", TEXT);
      }
    }
    (await ask("GET", "/?any=query")).is(200).has("Content-Type", TEXT);
  },

  async theDoctorIsServed() {
    for (const options of [{}, PEOPLE]) {
      for (const method of ["GET", "HEAD"]) {
        (await ask(method, "/doctor", options)).is(200).has("Content-Type", HTML);
      }
    }
    (await ask("GET", "/doctor?silence=5")).is(200).has("Content-Type", HTML);
  },

  // The hash of what stands in the page, and no word that would allow more.
  async aPageRunsOnlyItsOwnCode() {
    for (const path of ["/", "/doctor"]) {
      const page = await ask("GET", path, PEOPLE);
      const policy = page.header("Content-Security-Policy").split(/; */);
      for (const rule of ["default-src 'none'", "connect-src 'self'", "base-uri 'none'",
        "form-action 'none'"]) {
        page.must(policy.includes(rule), `${rule} in ${policy}`);
      }
      for (const [element, before] of [["script", "script-src 'self' "], ["style", "style-src "]]) {
        const [, text, ...more] = page.body.split(new RegExp(`<${element}>|</${element}>`));
        page.must(more.length === 1, `one ${element} in the page`);
        const hash = createHash("sha256").update(text).digest("base64");
        page.must(policy.includes(`${before}'sha256-${hash}'`), `the ${element}'s hash in ${policy}`);
      }
      page.must(!/ (style|on\w+)=|(src|href)="https?:/.test(page.body), "what the policy forbids");
    }
  },

  async theBrowserClientIsServed() {
    (await ask("GET", "/doorbell.js")).is(200).has("Content-Type", JAVASCRIPT);
    (await ask("HEAD", "/doorbell.js")).is(200).has("Content-Type", JAVASCRIPT);
    (await ask("GET", "/doorbell.js?v=1")).is(200);
  },

  async anyOtherPathIs404() {
    const number = freshNumber();
    const paths = [
      `/${number}/`, `//${number}`, `/a/b`, `/a/${number}`, `/${number}/${number}`, `//`, `/a/`,
      `/doorbell/${number}/`, `/doorbell//${number}`, `/doorbell/doorbell/${number}`,
      `/DOORBELL/${number}`, `/doorbell/doorbell.js/`, `/./${number}`, `/../${number}`,
    ];
    for (const path of paths) {
      (await ask("GET", `${path}?timeout=0`)).is(404);
      (await ask("POST", path)).is(404);
    }
    (await ask("GET", `/${number}?timeout=0`)).is(204);
  },

  async aSingleSegmentThatIsNoIdIs400() {
    for (const path of ["/abc", "/favicon.ico", "/index.html", "/doorbell.jsx", "/Doctor", "/-", "/."]) {
      (await ask("GET", path)).is(400, ID_RULE);
    }
  },

  async anotherMethodIs405WithAllow() {
    const number = freshNumber();
    for (const method of ["PUT", "DELETE", "PATCH", "TRACE", "BREW", "get", "PROPFIND"]) {
      for (const path of [`/${number}`, "/", `/doorbell/${number}`]) {
        (await ask(method, path)).is(405).has("Allow", METHODS);
      }
    }
    (await ask("GET", `/${number}?timeout=0`)).is(204);
  },

  async theBrowserClientAllowsNoPost() {
    for (const method of ["POST", "PUT", "DELETE"]) {
      (await ask(method, "/doorbell.js")).is(405).has("Allow", "GET, HEAD, OPTIONS");
    }
  },

  async theDoctorAllowsNoPost() {
    for (const method of ["POST", "PUT", "DELETE"]) {
      (await ask(method, "/doctor")).is(405).has("Allow", "GET, HEAD, OPTIONS");
    }
  },

  async optionsTellsTheMethods() {
    for (const path of [`/${freshNumber()}`, "/", "*"]) {
      (await ask("OPTIONS", path)).is(204).has("Allow", METHODS);
    }
    for (const path of ["/doorbell.js", "/doctor"]) {
      (await ask("OPTIONS", path)).is(204).has("Allow", "GET, HEAD, OPTIONS");
    }
  },

  async optionsSetsNothingAndHoldsNothing() {
    const number = freshNumber();
    (await ask("OPTIONS", `/${number}`)).is(204);
    (await ask("GET", `/${number}?timeout=0`)).is(204);
  },

  async anAbsoluteFormTargetIsUnderstood() {
    const number = freshSmallNumber();
    (await ask("GET", `http://${HOST}/${number}?timeout=0`)).is(204);
    (await ask("POST", `http://${HOST}/doorbell/${number}`)).is(201);
    (await ask("GET", `http://bell.example/${number}`)).is(200).says(`doorbell(${number});\n`);
    (await ask("GET", "http://bell.example/")).is(200).has("Content-Type", TEXT);
    (await ask("GET", `http://bell.example/${number}/`)).is(404);
  },

  async theQueryIsNoPartOfThePath() {
    const number = freshNumber();
    (await set(number)).is(201);
    (await ask("GET", `/${number}?/a/b`)).is(200);
    (await ask("GET", `/?/${number}`)).is(200).has("Content-Type", TEXT);
    if (!(await isSet(number))) throw new Error(`${number} was set, but HEAD denies it`);
  },
});
