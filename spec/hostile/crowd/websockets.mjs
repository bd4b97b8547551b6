// Clients over WebSocket: lines and frames of every kind, in any pieces.
import { Answers } from "../http1.mjs";
import { BINARY, CLOSE, CONTINUATION, frame, Frames, handshake, PING, PONG, TEXT }
  from "../websocket.mjs";
import { spelled } from "./pipelines.mjs";

// Each says something: {frames, waits, sets, forgets}.
const SAY = {
  wait(random, ids) {
    const names = random.some(ids.set, 5).map((id) => spelled(random, id));
    return { ...line(random, `wait ${names.join(" ")}`), waits: names };
  },
  waitForMany(random, ids) {
    const names = random.times(random.between(2, 300), () => random.id());
    return line(random, `wait ${[...names, random.pick(ids.never)].join(" ")}`);
  },
  waitAgain(random, ids) {
    const id = random.pick(ids.set);
    return { ...line(random, `wait ${id} ${id}`), waits: [id] };
  },
  waitAndSet(random) {
    const id = random.id();
    const both = [line(random, `wait ${id}`), line(random, `set ${id}`)];
    return { frames: both.flatMap(({ frames }) => frames), waits: [id], sets: [id] };
  },
  set(random, ids) {
    const id = spelled(random, random.pick(ids.contested));
    return { ...line(random, `set ${id}`), sets: [id] };
  },
  setMany(random) {
    const many = random.times(random.between(2, 200), () => random.id());
    return { frames: many.flatMap((id) => line(random, `set ${id}`).frames), sets: many };
  },
  forget(random, ids) {
    const names = random.some(ids.set, 3);
    return { ...line(random, `forget ${names.join(" ")}`), forgets: names };
  },
  nonsense(random) {
    return line(random, random.pick(["", "\n", "wait", "wait  1", "set", "set x", "hello",
      "wait -1", "set 1 2 3", `wait ${"9".repeat(40)}`, "forget x", `x${"y".repeat(60_000)}`]));
  },
  ping(random) {
    return { frames: [frame(PING, random.bytes(random.below(126)), random.bytes(4))] };
  },
  pong(random) {
    return { frames: [frame(PONG, random.bytes(random.below(126)), random.bytes(4))] };
  },
  empty(random) {
    const count = random.between(1, 300);
    return { frames: [frame(TEXT, "", random.bytes(4), { last: false }),
      ...random.times(count, () => frame(CONTINUATION, "", random.bytes(4), { last: false })),
      frame(CONTINUATION, "\n", random.bytes(4))] };
  },
  broken(random) {
    const mask = random.bytes(4);
    return { isBroken: true, frames: [random.pick([
      frame(TEXT, "wait 1", null),
      frame(BINARY, random.bytes(10), mask),
      frame(TEXT, Buffer.of(0xff, 0xfe), mask),
      frame(CONTINUATION, "x", mask),
      frame(3, "", mask),
      frame(11, "", mask),
      frame(TEXT, "x", mask, { reserved: 4 }),
      frame(PING, Buffer.alloc(126), mask),
      frame(PING, "x", mask, { last: false }),
      frame(TEXT, Buffer.alloc(65_537, "x"), mask),
      frame(CLOSE, Buffer.of(3, 0xe8), mask),
      frame(CLOSE, Buffer.of(0), mask),
      frame(CLOSE, Buffer.of(3, 0xed), mask),
      frame(CLOSE, "", mask),
      Buffer.concat([Buffer.of(0x81, 0xff), Buffer.alloc(8, 0xff), mask]),
    ])] };
  },
};

function line(random, text) {
  if (text.length < 2 || random.chance(0.8)) {
    return { frames: [frame(TEXT, text, random.bytes(4))] };
  }
  const frames = [];
  for (let at = 0; at < text.length || frames.length === 0;) {
    const part = text.slice(at, at += random.between(0, Math.ceil(text.length / 2)));
    const options = { last: at >= text.length };
    frames.push(frame(frames.length === 0 ? TEXT : CONTINUATION, part, random.bytes(4), options));
    if (!options.last && random.chance(0.2)) frames.push(...SAY.ping(random).frames);
  }
  return { frames };
}

const KEEP_RULES = { wait: 10, waitForMany: 1, waitAgain: 2, waitAndSet: 6, set: 6, setMany: 2,
  forget: 2, nonsense: 2, ping: 2, pong: 1, empty: 1 };
const BREAK_RULES = { ...KEEP_RULES, waitForMany: 3, empty: 3, broken: 2 };

export function webSocket(random, ids) {
  const keepsRules = random.chance(0.4);
  const weights = keepsRules ? KEEP_RULES : BREAK_RULES;
  const count = random.pick([1, 5, 20, 60]);
  const said = random.times(count, () => SAY[random.weighted(weights)](random, ids));
  const waits = new Set(said.flatMap((each) => each.waits ?? []));
  for (const id of said.flatMap((each) => each.forgets ?? [])) waits.delete(id);
  const sets = said.flatMap((each) => each.sets ?? []);
  return { kind: "WebSocket", protocol: "websocket", keepsRules, sets, waits: [...waits],
    bytes: Buffer.concat([handshake(random.bytes(16)), ...said.flatMap(({ frames }) => frames)]) };
}

// Hears what a client over WebSocket is told, and tells the checker.
export class WebSocketReader {
  constructor(client, checker) {
    this.checker = checker;
    this.who = client.name;
    this.open = new Map();
    for (const id of client.sets) this.#expect(`done ${id}`);
    for (const id of client.waits) this.#expect(`set ${id}`);
    const frames = new Frames((opcode, payload) => this.#onFrame(opcode, payload));
    this.answers = new Answers({
      onAnswer: ({ status }) => {
        if (client.keepsRules) checker.fault(`${this.who}: its handshake is answered ${status}`);
      },
      onUpgrade: (bytes) => frames.push(bytes),
    });
    this.answers.expect("GET");
  }

  #expect(said) {
    this.open.set(said, (this.open.get(said) ?? 0) + 1);
  }

  #heard(said) {
    const left = (this.open.get(said) ?? 0) - 1;
    if (left > 0) this.open.set(said, left);
    else this.open.delete(said);
  }

  push(bytes) {
    this.answers.push(bytes);
  }

  end() {}

  missing() {
    return [...this.open.keys()];
  }

  #onFrame(opcode, payload) {
    if (opcode !== TEXT) return;
    const said = payload.toString("latin1");
    const [verb, id] = said.split(" ");
    this.#heard(said);
    if (verb === "set") {
      this.checker.isTold(id, this.who);
    } else if (verb === "done") {
      this.checker.setIsAnswered(id, null, this.who);
    } else if (verb === "error" && id?.endsWith(":")) {
      this.checker.counts.refused++;
      this.#heard(`set ${id.slice(0, -1)}`);
      this.#heard(`done ${id.slice(0, -1)}`);
    }
  }
}
