/**
 * The connection that comes back: connect, log in, and again with patience after each loss.
 *
 * Delays grow exponentially with full jitter, so that ten thousand devices do not return in the
 * same second after a server's restart.
 */

import { PlauschError } from '../base/errors.ts';
import { randomBytes } from '../base/random.ts';
import { pause } from '../platform/clock.ts';
import type { ClientFrameOf, Hello, LoggedIn } from '../wire/frames.ts';
import type { AnswerTo, Asked, Push, RequestName, UnansweredName } from '../wire/session.ts';
import { connect, type Connection, gone, type Outside } from './connection.ts';
import { SdkError, ServerMisbehaved, ServerRefused, Unreachable } from './errors.ts';
import { MaintenanceWatch } from './maintenance_watch.ts';

export const FIRST_DELAY_MS = 250;

/**
 * However long a server was away, a device is back this soon after it is there again, and half of
 * that on average: people wait for it.
 */
export const LONGEST_DELAY_MS = 30_000;
export const WAIT_ONLINE_MS = 15_000;

/** The longest that a server may keep a device away by `retry_after_ms`. */
export const LONGEST_RETRY_MS = 600_000;

/** What a server asked for is spread over as much again, but not over more than this. */
export const LONGEST_SPREAD_MS = 60_000;

/** A device's answer to the server's challenge: its URI, and its key's signature. */
export interface SignedLogin {
  readonly device: string;
  readonly signature: Uint8Array;
}

/** Whose connection it is, and who is told. */
export interface TransportParts {
  /** ws:// or wss://, see `socketUrl`. */
  readonly url: string;

  /** Where the account lives; a server that says to be another gets no signature. */
  readonly domain: string;

  /** Signs the challenge (identity/login). What it throws is a failed attempt. */
  readonly sign: (hello: Hello) => SignedLogin | Promise<SignedLogin>;

  readonly onPush: (push: Push) => void;

  /**
   * Run after each login, beside everything else; `lost` is given when that connection ends.
   *
   * What it throws, save Unreachable, makes the connection useless: the next one begins anew.
   */
  readonly onOnline: (loggedIn: LoggedIn, lost: AbortSignal) => Promise<void>;

  /** Whether there is a connection; if not, why. With one: why the server takes nothing new. */
  readonly onChange: (isOnline: boolean, failure: PlauschError | undefined) => void;
}

/** A random part of `mostMs`. */
function jittered(mostMs: number): number {
  const dice = new DataView(randomBytes(4).buffer).getUint32(0);
  return (mostMs * dice) / 2 ** 32;
}

/** The bound of an attempt's delay. */
function boundMs(attempt: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 16));
}

/** How long to wait before connecting again: anything up to the bound of this attempt. */
export function jitteredDelayMs(attempt: number): number {
  return jittered(boundMs(attempt));
}

/** Answer the server's challenge. Throws ServerRefused, ServerMisbehaved, Unreachable. */
export async function logIn(
  connection: Connection,
  hello: Hello,
  parts: Pick<TransportParts, 'url' | 'domain' | 'sign'>,
): Promise<LoggedIn> {
  if (hello.domain !== parts.domain) {
    throw new ServerMisbehaved(
      `The server at ${parts.url} says that it is ${JSON.stringify(hello.domain.slice(0, 128))}; ` +
        `this account lives at ${parts.domain}.`,
    );
  }
  const { device, signature } = await parts.sign(hello);
  return connection.ask('Login', { device, signature });
}

/** How a connection went. `wasUseful`: it stood, and the next one may come soon. */
interface Ended {
  readonly failure: PlauschError;
  readonly wasUseful: boolean;
}

/** Keeps one logged-in connection for as long as it is open. */
export class Transport {
  readonly #parts: TransportParts;
  readonly #outside: Outside;
  readonly #closing = new AbortController();
  readonly #waiters = new Set<() => void>();
  readonly #maintenance: MaintenanceWatch;
  #connection: Connection | undefined;
  #isLoggedIn = false;
  #generation = 0;
  #failure: PlauschError | undefined;
  #task: Promise<void> | undefined;
  #hurry = new AbortController();

