/** A server's end of the wire, for tests: writes anything, reads what devices send. */

import { decode, encode } from '@msgpack/msgpack';

import type { Fields, Kind, Layout } from '../../src/wire/frame.ts';
import {
  CLIENT_FRAMES,
  type ClientFrame,
  SERVER_FRAMES,
  type ServerFrame,
} from '../../src/wire/frames.ts';

export const CONVERSATION = Uint8Array.from({ length: 16 }, (_, byte) => byte);
export const DEVICE = 'mimi://localhost/d/anna/0123456789abcdef';

export const HELLO: ServerFrame & { frame: 'Hello' } = {
  frame: 'Hello',
  version: 1,
  domain: 'localhost',
  nonce: new Uint8Array(32),
  registration: 'open',
};

/** A frame of the server as bytes, whatever its values are. */
export function encodeServer(frame: ServerFrame): Uint8Array {
  const { tag, fields }: Layout = SERVER_FRAMES[frame.frame];
  return encode([tag, ...elementsOf(fields, { ...frame })]);
}

function elementsOf(fields: Fields, values: Readonly<Record<string, unknown>>): unknown[] {
  return Object.entries(fields).map(([name, kind]) => elementOf(kind, values[name]));
}

function elementOf(kind: Kind, value: unknown): unknown {
  if (kind.kind === 'list' && Array.isArray(value)) {
    return value.map((item) => elementOf(kind.item, item));
  }
  if (kind.kind === 'record') {
    return elementsOf(kind.fields, value as Readonly<Record<string, unknown>>);
  }
  return value;
}

/** A frame of a device from its bytes. Throws TypeError for what is none. */
export function decodeClient(raw: Uint8Array): ClientFrame {
  const elements = decode(raw) as unknown[];
  const found = Object.entries(CLIENT_FRAMES).find(([, { tag }]) => tag === elements[0]);
  if (found === undefined) {
    throw new TypeError('A device sends no such frame.');
  }
  const [name, { fields }] = found;
  return { frame: name, ...namedOf(fields, elements.slice(1)) } as ClientFrame;
}

function namedOf(fields: Fields, elements: readonly unknown[]): object {
  const values = Object.entries(fields).map(([name, kind], place) => [
    name,
    valueOf(kind, elements[place]),
  ]);
  return Object.fromEntries(values) as object;
}

function valueOf(kind: Kind, element: unknown): unknown {
  if (kind.kind === 'list' && Array.isArray(element)) {
    return element.map((item) => valueOf(kind.item, item));
  }
  return kind.kind === 'record' ? namedOf(kind.fields, element as unknown[]) : element;
}
