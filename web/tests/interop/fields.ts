/** The fields of a JSON object from outside, each read as what it is expected to be. */

import { fromHex } from '../../src/base/bytes.ts';

/** Throws TypeError, with the field's name, for what is missing or of another kind. */
export class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields;
  }

  static parse(json: string): Fields {
    return Fields.of('the request', JSON.parse(json));
  }

  static of(name: string, parsed: unknown): Fields {
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
      throw new TypeError(`${name} is no object.`);
    }
    return new Fields({ ...parsed });
  }

  text(name: string): string {
    return textOf(name, this.#fields[name]);
  }

  number(name: string): number {
    return numberOf(name, this.#fields[name]);
  }

  flag(name: string): boolean {
    const value = this.#fields[name];
    if (typeof value !== 'boolean') {
      throw new TypeError(`${name} is neither true nor false.`);
    }
    return value;
  }

  /** From hexadecimal digits. */
  bytes(name: string): Uint8Array {
    return fromHex(this.text(name));
  }

  /** Undefined where the field is null. */
  optionalBytes(name: string): Uint8Array | undefined {
    return this.#fields[name] === null ? undefined : this.bytes(name);
  }

  optionalNumber(name: string): number | undefined {
    return this.#fields[name] === null ? undefined : this.number(name);
  }

  optionalNumbers(name: string): number[] | undefined {
    return this.#fields[name] === null
      ? undefined
      : this.#array(name).map((item) => numberOf(name, item));
  }

  /** Texts. */
  list(name: string): string[] {
    return this.#array(name).map((item) => textOf(name, item));
  }

  objects(name: string): Fields[] {
    return this.#array(name).map((item) => Fields.of(name, item));
  }

  /** An object's names and texts. */
  pairs(name: string): [name: string, text: string][] {
    const fields = Fields.of(name, this.#fields[name]).#fields;
    return Object.entries(fields).map(([key, value]) => [key, textOf(key, value)]);
  }

  #array(name: string): unknown[] {
    const value = this.#fields[name];
    if (!Array.isArray(value)) {
      throw new TypeError(`${name} is no list.`);
    }
    return value;
  }
}

function textOf(name: string, value: unknown): string {
  if (typeof value !== 'string') {
    throw new TypeError(`${name} is no text.`);
  }
  return value;
}

function numberOf(name: string, value: unknown): number {
  if (typeof value !== 'number') {
    throw new TypeError(`${name} is no number.`);
  }
  return value;
}
