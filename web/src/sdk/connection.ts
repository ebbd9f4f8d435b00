/** One WebSocket connection: frames out, answers matched, pushes handed on; thin around a socket. */

import { type Fault, PlauschError } from '../base/errors.ts';
import type { Cancel, Timers } from '../platform/clock.ts';
import type { CloseReason, OpenSocket, Socket, SocketListener } from '../platform/socket.ts';
import { WireError } from '../wire/codec.ts';
import { MAX_INTEGER } from '../wire/frame.ts';
import type {
  ClientFrame,
  ClientFrameOf,
  Closing,
  Hello,
  Refused,
  ServerFrame,
} from '../wire/frames.ts';
import {
  type AnswerTo,
  type Asked,
  ClientSession,
  isPush,
  type Push,
  type RequestName,
  type UnansweredName,
} from '../wire/session.ts';
import { ServerRefused, Unreachable } from './errors.ts';

export const CONNECT_TIMEOUT_MS = 10_000;
export const ANSWER_TIMEOUT_MS = 30_000;

/** How often it is looked whether a request that has no answer yet still moves. */
export const LOOK_EVERY_MS = 2_000;

/**
 * What has left the page is with the system still, and nobody says when it leaves the machine: a
 * large request, and what is asked behind it, has a second more for each of these.
 */
export const SLOWEST_BYTES_PER_S = 32 * 1024;

/** A page cannot send pings: after this long without a word the server is asked something. */
export const PROBE_AFTER_MS = 30_000;
export const PROBE_TIMEOUT_MS = 20_000;

/** How long a server may take to read what was sent before the connection is dropped. */
export const GOODBYE_MS = 2_000;

/** What a connection needs from outside. */
export interface Outside {
  readonly openSocket: OpenSocket;
  readonly timers: Timers;
}

/** Why a connection ended: the server's `Closing` if it said so, what it broke if it did. */
export interface Loss {
  readonly reason: string;
  readonly closing?: Closing;
  readonly broke?: WireError;
}

/** Who asked, and waits. */
interface Waiting {
  readonly sizeBytes: number;
  readonly give: (answer: ServerFrame) => void;
  readonly fail: (error: PlauschError) => void;
  cancel: Cancel;
}

/** From connecting to disconnecting. */
export class Connection {
  /** Settled when it is over; never fails. */
  readonly lost: Promise<Loss>;

  /** What the server said first. Fails with Unreachable when the connection ends before. */
  readonly hello: Promise<Hello>;

  readonly #timers: Timers;
  readonly #onPush: (push: Push) => void;
  readonly #socket: Socket;
  readonly #session = new ClientSession();
  readonly #waiting = new Map<number, Waiting>();
  readonly #greeting = Promise.withResolvers<Hello>();
  readonly #ending = Promise.withResolvers<Loss>();
  #sentBytes = 0;
  #isOpen = false;
  #loss: Loss | undefined;
  #heard = true;
  #probing: Promise<void> | undefined;
  #stopWatching: Cancel;

  /** Begins to connect. Throws OperatorError when the browser does not even try. */
  constructor(url: string, onPush: (push: Push) => void, outside: Outside) {
    this.#timers = outside.timers;
    this.#onPush = onPush;
    this.lost = this.#ending.promise;
    this.hello = this.#greeting.promise;
    this.hello.catch(() => undefined); // nobody may be waiting
    this.#socket = outside.openSocket(url, this.#listener());
    this.#stopWatching = this.#watch();
  }

  /** Whether the WebSocket's handshake is done. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isLost(): boolean {
    return this.#loss !== undefined;
  }

  /** Bytes that are sent but have not left this machine. */
  get bufferedBytes(): number {
    return this.#socket.bufferedBytes;
  }

  /**
   * Send a request and wait for its answer.
   *
   * Throws ServerRefused, Unreachable (lost or silent), LocalError for values that are none.
   */
  ask<Name extends RequestName>(name: Name, fields: Asked<Name>): Promise<AnswerTo<Name>> {
    return this.#ask(name, fields, ANSWER_TIMEOUT_MS);
  }

  /** Send a frame that has no answer. Throws Unreachable, LocalError for values that are none. */
  tell<Name extends UnansweredName>(name: Name, fields: Omit<ClientFrameOf<Name>, 'frame'>): void {
    this.#send({ ...fields, frame: name } as unknown as ClientFrame);
  }

