/**
 * A bell: a node, or a host name that leads to one. It keeps no connection open by itself; all
 * waits share a request or a WebSocket, also with the other tabs of the page's origin.
 */
declare class Doorbell {
  /**
   * A TypeError tells at once of what is no URL of http or https, and of options that mean nothing.
   * @param url where the node answers, with its base path if it has one. A relative URL is resolved
   *   against the page's or the worker's; on a server, which has no location, once it is needed.
   */
  constructor(url: string | URL, options?: Doorbell.Options);

  /** The node's URL, absolute, without a slash at the end. */
  readonly url: string;

  /** How the last wait that ended was answered; undefined before the first. */
  readonly road?: Doorbell.Road;

  /**
   * Waits until the variable is set; asks again as often as it takes, whatever fails that may pass,
   * which is told once for each kind by console.warn. Rejects with the signal's reason, with a
   * DOMException named TimeoutError whose cause is the last failure, with a TypeError for what is
   * not a valid id, or with a Refusal. A script element can't see an error response and tries on.
   * @returns the id as text, digit for digit as it was given
   */
  wait(id: Doorbell.Id, options?: Doorbell.WaitOptions): Promise<string>;

  /**
   * Waits until one of the variables is set, or more; for the rest as wait.
   * @param ids 1 to 64, or one that is in no list
   * @returns those that are set by then, in the order given
   */
  waitAny(ids: Iterable<Doorbell.Id> | Doorbell.Id, options?: Doorbell.WaitOptions): Promise<string[]>;

  /**
   * Sets the variable for good. Tried again on network errors, 5xx, 408 and 429: a set may be
   * repeated. If the answer to a first try was lost, the next one gives false. Rejects as wait
   * does.
   * @param key the key of a sealed variable; undefined for any other
   * @returns whether this call set it; false if it was set already
   */
  set(id: Doorbell.Id, key?: string, options?: Doorbell.SetOptions): Promise<boolean>;

  /**
   * Asks the application, hands on its answer, waits for the event that the answer names in the
   * header Doorbell-Wait or in a JSON field, and asks again. An answer without a body is not
   * handed on. An answer that names no event, or one that rang before, is followed by a pause.
   * What is wrong is told once for each kind by console.warn.
   * @param onAnswer gets parsed JSON where the Content-Type says JSON, else text; it is awaited.
   *   What it throws goes to reportError, or console.error in Node, and to onError; follow goes on
   * @returns settles when the signal stops it, or rejects with what onError threw
   */
  follow(
    url: string | URL,
    onAnswer: (answer: any) => unknown,
    options?: Doorbell.FollowOptions,
  ): Promise<void>;

  /** 128 random bits as decimal text: an id that nobody guesses. */
  static newId(): string;
  /** The same. */
  static randomId(): string;
}

declare namespace Doorbell {
  /** An event id: decimal digits, a UUID, or 64 hex digits (sealed). A number must be safe. */
  type Id = string | bigint | number;

  type Road = 'websocket' | 'fetch' | 'script';

  /**
   * One road, or `auto`. In a page that is fetch, and a WebSocket where several variables are
   * waited for; what fails or is silent is followed by the next of websocket, fetch, script.
   * Elsewhere it is fetch.
   */
  type Transport = 'auto' | Road;

  interface Options {
    /**
     * Seconds that one request may hang at most, 0.1 or more; each takes 80 to 100 % of it. Default
     * 25. Where a proxy cuts sooner, it becomes less by itself, down to 5; after 5 minutes it is
     * tried again.
     */
    hold?: number;
    /** Default `auto`. */
    transport?: Transport;
    /** Whether the tabs of an origin share requests. Default true, where the browser can. */
    share?: boolean;
    /** The name of a global function that is to be called too, with each id that rang. */
    callback?: string;
    /**
     * The origins, besides the bell's own, at which follow may wait where an application names
     * them. Default: any in a page or a worker, none on a server.
     */
    origins?: string[];
  }

  interface WaitOptions {
    signal?: AbortSignal;
    /** Seconds; default: for ever. */
    timeout?: number;
    transport?: Transport;
  }

  interface SetOptions {
    signal?: AbortSignal;
    /** Seconds that it is tried for. Default 30. */
    timeout?: number;
  }

  interface FollowOptions {
    signal?: AbortSignal;
    /** The JSON field that names the event. Default `doorbell`; the header comes first. */
    field?: string;
    /** Seconds until the application is asked again at the latest, 0.1 or more. Default 300. */
    look?: number;
    /** Told of each failure, also of onAnswer's; follow goes on unless it throws. */
    onError?: (error: any) => void;
    /** What else fetch shall know when it asks the application: headers, credentials. */
    init?: RequestInit;
    /** How to wait. An event of another bell than this one is always waited for by fetch. */
    transport?: Transport;
    /** Instead of the bell's own. */
    origins?: string[];
  }

  /**
   * What no new try changes: a 4xx, in the node's own words; a redirect; an answer of no node; in
   * Node, a certificate that isn't trusted.
   */
  interface Refusal extends Error {
    /** Of the answer; 0 if there was none that may be seen. */
    status: number;
    /** Seconds, at least, before it is asked again; 0 if it didn't say. */
    retryAfter?: number;
  }
}

export = Doorbell;
export as namespace Doorbell;
