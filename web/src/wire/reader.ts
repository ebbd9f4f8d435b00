/**
 * Msgpack that is expected to be something, read as that and as nothing else.
 *
 * The library reads any msgpack there is: it takes 1.0 for 1 and texts that are not UTF-8. Here
 * the kind of each field is known before its first byte is looked at, so nothing is ever built
 * that the protocol does not have: no map, no nesting beyond the kinds, no list longer than the
 * bytes that are there. An integer may be longer than it has to be, as Python's reader allows.
 */

import { textFrom } from '../base/bytes.ts';
import {
  type BytesKind,
  expectation,
  type Fields,
  fitsText,
  type IntKind,
  type Kind,
  type TextKind,
} from './frame.ts';

/** Bytes are not what was expected. `reason` names kinds and places, never the bytes. */
export class Unreadable extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'Unreadable';
  }
}

const UINT_BYTES: Readonly<Record<number, number>> = { 0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8 };
const INT_BYTES: Readonly<Record<number, number>> = { 0xd0: 1, 0xd1: 2, 0xd2: 4, 0xd3: 8 };
const TEXT_HEADS: Readonly<Record<number, number>> = { 0xd9: 1, 0xda: 2, 0xdb: 4 };
const BYTES_HEADS: Readonly<Record<number, number>> = { 0xc4: 1, 0xc5: 2, 0xc6: 4 };
const LIST_HEADS: Readonly<Record<number, number>> = { 0xdc: 2, 0xdd: 4 };

/** Reads one message from its beginning. Every method throws Unreadable. */
export class Reader {
  readonly #raw: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #place = 'its tag';

  constructor(raw: Uint8Array) {
    this.#raw = raw;
    this.#view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  }

  /** The head of a list: how many things follow. */
  listLength(): number {
    const head = this.#byte();
    if (head >= 0x90 && head <= 0x9f) {
      return this.#atHand(head & 0x0f);
    }
    const size = LIST_HEADS[head];
    return size === undefined ? this.#wrong('a list') : this.#atHand(this.#uint(size));
  }

  /**
   * The fields of a frame or record of which `count` are there, by their names.
   *
   * Those that are left out at the end have a value for that.
   */
  fields(fields: Fields, count: number): Record<string, unknown> {
    const expected = Object.entries(fields);
    if (count > expected.length) {
      throw new Unreadable(`it has ${count} fields, and at most ${expected.length} are expected`);
    }
    const values: Record<string, unknown> = {};
    for (const [place, [name, kind]] of expected.entries()) {
      this.#place = name;
      values[name] = place < count ? this.value(kind) : leftOut(name, kind);
    }
    return values;
  }

  /** One thing of a kind. */
  value(kind: Kind): unknown {
    switch (kind.kind) {
      case 'int':
        return this.int(kind);
      case 'text':
        return this.#text(kind);
      case 'bytes':
        return this.#bytes(kind);
      case 'flag':
        return this.#flag(kind);
      case 'list':
        return this.#list(kind.item, this.listLength(), kind);
      case 'pair':
        return this.#pair([kind.first, kind.second], kind);
      case 'record':
        return this.fields(kind.fields, this.listLength());
    }
  }

  /** A whole number. */
  int(kind: IntKind): number {
    const head = this.#byte();
    let value: number | undefined;
    if (head <= 0x7f || head >= 0xe0) {
      value = head <= 0x7f ? head : head - 0x100;
    } else {
      value = this.#longInt(head);
    }
    if (value === undefined || value < kind.least || value > kind.most) {
      return this.#wrong(expectation(kind));
    }
    return value;
  }

  /** Nothing may follow. */
  finish(): void {
    if (this.#at < this.#raw.length) {
      throw new Unreadable(`${this.#raw.length - this.#at} bytes follow its end`);
    }
  }

  /** Rounded beyond `MAX_INTEGER`, which is out of every range. */
  #longInt(head: number): number | undefined {
    const unsigned = UINT_BYTES[head];
    if (unsigned !== undefined) {
      return this.#uint(unsigned);
    }
    const signed = INT_BYTES[head];
    return signed === undefined ? undefined : this.#signedInt(signed);
  }