  /**
   * Find out whether the server is still there: without an answer the connection is given up.
   *
   * A network that was left says nothing; a page that comes back to the front should ask.
   */
  probe(): Promise<void> {
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  /** Say goodbye and wait until the socket is closed, though not for long. */
  async disconnect(): Promise<void> {
    this.#socket.close();
    const cancel = this.#timers.after(GOODBYE_MS, () => {
      this.abandon('the connection was closed');
    });
    await this.lost;
    cancel();
  }

  /** Over at once: whoever waits is told, what still comes is not read. */
  abandon(reason: string): void {
    this.#end({ reason });
  }

  // --- told by the socket --------------------------------------------------------------------

  #listener(): SocketListener {
    return {
      opened: () => {
        this.#isOpen = true;
      },
      received: (message) => {
        this.#receive(message);
      },
      closed: (reason) => {
        this.#end({ reason: inWords(reason) });
      },
    };
  }

  #receive(message: Uint8Array | string): void {
    if (this.isLost) {
      return;
    }
    if (typeof message === 'string') {
      this.abandon('the server sent something other than whole binary messages');
      return;
    }
    this.#heard = true;
    try {
      this.#take(this.#session.receiveBytes(message));
    } catch (error) {
      if (!(error instanceof WireError)) {
        throw error;
      }
      this.#end({ reason: `the server broke the protocol (${error.message})`, broke: error });
    }
  }

  #take(frame: ServerFrame): void {
    if (frame.frame === 'Hello') {
      this.#greeting.resolve(frame);
    } else if (frame.frame === 'Closing') {
      this.#end({ reason: `the server closed the connection: ${frame.sentence}`, closing: frame });
    } else if (isPush(frame)) {
      this.#onPush(frame);
    } else {
      this.#waiting.get(frame.id)?.give(frame);
    }
  }

  // --- inside --------------------------------------------------------------------------------

  async #ask<Name extends RequestName>(
    name: Name,
    fields: Asked<Name>,
    timeoutMs: number,
  ): Promise<AnswerTo<Name>> {
    const id = this.#session.nextId();
    const answered = Promise.withResolvers<ServerFrame>();
    // `fields` are those of `name`, which the compiler does not follow through a type parameter.
    const sizeBytes = this.#send({ ...fields, id, frame: name } as unknown as ClientFrame);
    const waiting: Waiting = {
      sizeBytes,
      give: answered.resolve,
      fail: answered.reject,
      cancel: () => undefined,
    };
    this.#waiting.set(id, waiting);
    this.#expectWithin(timeoutMs + this.#travelMs, waiting);
    try {
      const answer = await answered.promise;
      if (answer.frame === 'Refused') {
        throw refusal(answer);
      }
      return answer as AnswerTo<Name>; // the session lets no other answer pass
    } finally {
      waiting.cancel();
      this.#waiting.delete(id);
    }
  }

  /**
   * The time runs anew whenever something of what was sent up to the request has left.
   *
   * A browser counts what it was just given as not left yet, so that something leaves even towards
   * a server that stands still: only looking often tells that this was all, and long ago.
   */
  #expectWithin(timeoutMs: number, waiting: Waiting): void {
    const sentBytes = this.#sentBytes;
    let leftBytes = this.#leftBytes;
    let restMs = timeoutMs;
    const look = (): void => {
      const stepMs = Math.min(LOOK_EVERY_MS, restMs);
      waiting.cancel = this.#timers.after(stepMs, () => {
        const hasMoved = leftBytes < sentBytes && this.#leftBytes > leftBytes;
        leftBytes = this.#leftBytes;
        restMs = hasMoved ? timeoutMs : restMs - stepMs;
        if (restMs > 0) {
          look();
        } else {
          this.abandon(`the server gave no answer within ${timeoutMs / 1000} seconds`);
        }
      });
    };
    look();
  }

  /** How long all that waits for an answer may need on a poor line. */
  get #travelMs(): number {
    const sizes = [...this.#waiting.values()].map(({ sizeBytes }) => sizeBytes);
    const sizeBytes = sizes.reduce((sum, one) => sum + one, 0);
    return Math.floor(sizeBytes / SLOWEST_BYTES_PER_S) * 1000;
  }

  /** How many bytes of what was sent have left this machine. */
  get #leftBytes(): number {
    return this.#sentBytes - this.#socket.bufferedBytes;
  }

  /** How many bytes it was. */
  #send(frame: ClientFrame): number {
    if (this.#loss !== undefined) {
      throw gone(this.#loss);
    }
    const raw = this.#session.sendFrame(frame);
    this.#sentBytes += raw.length;
    this.#socket.send(raw);
    return raw.length;
  }

  /** Look every now and then whether anything was heard; what waits for an answer tells anyway. */
  #watch(): Cancel {
    return this.#timers.after(PROBE_AFTER_MS, () => {
      if (!this.#heard && this.#canProbe && this.#waiting.size === 0) {
        void this.probe();
      }
      this.#heard = false;
      this.#stopWatching = this.#watch();
    });
  }

  /** Before the login the time is limited anyway. */
  get #canProbe(): boolean {
    return this.#session.state === 'logged_in' || this.#session.state === 'resumed';
  }

  /** Nothing can stand at the mailbox's far end: the cheapest question there is. */
  async #probe(): Promise<void> {
    try {
      if (this.#canProbe && !this.isLost) {
        await this.#ask('ReadMailbox', { after: MAX_INTEGER, limit: 1 }, PROBE_TIMEOUT_MS);
      }
    } catch (error) {
      // A refusal is a sign of life, and whoever waits is told of a loss.
      if (!(error instanceof ServerRefused || error instanceof Unreachable)) {
        throw error;
      }
    }
  }

  #end(loss: Loss): void {
    if (this.#loss !== undefined) {
      return;
    }
    this.#loss = loss;
    this.#stopWatching();
    this.#socket.close();
    this.#greeting.reject(gone(loss));
    for (const waiting of this.#waiting.values()) {
      waiting.fail(gone(loss));
    }
    this.#waiting.clear();
    this.#ending.resolve(loss);
  }
}

