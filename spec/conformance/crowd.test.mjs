// Many at once: no wait is lost, and a spread wake is spread.
import assert from "node:assert/strict";
import { inOneOf } from "../tries.mjs";
import { ask, facts, open, settle, wait } from "./wire.mjs";
import { connect } from "./websocket.mjs";
import { freshNumber, freshSmallNumber, freshUuid, times } from "./names.mjs";

const ROUNDS = Number(process.env.DOORBELL_ROUNDS ?? 2000);
const CROWD = 40;

// A crowd of waiters that the node has parked: the moment at which each is answered.
async function parkACrowd(number) {
  const crowd = await Promise.all(times(CROWD, () => wait(number)));
  await settle();
  return crowd.map(async (wire) => {
    (await wire.answer()).is(200);
    wire.hangUp();
    return performance.now();
  });
}

// The moments at which a crowd of waiters was answered, earliest first.
async function wakeACrowd(query) {
  const number = freshNumber();
  const moments = await parkACrowd(number);
  (await ask("POST", `/${number}${query}`)).is(201);
  return (await Promise.all(moments)).sort((a, b) => a - b);
}

const took = (moments) => moments.at(-1) - moments[0];

// How such moments are not spread evenly over 2 s, compared with their own length: a slow machine
// changes nothing; null if they are.
function whatIsUneven(moments) {
  if (took(moments) <= 1000) return `a spread of 2 s took ${took(moments)} ms`;
  for (let quarter = 0; quarter < 4; quarter++) {
    const from = moments[0] + (took(moments) * quarter) / 4;
    const until = moments[0] + (took(moments) * (quarter + 1)) / 4;
    const share = moments.filter((moment) => moment >= from && moment <= until).length;
    if (share < CROWD / 10 || share > CROWD / 2) {
      return `${share} of ${CROWD} waiters were answered in quarter ${quarter + 1} of the spread`;
    }
  }
  return null;
}

// Ten waits for one variable, which the node has parked.
async function crowdOfOneSocket() {
  const id = freshSmallNumber();
  const texts = times(10, (zeros) => "0".repeat(zeros) + id);
  const socket = await connect();
  await socket.say(`wait ${texts.join(" ")}`).isQuiet();
  return { id, texts, socket };
}

facts("crowd", {
  // A wait and a set of the same variable begin at the same moment, again and again.
  async noWaitIsLost() {
    const [waiter, setter] = await Promise.all([open(), open()]);
    for (let round = 0; round < ROUNDS; round++) {
      const id = freshNumber();
      const list = round % 3 ? id : `${freshUuid()},${id}`;
      const sides = [
        () => waiter.request("GET", `/${list}`),
        () => setter.request("POST", `/${id}`),
      ];
      for (const side of round % 2 ? sides : sides.reverse()) side();
      const [waited, wasSet] = await Promise.all([waiter.answer(), setter.answer()]);
      waited.is(200).says(`doorbell("${id}");\n`);
      wasSet.is(201);
    }
    waiter.hangUp();
    setter.hangUp();
  },

  async everyWaiterOfASetInMidCrowdIsAnswered() {
    for (let round = 0; round < 10; round++) {
      const number = freshNumber();
      const wires = await Promise.all(times(21, () => open()));
      wires.forEach((wire, index) => wire.request(index === 10 ? "POST" : "GET", `/${number}`));
      const answers = await Promise.all(wires.map((wire) => wire.answer()));
      answers.forEach((answer, index) => answer.is(index === 10 ? 201 : 200));
      wires.forEach((wire) => wire.hangUp());
    }
  },

  // A machine that stands still for a moment answers many at once.
  async aSpreadWakeIsSpreadEvenly() {
    const uneven = await inOneOf(5, async () => whatIsUneven(await wakeACrowd("?spread=2")),
      (fault) => !fault);
    assert.equal(uneven, null);
  },

  // The crowd has an hour, so that who comes before whom is no matter of time.
  async aWaitBegunAfterASpreadSetIsAnsweredAtOnce() {
    const number = freshNumber();
    const crowd = await parkACrowd(number);
    let before = 0;
    for (const moment of crowd) moment.then(() => before++, () => {});
    (await ask("POST", `/${number}?spread=3600`)).is(201);
    (await ask("GET", `/${number}`)).is(200);
    assert.ok(before < CROWD / 2, `${before} of ${CROWD} parked waiters came before a late wait`);
    (await ask("POST", `/${number}`)).is(200);
    await Promise.all(crowd);
  },

  async aWaitThatRunsOutDuringASpreadIsAnswered200() {
    const number = freshNumber();
    const crowd = await Promise.all(times(10, () => wait(number, { query: "?timeout=8" })));
    await settle();
    (await ask("POST", `/${number}?spread=3600`)).is(201);
    for (const wire of crowd) {
      (await wire.answer()).is(200);
      wire.hangUp();
    }
  },

  async withoutASpreadTheCrowdIsAnsweredTogether() {
    const [together, spread] = await inOneOf(3, async () =>
      (await Promise.all([wakeACrowd(""), wakeACrowd("?spread=2")])).map(took),
    ([one, other]) => one < other / 2);
    assert.ok(together < spread / 2, `together: ${together} ms, spread: ${spread} ms`);
  },

  // Whoever knows the id may have set it at a slow pace before.
  async aLaterSetThatIsFasterHastensTheWake() {
    const lines = (...ids) => ({ body: ids.join("\n") });
    const faster = [
      (id) => ask("POST", `/${id}`),
      (id) => ask("POST", `/${id}?spread=0.2`),
      (id) => ask("POST", "/", lines(freshNumber(), id)),
      (id) => ask("POST", "/?spread=0.2", lines(id)),
      async (id) => {
        const setter = await connect();
        await setter.say(`set ${id}`).hears(`done ${id}`);
        setter.hangUp();
      },
    ];
    for (const setFaster of faster) {
      const { id, texts, socket } = await crowdOfOneSocket();
      const crowd = await Promise.all(times(10, () => wait(id)));
      await settle();
      (await ask("POST", `/${id}?spread=3600`)).is(201);
      await setFaster(id);
      await socket.hearsAll(texts.map((text) => `set ${text}`));
      for (const wire of crowd) {
        (await wire.answer()).is(200);
        wire.hangUp();
      }
      socket.hangUp();
    }
  },

  async aLaterSetThatIsNoFasterChangesNothing() {
    const { id, texts, socket } = await crowdOfOneSocket();
    (await ask("POST", "/?spread=3600", { body: id })).is(200);
    await socket.hears(`set ${texts[0]}`);
    for (let again = 0; again < 3; again++) {
      (await ask("POST", `/${id}?spread=3600`)).is(200);
      (await ask("POST", "/?spread=3600", { body: id })).is(200);
      await socket.isQuiet();
    }
    (await ask("POST", `/${id}`)).is(200);
    await socket.hearsAll(texts.slice(1).map((text) => `set ${text}`));
    socket.hangUp();
  },
});
