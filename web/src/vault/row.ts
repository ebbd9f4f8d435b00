/** Rows as they come out of a store: looked at field by field, because a store keeps anything. */

import { parseWhole, type Reader } from '../mls/codec.ts';
import { VaultDamaged, VaultError } from './errors.ts';

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

  /** A field of bytes, or undefined where it is left out. Throws VaultDamaged. */
  optionalBytes(name: string): Uint8Array | undefined {
    return this.#fields[name] === undefined ? undefined : this.bytes(name);
  }

  /** A whole number from 0 on, or undefined where it is left out. Throws VaultDamaged. */
  optionalNumber(name: string): number | undefined {
    return this.#fields[name] === undefined ? undefined : this.number(name);
  }

  /** A text. Throws VaultDamaged. */
  text(name: string): string {
    const value = this.#fields[name];
    if (typeof value !== 'string') {
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

/** What stands in a row, as `read` makes it out; whatever is wrong there is the vault's damage. */
export function understood<T>(store: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof VaultError ? error : damaged(store, error);
  }
}

/** An opened value, read to its end. Throws VaultDamaged. */
export function parsed<T>(store: string, opened: Uint8Array, read: (reader: Reader) => T): T {
  return understood(store, () => parseWhole(read, opened));
}

/** What a sealed value means was not understood, though its seal is whole. */
export function damaged(store: string, cause?: unknown): VaultDamaged {
  return new VaultDamaged(
    `A row of ${store} in this browser's vault is damaged: link this device anew.`,
    { cause },
  );
}
