/**
 * What all frames are made of: the kinds of their fields, and the types that follow from them
 * (spec/wire.md).
 *
 * A frame is described once, as a value: how it is read, checked and written, and its type, all
 * come from there, and spec/vectors/wire.json compares it with Python's.
 */

/** Largest integer on the wire: what every language, JavaScript included, holds exactly. */
export const MAX_INTEGER = Number.MAX_SAFE_INTEGER;

/** A whole number. `otherwise`: its value where a frame ends before it. */
export interface IntKind {
  readonly kind: 'int';
  readonly least: number;
  readonly most: number;
  readonly otherwise?: number;
}

/** A text of at most `most` characters (code points, as Python counts). */
export interface TextKind {
  readonly kind: 'text';
  readonly most: number;
}

/** Bytes; without a limit of their own where `most` is infinite. */
export interface BytesKind {
  readonly kind: 'bytes';
  readonly least: number;
  readonly most: number;
}

/** True or false. `otherwise`: what it is where a frame ends before it. */
export interface FlagKind {
  readonly kind: 'flag';
  readonly otherwise?: boolean;
}

/** Any number of things of one kind, up to `most`. */
export interface ListKind<Item = unknown> {
  readonly kind: 'list';
  readonly item: Item;
  readonly most: number;
}

/** Two things of two kinds. */
export interface PairKind<First = unknown, Second = unknown> {
  readonly kind: 'pair';
  readonly first: First;
  readonly second: Second;
}

/** Named fields in a fixed order, without a tag. */
export interface RecordKind<F = unknown> {
  readonly kind: 'record';
  readonly name: string;
  readonly fields: F;
}

/** What a field may hold. */
export type Kind =
  | IntKind
  | TextKind
  | BytesKind
  | FlagKind
  | ListKind<Kind>
  | PairKind<Kind, Kind>
  | RecordKind<Fields>;

/** Fields in the order of the wire. */
export interface Fields {
  readonly [name: string]: Kind;
}

/** A frame as it is described: its tag, then its fields. */
export interface Layout {
  readonly tag: number;
  readonly fields: Fields;
}

/** The type of what a field of this kind holds. */
export type Value<K> = K extends IntKind
  ? number
  : K extends TextKind
    ? string
    : K extends BytesKind
      ? Uint8Array
      : K extends FlagKind
        ? boolean
        : K extends ListKind<infer Item>
          ? readonly Value<Item>[]
          : K extends PairKind<infer First, infer Second>
            ? readonly [Value<First>, Value<Second>]
            : K extends RecordKind<infer F>
              ? Values<F>
              : never;

/** The type of a record's or a frame's fields together. */
export type Values<F> = { readonly [Name in keyof F]: Value<F[Name]> };

/** A frame as a value: its name, and its fields. */
export type Framed<Name, L extends Layout> = { readonly frame: Name } & Values<L['fields']>;

/** A whole number from `least` to `most`. */
export function int(least: number, most: number): IntKind {
  return { kind: 'int', least, most };
}

/** A number that may be left out at the end of a frame. */
export function optionalInt(kind: IntKind, otherwise: number): IntKind {
  return { ...kind, otherwise };
}

/** A flag that may be left out at the end of a frame. */
export function optionalFlag(otherwise: boolean): FlagKind {
  return { kind: 'flag', otherwise };
}

/** A text of up to `most` characters. */
export function text(most: number): TextKind {
  return { kind: 'text', most };
}

/** `least` to `most` bytes. */
export function bytes(least: number, most: number): BytesKind {
  return { kind: 'bytes', least, most };
}

/** Up to `most` things of a kind. */
export function list<Item extends Kind>(item: Item, most = Infinity): ListKind<Item> {
  return { kind: 'list', item, most };
}

/** Two things. */
export function pair<First extends Kind, Second extends Kind>(
  first: First,
  second: Second,
): PairKind<First, Second> {
  return { kind: 'pair', first, second };
}

/** Named fields without a tag. */
export function record<F extends Fields>(name: string, fields: F): RecordKind<F> {
  return { kind: 'record', name, fields };
}

export const REQUEST_ID = int(1, MAX_INTEGER);

/** A position, an epoch, a time in milliseconds, or a number of things. */
export const COUNT = int(0, MAX_INTEGER);

/** A `COUNT`, or -1 for "not said". */
export const KNOWN = int(-1, MAX_INTEGER);

export const SUITE_ID = int(0, 0xffff);
export const CONVERSATION_BYTES = bytes(16, 16);
export const BLOB_BYTES = bytes(32, 32);
export const DIGEST_BYTES = bytes(32, 32);
export const NONCE_BYTES = bytes(32, 32);
export const IDEMPOTENCY_BYTES = bytes(16, 16);
export const SIGNATURE_BYTES = bytes(64, 64);

/** Opaque bytes, as their author encoded them. */
export const BYTES = bytes(0, Infinity);

export const WORD = text(64);
export const TOKEN = text(256);
export const URI = text(512);
export const SENTENCE = text(2048);
export const FLAG: FlagKind = { kind: 'flag' };

/** What a field of this kind has to be, in words. */
export function expectation(kind: Kind): string {
  switch (kind.kind) {
    case 'int':
      return `a whole number from ${kind.least} to ${kind.most}`;
    case 'text':
      return `a text of at most ${kind.most} characters`;
    case 'bytes':
      return bytesInWords(kind);
    case 'flag':
      return 'true or false';
    case 'list':
      return kind.most === Infinity ? 'a list' : `a list of at most ${kind.most}`;
    case 'pair':
      return 'a list of 2';
    case 'record':
      return `a list of ${Object.keys(kind.fields).length}`;
  }
}

function bytesInWords({ least, most }: BytesKind): string {
  if (most === Infinity) {
    return 'bytes';
  }
  return least === most ? `${least} bytes` : `${least} to ${most} bytes`;
}

/** Whether a well-formed text has at most `most` characters. */
export function fitsText(value: string, most: number): boolean {
  if (value.length <= most) {
    return true;
  }
  if (value.length > 2 * most) {
    return false;
  }
  let characters = 0;
  for (let at = 0; at < value.length; characters += 1) {
    at += (value.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return characters <= most;
}
