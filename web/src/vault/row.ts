/** Rows as they come out of a store: looked at field by field, because a store keeps anything. */

import { VaultDamaged } from './errors.ts';

/** One row of a store. */
export class Row {
  readonly #store: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  /** Throws VaultDamaged. */
  constructor(store: string, row: unknown) {
    if (typeof row !== 'object' || row === null) {
      throw damaged(store);
    }
    this.#store = store;
    this.#fields = row as Readonly<Record<string, unknown>>;
  }

  /** A field of bytes. Throws VaultDamaged. */
  bytes(name: string): Uint8Array {
    const value = this.#fields[name];
    if (!(value instanceof Uint8Array)) {
      throw damaged(this.#store);
    }
    return value;
  }

  /** A field that is a whole number from 0 on. Throws VaultDamaged. */
  number(name: string): number {
    const value = this.#fields[name];
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw damaged(this.#store);
    }
    return value;
  }

  /** A field that is one of these words. Throws VaultDamaged. */
  word<T extends string>(name: string, words: readonly T[]): T {
    const value = this.#fields[name];
    const found = words.find((word) => word === value);
    if (found === undefined) {
      throw damaged(this.#store);
    }
    return found;
  }
}

/** A row that is there, or undefined. Throws VaultDamaged. */
export function optionalRow(store: string, row: unknown): Row | undefined {
  return row === undefined ? undefined : new Row(store, row);
}

/** What a sealed value means was not understood, though its seal is whole. */
export function damaged(store: string, cause?: unknown): VaultDamaged {
  return new VaultDamaged(
    `A row of ${store} in this browser's vault is damaged: link this device anew.`,
    { cause },
  );
}
