/** spec/vectors/wire.json: what Python writes, reads and refuses. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import type { Fields, Kind, Layout } from '../../src/wire/frame.ts';
import {
  CLIENT_FRAMES,
  type ClientFrame,
  type ClientFrameName,
  SERVER_FRAMES,
  type ServerFrameName,
} from '../../src/wire/frames.ts';

/** A kind as Python has it; null is no limit. */
export interface PublishedKind {
  readonly name?: string;
  readonly kind: string;
  readonly least?: number;
  readonly most?: number | null;
  readonly otherwise?: number | boolean;
  readonly item?: PublishedKind;
  readonly first?: PublishedKind;
  readonly second?: PublishedKind;
  readonly fields?: readonly PublishedKind[];
}

/** A frame and its bytes; values that are bytes are hexadecimal digits. */
export interface Example {
  readonly frame: ClientFrameName | ServerFrameName;
  readonly values: Readonly<Record<string, unknown>>;
  readonly encoded: string;
}

interface Wire {
  readonly version: number;
  readonly limits: Readonly<Record<string, number>>;
  readonly frames: readonly {
    readonly name: string;
    readonly tag: number;
    readonly from: 'device' | 'server';
    readonly answer?: string;
    readonly fields: readonly PublishedKind[];
  }[];
  readonly session: {
    readonly unanswered: readonly string[];
    readonly pushes: readonly string[];
    readonly pushed: Readonly<Record<string, readonly string[]>>;
    readonly allowed: Readonly<Record<string, readonly string[]>>;
    readonly steps: readonly (readonly [before: string, frame: string, after: string])[];
  };
  readonly examples: readonly Example[];
  readonly longer: readonly Example[];
  readonly beyond: readonly Example[];
  readonly refused: readonly { readonly why: string; readonly encoded: string }[];
}

const FILE = join(import.meta.dirname, '..', '..', '..', 'spec', 'vectors', 'wire.json');

export const WIRE = JSON.parse(readFileSync(FILE, 'utf8')) as Wire;

export const LAYOUTS: Readonly<Record<string, Layout>> = { ...CLIENT_FRAMES, ...SERVER_FRAMES };

export function isFromDevice({ frame }: Example): boolean {
  return Object.hasOwn(CLIENT_FRAMES, frame);
}

export function fieldsOf(frame: string): Fields {
  return LAYOUTS[frame]?.fields ?? {};
}

/** An example's values as this program has them. */
export function readExample({ frame, values }: Example): ClientFrame {
  return { frame, ...readFields(fieldsOf(frame), values) } as ClientFrame;
}

function readFields(fields: Fields, values: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(fields).map(([name, kind]) => [name, read(kind, values[name])]),
  );
}

function read(kind: Kind, value: unknown): unknown {
  switch (kind.kind) {
    case 'bytes':
      return fromHex(value as string);
    case 'list':
      return (value as unknown[]).map((item) => read(kind.item, item));
    case 'pair': {
      const [first, second] = value as [unknown, unknown];
      return [read(kind.first, first), read(kind.second, second)];
    }
    case 'record':
      return readFields(kind.fields, value as Readonly<Record<string, unknown>>);
    case 'int':
    case 'text':
    case 'flag':
      return value;
  }
}

/** A frame as the file has it: bytes become hexadecimal digits. */
export function written(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return toHex(value);
  }
  if (Array.isArray(value)) {
    return value.map(written);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, written(item)]));
  }
  return value;
}
