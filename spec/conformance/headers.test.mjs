// Every answer carries its headers. wire.mjs checks them on each answer of the whole suite; here
// every kind of answer is asked for once, by name.
import assert from "node:assert/strict";
import { ask, facts, ID_RULE, set } from "./wire.mjs";
import { freshNumber, freshSealed } from "./names.mjs";

// One answer of every kind that can be had without the node's help, by status.
async function answersOfEveryKind() {
  const [number, unset] = [freshNumber(), freshNumber()];
  return {
    201: await set(number),
    200: await set(number),
    "200 wait": await ask("GET", `/${number}`),
    "200 json": await ask("GET", `/${number}`, { headers: { Accept: "application/json" } }),
    "200 head": await ask("HEAD", `/${number}`),
    "200 many": await ask("POST", "/", { body: number }),
    "200 text": await ask("GET", "/"),
    "200 page": await ask("GET", "/", { headers: { Accept: "text/html" } }),
    "200 doctor": await ask("GET", "/doctor"),
    "200 client": await ask("GET", "/doorbell.js"),
    "204 wait": await ask("GET", `/${unset}?timeout=0`),
    "204 late": await ask("GET", `/${unset}?timeout=0.05`),
    "204 head": await ask("HEAD", `/${unset}`),
    "204 options": await ask("OPTIONS", `/${unset}`),
    400: await ask("GET", "/abc"),
    "400 head": await ask("HEAD", "/abc"),
    "400 host": await ask("GET", `/${unset}`, { headers: { Host: null } }),
    403: await set(freshSealed().id, "wrong"),
    404: await ask("GET", "/a/b"),
    405: await ask("PUT", `/${unset}`),
    413: await ask("POST", `/${unset}`, { body: "x".repeat(65_537) }),
    414: await ask("GET", `/${unset}?${"x".repeat(8_200)}`),
    417: await ask("POST", `/${unset}`, { headers: { Expect: "more" } }),
    431: await ask("GET", `/${unset}`, { headers: { X: "x".repeat(16_400) } }),
    501: await ask("POST", `/${unset}`, { headers: { "Transfer-Encoding": "gzip" } }),
    505: await ask("GET", `/${unset}`, { version: "3.0" }),
  };
}

async function each(check) {
  for (const [kind, answer] of Object.entries(await kinds)) {
    answer.is(parseInt(kind, 10));
    check(answer);
  }
}

const kinds = answersOfEveryKind();
kinds.catch(() => {});

facts("headers", {
  async everyAnswerMayBeReadFromAnyOrigin() {
    await each((answer) => answer
      .has("Access-Control-Allow-Origin", "*")
      .has("Cross-Origin-Resource-Policy", "cross-origin"));
  },

  async noAnswerIsStored() {
    await each((answer) => answer.has("Cache-Control", "no-store"));
  },

  async everyAnswerHasADate() {
    await each((answer) => {
      const skew = Math.abs(Date.now() - Date.parse(answer.header("Date")));
      answer.must(skew < 3_600_000, "the Date is the time of the answer");
    });
  },

  async nosniffStandsWhereverThereIsABody() {
    await each((answer) => {
      if (answer.body) answer.has("X-Content-Type-Options", "nosniff");
    });
  },

  async a204HasNoNosniffAndNoBody() {
    await each((answer) => {
      if (answer.status !== 204) return;
      for (const name of ["X-Content-Type-Options", "Content-Length", "Content-Type"]) {
        answer.hasNo(name);
      }
      answer.says("");
    });
  },

  async thereAreNoCookies() {
    await each((answer) => answer.hasNo("Set-Cookie"));
    const headers = { Cookie: "a=b", Authorization: "Basic eDp5" };
    (await ask("GET", `/${freshNumber()}?timeout=0`, { headers })).is(204).hasNo("Set-Cookie");
  },

  async everyErrorIsAProblemWithOneSentence() {
    await each((answer) => {
      if (answer.status < 400) return;
      answer.checkProblem();
    });
  },

  async anErrorNamesTheRuleThatWasBroken() {
    const all = await kinds;
    all[400].is(400, ID_RULE);
    all[403].is(403, /\bkey\b/i);
    all[404].is(404, /\bpath\b/i);
    all[405].is(405, /\bGET\b/);
    all[413].is(413, /65,?536/);
    all[414].is(414, /8,?192/);
    all[431].is(431, /16,?384/);
    all["400 host"].is(400, /\bHost\b/);
    all[417].is(417, /\bExpect|100-continue/i);
    all[501].is(501, /\bchunked\b|Transfer-Encoding/i);
    all[505].is(505, /\bHTTP/);
  },

  async aBrowserAtAMistypedPathGetsThatSentenceAsAPage() {
    const pages = ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
      "text/html", "TEXT/HTML;charset=utf-8, application/json", "application/json;q=0.9, text/html"];
    for (const accept of pages) {
      for (const [method, path] of [["GET", "/abc"], ["GET", "/a/b"], ["GET", "/1?timeout=x"],
        ["GET", "/%3Cb%3E"], ["PUT", "/1"]]) {
        const { detail } = (await ask(method, path)).json();
        const page = (await ask(method, path, { headers: { Accept: accept } }))
          .has("Content-Type", "text/html; charset=utf-8")
          .has("Content-Security-Policy", /default-src 'none'/);
        const text = detail.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
        assert.ok(page.body.includes(`<p>${text}</p>`), page.body);
      }
      (await ask("HEAD", "/abc", { headers: { Accept: accept } })).is(400).says("")
        .has("Content-Type", "text/html; charset=utf-8");
      (await ask("PUT", "/1", { headers: { Accept: accept } })).is(405).has("Allow", /GET/);
    }
  },

  async anErrorIsNoPageUnlessAPageIsPreferred() {
    for (const accept of [null, "*/*", "text/*", "application/json, text/html", "text/html;q=0",
      "text/html;q=0.5, application/problem+json", "text/javascript, text/html", "image/png",
      "text/html;q=0.1, text/event-stream"]) {
      (await ask("GET", "/abc", { headers: { Accept: accept } })).is(400, ID_RULE)
        .has("Content-Type", "application/problem+json");
    }
  },

  async anErrorOfHeadHasNoBody() {
    (await ask("HEAD", "/abc")).is(400).says("");
    (await ask("HEAD", "/a/b")).is(404).says("");
  },

  async headHasTheHeadersOfGet() {
    const number = freshNumber();
    (await set(number)).is(201);
    for (const path of [`/${number}`, "/", "/doorbell.js", "/doctor", "/abc", "/a/b"]) {
      const [head, get] = [await ask("HEAD", path), await ask("GET", path)];
      for (const { fields } of [head, get]) fields.delete("date");
      assert.deepEqual(Object.fromEntries(head.fields), Object.fromEntries(get.fields), path);
      head.is(get.status).says("");
    }
  },

  async aPreflightIsAnswered204ForALongTime() {
    const headers = {
      Origin: "https://app.example",
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "prefer",
    };
    for (const path of [`/${freshNumber()}`, "/"]) {
      (await ask("OPTIONS", path, { headers })).is(204)
        .has("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS")
        .has("Access-Control-Allow-Headers", "*")
        .has("Access-Control-Max-Age", "86400");
    }
  },

  async anyOriginIsWelcome() {
    for (const origin of ["https://app.example", "null", "http://localhost:3000"]) {
      const headers = { Origin: origin };
      (await ask("POST", `/${freshNumber()}`, { headers })).is(201);
      (await ask("GET", `/${freshNumber()}?timeout=0`, { headers })).is(204);
    }
  },
});
