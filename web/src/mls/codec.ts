/**
 * The TLS presentation language as MLS uses it (RFC 9420 section 2.1, RFC 8446 section 3).
 *
 * Reading: a `Reader` walks over one buffer; every failure is a `CodecError`. What it gives out
 * are copies: no field shares memory with the caller's buffer or with another field.
 * Writing: functions from a value to bytes, which are joined. A struct has static `read(reader)`
 * and `fromBytes(raw)`, and `toBytes()`.
 */

import { concat, concatAll } from '../base/bytes.ts';
import { CodecError } from './errors.ts';

export { CodecError } from './errors.ts';

/** The longest vector the variable-length header can announce, in bytes. */
export const MAX_VARINT = 2 ** 30 - 1;

/** Bytes of one opaque field unless its reader says otherwise: 1 MiB, above any key or message. */
const OPAQUE_LIMIT = 2 ** 20;

/** Bytes of one vector: 16 MiB; the ratchet tree of 1,000 members in X-Wing has about 3 MiB. */
const VECTOR_LIMIT = 2 ** 24;

/**
 * Items of all the lists that one reader meets: twice the leaves of the largest tree, so that a
 * Commit of the largest group fits. An item of two bytes becomes objects of a hundred times its
 * size; without a limit, one message of 16 MiB would fill the memory before anybody knows who
 * sent it.
 */
export const ITEMS_LIMIT = 2 ** 17;

/** A cursor over bytes. */
export class Reader {
  readonly #raw: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #end: number;
  #itemsLeft: number;

  /** `itemsLimit`: more than `ITEMS_LIMIT` is for what this device has written itself. */
  constructor(raw: Uint8Array, itemsLimit = ITEMS_LIMIT) {
    // A subclass (Node's Buffer) may give out views where Uint8Array gives copies.
    this.#raw = new Uint8Array(raw.buffer, raw.byteOffset, raw.length);
    this.#view = new DataView(raw.buffer, raw.byteOffset, raw.length);
    this.#end = raw.length;
    this.#itemsLeft = itemsLimit;
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  /** Bytes already read; give it to `since` later. */
  get position(): number {
    return this.#at;
  }

  /** The exact bytes read since `position`: a struct's encoding without re-encoding it. */
  since(position: number): Uint8Array {
    return this.#raw.slice(position, this.#at);
  }

  /** Throws CodecError when bytes are left over. */
  finish(): void {
    if (this.#at !== this.#end) {
      throw new CodecError(
        `${this.remaining} bytes follow the end of the structure; the sender must send it alone.`,
      );
    }
  }

  /** Exactly `length` bytes. Throws CodecError. */
  fixed(length: number): Uint8Array {
    const at = this.#step(length);
    return this.#raw.slice(at, at + length);
  }

  /** One byte. Throws CodecError. */
  u8(): number {
    return this.#view.getUint8(this.#step(1));
  }

  /** Two bytes, big-endian. Throws CodecError. */
  u16(): number {
    return this.#view.getUint16(this.#step(2));
  }

  /** Four bytes, big-endian. Throws CodecError. */
  u32(): number {
    return this.#view.getUint32(this.#step(4));
  }

  /** Eight bytes, big-endian. Throws CodecError. */
  u64(): bigint {
    return this.#view.getBigUint64(this.#step(8));
  }

  /** A vector's length header: 1, 2 or 4 bytes, the shortest that fits. Throws CodecError. */
  varint(): number {
    const first = this.u8();
    if (first < 0x40) {
      return first;
    }
    let length: number;
    let shortest: number;
    if (first < 0x80) {
      length = ((first & 0x3f) << 8) | this.u8();
      shortest = 0x40;
    } else if (first < 0xc0) {
      const at = this.#step(3);
      length =
        ((first & 0x3f) << 24) | (this.#view.getUint16(at) << 8) | this.#view.getUint8(at + 2);
      shortest = 0x4000;
    } else {
      throw new CodecError(
        `Byte ${this.#at - 1}: a length header begins with 0b11, ` +
          'which RFC 9420 section 2.1.2 forbids.',
      );
    }
    if (length < shortest) {
      throw new CodecError(
        `Before byte ${this.#at}: the length ${length} is not in its shortest form.`,
      );
    }
    return length;
  }

  /** `opaque<V>` of at most `limit` bytes. Throws CodecError. */
  opaque(limit = OPAQUE_LIMIT): Uint8Array {
    const length = this.#announced(limit);
    const at = this.#at;
    this.#at = at + length;
    return this.#raw.slice(at, at + length);
  }

  /** `T items<V>` of at most `limit` bytes, each item read by `parse`. Throws CodecError. */
  vector<T>(parse: (reader: Reader) => T, limit = VECTOR_LIMIT): T[] {
    const length = this.#announced(limit);
    const outer = this.#end;
    this.#end = this.#at + length;
    const items: T[] = [];
    while (this.#at < this.#end) {
      const before = this.#at;
      items.push(parse(this));
      if (this.#at === before) {
        throw new CodecError(`Byte ${before}: a vector holds items of zero length.`);
      }
      this.#itemsLeft -= 1;
      if (this.#itemsLeft < 0) {
        throw new CodecError(
          `Byte ${before}: the lists of the structure have more items than anybody needs; ` +
            'the sender must send less at once.',
        );
      }
    }
    this.#end = outer;
    return items;
  }

  /** `uint16 items<V>` of at most `limit` bytes, in one step. Throws CodecError. */
  u16Vector(limit = 2 ** 12): number[] {
    const numbers: number[] = [];
    for (const end = this.#numbersEnd(2, limit); this.#at < end; this.#at += 2) {
      numbers.push(this.#view.getUint16(this.#at));
    }
    return numbers;
  }

  /** `uint32 items<V>` of at most `limit` bytes, in one step. Throws CodecError. */
  u32Vector(limit: number): number[] {
    const numbers: number[] = [];
    for (const end = this.#numbersEnd(4, limit); this.#at < end; this.#at += 4) {
      numbers.push(this.#view.getUint32(this.#at));
    }
    return numbers;
  }

  /** `optional<T>`: a presence byte 0 or 1, then the item. Throws CodecError. */
  optional<T>(parse: (reader: Reader) => T): T | undefined {
    const present = this.u8();
    if (present === 0) {
      return undefined;
    }
    if (present === 1) {
      return parse(this);
    }
    throw new CodecError(
      `Byte ${this.#at - 1}: the presence of an optional field is 0 or 1, not ${present}.`,
    );
  }

  /** Go over `length` bytes; returns where they begin. */
  #step(length: number): number {
    const at = this.#at;
    if (at + length > this.#end) {
      throw new CodecError(
        `Byte ${at}: ${length} more bytes are needed, ${this.remaining} are left.`,
      );
    }
    this.#at = at + length;
    return at;
  }

  /** Where a list of numbers of `width` bytes ends. */
  #numbersEnd(width: number, limit: number): number {
    const length = this.#announced(limit);
    if (length % width !== 0) {
      throw new CodecError(
        `Before byte ${this.#at + length}: a list of ${8 * width}-bit numbers has ${length} ` +
          `bytes, no multiple of ${width}.`,
      );
    }
    return this.#at + length;
  }

  /** The length header of a field that is all there and not above `limit`. */
  #announced(limit: number): number {
    const length = this.varint();
    if (length > limit) {
      throw new CodecError(
        `Byte ${this.#at}: a field of ${length} bytes; at most ${limit} are allowed.`,
      );
    }
    if (length > this.remaining) {
      throw new CodecError(
        `Byte ${this.#at}: a field of ${length} bytes is announced, ${this.remaining} are left.`,
      );
    }
    return length;
  }
}

/** Read one struct that must fill `raw` exactly. Throws CodecError. */
export function parseWhole<T>(read: (reader: Reader) => T, raw: Uint8Array): T {
  const reader = new Reader(raw);
  const item = read(reader);
  reader.finish();
  return item;
}

/** One byte. Throws RangeError for a number that does not fit, as do the next two. */
export function u8(number: number): Uint8Array {
  checkRange(number, 0xff);
  return Uint8Array.of(number);
}

/** Two bytes, big-endian. */
export function u16(number: number): Uint8Array {
  checkRange(number, 0xffff);
  return Uint8Array.of(number >>> 8, number);
}

/** Four bytes, big-endian. */
export function u32(number: number): Uint8Array {
  checkRange(number, 0xffffffff);
  return Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number);
}

