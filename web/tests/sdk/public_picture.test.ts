/** Pictures for everybody: what is taken, what is refused, and a server that takes nothing. */

import { expect, test } from 'vitest';

import { concat, equalBytes, utf8 } from '../../src/base/bytes.ts';
import { readPicture, uploadPicture } from '../../src/sdk/public_picture.ts';
import type { Server } from '../../src/sdk/server.ts';
import { codeOf } from '../vault/vault_players.ts';

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

function png(width: number, height: number, rest: Uint8Array = new Uint8Array(0)): Uint8Array {
  const size = new Uint8Array(8);
  new DataView(size.buffer).setUint32(0, width);
  new DataView(size.buffer).setUint32(4, height);
  return concat(PNG, Uint8Array.of(0, 0, 0, 13), utf8('IHDR'), size, new Uint8Array(9), rest);
}

const refused = (content: Uint8Array): Promise<string> =>
  codeOf(Promise.resolve().then(() => readPicture(content)));

test('a picture is what its bytes say', () => {
  expect(readPicture(png(1_200, 800))).toEqual({
    ...{ mediaType: 'image/png', width: 1_200, height: 800 },
  });
});

test('what is none, or too large, is refused', async () => {
  expect(await refused(utf8('<svg xmlns="http://www.w3.org/2000/svg"/>'))).toBe('public_picture');
  expect(await refused(utf8('GIF89a\x01\x00\x01\x00'))).toBe('public_picture');
  expect(await refused(png(0, 800))).toBe('public_picture');
  expect(await refused(png(4_097, 800))).toBe('public_picture');
  expect(await refused(png(8, 8, new Uint8Array(512 * 1024)))).toBe('public_picture');
});

test.each(['Exif\0', 'eXIf', 'http://ns.adobe.com/xap/1.0/', 'tEXt'])(
  'metadata tells too much: %s',
  async (mark) => {
    expect(await refused(png(8, 8, utf8(`xx${mark}xx`)))).toBe('picture_metadata');
  },
);

/** A server that takes so much of each piece. */
function taking(most: number): { readonly server: Server; readonly taken: Uint8Array[] } {
  const taken: Uint8Array[] = [];
  let offset = 0;
  const server = {
    beginBlob: () => Promise.resolve(0),
    putBlobChunk: (_: Uint8Array, at: number, chunk: Uint8Array) => {
      taken.push(chunk.slice(0, most));
      offset = at + Math.min(most, chunk.length);
      return Promise.resolve(offset);
    },
  };
  return { server: server as unknown as Server, taken };
}

test('a picture is uploaded as it is, piece by piece', async () => {
  const content = png(8, 8, new Uint8Array(1_000));
  const { server, taken } = taking(600);
  const picture = await uploadPicture(server, content);
  expect(equalBytes(concat(...taken), content)).toBe(true);
  expect(picture).toMatchObject({ sizeBytes: content.length, text: '', width: 8 });
  expect([picture.blob.length, picture.digest.length]).toEqual([32, 32]);
});

test('a server that takes nothing is not asked for ever', async () => {
  expect(await codeOf(uploadPicture(taking(0).server, png(8, 8)))).toBe('upload_stuck');
});
