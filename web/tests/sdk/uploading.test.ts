import { expect, test } from 'vitest';

import type { Server } from '../../src/sdk/server.ts';
import { type Rising, uploadBlob } from '../../src/sdk/uploading.ts';
import { codeOf } from '../vault/vault_players.ts';

const CONTENT = Uint8Array.from({ length: 10 }, (_, at) => at);
const RISING: Rising = {
  blob: new Uint8Array(32),
  sizeBytes: CONTENT.length,
  digest: new Uint8Array(32),
  piece: (offset) => CONTENT.slice(offset, offset + 4),
};

/** A server that stands at `begins`, and answers each piece with the next of these. */
function answering(begins: number, ...answers: readonly number[]) {
  const asked: number[] = [];
  const server = {
    beginBlob: () => Promise.resolve(begins),
    putBlobChunk: (_: Uint8Array, offset: number) => {
      asked.push(offset);
      return Promise.resolve(answers[asked.length - 1] ?? offset);
    },
  } as unknown as Server;
  return { server, asked };
}

test('it goes on from where the server stands, in whatever steps it takes it', async () => {
  const { asked, server } = answering(2, 6, 7, 10);
  const progress: number[] = [];
  await uploadBlob(server, RISING, {
    demandWanted: () => undefined,
    progress: (done) => progress.push(done),
  });
  expect(asked).toEqual([2, 6, 7]);
  expect(progress).toEqual([6, 7, 10]);
});

test('what the server has already is not sent', async () => {
  const { asked, server } = answering(10);
  await uploadBlob(server, RISING);
  expect(asked).toEqual([]);
});

test('a server that goes no further, or beyond the end, is not believed', async () => {
  expect(await codeOf(uploadBlob(answering(0, 4).server, RISING))).toBe('upload_stuck');
  expect(await codeOf(uploadBlob(answering(0, 11).server, RISING))).toBe('upload_stuck');
});

test('who does not want it any more stops it before the next piece', async () => {
  const { asked, server } = answering(0, 4, 8, 10);
  const watch = {
    demandWanted: () => {
      if (asked.length === 2) {
        throw new Error('enough');
      }
    },
    progress: () => undefined,
  };
  await expect(uploadBlob(server, RISING, watch)).rejects.toThrow('enough');
  expect(asked).toEqual([0, 4]);
});
