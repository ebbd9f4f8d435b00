/**
 * A signed object on the wire: msgpack array [payload bytes, signature], payload msgpack too.
 *
 * The payload travels as the exact bytes that were signed. Of the many ways msgpack has to write
 * a value only the shortest is accepted, so that an object has one encoding and one hash.
 */

import { decode, encode } from '@msgpack/msgpack';

import { equalBytes } from '../base/bytes.ts';
import { IdentityRefused } from './errors.ts';
import { SIGNATURE_BYTES, type SigningKey } from './keys.ts';

export const VERSION = 1;

/** A device list with 50 devices and the longest names has under 4 KiB. */
export const MAX_SIGNED_BYTES = 16 * 1024;

/** The largest time: the integers that JavaScript holds exactly. */
export const MAX_SECONDS = Number.MAX_SAFE_INTEGER;

/** Elements of one array; the longest that is ever right has 50. */
const MAX_ELEMENTS = 256;

/** What a payload is made of. */
export type Field = string | number | Uint8Array | readonly Field[];

/** The elements of a decoded array, taken one after another, each of its type or refused. */
export class Fields {
  readonly #label: string;
  readonly #elements: readonly unknown[];
  #at = 0;

  /** Throws IdentityRefused (`malformed`), as do all methods. */
  constructor(label: string, decoded: unknown) {
    this.#label = label;
    if (!Array.isArray(decoded)) {
      throw malformed(label, 'an array is expected');
    }
    this.#elements = decoded;
  }

  text(): string {
    const value = this.#next();
    if (typeof value !== 'string' || !value.isWellFormed()) {
      throw malformed(this.#label, `field ${this.#at} is not a text`);
    }
    return value;
  }

  bytes(): Uint8Array {
    const value = this.#next();
    if (!(value instanceof Uint8Array)) {
      throw malformed(this.#label, `field ${this.#at} is not bytes`);
    }
    return value.slice();
  }

  /** A whole number from 0 to MAX_SECONDS. */
  natural(): number {
    const value = this.#next();
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw malformed(this.#label, `field ${this.#at} is not a whole number from 0 on`);
    }
    return value;
  }

  /** An array, each element read by `read`. */
  list<T>(read: (element: Fields) => T): readonly T[] {
    const value = this.#next();
    if (!Array.isArray(value)) {
      throw malformed(this.#label, `field ${this.#at} is not an array`);
    }
    return value.map((element) => this.#whole(element, read));
  }

  /** One array with fields of its own. */
  inner<T>(read: (fields: Fields) => T): T {
    return this.#whole(this.#next(), read);
  }

  /** Nothing is left. */
  finish(): void {
    if (this.#at !== this.#elements.length) {
      throw malformed(this.#label, `it has ${this.#elements.length} fields, not ${this.#at}`);
    }
  }

  #whole<T>(element: unknown, read: (fields: Fields) => T): T {
    const fields = new Fields(this.#label, element);
    const item = read(fields);
    fields.finish();
    return item;
  }

  #next(): unknown {
    if (this.#at >= this.#elements.length) {
      throw malformed(this.#label, `it has only ${this.#elements.length} fields`);
    }
    const value = this.#elements[this.#at];
    this.#at += 1;
    return value;
  }
}

/** A payload, its signed bytes, and a signature that is not verified yet. */
export type Unpacked<P> = readonly [payload: P, signedPayload: Uint8Array, signature: Uint8Array];

/** The signed object's bytes; the first of the payload's fields is its version. */
export function pack(key: SigningKey, label: string, payload: readonly Field[]): Uint8Array {
  const raw = encode(payload);
  return encode([raw, key.sign(label, raw)]);
}

/**
 * Parse strictly. `readers` read the fields that follow version 1, 2 and so on.
 *
 * Throws IdentityRefused (`malformed`, `unknown_version`).
 */
export function unpack<P>(
  raw: Uint8Array,
  label: string,
  ...readers: readonly ((fields: Fields) => P)[]
): Unpacked<P> {
  if (raw.length > MAX_SIGNED_BYTES) {
    throw new IdentityRefused(
      `A ${label} has at most ${MAX_SIGNED_BYTES} bytes, not ${raw.length}.`,
      { code: 'malformed' },
    );
  }
  const [payload, signature] = decodeExactly(raw, label, readSigned);
  if (signature.length !== SIGNATURE_BYTES) {
    throw new IdentityRefused(
      `The signature of a ${label} has ${SIGNATURE_BYTES} bytes, not ${signature.length}.`,
      { code: 'malformed' },
    );
  }
  const read = ofVersion(payload, label, readers);
  const parsed = decodeExactly(payload, label, (fields) => {
    fields.natural();
    return read(fields);
  });
  return [parsed, payload, signature];
}

/**
 * Decode a msgpack array that is exactly the encoding of what it says.
 *
 * Throws IdentityRefused (`malformed`).
 */
export function decodeExactly<T>(raw: Uint8Array, label: string, read: (fields: Fields) => T): T {
  const decoded = decoding(raw, label);
  const fields = new Fields(label, decoded);
  const item = read(fields);
  fields.finish();
  // Only arrays, texts, bytes and whole numbers have passed `read`: they have one shortest form.
  if (!equalBytes(encode(decoded), raw)) {
    throw new IdentityRefused(`A ${label} is not in its shortest encoding.`, {
      code: 'malformed',
    });
  }
  return item;
}

function readSigned(fields: Fields): readonly [payload: Uint8Array, signature: Uint8Array] {
  return [fields.bytes(), fields.bytes()];
}

/** Say that a version is unknown before saying that its fields are. */
function ofVersion<R>(raw: Uint8Array, label: string, readers: readonly R[]): R {
  const decoded = decoding(raw, label);
  const version: unknown = Array.isArray(decoded) ? decoded[0] : undefined;
  if (typeof version !== 'number' || !Number.isInteger(version)) {
    throw malformed(label, 'it names no version');
  }
  const reader = readers[version - VERSION];
  if (reader === undefined) {
    throw new IdentityRefused(
      `A ${label} has version ${version}; this program knows version ${readers.length}.`,
      { code: 'unknown_version' },
    );
  }
  return reader;
}

/** One msgpack value and nothing after it; a length that promises more than there is ends it. */
function decoding(raw: Uint8Array, label: string): unknown {
  try {
    return decode(raw, { maxArrayLength: MAX_ELEMENTS, maxMapLength: MAX_ELEMENTS });
  } catch (error) {
    throw new IdentityRefused(`A ${label} is malformed: it is not one msgpack value.`, {
      code: 'malformed',
      cause: error,
    });
  }
}

function malformed(label: string, what: string): IdentityRefused {
  return new IdentityRefused(`A ${label} is malformed: ${what}.`, { code: 'malformed' });
}
