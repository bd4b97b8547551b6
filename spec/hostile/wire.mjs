// One TCP connection to the node, with TLS or without, that can be ended in every way there is.
import net from "node:net";
import tls from "node:tls";

export class Wire {
  #raw;
  #socket;

  // node: {host, port, ca}; `secure` is whether TLS is spoken, with `alpn` in its hello.
  constructor(node, { from, secure = node.ca !== undefined, alpn = "http/1.1" } = {}) {
    this.isOver = false;
    this.failure = null;
    this.onBytes = () => {};
    this.onOver = () => {};
    this.#raw = net.connect(
      { host: node.host, port: node.port, localAddress: from, noDelay: true });
    this.#socket = secure
      ? tls.connect({ socket: this.#raw, ca: node.ca, ALPNProtocols: [alpn], host: node.host })
      : this.#raw;
    this.opened = new Promise((resolve) => {
      this.#socket.once(secure ? "secureConnect" : "connect", () => resolve(true));
      this.#socket.once("close", () => resolve(false));
    });
    this.#socket.on("data", (bytes) => this.onBytes(bytes));
    for (const socket of new Set([this.#raw, this.#socket])) {
      socket.on("error", (failure) => { this.failure ??= failure; });
      for (const last of ["end", "close"]) socket.on(last, () => this.#over());
    }
  }

  #over() {
    if (this.isOver) return;
    this.isOver = true;
    this.onOver();
  }

  write(bytes) {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  // Bytes that the kernel hasn't taken.
  get unsent() {
    return this.isOver ? 0 : this.#socket.writableLength;
  }

  takeNothing() {
    this.#socket.pause();
  }

  takeAgain() {
    this.#socket.resume();
  }

  // Ends the sending side alone.
  halfClose() {
    this.#socket.end();
  }

  reset() {
    this.#raw.resetAndDestroy();
    this.#socket.destroy();
  }

  hangUp() {
    this.#socket.destroy();
    this.#raw.destroy();
  }

  end(how) {
    if (how === "reset") this.reset();
    else if (how === "half-close") this.halfClose();
    else this.hangUp();
  }
}
