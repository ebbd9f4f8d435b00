/**
 * How a file is encrypted: AES-256-GCM in the STREAM construction, over padded content.
 *
 * STREAM (Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and its
 * Nonce-Reuse Misuse-Resistance", CRYPTO 2015) seals a long text in chunks. The nonce of a chunk is
 *
 *     prefix (7 bytes) || number of the chunk (4 bytes, big-endian) || 1 for the last chunk, else 0
 *
 * so that a chunk opens in its own place only, and a text that was cut short does not open at all.
 * The key is random and used for one file only; a file that changes needs another one.
 *
 * Before it is sealed, content is filled up with zeros to one of few lengths (PADMÉ: Nikitin et
 * al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", PETS 2019):
 * the length then says of a file of n bytes only O(log log n) bits, for at most 12 % more bytes.
 *
 * The cipher is the browser's own, handed in, so that one chunk at a time is in memory.
 */

import { ContentError } from './errors.ts';

/** Content and padding in one chunk; the last one may be shorter. */
export const CHUNK_BYTES = 1024 * 1024;

export const KEY_BYTES = 32;
export const PREFIX_BYTES = 7;
export const TAG_BYTES = 16;
export const PADDED_AT_LEAST_BYTES = 1024;
export const MAX_FILE_BYTES = 2 ** 39;

const ALGORITHM = 'AES-GCM';

/** What opens one file. */
export class StreamKey {
  /** Throws ContentError when a length is wrong. */
  constructor(
    readonly key: Uint8Array,
    readonly prefix: Uint8Array,
  ) {
    if (key.length !== KEY_BYTES || prefix.length !== PREFIX_BYTES) {
      throw new ContentError(
        `A file's key has ${KEY_BYTES} bytes and its nonce ${PREFIX_BYTES}, not ` +
          `${key.length} and ${prefix.length}.`,
        { code: 'bad_attachment' },
      );
    }
  }

  /** A random one, for one file. `random` gives so many fresh random bytes. */
  static new(random: (length: number) => Uint8Array): StreamKey {
    return new StreamKey(random(KEY_BYTES), random(PREFIX_BYTES));
  }
}

/** Where the chunks of a file of `contentBytes` lie. `chunkBytes` differs only in tests. */
export class Layout {
  /** Throws ContentError when the file is too large. */
  constructor(
    readonly contentBytes: number,
    readonly chunkBytes = CHUNK_BYTES,
  ) {
    if (!Number.isInteger(contentBytes) || contentBytes < 0 || contentBytes > MAX_FILE_BYTES) {
      throw new ContentError(`A file has 0 to ${MAX_FILE_BYTES} bytes, not ${contentBytes}.`, {
        code: 'too_large',
      });
    }
  }

  /** Content and padding together. */
  get paddedBytes(): number {
    return padded(this.contentBytes);
  }

  /** How many there are, at least one. */
  get chunks(): number {
    return Math.ceil(this.paddedBytes / this.chunkBytes);
  }

  /** The length of what travels. */
  get sealedBytes(): number {
    return this.paddedBytes + this.chunks * TAG_BYTES;
  }

  /** How many bytes of chunk `number` (from 0) are content; the rest is padding. */
  contentIn(number: number): number {
    const left = this.contentBytes - number * this.chunkBytes;
    return Math.max(0, Math.min(left, this.chunkBytes));
  }

  /** The length of chunk `number` as it travels. */
  sealedIn(number: number): number {
    const begin = number * this.chunkBytes;
    return Math.min(this.chunkBytes, this.paddedBytes - begin) + TAG_BYTES;
  }

  /** Where chunk `number` begins in what travels. */
  sealedBefore(number: number): number {
    return number * (this.chunkBytes + TAG_BYTES);
  }
}

/** The length to which so many bytes are filled up. */
export function padded(lengthBytes: number): number {
  if (lengthBytes <= PADDED_AT_LEAST_BYTES) {
    return PADDED_AT_LEAST_BYTES;
  }
  const exponent = bitLength(lengthBytes) - 1;
  const step = 2 ** (exponent - bitLength(exponent));
  return Math.ceil(lengthBytes / step) * step;
}

function bitLength(integer: number): number {
  return integer.toString(2).length;
}

/**
 * Chunk `number` of the file.
 *
 * Throws ContentError when its content has another length than the layout says: the file has
 * changed meanwhile.
 */
export async function sealChunk(
  subtle: SubtleCrypto,
  secret: StreamKey,
  layout: Layout,
  number: number,
  content: Uint8Array,
): Promise<Uint8Array> {
  if (content.length !== layout.contentIn(number)) {
    throw new ContentError('The file changed while it was read; send it again.', {
      code: 'file_changed',
    });
  }
  const plaintext = new Uint8Array(layout.sealedIn(number) - TAG_BYTES);
  plaintext.set(content);
  const key = await subtle.importKey('raw', own(secret.key), ALGORITHM, false, ['encrypt']);
  const iv = nonceOf(secret, layout, number);
  return new Uint8Array(await subtle.encrypt({ name: ALGORITHM, iv }, key, plaintext));
}

/** The content of chunk `number`. Throws ContentError when it is not that chunk of that file. */
export async function openChunk(
  subtle: SubtleCrypto,
  secret: StreamKey,
  layout: Layout,
  number: number,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  if (sealed.length !== layout.sealedIn(number)) {
    throw altered();
  }
  const key = await subtle.importKey('raw', own(secret.key), ALGORITHM, false, ['decrypt']);
  const iv = nonceOf(secret, layout, number);
  let plaintext: Uint8Array;
  try {
    plaintext = new Uint8Array(await subtle.decrypt({ name: ALGORITHM, iv }, key, own(sealed)));
  } catch (error) {
    throw altered(error);
  }
  const end = layout.contentIn(number);
  if (plaintext.subarray(end).some((byte) => byte !== 0)) {
    throw altered();
  }
  return plaintext.subarray(0, end);
}

/** What arrived is not what was sealed. */
export function altered(cause?: unknown): ContentError {
  return new ContentError(
    'The file that the server delivered is not the one that was sent: fetch it again, or ask ' +
      'for it to be sent again.',
    { code: 'bad_attachment', cause },
  );
}

function nonceOf(secret: StreamKey, layout: Layout, number: number): Uint8Array<ArrayBuffer> {
  const nonce = new Uint8Array(PREFIX_BYTES + 5);
  nonce.set(secret.prefix);
  new DataView(nonce.buffer).setUint32(PREFIX_BYTES, number);
  nonce[PREFIX_BYTES + 4] = number === layout.chunks - 1 ? 1 : 0;
  return nonce;
}

/** The bytes as WebCrypto wants them: surely not in a shared buffer. */
function own(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  return raw.buffer instanceof ArrayBuffer
    ? new Uint8Array(raw.buffer, raw.byteOffset, raw.length)
    : new Uint8Array(raw);
}
