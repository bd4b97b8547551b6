// What happens to several nodes and their Redis. Each trouble breaks something, looks at what the
// nodes say meanwhile, mends it, and returns its name with what it chose.
import { setTimeout as pause } from "node:timers/promises";

const SOON_MILLIS = [100, 1_500];
const STOPPED_MILLIS = [500, 3_000];
// A notification longer than what a connection holds by itself, 16 KB, is more than none.
const TINY = "pubsub 1 0 0";
const USUAL = "pubsub 33554432 8388608 60";
// Some 100,000 sets may have to be copied while all is busy: longer than a client is patient.
const PATIENCES = 5;
const MANY = 10_000;
const MOMENTS = 8;

function some(nodes) {
  const { random, servers } = nodes;
  return random.shuffled(servers).slice(0, random.between(1, servers.length));
}

function named(what, list) {
  return `${what} ${list.map(({ name }) => name).join(", ")}`;
}

// All nodes say that so many servers are away.
async function whileAway(nodes, away, finds) {
  const counting = nodes.counting(away);
  await Promise.all(nodes.nodes.map((node) => nodes.says(node, { counting, finds })));
}

async function someMillis(nodes, [least, most] = SOON_MILLIS) {
  await pause(nodes.random.between(least, most));
}

async function killed(nodes) {
  const chosen = some(nodes);
  await away(nodes, chosen);
  return named("killed", chosen);
}

async function stopped(nodes) {
  const chosen = some(nodes);
  for (const server of chosen) server.signal("SIGSTOP");
  await whileAway(nodes, chosen);
  await someMillis(nodes);
  for (const server of chosen) server.signal("SIGCONT");
  return named("stopped", chosen);
}

// Too short for anybody to give the server up.
async function hiccups(nodes) {
  const chosen = some(nodes);
  for (const server of chosen) server.signal("SIGSTOP");
  await someMillis(nodes, [50, 1_000]);
  for (const server of chosen) server.signal("SIGCONT");
  return named("stopped for a moment", chosen);
}

// One of the others is away before, so that some sets were only in this one and in the third, which
// is away when this one was filled.
async function emptied(nodes) {
  const [server, first, second] = nodes.random.shuffled(nodes.servers);
  await away(nodes, [first]);
  if (nodes.random.chance(0.5)) await server.must("FLUSHALL");
  else await server.startEmpty();
  let mark = "";
  for (let i = 0; i < PATIENCES && !counts(mark); i++) {
    mark = await nodes.checker.until(() => server.say("GET doorbell:mark"), counts);
  }
  if (!counts(mark)) nodes.checker.fault(`${server.name} was emptied, and isn't filled (P130)`);
  await away(nodes, [second]);
  return named("emptied", [server]);
}

// The mark is 0, of one character.
const counts = (mark) => mark === "$1";

async function away(nodes, servers) {
  await Promise.all(servers.map((server) => server.kill()));
  await whileAway(nodes, servers);
  await someMillis(nodes);
  await Promise.all(servers.map((server) => server.start()));
  await nodes.areReady(`with ${named("again", servers)}`);
}

// Nobody hears of a set: the node that looks finds it.
async function forgotten(nodes) {
  const { checker, servers } = nodes;
  const id = nodes.random.id();
  checker.setBegins(id);
  const told = nodes.ask(nodes.nodes.at(-1), `/${id}`);
  await someMillis(nodes);
  await Promise.all(servers.slice(0, nodes.majority).map((server) =>
    server.must(`SET doorbell:${id} 1 PX 3600000`)));
  checker.setIsAnswered(id, null, "somebody");
  const status = (await told)?.status;
  if (status !== 200) checker.fault(`who waits for a set that nobody tells hears ${status} (P131)`);
  return "a notification forgotten";
}

async function unsubscribed(nodes) {
  return cutOff(nodes, "pubsub");
}

async function disconnected(nodes) {
  return cutOff(nodes, "normal");
}

async function cutOff(nodes, kind) {
  const chosen = some(nodes);
  for (let time = nodes.random.between(1, 3); time > 0; time--) {
    await Promise.all(chosen.map((server) => server.say(`CLIENT KILL TYPE ${kind}`)));
    await someMillis(nodes, [50, 700]);
  }
  return named(`${kind} connections ended of`, chosen);
}

// Who hears is cut off by a crowd of sets.
async function overflowed(nodes) {
  const chosen = some(nodes);
  const limit = (value) => Promise.all(chosen.map((server) =>
    server.must(`CONFIG SET client-output-buffer-limit "${value}"`)));
  const overflows = () => chosen.reduce((sum, server) =>
    sum + server.log().split("overcoming of output buffer limits").length - 1, 0);
  const before = overflows();
  await limit(TINY);
  const { company } = nodes;
  const few = company.many;
  company.many = MANY;
  await nodes.checker.until(overflows, (count) => count > before, 20);
  company.many = few;
  await limit(USUAL);
  return named(`${overflows() - before} buffers overflowed of`, chosen);
}

