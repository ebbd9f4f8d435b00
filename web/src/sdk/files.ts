/**
 * Files on their way: sealed into the vault chunk by chunk, uploaded by offset, fetched and verified.
 *
 * A file's message is in the history at once and waits for its blob (`Core.held`); what was sealed
 * and what is owed is in the vault before the page has its answer, so that an upload goes on after
 * whatever happens. Never more than a chunk or two are in memory.
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { equalBytes } from '../base/bytes.ts';
import { PlauschError } from '../base/errors.ts';
import { type MessageId } from '../base/ids.ts';
import { randomBytes } from '../base/random.ts';
import {
  Attachment,
  attachmentMessage,
  attachmentsOf,
  BLOB_ID_BYTES,
  Facts,
  plainType,
  Preview,
} from '../content/attachment.ts';
import { safeName } from '../content/file_name.ts';
import { decode, type MimiContent } from '../content/mimi.ts';
import { altered, Layout, openChunk, sealChunk, StreamKey } from '../content/stream.ts';
import type { Upload } from '../vault/chunks.ts';
import type { MessageRow } from '../vault/messages.ts';
import { compose, newSalt, sendable } from './composing.ts';
import type { Core, Live } from './core.ts';
import type { Device } from './device.ts';
import { SdkError, ServerMisbehaved, ServerRefused, Unreachable } from './errors.ts';
import { expiring } from './expiry.ts';
import { lastLine } from './last_line.ts';
import { demandParticipant } from './membership.ts';
import { type Asked, FILE_LIMIT_BYTES, type Told } from './protocol.ts';
import { fetchSealed, uploadSealed } from './sealed_files.ts';

/** Fetched files up to this size are kept on the device, as they travelled. */
export const KEPT_BYTES = 16 * 1024 * 1024;

/** A transfer was called off by the person. */
export class TransferCancelled extends SdkError {
  static override readonly code: string = 'transfer_cancelled';
}

/** The files of one device. */
export class Files {
  readonly #device: Device;
  readonly #core: Core;
  readonly #tell: (told: Told) => void;
  readonly #working = new Set<string>();
  readonly #cancelled = new Set<string>();
  readonly #names = new Map<string, string>();

  constructor(device: Device, tell: (told: Told) => void) {
    this.#device = device;
    this.#core = device.core;
    this.#tell = tell;
  }

  /** There is a connection: whatever waits goes on. */
  async kickAll(): Promise<void> {
    for (const upload of await this.#core.chunks.uploads()) {
      this.#kick(upload);
    }
  }

  // -- sending

