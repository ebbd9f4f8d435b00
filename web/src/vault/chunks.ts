/**
 * Stores `chunk`, the encrypted chunks of files on their way out and of small files that are kept,
 * and `upload`, the messages that wait for theirs.
 *
 * Chunks are what travels: sealed under the file's own key (content/stream.ts), which only the
 * sealed message holds.
 */

import { concat } from '../base/bytes.ts';
import { MessageId } from '../base/ids.ts';
import { opaque, u64 } from '../mls/codec.ts';
import type { Write } from '../platform/database.ts';
import { parsed, Row } from './row.ts';
import { CHUNK, UPLOAD } from './schema.ts';
import type { Vault } from './vault.ts';

/** A blob on its way to the server, and the message that waits for it. */
export interface Upload {
  readonly message: MessageId;
  readonly blob: Uint8Array;
  readonly digest: Uint8Array;

  /** Of the file itself. */
  readonly contentBytes: number;
}

/** The vault's files. */
export class Chunks {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Keep one chunk of a blob. */
  put(blob: Uint8Array, number: number, bytes: Uint8Array): Write {
    return { store: CHUNK, put: { blob: blob.slice(), number, bytes } };
  }

  /** Throws StorageUnavailable, VaultDamaged. */
  async get(blob: Uint8Array, number: number): Promise<Uint8Array | undefined> {
    const row = await this.#vault.get(CHUNK, [blob, number]);
    return row === undefined ? undefined : new Row(CHUNK, row).bytes('bytes');
  }

  /** A blob of so many chunks goes. */
  remove(blob: Uint8Array, chunks: number): readonly Write[] {
    return Array.from({ length: chunks }, (_, number) => ({
      store: CHUNK,
      remove: [blob.slice(), number],
    }));
  }

  /** A message waits for its blob from now on. */
  async putUpload({ message, blob, digest, contentBytes }: Upload): Promise<Write> {
    const key = message.bytes;
    const plaintext = concat(opaque(blob), opaque(digest), u64(BigInt(contentBytes)));
    const sealed = await this.#vault.seal.close(UPLOAD, key, plaintext);
    return { store: UPLOAD, put: { message: key, sealed } };
  }

  /** It waits no longer. */
  removeUpload(message: MessageId): Write {
    return { store: UPLOAD, remove: message.bytes };
  }

  /** All that wait. Throws VaultDamaged, StorageUnavailable. */
  async uploads(): Promise<readonly Upload[]> {
    const rows = await this.#vault.select(UPLOAD);
    return Promise.all(rows.map((row) => this.#opened(row)));
  }

  async #opened(found: unknown): Promise<Upload> {
    const row = new Row(UPLOAD, found);
    const message = row.bytes('message');
    const opened = await this.#vault.seal.open(UPLOAD, message, row.bytes('sealed'));
    return parsed(UPLOAD, opened, (reader) => ({
      message: MessageId.of(message),
      blob: reader.opaque(),
      digest: reader.opaque(),
      contentBytes: Number(reader.u64()),
    }));
  }
}
