/** A transport, what it told its owner, and the server behind it. */

import { expect } from 'vitest';

import type { PlauschError } from '../../src/base/errors.ts';
import {
  FIRST_DELAY_MS,
  LONGEST_DELAY_MS,
  type SignedLogin,
  Transport,
} from '../../src/sdk/transport.ts';
import type { Hello, LoggedIn, ServerFrame } from '../../src/wire/frames.ts';
import type { Push } from '../../src/wire/session.ts';
import { DEVICE } from '../wire/server_side.ts';
import { Scripted } from './scripted.ts';

export const SERVER = 'ws://localhost:7480/v1/socket';
export const SIGNED: SignedLogin = { device: DEVICE, signature: new Uint8Array(64).fill(1) };

/** What a transport was told to do and told its owner, and the server behind it. */
export class Told {
  readonly script = new Scripted();
  readonly changes: [isOnline: boolean, sentence: string][] = [];
  readonly greeted: LoggedIn[] = [];
  readonly pushes: Push[] = [];
  readonly signed: Hello[] = [];
  readonly transport: Transport;

  /** What the next greetings fail with. */
  fails: (PlauschError | undefined)[] = [];
  greet: (lost: AbortSignal) => Promise<void> = () => Promise.resolve();
  sign: (hello: Hello) => SignedLogin | Promise<SignedLogin> = () => SIGNED;

  constructor() {
    this.transport = new Transport(
      {
        url: SERVER,
        domain: 'localhost',
        sign: (hello) => {
          this.signed.push(hello);
          return this.sign(hello);
        },
        onPush: (push) => this.pushes.push(push),
        onOnline: async (loggedIn, lost) => {
          this.greeted.push(loggedIn);
          const fails = this.fails.shift();
          if (fails !== undefined) {
            throw fails;
          }
          await this.greet(lost);
        },
        onChange: (isOnline, failure) => this.changes.push([isOnline, failure?.message ?? '']),
      },
      this.script.outside,
    );
    opened.push(this.transport);
  }

  /** Somebody waits, and there is nothing in the way. */
  async comeBack(): Promise<void> {
    const waiting = this.transport.waitOnline();
    await this.script.timers.pass(FIRST_DELAY_MS);
    await waiting;
  }

  /** Let so much time pass that the next attempt has come. */
  async untilChanges(count: number): Promise<void> {
    for (let turns = 0; this.changes.length < count && turns < 100; turns += 1) {
      await this.script.timers.pass(LONGEST_DELAY_MS);
    }
    expect(this.changes.length).toBeGreaterThanOrEqual(count);
  }
}

export const opened: Transport[] = [];

export function closing(code: string, retryAfterMs = 0): ServerFrame {
  return { frame: 'Closing', code, sentence: 'Bye.', retryAfterMs };
}

export async function online(): Promise<Told> {
  const told = new Told();
  told.transport.start();
  await told.transport.waitOnline();
  return told;
}

/** Closes what a test has left open. */
export async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((transport) => transport.close()));
}
