/** Where an archive lies, and the note that says so. */

import { expect, test } from 'vitest';

import { ContentError } from '../../src/content/errors.ts';
import { CodecError, parseWhole } from '../../src/mls/codec.ts';
import {
  ARCHIVE_LIMIT_BYTES,
  type ArchiveRef,
  newNotePlace,
  NOTE_LAYOUT,
  openNote,
  placeBytes,
  readPlace,
  readRef,
  refBytes,
  sealNote,
} from '../../src/sdk/archive_ref.ts';

const { subtle } = crypto;
const PLACE = newNotePlace();
const REF: ArchiveRef = {
  ...newNotePlace(),
  digest: new Uint8Array(32).fill(3),
  contentBytes: 12_345,
};

test('a place and an archive are written down and read', () => {
  expect(parseWhole(readPlace, placeBytes(PLACE))).toEqual(PLACE);
  expect(parseWhole(readRef, refBytes(REF))).toEqual(REF);
});

test('what has other lengths is refused', () => {
  const short = { ...PLACE, blob: PLACE.blob.slice(1) };
  expect(() => parseWhole(readPlace, placeBytes(short))).toThrow(CodecError);
  const most = { ...REF, contentBytes: ARCHIVE_LIMIT_BYTES };
  expect(parseWhole(readRef, refBytes(most))).toEqual(most);
  for (const wrong of [
    { contentBytes: 2 ** 45 },
    { contentBytes: 100 * 1024 * 1024 }, // no device makes one of this size
    { digest: new Uint8Array(31) },
  ]) {
    expect(() => parseWhole(readRef, refBytes({ ...REF, ...wrong }))).toThrow(CodecError);
  }
});

test.each([REF, 'none'] as const)(
  'a note says where it is, or that there is none',
  async (note) => {
    const sealed = await sealNote(subtle, PLACE, note);
    expect(sealed).toHaveLength(NOTE_LAYOUT.sealedBytes); // its length says nothing
    expect(await openNote(subtle, PLACE, sealed)).toEqual(note);
  },
);

test('a note of another place, or an altered one, does not open', async () => {
  const sealed = await sealNote(subtle, PLACE, REF);
  const altered = sealed.slice();
  altered[100]! ^= 1;
  await expect(openNote(subtle, PLACE, altered)).rejects.toThrow(ContentError);
  await expect(openNote(subtle, newNotePlace(), sealed)).rejects.toThrow(ContentError);
  await expect(openNote(subtle, PLACE, sealed.slice(1))).rejects.toThrow(ContentError);
});

test('no two places are the same', () => {
  const blobs = Array.from({ length: 20 }, () => newNotePlace().blob.join());
  expect(new Set(blobs).size).toBe(20);
});
