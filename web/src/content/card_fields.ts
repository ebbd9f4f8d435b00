/** The fields of a card, read strictly: each is asked for exactly once, and none is left over. */

import { type Integer, isArray, isInteger, isMap, type Key, type Value } from './cbor.ts';
import { ContentError } from './errors.ts';
import { isPrintable, lengthOf } from './printable.ts';

/**
 * Bytes that are not a card this version understands; `code` says why.
 *
 * Codes: `bad_card`, `unknown_card` (another type or version).
 */
export class CardError extends ContentError {
  static override readonly code: string = 'bad_card';
}

/** A map of which every field must be asked for exactly once. All methods throw CardError. */
export class Fields {
  readonly #left: Map<Key, Value>;

  constructor(
    value: Value,
    readonly name: string,
  ) {
    if (!isMap(value)) {
      throw new CardError(`${name} must be a map.`);
    }
    this.#left = new Map(value);
  }

  take(key: string): Value {
    const value = this.#left.get(key);
    if (value === undefined) {
      throw new CardError(`${this.name} lacks '${key}'.`);
    }
    this.#left.delete(key);
    return value;
  }

  has(key: string): boolean {
    return this.#left.has(key);
  }

  /** Refuses what nobody has asked for. */
  finish(): void {
    if (this.#left.size > 0) {
      const unknown = [...this.#left.keys()].map((key) => JSON.stringify(key).slice(0, 40)).sort();
      throw new CardError(`${this.name} has unknown fields: ${unknown.slice(0, 5).join(', ')}.`);
    }
  }

  number(key: string, least: number, most: number): number {
    const value = this.take(key);
    if (!isInteger(value) || !isBetween(value, least, most)) {
      throw new CardError(`'${key}' must be an integer from ${least} to ${most}.`);
    }
    return Number(value);
  }

  /** A line of at most so many printable characters. */
  text(key: string, characters: number): string {
    const value = this.take(key);
    if (typeof value !== 'string' || lengthOf(value) > characters || !isPrintable(value)) {
      throw new CardError(`'${key}' must be a text of at most ${characters} printable characters.`);
    }
    return value;
  }

  matching(key: string, pattern: RegExp): string {
    const value = this.take(key);
    if (typeof value !== 'string' || !pattern.test(value)) {
      throw new CardError(`'${key}' must be a text of the form ${pattern.source}.`);
    }
    return value;
  }

  items<T>(key: string, least: number, most: number, read: (item: Value) => T): readonly T[] {
    const value = this.take(key);
    if (!isArray(value) || !isBetween(value.length, least, most)) {
      throw new CardError(`'${key}' must be a list of ${least} to ${most} items.`);
    }
    return value.map(read);
  }
}

function isBetween(value: Integer, least: number, most: number): boolean {
  return value >= least && value <= most;
}