  constructor(parts: TransportParts, outside: Outside) {
    this.#parts = parts;
    this.#outside = outside;
    this.#maintenance = new MaintenanceWatch(outside.timers, (refusal) => {
      if (this.isOnline) {
        parts.onChange(true, refusal);
      }
    });
  }

  /** Counts the connections; what was looked up on one may be stale on the next. */
  get generation(): number {
    return this.#generation;
  }

  /** Why there is no connection; undefined while there is one or before the first attempt. */
  get failure(): PlauschError | undefined {
    return this.#failure;
  }

  /** What the server says while it takes nothing new, if it has said so on this connection. */
  get maintenance(): ServerRefused | undefined {
    return this.#maintenance.refusal;
  }

  /** Connected and logged in. */
  get isOnline(): boolean {
    return this.#isLoggedIn && this.#connection?.isLost === false;
  }

  /** Bytes that are sent but have not left this machine: who sends much waits for fewer. */
  get bufferedBytes(): number {
    return this.#connection?.bufferedBytes ?? 0;
  }

  /** Begin to connect, in the background. */
  start(): void {
    this.#task ??= this.#stayConnected();
  }

  /** Disconnect and stay so. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#connection?.disconnect();
    await this.#task;
  }

  /**
   * Something has changed outside: the network is back, or the page is looked at again.
   *
   * A pause before the next attempt ends; a connection has to prove that it is still there.
   */
  hurry(): void {
    if (this.isOnline) {
      void this.#connection?.probe();
    } else {
      this.seek();
    }
  }

  /** Somebody has written something: without a connection, a pause before the next attempt ends. */
  seek(): void {
    if (!this.isOnline) {
      this.#hurry.abort();
    }
  }

  /** Return when there is a connection. Throws the latest failure, or Unreachable. */
  async waitOnline(withinMs: number = WAIT_ONLINE_MS): Promise<void> {
    if (this.isOnline) {
      return;
    }
    if (this.#task === undefined) {
      throw new SdkError('The transport is not connected: call start() first.');
    }
    const online = new AbortController();
    const tell = (): void => {
      online.abort();
    };
    this.#waiters.add(tell);
    this.seek();
    await pause(this.#outside.timers, withinMs, online.signal, this.#closing.signal);
    this.#waiters.delete(tell);
    if (!online.signal.aborted) {
      throw this.#failure ?? this.#noConnection(withinMs);
    }
  }

  /**
   * A request on the present connection.
   *
   * Throws ServerRefused, Unreachable at once if there is none, LocalError for values that are
   * none.
   */
  async ask<Name extends RequestName>(name: Name, fields: Asked<Name>): Promise<AnswerTo<Name>> {
    if (this.#connection === undefined || !this.isOnline) {
      throw new Unreachable('There is no connection to the server right now.');
    }
    try {
      const answer = await this.#connection.ask(name, fields);
      this.#maintenance.accepted(name);
      return answer;
    } catch (error) {
      this.#maintenance.failed(name, error);
      throw error;
    }
  }

  /** A frame without an answer; nothing happens when there is no connection. */
  tell<Name extends UnansweredName>(name: Name, fields: Omit<ClientFrameOf<Name>, 'frame'>): void {
    if (this.#connection !== undefined && this.isOnline) {
      this.#connection.tell(name, fields); // acknowledgements are repeated by the next one
    }
  }

  // --- inside --------------------------------------------------------------------------------

  async #stayConnected(): Promise<void> {
    let attempt = 0;
    for (;;) {
      const { failure, wasUseful } = await this.#oneConnection();
      this.#failure = failure;
      if (this.#closing.signal.aborted) {
        return;
      }
      this.#parts.onChange(false, failure);
      attempt = wasUseful ? 0 : attempt;
      await this.#rest(attempt, retryAfterMs(failure));
      attempt += 1;
    }
  }

  /**
   * Wait, unless somebody is in a hurry.
   *
   * What a server asks for is kept in any hurry, and then spread over as much again: it has asked
   * all its devices.
   */
  async #rest(attempt: number, askedMs: number): Promise<void> {
    const { timers } = this.#outside;
    const holdMs = Math.min(askedMs, LONGEST_RETRY_MS);
    if (holdMs > 0) {
      await pause(timers, holdMs, this.#closing.signal);
    }
    const delayMs = jittered(Math.max(boundMs(attempt), Math.min(holdMs, LONGEST_SPREAD_MS)));
    await pause(timers, delayMs, this.#closing.signal, this.#hurry.signal);
    if (this.#hurry.signal.aborted) {
      // At most a few attempts a second, however great the hurry.
      await pause(timers, Math.min(delayMs, FIRST_DELAY_MS), this.#closing.signal);
    }
    this.#hurry = new AbortController();
  }

  /** Connect, log in, stay until it is lost. */
  async #oneConnection(): Promise<Ended> {
    const { url, onPush } = this.#parts;
    try {
      const [connection, hello] = await connect(url, onPush, this.#outside, this.#closing.signal);
      this.#connection = connection;
      return await this.#stay(connection, await logIn(connection, hello, this.#parts));
    } catch (error) {
      if (!(error instanceof PlauschError)) {
        throw error;
      }
      return { failure: error, wasUseful: false };
    } finally {
      const connection = this.#connection;
      this.#connection = undefined;
      await connection?.disconnect();
    }
  }

  async #stay(connection: Connection, loggedIn: LoggedIn): Promise<Ended> {
    const lost = new AbortController();
    try {
      this.#welcome();
      const first = await Promise.race([connection.lost, this.#greet(loggedIn, lost.signal)]);
      if (first instanceof PlauschError) {
        return { failure: first, wasUseful: false };
      }
      const loss = await connection.lost;
      // Who was replaced by itself comes back ever more slowly, or the two would never end.
      return { failure: gone(loss), wasUseful: loss.closing?.code !== 'replaced' };
    } finally {
      this.#isLoggedIn = false;
      this.#maintenance.forget();
      lost.abort();
    }
  }

  #welcome(): void {
    this.#isLoggedIn = true;
    this.#generation += 1;
    this.#failure = undefined;
    this.#hurry = new AbortController();
    this.#parts.onChange(true, undefined);
    for (const tell of this.#waiters) {
      tell();
    }
  }

  /** What makes this connection useless, if anything does. */
  async #greet(loggedIn: LoggedIn, lost: AbortSignal): Promise<PlauschError | undefined> {
    try {
      await this.#parts.onOnline(loggedIn, lost);
    } catch (error) {
      if (!(error instanceof PlauschError)) {
        throw error;
      }
      // The connection went again; the next one begins anew.
      return error instanceof Unreachable ? undefined : error;
    }
    return undefined;
  }

  #noConnection(withinMs: number): Unreachable {
    return new Unreachable(
      `No connection to ${this.#parts.url} came about within ${withinMs / 1000} seconds.`,
    );
  }
}

/** How long the server wants to be left alone. */
function retryAfterMs(failure: PlauschError): number {
  return failure instanceof ServerRefused || failure instanceof Unreachable
    ? failure.retryAfterMs
    : 0;
}