  /**
   * Seal a file, put its message into the history, and begin to upload.
   *
   * Throws SdkError (too large, no name for a preview), NotParticipant, IdentityChanged,
   * StorageUnavailable, TransferCancelled.
   */
  async send(live: Live, asked: Asked<'sendFile'>): Promise<MessageId> {
    const { file, transfer } = asked;
    demandParticipant(live);
    this.#core.trust.demandUnchanged(live.others(this.#core.address));
    if (file.size > FILE_LIMIT_BYTES) {
      throw new SdkError('A file of up to 100 MiB can be sent: choose a smaller one.', {
        code: 'file_too_large',
      });
    }
    const blob = randomBytes(BLOB_ID_BYTES);
    const secret = StreamKey.new(randomBytes);
    const layout = new Layout(file.size);
    try {
      const digest = await this.#sealed(file, transfer, blob, secret, layout);
      const content = sendable(() =>
        attachmentMessage(this.#attachment(asked, blob, secret, digest), {
          salt: newSalt(),
          caption: asked.text ?? '',
        }),
      );
      return await this.#said(live, content, transfer, { blob, digest, contentBytes: file.size });
    } catch (error) {
      await this.#core.vault.write(this.#core.chunks.remove(blob, layout.chunks));
      throw error;
    }
  }

  /** The message goes into the history, and waits for its blob. */
  async #said(
    live: Live,
    content: MimiContent,
    transfer: string,
    sealed: Omit<Upload, 'message'>,
  ): Promise<MessageId> {
    const { chunks, held } = this.#core;
    const { outbox } = this.#device;
    const said = expiring(content, live.kept.expiresAfterS);
    const { messageId } = await compose(this.#core, outbox, live, said, async (message) => {
      held.add(message.hex);
      return [await chunks.putUpload({ message, ...sealed })];
    });
    this.#names.set(messageId.hex, transfer);
    this.#kick({ message: messageId, ...sealed });
    return messageId;
  }

  /** Call a transfer off, in whichever direction it goes. */
  async cancel(transfer: string): Promise<void> {
    this.#cancelled.add(transfer);
    for (const upload of await this.#core.chunks.uploads()) {
      if (this.#names.get(upload.message.hex) === transfer) {
        await this.#drop(upload);
      }
    }
  }

  async #sealed(
    file: Blob,
    transfer: string,
    blob: Uint8Array,
    secret: StreamKey,
    layout: Layout,
  ): Promise<Uint8Array> {
    const { chunks, subtle, vault } = this.#core;
    const digest = sha256.create();
    for (let number = 0; number < layout.chunks; number += 1) {
      this.#demandWanted(transfer);
      const start = number * layout.chunkBytes;
      const part = file.slice(start, start + layout.contentIn(number));
      const content = new Uint8Array(await part.arrayBuffer());
      const sealed = await sealChunk(subtle, secret, layout, number, content);
      digest.update(sealed);
      await vault.write([chunks.put(blob, number, sealed)]);
    }
    return digest.digest();
  }

  #attachment(
    asked: Asked<'sendFile'>,
    blob: Uint8Array,
    secret: StreamKey,
    digest: Uint8Array,
  ): Attachment {
    const { width = 0, height = 0, durationMs = 0, waveform = [], preview } = asked;
    return new Attachment({
      domain: this.#core.address.domain,
      blob,
      secret,
      digest,
      sizeBytes: asked.file.size,
      contentType: plainType(asked.mediaType),
      name: safeName(asked.name),
      preview: preview === undefined ? null : new Preview(pictureType(preview), preview),
      facts: new Facts({
        width,
        height,
        durationMs,
        waveform: Uint8Array.from(waveform),
        voice: waveform.length > 0,
      }),
    });
  }

  #kick(upload: Upload): void {
    const { hex } = upload.message;
    if (!this.#working.has(hex)) {
      this.#working.add(hex);
      this.#core.spawn(() => this.#work(upload));
    }
  }

  async #work(upload: Upload): Promise<void> {
    const { hex } = upload.message;
    try {
      await this.#core.patiently(() => this.#uploadPatiently(upload));
    } finally {
      this.#working.delete(hex);
    }
  }

  async #uploadPatiently(upload: Upload): Promise<void> {
    for (let attempt = 0; !this.#core.isClosed; attempt += 1) {
      try {
        await this.#upload(upload);
        await this.#uploaded(upload);
        return;
      } catch (error) {
        if (error instanceof Unreachable || error instanceof TransferCancelled) {
          return; // goes on with the next connection, or not at all
        }
        if (!(error instanceof ServerRefused || error instanceof ServerMisbehaved)) {
          throw error;
        }
        if (error instanceof ServerMisbehaved || error.retryAfterMs === 0) {
          await this.#giveUp(upload, error);
          return;
        }
        await this.#core.pause(Math.max(error.retryAfterMs, this.#core.jitteredMs(attempt)));
      }
    }
  }

  /** Until the server has all of it. */
  async #upload(upload: Upload): Promise<void> {
    const transfer = this.#names.get(upload.message.hex);
    await uploadSealed(this.#core, upload, {
      demandWanted: () => {
        this.#demandWanted(transfer);
      },
      progress: (doneBytes, totalBytes) => {
        this.#progress(transfer, doneBytes, totalBytes);
      },
    });
  }

  /** The message may go now. Small files stay, so that they need not be fetched. */
  async #uploaded({ message, blob, contentBytes }: Upload): Promise<void> {
    const { chunks, held, vault } = this.#core;
    const isKept = contentBytes <= KEPT_BYTES;
    await vault.write([
      chunks.removeUpload(message),
      ...(isKept ? [] : chunks.remove(blob, new Layout(contentBytes).chunks)),
    ]);
    held.delete(message.hex);
    const row = await this.#core.messages.get(message);
    const live = row && this.#core.live(row.conversation);
    if (live !== undefined) {
      this.#device.outbox.kick(live);
    }
  }

  /** It cannot be sent: its message says why. */
  async #giveUp(upload: Upload, error: PlauschError): Promise<void> {
    const { messages, vault } = this.#core;
    await vault.write([
      ...(await this.#withoutUpload(upload)),
      messages.fail(upload.message, error.code),
    ]);
    await this.#after(upload, await messages.get(upload.message), 'message');
  }

  /** It shall not be sent: its message goes. */
  async #drop(upload: Upload): Promise<void> {
    const { messages, server, vault } = this.#core;
    const row = await messages.get(upload.message);
    await vault.write([...(await this.#withoutUpload(upload)), messages.remove(upload.message)]);
    await this.#after(upload, row, 'hidden');
    try {
      await server.dropBlob(upload.blob);
    } catch (error) {
      if (!(error instanceof PlauschError)) {
        throw error; // the server lets go of what is unfinished by itself
      }
    }
  }

  async #withoutUpload({ message, blob, contentBytes }: Upload) {
    const { chunks, debts } = this.#core;
    const debt = await debts.forMessage(message);
    return [
      chunks.removeUpload(message),
      ...chunks.remove(blob, new Layout(contentBytes).chunks),
      ...(debt === undefined ? [] : [debts.remove(debt.idempotencyId)]),
    ];
  }

  async #after(
    { message }: Upload,
    row: MessageRow | undefined,
    what: 'message' | 'hidden',
  ): Promise<void> {
    this.#core.held.delete(message.hex);
    const live = row && this.#core.live(row.conversation);
    if (live !== undefined) {
      this.#core.feed.tell({ what, conversation: live.id, message });
      await lastLine(this.#core, live);
    }
  }

  // -- fetching

  /**
   * The file of a message, decrypted and verified.
   *
   * Throws SdkError, ContentError (altered), ServerRefused (not there any more), Unreachable,
   * TransferCancelled.
   */
  async fetch(message: MessageId, transfer: string): Promise<Blob> {
    const row = await this.#core.messages.get(message);
    const [attachment] = row === undefined ? [] : attachmentsOf(decode(row.content));
    if (attachment === undefined) {
      throw new SdkError('There is no file in this message.', { code: 'unknown_message' });
    }
    if (
      attachment.domain !== this.#core.address.domain ||
      attachment.sizeBytes > FILE_LIMIT_BYTES
    ) {
      throw new SdkError('This file lies on another server or is too large to be fetched here.', {
        code: 'file_elsewhere',
      });
    }
    const { chunks, subtle, vault } = this.#core;
    const { layout, secret, blob } = attachment;
    const isKept = attachment.sizeBytes <= KEPT_BYTES;
    const digest = sha256.create();
    const parts: Blob[] = [];
    for (let number = 0; number < layout.chunks; number += 1) {
      this.#demandWanted(transfer);
      const here = await chunks.get(blob, number);
      const sealed = here ?? (await this.#fetched(attachment, number, transfer));
      digest.update(sealed);
      const content = await openChunk(subtle, secret, layout, number, sealed);
      if (here === undefined && isKept) {
        await vault.write([chunks.put(blob, number, sealed)]);
      }
      parts.push(new Blob([content as Uint8Array<ArrayBuffer>]));
      const done = layout.sealedBefore(number) + sealed.length;
      this.#progress(transfer, done, layout.sealedBytes);
    }
    if (!equalBytes(digest.digest(), attachment.digest)) {
      await vault.write(chunks.remove(blob, layout.chunks));
      throw altered();
    }
    return new Blob(parts, { type: attachment.contentType });
  }

  /** One sealed chunk from the server; after a lost connection it goes on where it was. */
  #fetched({ blob, layout }: Attachment, number: number, transfer: string): Promise<Uint8Array> {
    return fetchSealed(this.#core, blob, layout, number, () => {
      this.#demandWanted(transfer);
    });
  }

  // -- inside

  #progress(transfer: string | undefined, doneBytes: number, totalBytes: number): void {
    if (transfer !== undefined) {
      this.#tell({ what: 'transfer', transfer, doneBytes, totalBytes });
    }
  }

  #demandWanted(transfer: string | undefined): void {
    if (transfer !== undefined && this.#cancelled.has(transfer)) {
      throw new TransferCancelled('The transfer was called off.');
    }
  }
}

/** What a preview is, by its first bytes. */
function pictureType(preview: Uint8Array): string {
  if (preview[0] === 0x89) {
    return 'image/png';
  }
  return preview[0] === 0xff ? 'image/jpeg' : 'image/webp';
}
