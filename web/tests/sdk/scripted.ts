/** Servers of a test's own, in memory: they say and do what no honest server would. */

import type { Socket, SocketListener } from '../../src/platform/socket.ts';
import type { Outside } from '../../src/sdk/connection.ts';
import type { ClientFrame, ServerFrame } from '../../src/wire/frames.ts';
import { ManualTimers, settle } from '../platform/manual_timers.ts';
import { decodeClient, encodeServer, HELLO } from '../wire/server_side.ts';

type Answer = (frame: ClientFrame) => readonly ServerFrame[];

/** One connection as the server has it: says what the test tells it to, keeps what it hears. */
export class Peer implements Socket {
  readonly heard: ClientFrame[] = [];
  bufferedBytes = 0;

  /** The device said goodbye. */
  isLeft = false;

  /** A server that reads nothing never says goodbye. */
  isDeaf = false;

  #isOver = false;
  readonly #listener: SocketListener;
  readonly #answer: Answer;

  constructor(listener: SocketListener, answer: Answer) {
    this.#listener = listener;
    this.#answer = answer;
  }

  // --- the device's side ---------------------------------------------------------------------

  send(raw: Uint8Array): void {
    if (this.isLeft || this.#isOver) {
      return;
    }
    const frame = decodeClient(raw);
    this.heard.push(frame);
    for (const answer of this.#answer(frame)) {
      this.say(answer);
    }
  }

  close(): void {
    this.isLeft = true;
    if (!this.isDeaf) {
      this.cut(1000);
    }
  }

  // --- the server's side ---------------------------------------------------------------------

  open(): void {
    this.#later(() => {
      this.#listener.opened();
    });
  }

  say(frame: ServerFrame): void {
    this.sayBytes(encodeServer(frame));
  }

  sayBytes(message: Uint8Array | string): void {
    this.#later(() => {
      this.#listener.received(message);
    });
  }

  /** The connection ends; 1006: without a word. */
  cut(code = 1006, sentence = ''): void {
    this.#later(() => {
      this.#isOver = true;
      this.#listener.closed({ code, sentence });
    });
  }

  #later(then: () => void): void {
    setImmediate(() => {
      if (!this.#isOver) {
        then();
      }
    });
  }
}

/** A server of one's own. Devices that ask for it are logged in. */
export class Scripted {
  readonly peers: Peer[] = [];
  readonly urls: string[] = [];
  readonly timers = new ManualTimers();

  /** What each connection hears first. */
  greeting: readonly ServerFrame[] = [HELLO];

  /** Whether anybody answers the network at all: false is refused, undefined is silence. */
  isThere: boolean | undefined = true;

  answer: Answer = () => [];
  logIn: Answer = (frame) => [
    {
      frame: 'LoggedIn',
      id: idOf(frame),
      serverTimeMs: 0,
      keyPackages: 0,
      hasLastResort: false,
    },
  ];

  get outside(): Outside {
    return {
      timers: this.timers,
      openSocket: (url, listener) => {
        this.urls.push(url);
        const peer = new Peer(listener, (frame) => this.#reply(frame));
        this.peers.push(peer);
        if (this.isThere === true) {
          peer.open();
          for (const frame of this.greeting) {
            peer.say(frame);
          }
        } else if (this.isThere === false) {
          peer.cut();
        }
        return peer;
      },
    };
  }

  /** The connection made last. */
  get peer(): Peer {
    return this.peers.at(-1)!;
  }

  /** All frames of a name that were heard. */
  heard(name: string): ClientFrame[] {
    return this.peers.flatMap((peer) => peer.heard.filter(({ frame }) => frame === name));
  }

  #reply(frame: ClientFrame): readonly ServerFrame[] {
    if (frame.frame === 'Login') {
      return this.logIn(frame);
    }
    if (frame.frame === 'Resume') {
      return [{ frame: 'Resumed', id: frame.id, moved: [], mailbox: 0, more: false }];
    }
    return this.answer(frame);
  }
}

export function idOf(frame: ClientFrame): number {
  return 'id' in frame ? frame.id : 0;
}

export function refused(
  frame: ClientFrame | number,
  code: string,
  sentence: string,
  more: { fault?: string; retryAfterMs?: number; epoch?: number; head?: number } = {},
): ServerFrame {
  const id = typeof frame === 'number' ? frame : idOf(frame);
  const silent = { fault: 'local', retryAfterMs: 0, epoch: -1, head: -1 };
  return { frame: 'Refused', id, code, sentence, ...silent, ...more };
}

/** Waits until something is true, as long as anything still happens. */
export async function until(isTrue: () => boolean): Promise<void> {
  for (let turns = 0; turns < 1000; turns += 1) {
    if (isTrue()) {
      return;
    }
    await settle();
  }
  throw new Error('It never came true.');
}

/** What a promise fails with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail.');
}
