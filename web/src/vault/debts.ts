/** Store `debt`: what this device still owes the server, in order (Python: sdk/vault/outbox.py). */

import { concat, EMPTY, toHex } from '../base/bytes.ts';
import { ConversationId, MessageId } from '../base/ids.ts';
import { randomBytes } from '../base/random.ts';
import { MAX_VARINT, opaque, u64 } from '../mls/codec.ts';
import { keysBetween, type Write } from '../platform/database.ts';
import { parsed, Row, understood } from './row.ts';
import { BY_CONVERSATION, BY_MESSAGE, BY_NUMBER, DEBT } from './schema.ts';
import type { Vault } from './vault.ts';

export const IDEMPOTENCY_BYTES = 16;

/**
 * What a debt is. `create`: the conversation on the server, the payload is its GroupInfo. `change`:
 * a Commit, the intent says what it shall change. `message`: an application message, the intent is
 * its content. `leave`: a proposal to remove this device.
 */
export type DebtKind = 'create' | 'change' | 'message' | 'leave';

const KINDS: readonly DebtKind[] = ['create', 'change', 'message', 'leave'];
const NO_EPOCH = 2n ** 64n - 1n;

/** 16 random bytes, by which the server recognises a retry. */
export function newIdempotencyId(): Uint8Array {
  return randomBytes(IDEMPOTENCY_BYTES);
}

/**
 * One debt, named by its idempotency id. `payload` travels as it is when `epoch` is still the
 * group's epoch; it is empty, and the epoch undefined, until it was made.
 */
export interface Debt {
  readonly conversation: ConversationId;
  readonly kind: DebtKind;
  readonly idempotencyId: Uint8Array;
  readonly messageId?: MessageId | undefined;
  readonly intent: Uint8Array;
  readonly epoch?: bigint | undefined;
  readonly payload: Uint8Array;
}

/** The name of a debt, as a key for a Map. */
export function debtName(idempotencyId: Uint8Array): string {
  return toHex(idempotencyId);
}

/**
 * The vault's debts.
 *
 * Their numbers say only which is older. The next one is larger than any that is in the vault and
 * than any that this program has given since it began; the number of a debt that is gone may come
 * again in the program's next life, when nobody knows it any more.
 */
export class Debts {
  readonly #vault: Vault;
  #number = 0;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Find out how far the numbers go. Throws StorageUnavailable. */
  async load(): Promise<void> {
    this.#number = Math.max(this.#number, await this.#vault.lastNumber(DEBT, BY_NUMBER));
  }

  /** Append one. */
  async add(
    debt: Omit<Debt, 'payload' | 'epoch'> & { readonly payload?: Uint8Array },
  ): Promise<Write> {
    this.#number += 1;
    return this.#put({ payload: EMPTY, ...debt }, this.#number);
  }

  /**
   * What travels, bound to an epoch; written together with the group's new state. With undefined
   * it has to be made anew. Nothing happens to a debt that is not owed any more.
   */
  async setPayload(debt: Debt, epoch: bigint | undefined, payload: Uint8Array): Promise<Write> {
    const write = await this.#put({ ...debt, epoch, payload }, 0);
    const made = write.put as Readonly<Record<string, unknown>>;
    return {
      store: DEBT,
      key: debt.idempotencyId.slice(),
      change: (row) =>
        row === undefined
          ? undefined
          : { ...made, number: (row as Readonly<Record<string, unknown>>)['number'] },
    };
  }

  /** It is paid, or cannot be. */
  remove(idempotencyId: Uint8Array): Write {
    return { store: DEBT, remove: idempotencyId.slice() };
  }

