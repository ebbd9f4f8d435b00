/**
 * One side of a pairing at the server: messages out and in, each once and in order, over as many
 * connections as it takes.
 */

import { randomBytes } from '../base/random.ts';
import { PlauschError } from '../base/errors.ts';
import { pause } from '../platform/clock.ts';
import { EXISTING_SIDE, NEW_SIDE } from '../wire/linking.ts';
import { socketUrl } from './address.ts';
import { connect, type Connection, gone, type Outside } from './connection.ts';
import { SdkError, ServerMisbehaved, ServerRefused, Unreachable } from './errors.ts';
import type { ShownBy } from './pairing.ts';

/** A pairing that takes longer is over: the server forgets it then. */
export const PAIRING_MS = 600_000;

export const TOKEN_BYTES = 16;
const AGAIN_MS = 1_000;
const LONGEST_AGAIN_MS = 10_000;

/** Whose side it is, and how its server is reached. */
export interface Meeting {
  readonly outside: Outside;
  readonly serverUrl: string;

  /** Where the account lives, if that is known yet: a server that says to be another is refused. */
  readonly domain: string | undefined;
  readonly pairing: Uint8Array;
  readonly side: ShownBy;

  /** What makes this side ours; random where it need not survive the program. */
  readonly token?: Uint8Array;
}

interface Sent {
  readonly message: Uint8Array;
  readonly taken: PromiseWithResolvers<undefined>;
}

/** One side. It connects at once, and again, until it is closed or over. */
export class PairingLine {
  readonly #meeting: Meeting;
  readonly #token: Uint8Array;
  readonly #ending = new AbortController();
  readonly #sent: Sent[] = [];
  readonly #came: Uint8Array[] = [];
  #received = 0;
  #failure: PlauschError | undefined;
  #connection: Connection | undefined;
  #hasMet = false;
  #isEntering = false;
  #domain = '';
  #wake: (() => void) | undefined;

  constructor(meeting: Meeting) {
    this.#meeting = meeting;
    this.#token = meeting.token ?? randomBytes(TOKEN_BYTES);
    const cancel = meeting.outside.timers.after(PAIRING_MS, () => {
      this.#fail(
        new SdkError('Nobody came, or it took too long: begin again with a new code.', {
          code: 'pairing_over',
        }),
      );
    });
    this.#ending.signal.addEventListener('abort', cancel);
    void this.#stay().catch((error: unknown) => {
      this.#fail(
        error instanceof PlauschError
          ? error
          : new PlauschError('Linking failed by a mistake of this program.', { cause: error }),
      );
    });
  }

  /** Where the server says that accounts live; "" before it is reached. */
  get domain(): string {
    return this.#domain;
  }

  /** Whether the server has let this side in, on the connection that there is. */
  get hasMet(): boolean {
    return this.#hasMet;
  }

  /** Returns when the server has it. Throws what ends the pairing. */
  async send(message: Uint8Array): Promise<void> {
    this.#demandOpen();
    const taken = Promise.withResolvers<undefined>();
    taken.promise.catch(() => undefined); // nobody may be waiting when it ends
    this.#sent.push({ message, taken });
    if (this.#hasMet && this.#connection !== undefined) {
      this.#deliver(this.#connection, this.#sent.length);
    }
    await taken.promise;
  }

  /**
   * The other side's next message. Throws what ends the pairing.
   *
   * The server passes on what waits a moment before it says that this side is let in: nobody hears it
   * before, so that whoever declines at once can say so.
   */
  async receive(): Promise<Uint8Array> {
    for (;;) {
      const next = this.#isEntering ? undefined : this.#came.shift();
      if (next !== undefined) {
        return next;
      }
      this.#demandOpen();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** It is done: the server forgets it, and the other side's connection ends. */
  async end(): Promise<void> {
    try {
      if (this.#hasMet) {
        await this.#connection?.ask('EndPairing', {});
      }
    } catch (error) {
      if (!(error instanceof ServerRefused || error instanceof Unreachable)) {
        throw error; // the server forgets it anyway, a little later
      }
    } finally {
      await this.close();
    }
  }

  /** Leave it; whoever waits is told so. */
  async close(): Promise<void> {
    const connection = this.#connection;
    this.#fail(new SdkError('Linking was cancelled.', { code: 'link_cancelled' }));
    await connection?.disconnect();
  }

  async #stay(): Promise<void> {
    const { outside } = this.#meeting;
    let againMs = AGAIN_MS;
    while (this.#failure === undefined) {
      try {
        await this.#oneConnection();
        againMs = AGAIN_MS;
      } catch (error) {
        if (!(error instanceof Unreachable) || error.closingCode === 'pairing_over') {
          throw error;
        }
        if (error.closingCode === 'replaced') {
          throw new SdkError('This device is linking in another tab.', {
            code: 'link_cancelled',
            cause: error,
          });
        }
      } finally {
        const connection = this.#connection;
        this.#connection = undefined;
        this.#hasMet = false;
        this.#entered();
        await connection?.disconnect();
      }
      await pause(outside.timers, againMs, this.#ending.signal);
      againMs = Math.min(2 * againMs, LONGEST_AGAIN_MS);
    }
  }

  /** Until it is lost. Throws Unreachable, ServerRefused, ServerMisbehaved. */
  async #oneConnection(): Promise<void> {
    const { domain, outside, pairing, serverUrl, side } = this.#meeting;
    const url = socketUrl(serverUrl);
    const [connection, hello] = await connect(
      url,
      (push) => {
        if (push.frame === 'PairingMessage') {
          this.#hear(push.number, push.message);
        }
      },
      outside,
      this.#ending.signal,
    );
    this.#connection = connection;
    if (domain !== undefined && hello.domain !== domain) {
      throw new ServerMisbehaved(
        `The server at ${url} says that it is ${JSON.stringify(hello.domain.slice(0, 128))}; this ` +
          `account lives at ${domain}.`,
      );
    }
    this.#domain = hello.domain;
    this.#isEntering = true;
    await connection.ask('OpenPairing', {
      pairing,
      side: side === 'new' ? NEW_SIDE : EXISTING_SIDE,
      token: this.#token,
      after: this.#received,
    });
    this.#hasMet = true;
    this.#entered();
    // All of them: a server that was restarted has none, and passes over what it has.
    for (let number = 1; number <= this.#sent.length; number += 1) {
      this.#deliver(connection, number);
    }
    throw gone(await connection.lost);
  }

  #deliver(connection: Connection, number: number): void {
    const sent = this.#sent[number - 1];
    if (sent === undefined) {
      return;
    }
    connection.ask('SendPairing', { number, message: sent.message }).then(
      () => {
        sent.taken.resolve(undefined);
      },
      (error: unknown) => {
        if (!(error instanceof Unreachable)) {
          this.#fail(error as PlauschError); // requests fail with nothing else
        }
      },
    );
  }

  /**
   * What comes a second time, after a lost connection, or out of its order, is passed over. There are
   * few: a frame with a number above PAIRING_MESSAGES is none.
   */
  #hear(number: number, message: Uint8Array): void {
    if (number === this.#received + 1) {
      this.#received = number;
      this.#came.push(message);
      this.#rouse();
    }
  }

  #entered(): void {
    this.#isEntering = false;
    this.#rouse();
  }

  #rouse(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  #fail(error: PlauschError): void {
    if (this.#failure !== undefined) {
      return;
    }
    this.#failure = error;
    this.#ending.abort();
    for (const { taken } of this.#sent) {
      taken.reject(error);
    }
    this.#rouse();
    void this.#connection?.disconnect();
  }

  #demandOpen(): void {
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
  }
}
