// Whatever frames come over a WebSocket: the cases of autobahn.mjs, and crowds of tiny frames.
// DOORBELL_FRAMES tells how many (20,000).
import assert from "node:assert/strict";
import { CASES } from "./autobahn.mjs";
import { ask, facts } from "./wire.mjs";
import { CLOSE, closing, connect, CONTINUATION, frame, PING, PONG, TEXT } from "./websocket.mjs";

const FRAMES = Number(process.env.DOORBELL_FRAMES ?? 20_000);
const AT_A_TIME = 8;
const OF_ONE_WRITE = 1000;
const OF_ONE_MESSAGE = 10_000;

// What comes for such bytes, until the node closes, in the words of a row.
async function heardFor(frames, cut) {
  const socket = await connect();
  const bytes = Buffer.concat(frames);
  for (let at = 0; at < bytes.length; at += cut || bytes.length) {
    socket.send(bytes.subarray(at, at + (cut || bytes.length)));
    if (cut) await new Promise(setImmediate);
  }
  const heard = [];
  for (;;) {
    const { opcode, payload } = await socket.anyFrame();
    if (opcode === TEXT) heard.push(String(payload).replace(/^error a line is .*$/, "error"));
    else if (opcode === PONG) heard.push(`pong ${payload.toString("latin1")}`);
    else if (opcode === CLOSE) heard.push(payload.readUInt16BE(0));
    if (opcode === CLOSE) break;
  }
  socket.send(frame(CLOSE, closing(heard.at(-1))));
  await socket.wire.closed();
  return heard;
}

facts("autobahn", {
  async eachCaseEndsAsItShould() {
    const wrong = [];
    const cases = [...CASES];
    const lanes = Array.from({ length: AT_A_TIME }, async () => {
      for (let each; (each = cases.shift());) {
        const [name, frames, wanted, cut] = each;
        const heard = await heardFor(frames, cut).catch((failure) => [failure.message]);
        if (`${heard}` !== `${wanted}`) {
          wrong.push(`${name}: ${`${heard}`.slice(0, 200)}, not ${`${wanted}`.slice(0, 200)}`);
        }
      }
    });
    await Promise.all(lanes);
    assert.deepEqual(wrong, []);
  },

  // Such a crowd is answered in full, and others are served meanwhile.
  async aCrowdOfTinyFramesIsAnswered() {
    const socket = await connect();
    const pings = Buffer.concat(Array(OF_ONE_WRITE).fill(frame(PING, "")));
    for (let sent = 0; sent < FRAMES; sent += OF_ONE_WRITE) {
      socket.send(pings);
      for (let pong = 0; pong < OF_ONE_WRITE; pong++) await socket.frame(PONG);
      (await ask("HEAD", "/")).is(200);
    }
    await socket.isQuiet();
    socket.hangUp();
  },

  async emptyFragmentsChangeNothingHoweverMany() {
    const socket = await connect();
    const empty = Buffer.concat(Array(OF_ONE_WRITE).fill(frame(CONTINUATION, "", { last: false })));
    for (let sent = 0; sent < FRAMES; sent += OF_ONE_MESSAGE) {
      socket.send(frame(TEXT, "wait ", { last: false }));
      for (let part = 0; part < OF_ONE_MESSAGE; part += OF_ONE_WRITE) await socket.send(empty).isQuiet();
      await socket.send(frame(CONTINUATION, "x")).hears(/^error /);
    }
    socket.hangUp();
  },

  async fragmentsWithoutAnEndAreClosedWith1008() {
    const socket = await connect();
    socket.send(frame(TEXT, "wait ", { last: false }));
    const dripping = setInterval(() => socket.send(frame(CONTINUATION, "1", { last: false })), 100);
    await socket.isClosed(1008).finally(() => clearInterval(dripping));
  },
});
