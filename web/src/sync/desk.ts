/** Where the page's requests are answered: one device, one request at a time, one answer each. */

import type { Clock } from '../platform/clock.ts';
import { VaultUsageError } from '../vault/errors.ts';
import type { Platform } from '../vault/vault.ts';
import { checkAsked } from './asked.ts';
import { Device } from './device.ts';
import type { Answer, Answered, Asked, Operation, Request } from './protocol.ts';
import { failureOf } from './taking.ts';
import { Turns } from './turns.ts';

type Desk = { readonly [K in Operation]: (asked: Asked<K>) => Promise<Answered<K>> };

/** The worker's side of the protocol, without the worker. */
export class MlsDesk {
  readonly #platform: Platform;
  readonly #clock: Clock;
  readonly #turns = new Turns();
  readonly #desk: Desk;
  #device: Device | undefined;

  constructor(platform: Platform, clock: Clock) {
    this.#platform = platform;
    this.#clock = clock;
    this.#desk = {
      open: (asked) => this.#open(asked),
      close: () => this.#close(),
      judgeBy: ({ policy }) => this.#opened.judgeBy(policy),
      makeIdentity: (asked) => this.#opened.makeIdentity(asked),
      makeKeyPackages: (asked) => this.#opened.makeKeyPackages(asked),
      keyPackages: () => this.#opened.keyPackages(),
      dropKeyPackages: ({ refs }) => this.#opened.dropKeyPackages(refs),
      createGroup: (asked) => this.#opened.createGroup(asked),
      join: (asked) => this.#opened.join(asked),
      process: (asked) => this.#opened.process(asked),
      encrypt: (asked) => this.#opened.encrypt(asked),
      propose: (asked) => this.#opened.propose(asked),
      commit: (asked) => this.#opened.commit(asked),
      acceptCommit: (asked) => this.#opened.acceptCommit(asked),
      dropCommit: (asked) => this.#opened.dropCommit(asked),
      outbox: ({ group }) => this.#opened.outbox(group),
      forget: (asked) => this.#opened.forget(asked),
      groups: () => this.#opened.groups(),
      members: ({ group }) => this.#opened.members(group),
      received: (asked) => this.#opened.received(asked),
      exportSecret: (asked) => this.#opened.exportSecret(asked),
    };
  }

  /**
   * The answer to a request. What was a mistake of this program is also given to `report`, which
   * the page never sees: its words may hold anything.
   */
  async answer(request: Request, report: (error: unknown) => void): Promise<Answer> {
    const { id, operation, asked } = request;
    try {
      return { id, value: await this.#turns.run(() => this.#run(operation, asked)) };
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code === 'internal') {
        report(error);
      }
      return { id, failure };
    }
  }

  async #run<K extends Operation>(operation: K, asked: Asked<K>): Promise<Answered<K>> {
    checkAsked(operation, asked);
    return this.#desk[operation](asked);
  }

  async #open(asked: Asked<'open'>): Promise<Answered<'open'>> {
    if (this.#device !== undefined) {
      throw new VaultUsageError('A vault is open here already: close it first.');
    }
    this.#device = await Device.open(this.#platform, this.#clock, asked);
    return { identity: this.#device.identity };
  }

  async #close(): Promise<undefined> {
    const device = this.#device;
    this.#device = undefined;
    await device?.close();
    return undefined;
  }

  get #opened(): Device {
    if (this.#device === undefined) {
      throw new VaultUsageError('No vault is open here: open one first.', {
        code: 'vault_closed',
      });
    }
    return this.#device;
  }
}
