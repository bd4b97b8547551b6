// Many connections that each wait for one event and have the set of the next behind it: one set
// runs through all of them.
import { request } from "../http1.mjs";
import { spelled } from "./pipelines.mjs";

const EVENTS = { Accept: "text/event-stream" };

// `ids.starts` are set by somebody else, and `ids.ends` are the last ones. `links` are how many;
// each sets the one that stands `stride` behind it: so many chains run beside each other. Clients
// come to the loops in turn, so with 2 strides and 2 loops a chain stays on its loop.
export function chains(random, ids, links) {
  const stride = random.pick([1, 2, 2, 2, 3, 4]);
  const all = random.times(links + stride, () => random.id());
  ids.starts.push(...all.slice(0, stride));
  ids.ends.push(...all.slice(-stride));
  const isPlain = random.chance(0.5);
  const clients = random.times(links, (at) => {
    const requests = [waits(random, ids, all[at], isPlain),
      ...(isPlain ? [] : random.times(random.pick([0, 0, 0, 1, 2]), () => between(random, ids))),
      sets(random, all[at + stride], isPlain)];
    return { kind: "link", protocol: "http1", requests, keepsRules: true, isWhole: isPlain,
      bytes: Buffer.concat(requests.map((each) => each.bytes)), sets: [all[at + stride]] };
  });
  return random.chance(0.15) ? random.shuffled(clients) : clients;
}

function waits(random, ids, id, isPlain) {
  const names = [id];
  if (!isPlain && random.chance(0.2)) names.unshift(random.pick(ids.never));
  const isStream = !isPlain && names.length === 1 && random.chance(0.2);
  const headers = isStream ? EVENTS : {};
  return { bytes: request("GET", `/${names.join(",")}`, { headers }), method: "GET",
    what: isStream ? "events" : "wait", ids: names };
}

function between(random, ids) {
  const path = `/${random.pick(ids.never)}`;
  return random.pick([
    { bytes: request("HEAD", path), method: "HEAD", what: "other" },
    { bytes: request("HEAD", path, { headers: EVENTS }), method: "HEAD", what: "other" },
    { bytes: request("GET", `${path}?timeout=0`), method: "GET", what: "wait", ids: [] },
    { bytes: request("OPTIONS", path), method: "OPTIONS", what: "other" },
  ]);
}

function sets(random, id, isPlain) {
  const isBulk = !isPlain && random.chance(0.2);
  const bytes = isBulk ? request("POST", "/", { body: `${random.id()}\n${id}` })
    : request("POST", `/${isPlain ? id : spelled(random, id)}`, { body: "" });
  return isBulk ? { bytes, method: "POST", what: "other" }
    : { bytes, method: "POST", what: "set", ids: [id] };
}
