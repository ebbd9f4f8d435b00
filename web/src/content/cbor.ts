/**
 * Deterministic CBOR (RFC 8949 section 4.2.1), strictly: one value, one encoding.
 *
 * The decoder accepts exactly what the encoder writes: shortest lengths, no indefinite lengths, map
 * keys in bytewise order and never twice. Section 6.2 of draft-ietf-mimi-content limits map keys to
 * integers within 2^53, texts and byte strings, and NaN to the half-width quiet one. No library for
 * the browser is this strict: they lose whether 1.0 was an integer, believe lengths and the order
 * of keys, mend broken UTF-8, and descend as deep as a stranger wishes.
 */

import { EMPTY, textFrom, utf8 } from '../base/bytes.ts';
import { floatBytes, floatValue } from './cbor_float.ts';
import { ContentError } from './errors.ts';

/** A tagged value (RFC 8949 section 3.4). */
export class Tag {
  constructor(
    readonly number: Integer,
    readonly value: Value,
  ) {}
}

/** A simple value other than false, true and null (RFC 8949 section 3.3); 23 is undefined. */
export class Simple {
  constructor(readonly number: number) {}
}

/** A floating-point number; JavaScript's own `number` stands for an integer here. */
export class Float {
  constructor(readonly value: number) {}
}

/** An integer: a `number` within 2^53, a `bigint` beyond; decoding gives no bigint within. */
export type Integer = number | bigint;
export type Key = number | string | Uint8Array;
export type Value =
  | boolean
  | Integer
  | Float
  | string
  | Uint8Array
  | Tag
  | Simple
  | readonly Value[]
  | ReadonlyMap<Key, Value>
  | null;

/** Containers and tags inside each other, unless a caller asks for less or more. */
export const MAX_DEPTH = 16;

/** What follows an initial byte with these five low bits: how many bytes, and the least number. */
const ARGUMENTS = new Map([
  [24, { bytes: 1, least: 24n }],
  [25, { bytes: 2, least: 1n << 8n }],
  [26, { bytes: 4, least: 1n << 16n }],
  [27, { bytes: 8, least: 1n << 32n }],
]);
const FLOAT_BYTES = new Map([
  [25, 2],
  [26, 4],
  [27, 8],
]);

/** The one encoding of the value. Throws ContentError on what CBOR or section 6.2 cannot say. */
export function encode(value: Value): Uint8Array {
  const out = new Writer();
  out.value(value, MAX_DEPTH);
  return out.toBytes();
}

/**
 * The value of exactly these bytes.
 *
 * `maxDepth` counts arrays, maps and tags inside each other. Throws ContentError.
 */
export function decode(raw: Uint8Array, maxDepth = MAX_DEPTH): Value {
  const reader = new Reader(raw);
  const value = reader.value(maxDepth);
  if (reader.remaining !== 0) {
    throw refused(`${reader.remaining} bytes follow its end`);
  }
  return value;
}

interface Kinds {
  readonly integer: Integer;
  readonly text: string;
  readonly bytes: Uint8Array;
}

const NAMES = { integer: 'an integer', text: 'a text', bytes: 'a byte string' } as const;

function kindOf(value: Value): string {
  if (value instanceof Uint8Array) {
    return 'bytes';
  }
  return typeof value === 'string' ? 'text' : isInteger(value) ? 'integer' : 'other';
}

/** The value if it is of this kind, else a ContentError that calls it `name`. */
export function expect<K extends keyof Kinds>(value: Value, kind: K, name: string): Kinds[K] {
  if (kindOf(value) !== kind) {
    throw new ContentError(`${name} must be ${NAMES[kind]}.`);
  }
  return value as Kinds[K];
}

/** The decoded value if it is an array, else ContentError. */
export function expectArray(value: Value, name: string): readonly Value[] {
  if (!isArray(value)) {
    throw new ContentError(`${name} must be an array.`);
  }
  return value;
}

/** The decoded value if it is a map, else ContentError. */
export function expectMap(value: Value, name: string): ReadonlyMap<Key, Value> {
  if (!isMap(value)) {
    throw new ContentError(`${name} must be a map.`);
  }
  return value;
}

export function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMap(value: Value): value is ReadonlyMap<Key, Value> {
  return value instanceof Map;
}

export function isInteger(value: Value): value is Integer {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}

function refused(why: string): ContentError {
  return new ContentError(`Not deterministic CBOR: ${why}.`, { code: 'bad_cbor' });
}

