/** spec/vectors/attachment.json is what this language seals, opens, names and reads. */

import { createHash } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { concatAll, equalBytes, fromHex, toHex } from '../../src/base/bytes.ts';
import { type Attachment, attachmentMessage, attachmentsOf } from '../../src/content/attachment.ts';
import { ContentError } from '../../src/content/errors.ts';
import { safeName } from '../../src/content/file_name.ts';
import { decode } from '../../src/content/mimi.ts';
import { Layout, openChunk, padded, sealChunk, StreamKey } from '../../src/content/stream.ts';
import { readableText } from '../../src/content/text.ts';
import { specVectors } from './spec.ts';

interface Sizes {
  readonly name: string;
  readonly chunk_bytes: number;
  readonly content_bytes: number;
}

interface Cases {
  readonly key: string;
  readonly prefix: string;
  readonly files: readonly (Sizes & {
    readonly padded_bytes: number;
    readonly chunks: number;
    readonly sealed_bytes: number;
    readonly digest: string;
    readonly sealed?: string;
  })[];
  readonly refused: readonly (Sizes & { readonly chunks: readonly string[] })[];
  readonly padded: readonly (readonly [number, number])[];
  readonly names: readonly (readonly [string, string])[];
  readonly messages: readonly {
    readonly name: string;
    readonly content: string;
    readonly text: string;
    readonly attachments: readonly unknown[];
  }[];
}

const CASES = specVectors('attachment') as Cases;
const SECRET = new StreamKey(fromHex(CASES.key), fromHex(CASES.prefix));
const { subtle } = globalThis.crypto;

function contentOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at % 251);
}

describe.each(CASES.files)('the file $name', (file) => {
  const layout = new Layout(file.content_bytes, file.chunk_bytes);
  const content = contentOf(file.content_bytes);

  async function seal(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for (let number = 0; number < layout.chunks; number += 1) {
      const begin = number * file.chunk_bytes;
      const piece = content.subarray(begin, begin + layout.contentIn(number));
      chunks.push(await sealChunk(subtle, SECRET, layout, number, piece));
    }
    return concatAll(chunks);
  }

  test('is laid out so', () => {
    expect([layout.paddedBytes, layout.chunks, layout.sealedBytes]).toEqual([
      file.padded_bytes,
      file.chunks,
      file.sealed_bytes,
    ]);
  });

  test('is sealed with the published bytes', async () => {
    const raw = await seal();
    expect(createHash('sha256').update(raw).digest('hex')).toBe(file.digest);
    expect(file.sealed === undefined || file.sealed === toHex(raw)).toBe(true);
  });

  test('opens again', async () => {
    const raw = file.sealed === undefined ? await seal() : fromHex(file.sealed);
    const pieces: Uint8Array[] = [];
    for (let number = 0; number < layout.chunks; number += 1) {
      const begin = layout.sealedBefore(number);
      const chunk = raw.subarray(begin, begin + layout.sealedIn(number));
      pieces.push(await openChunk(subtle, SECRET, layout, number, chunk));
    }
    expect(equalBytes(concatAll(pieces), content)).toBe(true);
  });
});

test.each(CASES.refused)('of this forgery something does not open: $name', async (forged) => {
  const layout = new Layout(forged.content_bytes, forged.chunk_bytes);
  expect(layout.chunks).toBe(forged.chunks.length);
  const failures: unknown[] = [];
  for (const [number, chunk] of forged.chunks.entries()) {
    await openChunk(subtle, SECRET, layout, number, fromHex(chunk)).catch((error: unknown) =>
      failures.push(error),
    );
  }
  expect(failures.length).toBeGreaterThan(0);
  for (const failure of failures) {
    expect(failure).toBeInstanceOf(ContentError);
  }
});

test.each(CASES.padded)('%i bytes are filled up to %i', (length, wanted) => {
  expect(padded(length)).toBe(wanted);
});

test.each(CASES.names)('the name %.30j is %.30j', (given, safe) => {
  expect(safeName(given)).toBe(safe);
});

function asJson(attachment: Attachment): unknown {
  const { secret, preview, facts } = attachment;
  return {
    domain: attachment.domain,
    blob: toHex(attachment.blob),
    key: toHex(secret.key),
    prefix: toHex(secret.prefix),
    digest: toHex(attachment.digest),
    size_bytes: attachment.sizeBytes,
    content_type: attachment.contentType,
    name: attachment.name,
    description: attachment.description,
    width: facts.width,
    height: facts.height,
    duration_ms: facts.durationMs,
    waveform: toHex(facts.waveform),
    voice: facts.voice,
    ...(preview === null
      ? {}
      : { preview: { content_type: preview.contentType, content: toHex(preview.content) } }),
  };
}

test.each(CASES.messages)(
  'both languages read and write: $name',
  ({ content, text, attachments }) => {
    const read = decode(fromHex(content));
    const found = attachmentsOf(read);
    expect(readableText(read)).toBe(text);
    expect(found.map(asJson)).toEqual(attachments);
    const caption = text.split('\n')[1] ?? '';
    const written = attachmentMessage(found[0]!, { salt: read.salt, caption });
    expect(toHex(written.encode())).toBe(content);
  },
);
