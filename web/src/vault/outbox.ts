/**
 * Store `outbox`: the ciphertexts this device has made, until its caller says that they arrived.
 *
 * An entry is written together with the key it used up, under the id that the caller chose: asked
 * again for the same id, after a crash say, the vault answers with the same ciphertext.
 */

import { concat, equalBytes } from '../base/bytes.ts';
import { MAX_VARINT, opaque, parseWhole, type Reader, u64 } from '../mls/codec.ts';
import { keysUnder, type Write } from '../platform/database.ts';
import { VaultUsageError } from './errors.ts';
import { Row } from './row.ts';
import { BY_ENVELOPE, BY_NUMBER, OUTBOX } from './schema.ts';
import type { Vault } from './vault.ts';

export type EntryKind = 'message' | 'proposal' | 'commit';

const KINDS: readonly EntryKind[] = ['message', 'proposal', 'commit'];

/** Bytes of a caller's id. */
export const ID_LIMIT = 64;

/**
 * One ciphertext. `epoch`: in which it was made. `welcome` and `groupInfo` travel with a Commit
 * and are empty beside anything else.
 */
export interface Entry {
  readonly group: Uint8Array;
  readonly id: Uint8Array;
  readonly number: number;
  readonly kind: EntryKind;
  readonly epoch: bigint;
  readonly payload: Uint8Array;
  readonly welcome: Uint8Array;
  readonly groupInfo: Uint8Array;
}

/** An entry, and the digest of what the caller wanted. */
interface Kept {
  readonly entry: Entry;
  readonly wanted: Uint8Array;
}

/** The vault's outbox. */
export class OutboxTable {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Keep an entry; `wanted` is the digest of what the caller asked for. */
  async add(entry: Entry, wanted: Uint8Array): Promise<Write> {
    const { group, id, number, kind } = entry;
    const envelope = await this.#vault.seal.digest(entry.payload);
    const plaintext = concat(
      u64(entry.epoch),
      opaque(wanted),
      opaque(entry.payload),
      opaque(entry.welcome),
      opaque(entry.groupInfo),
    );
    const sealed = await this.#vault.seal.close(
      OUTBOX,
      rowBytes(group, id, number, kind, envelope),
      plaintext,
    );
    const put = { group: group.slice(), id: id.slice(), number, kind, envelope, sealed };
    return { store: OUTBOX, put };
  }

  /**
   * The entry with this id.
   *
   * Throws VaultUsageError when the id is that of something else, VaultDamaged, StorageUnavailable.
   */
  async get(group: Uint8Array, id: Uint8Array, wanted?: Uint8Array): Promise<Entry | undefined> {
    const row = await this.#vault.get(OUTBOX, [group, id]);
    if (row === undefined) {
      return undefined;
    }
    const kept = await this.#opened(row);
    if (wanted !== undefined && !equalBytes(kept.wanted, wanted)) {
      throw new VaultUsageError(
        'This id was used for something else in this conversation: choose a fresh one.',
        { code: 'id_taken' },
      );
    }
    return kept.entry;
  }

  /** The entry that travels as this envelope. Throws VaultDamaged, StorageUnavailable. */
  async byEnvelope(group: Uint8Array, envelope: Uint8Array): Promise<Entry | undefined> {
    const row = await this.#vault.find(OUTBOX, BY_ENVELOPE, [group, envelope]);
    return row === undefined ? undefined : (await this.#opened(row)).entry;
  }

  /** All entries, of one group or of all, oldest first. Throws VaultDamaged, StorageUnavailable. */
  async all(group?: Uint8Array): Promise<readonly Entry[]> {
    const rows =
      group === undefined
        ? await this.#vault.select(OUTBOX, { index: BY_NUMBER })
        : await this.#vault.select(OUTBOX, { range: keysUnder(group) });
    const kept = await Promise.all(rows.map((row) => this.#opened(row)));
    return kept.map(({ entry }) => entry).sort((one, other) => one.number - other.number);
  }

  /** The ids of a group's Commits: one at most. Throws VaultDamaged, StorageUnavailable. */
  async commitsOf(group: Uint8Array): Promise<readonly Uint8Array[]> {
    const rows = await this.#vault.select(OUTBOX, { range: keysUnder(group) });
    return rows
      .map((row) => new Row(OUTBOX, row))
      .filter((row) => row.word('kind', KINDS) === 'commit')
      .map((row) => row.bytes('id'));
  }

  /** It arrived, or is not wanted any more. */
  remove(group: Uint8Array, id: Uint8Array): Write {
    return { store: OUTBOX, remove: [group.slice(), id.slice()] };
  }

  /** The number of the last entry, 0 before the first. */
  async last(): Promise<number> {
    return this.#vault.lastNumber(OUTBOX, BY_NUMBER);
  }

  async #opened(found: unknown): Promise<Kept> {
    const row = new Row(OUTBOX, found);
    const [group, id] = [row.bytes('group'), row.bytes('id')];
    const [number, kind] = [row.number('number'), row.word('kind', KINDS)];
    const place = rowBytes(group, id, number, kind, row.bytes('envelope'));
    const opened = await this.#vault.seal.open(OUTBOX, place, row.bytes('sealed'));
    const [epoch, wanted, payload, welcome, groupInfo] = parseWhole(read, opened);
    return { entry: { group, id, number, kind, epoch, payload, welcome, groupInfo }, wanted };
  }
}

type Sealed = readonly [
  epoch: bigint,
  wanted: Uint8Array,
  payload: Uint8Array,
  welcome: Uint8Array,
  groupInfo: Uint8Array,
];

function read(reader: Reader): Sealed {
  return [
    reader.u64(),
    reader.opaque(),
    reader.opaque(MAX_VARINT),
    reader.opaque(MAX_VARINT),
    reader.opaque(MAX_VARINT),
  ];
}

/** Everything about a row that is not sealed, which its seal therefore binds. */
function rowBytes(
  group: Uint8Array,
  id: Uint8Array,
  number: number,
  kind: EntryKind,
  envelope: Uint8Array,
): Uint8Array {
  const word = Uint8Array.of(KINDS.indexOf(kind));
  return concat(u64(BigInt(number)), word, opaque(group), opaque(id), opaque(envelope));
}
