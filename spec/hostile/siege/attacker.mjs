// The process of the attackers: it is told {attack, node: {host, port}, size} and begins; {stop} ends all
// of its connections. They come from 127.0.0.2 on, and yield the processor to nodes and honest clients,
// since real ones have machines of their own.
import net from "node:net";
import os from "node:os";
import { ATTACKS } from "./attacks.mjs";

const DRIP_MILLIS = 500;
const AGAIN_MILLIS = 20;
const UNSENT = 65_536;
// Connections of one address, as docs/limits.md advises for it.
const PER_ADDRESS = 400;
// Connections that are begun together.
const AT_ONCE = 200;

os.setPriority(10);
let current = null;

class Attacker {
  constructor(attack, node, number) {
    Object.assign(this, { attack, node, number, isOver: false });
    this.begin();
  }

  begin() {
    const { attack, node } = this;
    const from = `127.0.0.${2 + Math.floor(this.number / PER_ADDRESS) + (this.number % 4) * 60}`;
    const socket = this.socket = net.connect({ ...node, localAddress: from, noDelay: true });
    socket.on("error", () => {});
    socket.once("close", () => this.again());
    if (attack.reads) socket.resume();
    socket.once("connect", () => {
      current.counts.connected++;
      socket.write(attack.greet());
      if (attack.flood) this.flood(socket, attack.flood(), current.pace);
      if (attack.once) setTimeout(() => socket.destroy(), AGAIN_MILLIS);
    });
  }

  // As fast as the node takes it, or a piece each `pace` milliseconds.
  flood(socket, next, pace) {
    const more = () => {
      if (socket.destroyed) return;
      const bytes = socket.writableLength < UNSENT ? next() : null;
      if (bytes?.length === 0) {
        socket.destroy(); // It has used up its streams.
        return;
      }
      if (bytes) socket.write(bytes);
      if (pace > 0) return;
      if (socket.writableLength < UNSENT) setImmediate(more);
      else socket.once("drain", more);
    };
    if (pace > 0) this.flooding = setInterval(more, pace);
    more();
  }

  again() {
    clearInterval(this.flooding);
    if (!this.isOver) setTimeout(() => this.isOver || this.begin(), AGAIN_MILLIS);
  }

  drip() {
    if (!this.socket.destroyed && this.socket.writable) this.socket.write(this.attack.drip());
  }

  leave() {
    this.isOver = true;
    this.socket.resetAndDestroy();
  }
}

function begin({ attack: name, node, size }) {
  const attack = ATTACKS[name];
  current = { all: [], counts: { connected: 0 }, pace: size.pace };
  const mine = current;
  const count = attack.count(size);
  const come = () => {
    for (let i = 0; i < AT_ONCE && mine.all.length < count; i++) {
      mine.all.push(new Attacker(attack, node, mine.all.length));
    }
    mine.coming = mine.all.length < count ? setTimeout(come, 10) : process.send({ came: count });
  };
  come();
  if (attack.drip) {
    mine.dripping = setInterval(() => mine.all.forEach((each) => each.drip()), DRIP_MILLIS);
  }
}

process.on("message", (told) => {
  if (told.attack) return begin(told);
  clearTimeout(current.coming);
  clearInterval(current.dripping);
  current.all.forEach((each) => each.leave());
  process.send({ left: current.counts.connected });
});
process.once("disconnect", () => process.exit());