/** Initial byte and argument. */
function head(major: number, argument: Integer): Uint8Array {
  if (argument < 24) {
    return Uint8Array.of((major << 5) | Number(argument));
  }
  for (const [additional, { bytes }] of ARGUMENTS) {
    if (BigInt(argument) < 1n << BigInt(8 * bytes)) {
      const raw = new Uint8Array(9);
      raw[0] = (major << 5) | additional;
      new DataView(raw.buffer).setBigUint64(1, BigInt(argument) << BigInt(64 - 8 * bytes));
      return raw.subarray(0, 1 + bytes);
    }
  }
  throw refused(`the number ${argument} needs more than 64 bits`);
}

function integerBytes(value: Integer): Uint8Array {
  return value >= 0 ? head(0, value) : head(1, -1n - BigInt(value));
}

function textBytes(text: string): readonly [Uint8Array, Uint8Array] {
  if (!text.isWellFormed()) {
    throw refused('a text is not valid Unicode');
  }
  const raw = utf8(text);
  return [head(3, raw.length), raw];
}

function simpleBytes(number: number): Uint8Array {
  const exists = (number >= 0 && number < 20) || number === 23 || (number >= 32 && number < 256);
  if (!Number.isInteger(number) || !exists) {
    throw refused(`simple value ${number} does not exist`);
  }
  return number < 24 ? Uint8Array.of(0xe0 | number) : Uint8Array.of(0xf8, number);
}

/** Less than 0, 0 or more than 0 as the bytes of `one` come before, equal or after. */
function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const shared = Math.min(one.length, other.length);
  for (let at = 0; at < shared; at += 1) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return one.length - other.length;
}

/** An encoding that grows. */
class Writer {
  #raw = new Uint8Array(256);
  #length = 0;

  toBytes(): Uint8Array {
    return this.#raw.slice(0, this.#length);
  }

  value(value: Value, depth: number): void {
    if (value === null || typeof value === 'boolean') {
      this.#push(Uint8Array.of(value === null ? 0xf6 : value ? 0xf5 : 0xf4));
    } else if (isInteger(value)) {
      this.#push(integerBytes(value));
    } else if (value instanceof Uint8Array) {
      this.#push(head(2, value.length), value);
    } else if (typeof value === 'string') {
      this.#push(...textBytes(value));
    } else if (value instanceof Float) {
      this.#push(floatBytes(value.value));
    } else if (value instanceof Simple) {
      this.#push(simpleBytes(value.number));
    } else {
      this.#container(value, depth);
    }
  }

  #push(...parts: readonly Uint8Array[]): void {
    for (const part of parts) {
      const end = this.#length + part.length;
      if (end > this.#raw.length) {
        const grown = new Uint8Array(2 * end);
        grown.set(this.#raw);
        this.#raw = grown;
      }
      this.#raw.set(part, this.#length);
      this.#length = end;
    }
  }

  #container(value: Value, depth: number): void {
    if (depth === 0) {
      throw refused('too many containers inside each other');
    }
    if (value instanceof Tag) {
      if (isBignum(value.number)) {
        throw refused('integers of more than 64 bits are not supported');
      }
      if (!isInteger(value.number) || value.number < 0) {
        throw refused(`the tag ${value.number} does not exist`);
      }
      this.#push(head(6, value.number));
      this.value(value.value, depth - 1);
    } else if (isMap(value)) {
      this.#map(value, depth - 1);
    } else if (isArray(value)) {
      this.#push(head(4, value.length));
      for (const item of value) {
        this.value(item, depth - 1);
      }
    } else {
      throw refused(`a value of type ${typeof value} has no encoding`);
    }
  }

  #map(map: ReadonlyMap<Key, Value>, depth: number): void {
    const members = [...map].map(([key, member]) => ({ raw: keyBytes(key), member }));
    members.sort((one, other) => compareBytes(one.raw, other.raw));
    this.#push(head(5, members.length));
    for (const [at, { raw, member }] of members.entries()) {
      const before = members[at - 1];
      if (before !== undefined && compareBytes(before.raw, raw) === 0) {
        throw refused('a map key is there twice');
      }
      this.#push(raw);
      this.value(member, depth);
    }
  }
}

function keyBytes(key: Value): Uint8Array {
  if (!isKey(key)) {
    throw refused('a map key is neither integer nor text nor byte string');
  }
  if (typeof key === 'bigint' && !Number.isSafeInteger(Number(key))) {
    throw refused('an integer map key is beyond 2^53');
  }
  return encode(key);
}