async function full(nodes) {
  const chosen = some(nodes);
  const memory = (size) => Promise.all(chosen.map((server) =>
    server.must(`CONFIG SET maxmemory ${size}`)));
  await memory(1);
  await whileAway(nodes, chosen, nodes.counting([]));
  await memory(0);
  return named("no memory in", chosen);
}

async function nodeKilled(nodes) {
  const node = nodes.random.pick(nodes.nodes);
  await node.kill();
  const other = nodes.nodes.find((one) => one !== node);
  await nodes.says(other, { counting: nodes.counting([]) });
  await someMillis(nodes);
  await node.start();
  return named("killed", [node]);
}

async function nodeStopped(nodes) {
  const node = nodes.random.pick(nodes.nodes);
  node.process.kill("SIGSTOP");
  await someMillis(nodes, STOPPED_MILLIS);
  node.process.kill("SIGCONT");
  return named("stopped", [node]);
}

// One Redis keeps its sets, whatever else becomes of it.
export const OF_ONE = { killed, stopped, hiccups, unsubscribed, disconnected, overflowed, full,
  forgotten, nodeKilled, nodeStopped };
export const OF_THREE = { ...OF_ONE, emptied };

// Drops packets between a node and some servers, in both directions, or in one of them.
function cut(nodes, node, away) {
  const way = nodes.random.weighted({ both: 3, there: 1, back: 1 });
  for (const { place } of away) {
    if (way !== "back") nodes.network.cut(node.place, place);
    if (way !== "there") nodes.network.cut(place, node.place);
  }
  return `${node.name} cut off (${way}) from ${away.map(({ name }) => name).join(", ")}`;
}

async function whileCut(nodes, plan) {
  const story = plan.map(([node, away]) => cut(nodes, node, away)).join(", ");
  await Promise.all(nodes.nodes.map((node) => {
    const [, away = []] = plan.find(([one]) => one === node) ?? [];
    return nodes.says(node, { counting: nodes.counting(away) });
  }));
  await someMillis(nodes, STOPPED_MILLIS);
  nodes.network.heal();
  return story;
}

function fromOne(nodes) {
  const { random, servers } = nodes;
  return whileCut(nodes, [[random.pick(nodes.nodes), [random.pick(servers)]]]);
}

function fromTwo(nodes) {
  const { random, servers } = nodes;
  return whileCut(nodes, [[random.pick(nodes.nodes), random.shuffled(servers).slice(1)]]);
}

function fromAll(nodes) {
  return whileCut(nodes, [[nodes.random.pick(nodes.nodes), nodes.servers]]);
}

// Both have a majority, and only one server in common.
function apart(nodes) {
  const [first, second] = nodes.random.shuffled(nodes.servers);
  return whileCut(nodes, [[nodes.nodes[0], [first]], [nodes.nodes[1], [second]]]);
}

// One has a majority, the other one the rest: nodes are cut off from each other, too.
function split(nodes) {
  const { random, servers, network } = nodes;
  const [here, there] = random.shuffled(nodes.nodes);
  const [lonely, ...most] = random.shuffled(servers);
  network.cut(here.place, there.place);
  network.cut(there.place, here.place);
  return whileCut(nodes, [[here, most], [there, [lonely]]]);
}

async function everybody(nodes) {
  return whileCut(nodes, nodes.nodes.map((node) => [node, nodes.servers]));
}

// A cut that is over before anybody is given up.
async function flicker(nodes) {
  const { random, servers } = nodes;
  let story;
  for (let time = random.between(2, 5); time > 0; time--) {
    story = cut(nodes, random.pick(nodes.nodes), random.some(servers, servers.length));
    await someMillis(nodes, [50, 1_500]);
    nodes.network.heal();
    await someMillis(nodes, [10, 300]);
  }
  return `${story}, again and again`;
}

// Answers come late, and notifications at once: so a node hears of a set before it hears that the
// event was unset. No connection is given up, or all would be looked up again.
async function late(nodes) {
  const node = nodes.random.pick(nodes.nodes);
  for (let time = 0; time < MOMENTS; time++) {
    await halfCut(nodes, node, (client) => client.channels === 0, [100, 700]);
    await someMillis(nodes, [300, 600]);
  }
  return `${node.name} gets its answers late`;
}

async function mute(nodes) {
  const node = nodes.random.pick(nodes.nodes);
  await halfCut(nodes, node, (client) => client.channels === 0, STOPPED_MILLIS);
  return `${node.name} gets no answers`;
}

async function deaf(nodes) {
  const node = nodes.random.pick(nodes.nodes);
  await halfCut(nodes, node, (client) => client.channels > 0, [4_000, 5_000]);
  return `${node.name} gets no notifications`;
}

async function halfCut({ servers, network, random }, { place }, isChosen, [least, most]) {
  for (const server of servers) {
    const here = server.clients().filter(({ host }) => host === place.address);
    for (const { port } of here.filter(isChosen)) network.cut(server.place, place, port);
  }
  await pause(random.between(least, most));
  network.heal();
}

export const CUTS = { fromOne, fromTwo, fromAll, apart, split, everybody, flicker, late, mute,
  deaf, killed };
