/**
 * An archive of what this device remembers, sealed into the vault chunk by chunk: as a file that is
 * about to be sent (content/stream.ts), of which one chunk is in memory at a time.
 *
 * Contacts and conversations come first, then messages, the newest first: should there be more than
 * an archive may hold, the oldest stay behind.
 */

import { sha256 } from '@noble/hashes/sha2.js';

import { concatAll } from '../base/bytes.ts';
import { randomBytes } from '../base/random.ts';
import type { DeviceAddress } from '../base/ids.ts';
import { AccountAddress } from '../base/ids.ts';
import { BLOB_ID_BYTES } from '../content/attachment.ts';
import { CHUNK_BYTES, Layout, MAX_FILE_BYTES, sealChunk, StreamKey } from '../content/stream.ts';
import type { MessageRow } from '../vault/messages.ts';
import { type ArchiveRecord, recordBytes } from './archive_records.ts';
import { ARCHIVE_LIMIT_BYTES, type ArchiveRef } from './archive_ref.ts';
import type { Core } from './core.ts';

/** Chunks of the largest archive, padding included. */
export const ARCHIVE_CHUNKS = 100;

/** Positions of messages that are read at once. */
const PAGE = 250;

/** All of an archive but its last chunk is sealed before its length is known. */
const OPEN_END = new Layout(MAX_FILE_BYTES);

/** Names of this account's devices, by their URIs. */
export type DeviceNames = ReadonlyMap<string, readonly [device: DeviceAddress, name: string]>;

/** A name and a key for one archive. */
export function newArchivePlace(): { readonly blob: Uint8Array; readonly secret: StreamKey } {
  return { blob: randomBytes(BLOB_ID_BYTES), secret: StreamKey.new(randomBytes) };
}

/**
 * Write an archive into the vault's chunks under this name. Throws VaultDamaged, StorageUnavailable;
 * then what was written of it is taken away.
 */
export async function writeArchive(
  core: Core,
  place: { readonly blob: Uint8Array; readonly secret: StreamKey },
  names: DeviceNames,
  limitBytes = ARCHIVE_LIMIT_BYTES,
): Promise<ArchiveRef> {
  const sealing = new Sealing(core, place.blob, place.secret);
  try {
    let records = 0;
    for await (const record of recordsOf(core, names)) {
      const raw = recordBytes(record);
      if (sealing.contentBytes + raw.length > limitBytes) {
        break;
      }
      await sealing.add(raw);
      records += 1;
    }
    await sealing.add(recordBytes({ kind: 'end', records }));
    return await sealing.finish();
  } catch (error) {
    await dropArchive(core, place.blob);
    throw error;
  }
}

/** What was written of an archive goes from the vault. */
export async function dropArchive(core: Core, blob: Uint8Array): Promise<void> {
  await core.vault.write(core.chunks.remove(blob, ARCHIVE_CHUNKS));
}

/** Content in, sealed chunks into the vault. */
class Sealing {
  contentBytes = 0;
  readonly #core: Core;
  readonly #blob: Uint8Array;
  readonly #secret: StreamKey;
  readonly #digest = sha256.create();
  #number = 0;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  constructor(core: Core, blob: Uint8Array, secret: StreamKey) {
    this.#core = core;
    this.#blob = blob;
    this.#secret = secret;
  }

  async add(content: Uint8Array): Promise<void> {
    this.contentBytes += content.length;
    this.#waiting.push(content);
    this.#waitingBytes += content.length;
    // What fills a chunk waits for one byte more: the last chunk is sealed in another way.
    if (this.#waitingBytes > CHUNK_BYTES) {
      const all = concatAll(this.#waiting);
      let start = 0;
      for (; all.length - start > CHUNK_BYTES; start += CHUNK_BYTES) {
        await this.#seal(OPEN_END, all.subarray(start, start + CHUNK_BYTES));
      }
      this.#waiting = [all.slice(start)];
      this.#waitingBytes = all.length - start;
    }
  }

  async finish(): Promise<ArchiveRef> {
    const layout = new Layout(this.contentBytes);
    await this.#seal(layout, concatAll(this.#waiting));
    while (this.#number < layout.chunks) {
      await this.#seal(layout, new Uint8Array(0));
    }
    return {
      blob: this.#blob,
      secret: this.#secret,
      digest: this.#digest.digest(),
      contentBytes: this.contentBytes,
    };
  }

  async #seal(layout: Layout, content: Uint8Array): Promise<void> {
    const { chunks, subtle, vault } = this.#core;
    const sealed = await sealChunk(subtle, this.#secret, layout, this.#number, content);
    this.#digest.update(sealed);
    await vault.write([chunks.put(this.#blob, this.#number, sealed)]);
    this.#number += 1;
  }
}

async function* recordsOf(core: Core, names: DeviceNames): AsyncGenerator<ArchiveRecord> {
  yield { kind: 'head', account: core.address, madeAtMs: core.clock.nowMs() };
  for (const [device, name] of names.values()) {
    yield { kind: 'name', device, name };
  }
  for (const { address } of core.trust.contacts()) {
    const contact = core.trust.account(address);
    if (contact !== undefined) {
      yield { kind: 'contact', contact };
    }
  }
  const taken = new Set<string>();
  for (const { kept } of [...core.lives.values()]) {
    if (kept.state === 'opening' || kept.state === 'failed') {
      continue; // the server never had it: it is this device's alone
    }
    taken.add(kept.id.hex);
    yield { kind: 'conversation', conversation: kept };
    for (const [uri, seq] of await core.marks.reached(kept.id)) {
      const account = AccountAddress.parseUri(uri);
      yield { kind: 'reached', conversation: kept.id, account, seq };
    }
  }
  for await (const row of newestFirst(core)) {
    if (taken.has(row.conversation.hex)) {
      yield { kind: 'message', row };
      if (row.isOutgoing || (row.seq ?? 0) > (core.live(row.conversation)?.kept.readSeq ?? 0)) {
        yield* statusesOf(core, row);
      }
    }
  }
}

/** The rows that the server has taken and whose time is not over. */
async function* newestFirst(core: Core): AsyncGenerator<MessageRow> {
  const nowMs = core.clock.nowMs();
  for (let to = core.messages.lastPosition; to > 0; to -= PAGE) {
    const rows = await core.messages.positioned(Math.max(1, to - PAGE + 1), to);
    for (const row of rows.toReversed()) {
      const isOver = row.expiresAtMs !== undefined && row.expiresAtMs <= nowMs;
      if (row.seq !== undefined && !isOver) {
        yield row;
      }
    }
  }
}

async function* statusesOf(core: Core, { messageId }: MessageRow): AsyncGenerator<ArchiveRecord> {
  const statuses = (await core.marks.reports([messageId])).get(messageId.hex);
  for (const [uri, status] of statuses ?? []) {
    const account = AccountAddress.parseUri(uri);
    yield { kind: 'status', message: messageId, account, status };
  }
}
