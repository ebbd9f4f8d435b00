/**
 * Stores `epoch_state` and `ratchet_state`: the groups this device is a member of, as they save
 * themselves. In two stores, because a message changes only the small part.
 */

import { Group } from '../mls/group.ts';
import type { Write } from '../platform/database.ts';
import { optionalRow, Row, understood } from './row.ts';
import { EPOCH_STATE, RATCHET_STATE } from './schema.ts';
import type { Vault } from './vault.ts';

/** The two parts of a saved group. */
export type SavedParts = readonly [epochState: Uint8Array, ratchetState: Uint8Array];

/** The vault's groups. */
export class Groups {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** The part that changes with the epoch. */
  async putEpoch(group: Uint8Array, epochState: Uint8Array): Promise<Write> {
    return this.#put(EPOCH_STATE, group, epochState);
  }

  /** The part that changes with every message. */
  async putRatchet(group: Uint8Array, ratchetState: Uint8Array): Promise<Write> {
    return this.#put(RATCHET_STATE, group, ratchetState);
  }

  /** Throws VaultDamaged, StorageUnavailable. */
  async get(group: Uint8Array): Promise<SavedParts | undefined> {
    const epochState = await this.#part(EPOCH_STATE, group);
    const ratchetState = await this.#part(RATCHET_STATE, group);
    return epochState === undefined || ratchetState === undefined
      ? undefined
      : [epochState, ratchetState];
  }

  /** The group itself. Throws as `get`. */
  async load(group: Uint8Array): Promise<Group | undefined> {
    const saved = await this.get(group);
    if (saved === undefined) {
      return undefined;
    }
    try {
      return understood(EPOCH_STATE, () => Group.load(...saved));
    } finally {
      saved.forEach((part) => part.fill(0));
    }
  }

  /** The ids of all groups. Throws StorageUnavailable. */
  async all(): Promise<readonly Uint8Array[]> {
    const rows = await this.#vault.select(RATCHET_STATE);
    return rows.map((row) => new Row(RATCHET_STATE, row).bytes('group'));
  }

  /** This device is out: its keys go. */
  remove(group: Uint8Array): readonly Write[] {
    return [EPOCH_STATE, RATCHET_STATE].map((store) => ({ store, remove: group.slice() }));
  }

  async #put(store: string, group: Uint8Array, state: Uint8Array): Promise<Write> {
    const sealed = await this.#vault.seal.close(store, group, state);
    return { store, put: { group: group.slice(), sealed } };
  }

  async #part(store: string, group: Uint8Array): Promise<Uint8Array | undefined> {
    const row = optionalRow(store, await this.#vault.get(store, group));
    return row && this.#vault.seal.open(store, group, row.bytes('sealed'));
  }
}
