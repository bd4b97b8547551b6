import Client from './doorbell.js';

/** A sealed id, which only its key sets. Hand out the id, keep the key. */
export interface Sealed {
  id: string;
  key: string;
}

/** Something that has versions: a room, a document, a row. */
export interface Topic {
  /**
   * The event that is set when that version is no longer the newest; whoever knows the secret
   * derives the same one, so there is no table of waiters to keep.
   * @param version 0 or more; text without leading zeros, a BigInt or a safe integer
   */
  at(version: string | bigint | number): Promise<Sealed>;
}

/** The client for applications, which set, and keep secrets that no page may see. */
export declare class Doorbell extends Client {
  /**
   * @param url where the node answers, or an array of nodes that share a store, of which each takes
   *   any set. Where one fails by what may pass, the next is tried at once, all within the time
   *   that one has: each gets an equal part of what is left. The first is asked until it fails, and
   *   then the next one, since who stays has few connections; who failed last is tried last. So do
   *   `wait` and `waitAny`, by a request each. A wait first asks a node to hold it for up to 1 s, to
   *   see that it doesn't hang: one that does is left after its part, or after some 11 s. `follow`
   *   waits at the first. A node that is named twice has one turn; several in one text, with commas,
   *   are a TypeError. What fails at several rejects with an AggregateError, whose message names each with its reason; `status` is that
   *   of the last answer
   * @param options.secret what topics are derived from, not empty
   * @param options.token what a node of `--set-policy token` wants of who sets; waits go without. A
   *   set that is refused for it rejects at once, with status 401 or 403. It has no place in a page
   * @param options.public the URL by which pages reach the node, for `header`; without it, pages
   *   wait at their own bell
   */
  constructor(
    url: string | URL | readonly (string | URL)[],
    options?: Client.Options & { secret?: string; token?: string; public?: string | URL },
  );

  /**
   * As in a page; and with a timeout, the node tells when it is over: 0 only asks, and the
   * TimeoutError comes 2 s late where no answer does, with the last failure as its cause. It has no
   * cause where the event just isn't set.
   */
  wait(id: Client.Id, options?: Client.WaitOptions): Promise<string>;
  waitAny(ids: Iterable<Client.Id>, options?: Client.WaitOptions): Promise<string[]>;

  /**
   * As in a page, but a visitor may wait for it: it is tried for 1 second, unless `timeout` says
   * another time, and then rejects with what the last try met: fetch's TypeError, an error with a
   * status, or a DOMException named TimeoutError where the node is silent. In the background, give
   * it 30.
   */
  set(id: Client.Id, key?: string, options?: Client.SetOptions): Promise<boolean>;

  /**
   * Sets any number of variables, 10,000 by a request, one request after the other. A TypeError
   * names the first malformed line, and nothing is set then. Where a request fails, those before
   * it are set; setting again does no harm.
   * @param options.timeout seconds for each request. Default 1.
   * @returns how many this call set, and how many were set before; an id named twice counts once
   *   as each
   */
  setAll(
    lines: Iterable<Client.Id | Sealed>,
    options?: Client.SetOptions,
  ): Promise<{ set: number; already: number }>;

  /** A topic by its name; needs the secret. */
  topic(name: string): Topic;

  /** The header field by which an answer names its events, any of 1 to 64, for `follow`. */
  header(...ids: Client.Id[]): { 'Doorbell-Wait': string };

  /** A fresh sealed id, with a key of 256 random bits. */
  static newSealed(): Promise<Sealed>;

  /** The sealed id that this key sets. @param key 1 to 128 printable ASCII, no spaces */
  static ofKey(key: string): Promise<Sealed>;
}

export default Doorbell;