  /**
   * What to pay next in a conversation: the oldest. A Commit that is made already goes before it:
   * there is one at a time, and it may have arrived. Messages in `held` (hex) have to wait.
   *
   * Throws VaultDamaged, StorageUnavailable.
   */
  async first(
    conversation: ConversationId,
    held: ReadonlySet<string> = new Set(),
  ): Promise<Debt | undefined> {
    const debts = (await this.of(conversation)).filter(
      ({ messageId }) => messageId === undefined || !held.has(messageId.hex),
    );
    return debts.find(({ kind, payload }) => kind === 'change' && payload.length > 0) ?? debts[0];
  }

  /** The one with this idempotency id, if it is still owed. Throws as `first`. */
  async get(idempotencyId: Uint8Array): Promise<Debt | undefined> {
    const row = await this.#vault.get(DEBT, idempotencyId);
    return row === undefined ? undefined : this.#opened(row);
  }

  /** The one that owes this message, if it is still owed. Throws as `first`. */
  async forMessage(messageId: MessageId): Promise<Debt | undefined> {
    const row = await this.#vault.find(DEBT, BY_MESSAGE, messageId.bytes);
    return row === undefined ? undefined : this.#opened(row);
  }

  /** All of a conversation, oldest first. Throws as `first`. */
  async of(conversation: ConversationId): Promise<readonly Debt[]> {
    const { bytes } = conversation;
    const rows = await this.#vault.select(DEBT, {
      index: BY_CONVERSATION,
      range: keysBetween([bytes], [bytes, []]),
    });
    return Promise.all(rows.map((row) => this.#opened(row)));
  }

  /** The conversations with debts. Throws as `first`. */
  async conversations(): Promise<readonly ConversationId[]> {
    const rows = await this.#vault.select(DEBT);
    const found = new Map<string, ConversationId>();
    for (const row of rows) {
      const bytes = new Row(DEBT, row).bytes('conversation');
      const conversation = understood(DEBT, () => ConversationId.of(bytes));
      found.set(conversation.hex, conversation);
    }
    return [...found.values()];
  }

  async #put(
    debt: Debt,
    number: number,
  ): Promise<{ readonly store: string; readonly put: object }> {
    const id = debt.idempotencyId.slice();
    const plaintext = concat(
      u64(debt.epoch ?? NO_EPOCH),
      opaque(debt.intent),
      opaque(debt.payload),
    );
    const { conversation, kind, messageId } = debt;
    const place = rowBytes(conversation, kind, id, messageId);
    const sealed = await this.#vault.seal.close(DEBT, place, plaintext);
    const put = {
      id,
      conversation: conversation.bytes,
      number,
      kind,
      ...(messageId === undefined ? {} : { message: messageId.bytes }),
      sealed,
    };
    return { store: DEBT, put };
  }

  async #opened(found: unknown): Promise<Debt> {
    const row = new Row(DEBT, found);
    const [idempotencyId, kind] = [row.bytes('id'), row.word('kind', KINDS)];
    const message = row.optionalBytes('message');
    const [conversation, messageId] = understood(
      DEBT,
      () =>
        [ConversationId.of(row.bytes('conversation')), message && MessageId.of(message)] as const,
    );
    const place = rowBytes(conversation, kind, idempotencyId, messageId);
    const opened = await this.#vault.seal.open(DEBT, place, row.bytes('sealed'));
    const [epoch, intent, payload] = parsed(
      DEBT,
      opened,
      (reader) => [reader.u64(), reader.opaque(MAX_VARINT), reader.opaque(MAX_VARINT)] as const,
    );
    const made = epoch === NO_EPOCH ? undefined : epoch;
    return { conversation, kind, idempotencyId, messageId, intent, epoch: made, payload };
  }
}

/** What is not sealed of a row, which its seal therefore binds. */
function rowBytes(
  conversation: ConversationId,
  kind: DebtKind,
  id: Uint8Array,
  messageId: MessageId | undefined,
): Uint8Array {
  const word = Uint8Array.of(KINDS.indexOf(kind));
  return concat(word, opaque(conversation.bytes), opaque(id), opaque(messageId?.bytes ?? EMPTY));
}