/** Eight bytes, big-endian. Throws RangeError for a number that does not fit. */
export function u64(number: bigint): Uint8Array {
  if (number < 0n || number >> 64n !== 0n) {
    throw new RangeError(`${number} does not fit into 64 bits.`);
  }
  const raw = new Uint8Array(8);
  new DataView(raw.buffer).setBigUint64(0, number);
  return raw;
}

/** A length header in its shortest form. Throws CodecError above `MAX_VARINT`. */
export function encodeVarint(length: number): Uint8Array {
  if (length < 0x40) {
    return u8(length);
  }
  if (length < 0x4000) {
    return u16(length | 0x4000);
  }
  if (length <= MAX_VARINT) {
    return u32(length + 0x80000000);
  }
  throw new CodecError(`A field of ${length} bytes is longer than MLS can carry (${MAX_VARINT}).`);
}

/** `opaque<V>`: the length header, then the bytes. */
export function opaque(raw: Uint8Array): Uint8Array {
  return concat(encodeVarint(raw.length), raw);
}

/** `T items<V>` from the items' encodings. */
export function vector(items: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const item of items) {
    length += item.length;
  }
  return concatAll([encodeVarint(length), ...items]);
}

/** As `vector`; the items, which held secrets on their way, are overwritten: give copies. */
export function vectorErasing(items: readonly Uint8Array[]): Uint8Array {
  const joined = vector(items);
  for (const item of items) {
    item.fill(0);
  }
  return joined;
}

/** `uint16 items<V>`. */
export function u16Vector(numbers: readonly number[]): Uint8Array {
  return vector(numbers.map(u16));
}

/** `uint32 items<V>`. */
export function u32Vector(numbers: readonly number[]): Uint8Array {
  return vector(numbers.map(u32));
}

/** `optional<T>` from the item's encoding, or undefined when it is absent. */
export function optional(encoded: Uint8Array | undefined): Uint8Array {
  return encoded === undefined ? u8(0) : concat(u8(1), encoded);
}

function checkRange(number: number, limit: number): void {
  if (!Number.isInteger(number) || number < 0 || number > limit) {
    throw new RangeError(`${number} is no integer from 0 to ${limit}.`);
  }
}
