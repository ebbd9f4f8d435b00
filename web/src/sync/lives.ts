/**
 * The groups in memory, each beside what the vault holds of it.
 *
 * Whoever changes a group does it inside `changing`: when anything fails, a write above all, the
 * group in memory is dropped, and the vault's is the truth again.
 */

import { toHex } from '../base/bytes.ts';
import { Group } from '../mls/group.ts';
import type { Write } from '../platform/database.ts';
import { VaultUsageError } from '../vault/errors.ts';
import { Groups } from '../vault/groups.ts';
import type { Vault } from '../vault/vault.ts';

/** Groups kept in memory at once; the one that was not used for longest goes. */
export const REMEMBERED_GROUPS = 32;

/** A group, and the epoch state that the vault holds (by identity: it changes seldom). */
export class Live {
  written: Uint8Array | undefined;

  constructor(
    readonly group: Group,
    written: Uint8Array | undefined,
  ) {
    this.written = written;
  }
}

/** The live groups of one vault. */
export class Lives {
  readonly #vault: Vault;
  readonly #table: Groups;
  readonly #lives = new Map<string, Live>();

  constructor(vault: Vault) {
    this.#vault = vault;
    this.#table = new Groups(vault);
  }

  /** The ids of all groups. */
  async all(): Promise<readonly Uint8Array[]> {
    return this.#table.all();
  }

  /** The group, or undefined. Throws VaultDamaged, SavedStateRefused, StorageUnavailable. */
  async find(id: Uint8Array): Promise<Live | undefined> {
    const name = toHex(id);
    let live = this.#lives.get(name);
    if (live === undefined) {
      const saved = await this.#table.get(id);
      if (saved === undefined) {
        return undefined;
      }
      const group = Group.load(...saved);
      saved.forEach((part) => part.fill(0));
      live = new Live(group, group.save().epochState);
    }
    this.#remember(name, live);
    return live;
  }

  /** The group. Throws VaultUsageError `unknown_group`, and as `find`. */
  async get(id: Uint8Array): Promise<Live> {
    const live = await this.find(id);
    if (live === undefined) {
      throw new VaultUsageError('This device is in no group of this id.', {
        code: 'unknown_group',
      });
    }
    return live;
  }

  /** Change a group; after any error memory is taken back to what the vault holds. */
  async changing<T>(id: Uint8Array, step: (live: Live) => Promise<T>): Promise<T> {
    const live = await this.get(id);
    try {
      return await step(live);
    } catch (error) {
      this.#lives.delete(toHex(id));
      throw error;
    }
  }

  /**
   * Write a group as it is now, together with all that follows. Throws StorageUnavailable.
   *
   * After a message only the ratchets are written: the epoch state is another buffer only when it
   * has changed.
   */
  async save(live: Live, writes: readonly Write[]): Promise<void> {
    const { group } = live;
    const { epochState, ratchetState } = group.save();
    const all = [...writes, await this.#table.putRatchet(group.groupId, ratchetState)];
    ratchetState.fill(0);
    if (epochState !== live.written) {
      all.push(await this.#table.putEpoch(group.groupId, epochState));
    }
    await this.#vault.write(all);
    live.written = epochState;
  }

  /** Write a group that is new here. Throws StorageUnavailable. */
  async begin(group: Group, writes: readonly Write[]): Promise<Live> {
    const live = new Live(group, undefined);
    await this.save(live, writes);
    this.#remember(toHex(group.groupId), live);
    return live;
  }

  #remember(name: string, live: Live): void {
    this.#lives.delete(name);
    this.#lives.set(name, live);
    for (const oldest of this.#lives.keys()) {
      if (this.#lives.size <= REMEMBERED_GROUPS) {
        return;
      }
      this.#lives.delete(oldest);
    }
  }
}
