/**
 * Stores `mark` and `status`: how far others have received and read.
 *
 * Which account it is, is sealed; a row is found by its blind name. How far it has come stands in
 * the clear, bound by the seal, because it only ever grows, and that is looked at in the very
 * transaction that writes.
 */

import { concat, lenientTextFrom, utf8 } from '../base/bytes.ts';
import type { AccountAddress, ConversationId, MessageId } from '../base/ids.ts';
import { opaque, u64 } from '../mls/codec.ts';
import { keysUnder, type Write } from '../platform/database.ts';
import { Row } from './row.ts';
import { MARK, STATUS } from './schema.ts';
import type { Vault } from './vault.ts';

const TIME_BYTES = 8;

/** Delivery marks (cursors told by the server) and statuses (told by the readers). */
export class Marks {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** A device of the account has everything up to `seq`. */
  async reach(conversation: ConversationId, account: AccountAddress, seq: number): Promise<Write> {
    const name = await this.#vault.names.of(MARK, account.uri);
    const place = rowBytes(conversation.bytes, name, seq);
    const sealed = await this.#vault.seal.close(MARK, place, who(account, 0));
    const row = { conversation: conversation.bytes, account: name, seq, sealed };
    return growing(MARK, [row.conversation, name], row, 'seq', seq);
  }

  /** The account says a message is delivered or read (MIMI status numbers); never less. */
  async report(
    message: MessageId,
    account: AccountAddress,
    status: number,
    atMs: number,
  ): Promise<Write> {
    const name = await this.#vault.names.of(STATUS, account.uri);
    const place = rowBytes(message.bytes, name, status);
    const sealed = await this.#vault.seal.close(STATUS, place, who(account, atMs));
    const row = { message: message.bytes, account: name, status, sealed };
    return growing(STATUS, [row.message, name], row, 'status', status);
  }

  /**
   * How far each other account has received, by account URI.
   *
   * Throws VaultDamaged, StorageUnavailable, as does `reports`.
   */
  async reached(conversation: ConversationId): Promise<ReadonlyMap<string, number>> {
    return this.#numbers(MARK, 'conversation', conversation.bytes, 'seq');
  }

  /** Statuses of these messages, by message (hex) and account URI; those without are left out. */
  async reports(
    messages: readonly MessageId[],
  ): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
    const all = await Promise.all(
      messages.map(async ({ bytes, hex }) => {
        return [hex, await this.#numbers(STATUS, 'message', bytes, 'status')] as const;
      }),
    );
    return new Map(all.filter(([, statuses]) => statuses.size > 0));
  }

  async #numbers(
    store: string,
    field: string,
    key: Uint8Array,
    counted: string,
  ): Promise<ReadonlyMap<string, number>> {
    const numbers = new Map<string, number>();
    for (const found of await this.#vault.select(store, { range: keysUnder(key) })) {
      const row = new Row(store, found);
      const number = row.number(counted);
      const place = rowBytes(row.bytes(field), row.bytes('account'), number);
      const opened = await this.#vault.seal.open(store, place, row.bytes('sealed'));
      numbers.set(lenientTextFrom(opened.subarray(TIME_BYTES)), number);
    }
    return numbers;
  }
}

/** What is sealed: the account, and when it said so (0: not said). */
function who(account: AccountAddress, atMs: number): Uint8Array {
  return concat(u64(BigInt(atMs)), utf8(account.uri));
}

/** Put the row unless the one in its place has come as far in `field`. */
function growing(
  store: string,
  key: readonly [Uint8Array, Uint8Array],
  row: object,
  field: string,
  number: number,
): Write {
  return {
    store,
    key,
    change: (found) => {
      const before = (found as Readonly<Record<string, unknown>> | undefined)?.[field];
      return typeof before === 'number' && before >= number ? undefined : row;
    },
  };
}

/** Everything about a row that is not sealed, which its seal therefore binds. */
function rowBytes(key: Uint8Array, account: Uint8Array, number: number): Uint8Array {
  return concat(u64(BigInt(number)), opaque(key), opaque(account));
}
