// What happens in one case, decided beforehand: a pure function of the seed and the case's number.
//
// A case has a crowd of hostile clients, each with the bytes that it sends, and some moments, in
// which one thing follows the other as fast as it can: loops are kept busy, ids are set by honest
// setters, clients end in some way or send the rest of their bytes.
import { Random } from "./random.mjs";
import { chains } from "./crowd/chains.mjs";
import { alpn, garbage, handshake } from "./crowd/handshakes.mjs";
import { heavy } from "./crowd/heavy.mjs";
import { pipeline } from "./crowd/pipelines.mjs";
import { proxy, streams } from "./crowd/streams.mjs";
import { webSocket } from "./crowd/websockets.mjs";

export const ADDRESSES = ["127.0.0.2", "127.0.0.3", "127.0.0.4"];
// The long ones are to overflow a stack that grows with them.
const LINKS = [3, 200, 1_000, 2_400, 3_600];
const LINKS_OVER_TLS = [3, 100, 400];

// Each brings clients: (random, ids, isSecure).
const CROWDS = {
  pipelines: (random, ids) =>
    random.times(random.between(3, 60), () => pipeline(random, ids)),
  twins: (random, ids) => Array(random.between(3, 60)).fill(pipeline(random, ids)),
  chains: (random, ids, isSecure) =>
    chains(random, ids, random.pick(isSecure ? LINKS_OVER_TLS : LINKS)),
  webSockets: (random, ids) => random.times(random.between(1, 20), () => webSocket(random, ids)),
  streams: (random, ids) => random.times(random.between(1, 12), () => streams(random, ids)),
  proxies: (random, ids) => random.times(random.between(1, 3), () => proxy(random, ids)),
  handshakes: (random) => random.times(random.between(3, 30), () => handshake(random)),
  garbage: (random, ids) => random.times(random.between(3, 30), () => garbage(random, ids)),
  heavy: (random) => heavy(random),
};
// Crowds that come by themselves; a heavy one is asked for.
export const NAMES = Object.keys(CROWDS).filter((name) => name !== "heavy");

// Of these crowds each has its turn, and others beside it.
export function plan(seed, number, { isSecure = false, crowds = NAMES } = {}) {
  const random = new Random(`${seed}/${number}`);
  const set = random.times(random.between(2, 8), () => random.id());
  const ids = {
    set,
    contested: [...set.slice(0, set.length / 2), random.id(), random.id(), random.id()],
    never: random.times(4, () => random.id()),
    mutated: random.times(4, () => random.id()),
    starts: [],
    ends: [],
  };
  const others = random.times(random.below(3), () => random.pick(crowds));
  const kinds = [...new Set([crowds[number % crowds.length], ...others])].filter(Boolean);
  const clients = kinds
    .flatMap((kind) => CROWDS[kind](random, ids, isSecure))
    .map((client, index, all) => sent(random, client, index, all.length));
  return { seed: `${seed}/${number}`, kinds, ids, clients,
    moments: moments(random, ids, clients, isSecure) };
}

// How a client's bytes leave, and when.
function sent(random, made, index, crowd) {
  const client = { ...made, alpn: made.alpn ?? alpn(made.protocol), from: random.pick(ADDRESSES),
    name: `client ${index} (${made.kind})`, leaves: random.pick(["reset", "hang-up"]) };
  const isPatient = client.isWhole || random.chance(0.7);
  client.later = isPatient ? 0 : random.below(client.bytes.length);
  client.takesNothing ??= !client.keepsRules && random.chance(0.1);
  client.isEarly = random.chance(0.05);
  client.cuts = client.isWhole ? [] : cuts(random, client.bytes.length - client.later, crowd);
  return client;
}

// Where its bytes are cut into pieces that are sent one by one; in a large crowd that takes long.
function cuts(random, length, crowd) {
  if (length < 400 && crowd < 300 && random.chance(0.2)) return random.times(length, (at) => at);
  const count = random.pick(crowd < 300 ? [0, 0, 1, 3, 10] : [0, 0, 1]);
  return random.times(count, () => random.below(length + 1)).sort((a, b) => a - b);
}

// Lists of steps: {do: "busy"}, {do: "set", id}, {do: "end", client, how}, {do: "send", client},
// {do: "pause", millis}. What is set at last is all that somebody waits for.
function moments(random, ids, clients, isSecure) {
  const wild = clients.map((client, index) => ({ client, index }))
    .filter(({ client }) => !client.keepsRules && random.chance(0.6));
  const late = clients.map((client, index) => ({ client, index }))
    .filter(({ client }) => client.later > 0);
  // Who keeps the rules may end its sending side, and is answered all the same, but over TLS.
  const mute = clients.map((client, index) => ({ client, index })).filter(({ client }) =>
    client.keepsRules && client.kind === "pipeline" && client.later === 0 && !isSecure &&
    random.chance(0.15));
  const steps = [
    ...mute.map(({ index }) => ({ do: "end", client: index, how: "half-close" })),
    ...ids.set.map((id) => ({ do: "set", id })),
    ...wild.map(({ client, index }) => ({ do: "end", client: index,
      how: random.pick(client.protocol ? ["reset", "reset", "half-close", "hang-up"]
        : ["reset", "half-close", "half-close"]) })),
    ...late.map(({ index }) => ({ do: "send", client: index })),
  ];
  const count = random.between(1, 3);
  const all = random.times(count, () => []);
  for (const step of random.shuffled(steps)) random.pick(all).push(step);
  for (const moment of all) {
    if (random.chance(0.3)) moment.sort((a, b) => (a.do === "end") - (b.do === "end"));
    for (let pauses = random.pick([0, 0, 1, 4]); pauses > 0; pauses--) {
      const at = random.below(moment.length + 1);
      moment.splice(at, 0, { do: "pause", millis: random.below(20) });
    }
    if (random.chance(0.6)) moment.unshift({ do: "busy", times: random.between(1, 3) });
  }
  random.pick(all).push(...ids.starts.map((id) => ({ do: "set", id })));
  return all;
}
