/**
 * How many conversations of each account of this browser have something new: numbers and no names,
 * outside of the vaults, so that the one account can show the other one's. Whoever has an account's
 * device says it, a page or the service worker; the last number stays when both are gone.
 */

import { ACCOUNT_SLOTS, type AccountSlot } from '../base/account_slots.ts';
import { Database } from './database.ts';

const NAME = 'plausch unread';
const STORE = 'unread';
const SHAPE = [{ name: STORE, keyPath: 'slot' }] as const;

/** What is used here of a BroadcastChannel of this name. */
export interface CountChannel {
  onmessage: ((event: MessageEvent<unknown>) => void) | null;
  postMessage(said: Count): void;
}

export const UNREAD_CHANNEL = NAME;

interface Count {
  readonly slot: AccountSlot;
  readonly unread: number;
}

/** All of them never throw: the number adorns, no more. */
export class UnreadCounts {
  readonly #factory: IDBFactory;
  readonly #channel: CountChannel;

  constructor(factory: IDBFactory, channel: CountChannel) {
    this.#factory = factory;
    this.#channel = channel;
  }

  /** It is this many now. */
  async put(slot: AccountSlot, unread: number): Promise<void> {
    await this.#opened((database) => database.write([{ store: STORE, put: { slot, unread } }]));
    this.#channel.postMessage({ slot, unread });
  }

  /** There is no account in this slot any more. */
  async drop(slot: AccountSlot): Promise<void> {
    await this.#opened((database) => database.write([{ store: STORE, remove: slot }]));
    this.#channel.postMessage({ slot, unread: 0 });
  }

  /** What was said last, 0 when nothing was. */
  async get(slot: AccountSlot): Promise<number> {
    const rows = (await this.#opened((database) => database.select(STORE))) ?? [];
    return rows.flatMap(countIn).find((one) => one.slot === slot)?.unread ?? 0;
  }

  /** Hear what others say from now on. */
  watch(tell: (slot: AccountSlot, unread: number) => void): void {
    this.#channel.onmessage = ({ data: said }) => {
      for (const { slot, unread } of countIn(said)) {
        tell(slot, unread);
      }
    };
  }

  async #opened<T>(step: (database: Database) => Promise<T>): Promise<T | undefined> {
    try {
      const database = await Database.open(this.#factory, NAME, 1, SHAPE);
      try {
        return await step(database);
      } finally {
        database.close();
      }
    } catch {
      return undefined; // Full, or a private window that keeps nothing.
    }
  }
}

function countIn(said: unknown): readonly Count[] {
  const { slot: name, unread } =
    typeof said === 'object' && said !== null ? (said as Record<string, unknown>) : {};
  const slot = ACCOUNT_SLOTS.find((one) => one === name);
  const isCount = typeof unread === 'number' && Number.isSafeInteger(unread) && unread >= 0;
  return slot !== undefined && isCount ? [{ slot, unread }] : [];
}