  #uint(size: number): number {
    const at = this.#skip(size);
    switch (size) {
      case 1:
        return this.#view.getUint8(at);
      case 2:
        return this.#view.getUint16(at);
      case 4:
        return this.#view.getUint32(at);
      default:
        return Number(this.#view.getBigUint64(at));
    }
  }

  #signedInt(size: number): number {
    const at = this.#skip(size);
    switch (size) {
      case 1:
        return this.#view.getInt8(at);
      case 2:
        return this.#view.getInt16(at);
      case 4:
        return this.#view.getInt32(at);
      default:
        return Number(this.#view.getBigInt64(at));
    }
  }

  #text(kind: TextKind): string {
    const head = this.#byte();
    const size = TEXT_HEADS[head];
    let length: number;
    if (head >= 0xa0 && head <= 0xbf) {
      length = head & 0x1f;
    } else if (size !== undefined) {
      length = this.#uint(size);
    } else {
      return this.#wrong(expectation(kind));
    }
    const at = this.#skip(length);
    const value = this.#decoded(at, length);
    return fitsText(value, kind.most) ? value : this.#wrong(expectation(kind));
  }

  #decoded(at: number, length: number): string {
    try {
      return textFrom(this.#raw.subarray(at, at + length));
    } catch (error) {
      if (!(error instanceof TypeError)) {
        throw error;
      }
      throw new Unreadable(`${this.#place} is not UTF-8`);
    }
  }

  /** A copy: the message that it came in is not kept with it. */
  #bytes(kind: BytesKind): Uint8Array {
    const size = BYTES_HEADS[this.#byte()];
    if (size === undefined) {
      return this.#wrong(expectation(kind));
    }
    const length = this.#uint(size);
    const at = this.#skip(length);
    if (length < kind.least || length > kind.most) {
      return this.#wrong(expectation(kind));
    }
    return this.#raw.slice(at, at + length);
  }

  #flag(kind: Kind): boolean {
    const head = this.#byte();
    return head === 0xc2 || head === 0xc3 ? head === 0xc3 : this.#wrong(expectation(kind));
  }

  #list(item: Kind, length: number, kind: Kind & { readonly most: number }): unknown[] {
    if (length > kind.most) {
      return this.#wrong(expectation(kind));
    }
    const items: unknown[] = [];
    for (let count = 0; count < length; count += 1) {
      items.push(this.value(item));
    }
    return items;
  }

  #pair(items: readonly Kind[], kind: Kind): unknown[] {
    if (this.listLength() !== items.length) {
      return this.#wrong(expectation(kind));
    }
    return items.map((item) => this.value(item));
  }

  /** Each thing has at least a byte: what cannot be there is not waited for. */
  #atHand(count: number): number {
    if (count > this.#raw.length - this.#at) {
      throw ended();
    }
    return count;
  }

  #byte(): number {
    const byte = this.#raw[this.#at];
    if (byte === undefined) {
      throw ended();
    }
    this.#at += 1;
    return byte;
  }

  /** Where the next `count` bytes begin, which are read by that. */
  #skip(count: number): number {
    const at = this.#at;
    if (count > this.#raw.length - at) {
      throw ended();
    }
    this.#at += count;
    return at;
  }

  #wrong(expected: string): never {
    throw new Unreadable(`${this.#place} is not ${expected}`);
  }
}

function ended(): Unreadable {
  return new Unreadable('it ends too early');
}

function leftOut(name: string, kind: Kind): number | boolean {
  if ((kind.kind === 'int' || kind.kind === 'flag') && kind.otherwise !== undefined) {
    return kind.otherwise;
  }
  throw new Unreadable(`${name} is missing`);
}