function inWords({ code, sentence }: CloseReason): string {
  const said = sentence === '' ? '' : `: ${sentence}`;
  return code === 1000 || code === 1005 || code === 1006
    ? `the connection was closed${said}`
    : `the connection was closed with ${code}${said}`;
}

/** What a loss is to somebody who wanted something. */
export function gone({ reason, broke, closing }: Loss): Unreachable {
  const sentence = `There is no connection to the server: ${reason.replace(/\.$/, '')}.`;
  return closing === undefined
    ? new Unreachable(sentence, broke && { cause: broke })
    : new Unreachable(sentence, {
        closingCode: closing.code,
        retryAfterMs: closing.retryAfterMs,
      });
}

const FAULTS: readonly Fault[] = ['local', 'remote', 'operator'];

/** The server's words that mean something else when this device says them of itself. */
const SERVERS_OWN: ReadonlyMap<string, string> = new Map([
  ['internal', 'server_internal'],
  ['storage_unavailable', 'server_unavailable'],
]);

function refusal(refused: Refused): ServerRefused {
  return new ServerRefused(refused.sentence, {
    code: SERVERS_OWN.get(refused.code) ?? refused.code,
    fault: FAULTS.find((fault) => fault === refused.fault) ?? 'remote',
    retryAfterMs: refused.retryAfterMs,
    epoch: refused.epoch,
    head: refused.head,
  });
}

/**
 * Connect and wait for the server's Hello.
 *
 * `url` is ws:// or wss://. When `signal` is given first, the connection is dropped. Throws
 * Unreachable with the reason.
 */
export async function connect(
  url: string,
  onPush: (push: Push) => void,
  outside: Outside,
  signal?: AbortSignal,
): Promise<readonly [Connection, Hello]> {
  const connection = open(url, onPush, outside);
  const late = new AbortController();
  const cancel = outside.timers.after(CONNECT_TIMEOUT_MS, () => {
    late.abort();
    connection.abandon('it took too long');
  });
  const leave = (): void => {
    connection.abandon('the connection was closed');
  };
  signal?.addEventListener('abort', leave, { once: true });
  if (signal?.aborted === true) {
    leave();
  }
  try {
    return [connection, await connection.hello];
  } catch (error) {
    if (late.signal.aborted) {
      throw new Unreachable(
        `The server at ${url} did not answer within ${CONNECT_TIMEOUT_MS / 1000} seconds: check ` +
          'the address and the network.',
        { cause: error },
      );
    }
    throw connection.isOpen ? error : unreached(url, error);
  } finally {
    cancel();
    signal?.removeEventListener('abort', leave);
  }
}

function open(url: string, onPush: (push: Push) => void, outside: Outside): Connection {
  try {
    return new Connection(url, onPush, outside);
  } catch (error) {
    throw error instanceof PlauschError ? unreached(url, error) : error;
  }
}

/** A browser does not say why. */
function unreached(url: string, cause: unknown): Unreachable {
  return new Unreachable(
    `The server at ${url} cannot be reached: check the address, the network, and that the server ` +
      'runs.',
    { cause },
  );
}
