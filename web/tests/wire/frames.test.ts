/** The frames are Python's: tags, fields in their order, kinds with their limits, the constants. */

import { expect, test } from 'vitest';

import { MOST_REPORTED, NOTE_CHARACTERS } from '../../src/base/reports.ts';
import { BLOB_CHUNK_BYTES, MAX_BLOB_BYTES } from '../../src/wire/blobs.ts';
import {
  BACKUP_RECORD_BYTES,
  PAIRING_MESSAGE_BYTES,
  PAIRING_MESSAGES,
} from '../../src/wire/linking.ts';
import { BUNDLE_BYTES, FRAME_BYTES, MESSAGE_BYTES } from '../../src/wire/codec.ts';
import { type Fields, type Kind, MAX_INTEGER } from '../../src/wire/frame.ts';
import {
  APPLICATION,
  CLIENT_FRAMES,
  COMMIT,
  ENVELOPE,
  PROPOSAL,
  PROTOCOL_VERSION,
  SERVER_FRAMES,
} from '../../src/wire/frames.ts';
import { MOST_FOUND, PROFILE_BYTES } from '../../src/wire/profiles.ts';
import { DISCLOSED_BYTES } from '../../src/wire/reports.ts';
import { LAYOUTS, type PublishedKind, WIRE } from './vectors.ts';

/** `device_list` as this program writes it: `deviceList`. */
function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function limit(most: number): number | null {
  return most === Infinity ? null : most;
}

/** A kind as Python publishes it. */
function published(kind: Kind): PublishedKind {
  switch (kind.kind) {
    case 'int':
    case 'flag':
      return kind;
    case 'text':
    case 'bytes':
      return { ...kind, most: limit(kind.most) };
    case 'list':
      return { kind: 'list', item: published(kind.item), most: limit(kind.most) };
    case 'pair':
      return { kind: 'pair', first: published(kind.first), second: published(kind.second) };
    case 'record':
      return { kind: 'record', name: kind.name, fields: publishedFields(kind.fields) };
  }
}

function publishedFields(fields: Fields): PublishedKind[] {
  return Object.entries(fields).map(([name, kind]) => ({ ...published(kind), name }));
}

/** Python's names in this program's spelling. A record's own name stands where a field's would. */
function spelled(kind: PublishedKind, isField: boolean): PublishedKind {
  return {
    ...kind,
    ...(isField && kind.name !== undefined ? { name: camel(kind.name) } : {}),
    ...(kind.item === undefined ? {} : { item: spelled(kind.item, false) }),
    ...(kind.first === undefined ? {} : { first: spelled(kind.first, false) }),
    ...(kind.second === undefined ? {} : { second: spelled(kind.second, false) }),
    ...(kind.fields === undefined
      ? {}
      : { fields: kind.fields.map((field) => spelled(field, true)) }),
  };
}

test.each(WIRE.frames)('$name has the tag and the fields of Python', ({ name, tag, fields }) => {
  expect(LAYOUTS[name]?.tag).toBe(tag);
  expect(publishedFields(LAYOUTS[name]?.fields ?? {})).toEqual(
    fields.map((field) => spelled(field, true)),
  );
});

test('there is no frame more and none less, each on its side', () => {
  const names = (from: string): string[] =>
    WIRE.frames.filter((frame) => frame.from === from).map(({ name }) => name);
  expect(Object.keys(CLIENT_FRAMES).sort()).toEqual(names('device').sort());
  expect(Object.keys(SERVER_FRAMES).sort()).toEqual(names('server').sort());
});

test('each tag is given once and fits one byte of msgpack', () => {
  const tags = Object.values(LAYOUTS).map(({ tag }) => tag);
  expect(new Set(tags).size).toBe(tags.length);
  expect(tags.every((tag) => tag > 0 && tag < 128)).toBe(true);
});

test('the version and the limits are those of Python', () => {
  expect(WIRE.version).toBe(PROTOCOL_VERSION);
  expect(WIRE.limits).toEqual({
    MAX_INTEGER,
    FRAME_BYTES,
    BUNDLE_BYTES,
    MESSAGE_BYTES,
    BLOB_CHUNK_BYTES,
    MAX_BLOB_BYTES,
    PAIRING_MESSAGE_BYTES,
    PAIRING_MESSAGES,
    BACKUP_RECORD_BYTES,
    MOST_REPORTED,
    NOTE_CHARACTERS,
    DISCLOSED_BYTES,
    PROFILE_BYTES,
    MOST_FOUND,
  });
});

test('an envelope is of one of three kinds', () => {
  expect([APPLICATION, PROPOSAL, COMMIT]).toEqual([1, 2, 3]);
  expect(ENVELOPE.fields.kind).toEqual({ kind: 'int', least: APPLICATION, most: COMMIT });
});

test('no field has a name that an object has by itself', () => {
  const names = Object.values(LAYOUTS).flatMap(({ fields }) => Object.keys(fields));
  expect(names.filter((name) => name in Object.prototype || name === 'frame')).toEqual([]);
});
