/** Files on their way: how far each has come, and how to stop it. */

import { SvelteMap } from 'svelte/reactivity';

import { toHex } from '../base/bytes.ts';
import { randomBytes } from '../base/random.ts';
import type { MessageView, Outgoing } from '../sdk/protocol.ts';
import type { Messenger } from './messenger.ts';

/** Of a transfer's name, which no other tab of the same device must have. */
const TRANSFER_BYTES = 8;

export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export class Transfers {
  readonly #progress = new SvelteMap<string, Progress>();
  readonly #ofMessage = new SvelteMap<string, string>();
  readonly #files = new Map<string, Promise<Blob>>();
  readonly #messenger: Messenger;

  constructor(messenger: Messenger) {
    this.#messenger = messenger;
  }

  /** How far a message's file has come; undefined: it is not on its way. */
  progressOf(message: string): Progress | undefined {
    const transfer = this.#ofMessage.get(message);
    return transfer === undefined ? undefined : this.#progress.get(transfer);
  }

  /** How far something has come that is no message's file. */
  named(transfer: string): Progress | undefined {
    return this.#progress.get(transfer);
  }

  told(transfer: string, progress: Progress): void {
    if (progress.doneBytes >= progress.totalBytes) {
      this.#progress.delete(transfer);
    } else {
      this.#progress.set(transfer, progress);
    }
  }

  /** Send a file; the message that shows it. Throws Refused. */
  async send(conversation: string, outgoing: Outgoing): Promise<MessageView> {
    const transfer = newTransfer();
    const message = await this.#messenger.ask('sendFile', { conversation, transfer, ...outgoing });
    this.#ofMessage.set(message.id, transfer);
    return message;
  }

  /** The file of a message, fetched once. Throws Refused. */
  fetch(message: MessageView): Promise<Blob> {
    const known = this.#files.get(message.id);
    if (known !== undefined) {
      return known;
    }
    const transfer = newTransfer();
    const totalBytes = message.attachment?.sizeBytes ?? 0;
    this.#ofMessage.set(message.id, transfer);
    this.#progress.set(transfer, { doneBytes: 0, totalBytes });
    const { conversation, id } = message;
    const file = this.#messenger
      .ask('fetchFile', { conversation, message: id, transfer })
      .finally(() => {
        this.#progress.delete(transfer);
        this.#ofMessage.delete(id);
      });
    this.#files.set(id, file);
    file.catch(() => this.#files.delete(id));
    return file;
  }

  /** Stop a message's transfer. Throws Refused. */
  async cancel(message: string): Promise<void> {
    const transfer = this.#ofMessage.get(message);
    if (transfer !== undefined) {
      this.#progress.delete(transfer);
      await this.#messenger.ask('cancelTransfer', { transfer });
    }
  }

  /** Fetched files keep memory: forget those of a conversation that is closed. */
  forget(): void {
    this.#files.clear();
  }
}

function newTransfer(): string {
  return toHex(randomBytes(TRANSFER_BYTES));
}