function isKey(value: Value): value is Key | bigint {
  return isInteger(value) || typeof value === 'string' || value instanceof Uint8Array;
}

/** A cursor over bytes of which nothing is believed. */
class Reader {
  readonly #raw: Uint8Array;
  #position = 0;

  constructor(raw: Uint8Array) {
    this.#raw = raw;
  }

  get remaining(): number {
    return this.#raw.length - this.#position;
  }

  value(depth: number): Value {
    const initial = this.#take(1)[0] ?? 0;
    const major = initial >> 5;
    if (major === 7) {
      return this.#simpleOrFloat(initial & 31);
    }
    const argument = this.#argument(initial & 31);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return narrowed(-1n - BigInt(argument));
      case 2:
        return this.#take(argument).slice();
      case 3:
        return this.#text(argument);
    }
    if (depth === 0) {
      throw refused('too many containers inside each other');
    }
    if (major === 4) {
      return this.#array(this.#count(argument, 1), depth - 1);
    }
    if (major === 5) {
      return this.#map(this.#count(argument, 2), depth - 1);
    }
    if (isBignum(argument)) {
      throw refused('integers of more than 64 bits are not supported');
    }
    return new Tag(argument, this.value(depth - 1));
  }

  #take(count: Integer): Uint8Array {
    if (count > this.remaining) {
      throw refused('it ends too early');
    }
    const start = this.#position;
    this.#position += Number(count);
    return this.#raw.subarray(start, this.#position);
  }

  #argument(additional: number): Integer {
    if (additional < 24) {
      return additional;
    }
    const following = ARGUMENTS.get(additional);
    if (following === undefined) {
      throw refused('an indefinite or reserved length');
    }
    let argument = 0n;
    for (const byte of this.#take(following.bytes)) {
      argument = (argument << 8n) | BigInt(byte);
    }
    if (argument < following.least) {
      throw refused('a number is not in its shortest form');
    }
    return narrowed(argument);
  }

  /** A container cannot have more items than bytes are left. */
  #count(argument: Integer, leastBytes: number): number {
    if (argument > this.remaining / leastBytes) {
      throw refused('it ends too early');
    }
    return Number(argument);
  }

  #text(count: Integer): string {
    const raw = this.#take(count);
    try {
      return textFrom(raw);
    } catch {
      throw refused('a text is not valid UTF-8');
    }
  }

  #array(count: number, depth: number): readonly Value[] {
    const items: Value[] = [];
    for (let at = 0; at < count; at += 1) {
      items.push(this.value(depth));
    }
    return items;
  }

  #map(count: number, depth: number): ReadonlyMap<Key, Value> {
    const members = new Map<Key, Value>();
    let before: Uint8Array = EMPTY;
    for (let at = 0; at < count; at += 1) {
      const start = this.#position;
      const key = this.value(0);
      if (!isKey(key)) {
        throw refused('a map key is neither integer nor text nor byte string');
      }
      if (typeof key === 'bigint') {
        throw refused('an integer map key is beyond 2^53');
      }
      const encoded = this.#raw.subarray(start, this.#position);
      if (compareBytes(encoded, before) <= 0) {
        throw refused('map keys are out of order or twice');
      }
      before = encoded;
      members.set(key, this.value(depth));
    }
    return members;
  }

  #simpleOrFloat(additional: number): Value {
    switch (additional) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
        return null;
      case 24: {
        const number = this.#take(1)[0] ?? 0;
        if (number < 32) {
          throw refused('a simple value is not in its shortest form');
        }
        return new Simple(number);
      }
    }
    return additional < 24 ? new Simple(additional) : this.#float(additional);
  }

  #float(additional: number): Float {
    const size = FLOAT_BYTES.get(additional);
    if (size === undefined) {
      throw refused('an indefinite or reserved length');
    }
    const raw = this.#take(size);
    const value = floatValue(raw);
    if (compareBytes(floatBytes(value).subarray(1), raw) !== 0) {
      throw refused('a floating-point number is not in its shortest form');
    }
    return new Float(value);
  }
}

/** The tags of integers beyond 64 bits are 2 and 3. */
function isBignum(tag: Integer): boolean {
  return tag >= 2 && tag <= 3;
}

/** The integer in the one form in which decoding gives it. */
export function narrowed(integer: bigint): Integer {
  const narrow = Number(integer);
  return Number.isSafeInteger(narrow) ? narrow : integer;
}
