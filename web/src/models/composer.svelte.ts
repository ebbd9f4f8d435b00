/** What a person is writing in one conversation: draft, answer, edit, mentions. */

import type { MessageView } from '../sdk/protocol.ts';
import type { Messenger } from './messenger.ts';
import { nameOf } from './people.ts';
import { Later, type PageTimers } from './timing.ts';

const DRAFT_DELAY_MS = 400;
/** The longest text that a message takes (spec/content.md leaves room for the rest in 64 KiB). */
export const MAX_TEXT_CHARACTERS = 16_000;
const MOST_SUGGESTIONS = 6;

/** A word that begins with `@`, and where it stands. */
interface Mentioning {
  readonly from: number;
  readonly to: number;
  readonly wanted: string;
}

export class Composer {
  text = $state('');
  caret = $state(0);
  replyTo = $state.raw<MessageView | undefined>(undefined);
  editing = $state.raw<MessageView | undefined>(undefined);
  readonly isEmpty = $derived(this.text.trim() === '');
  readonly isTooLong = $derived(this.text.length > MAX_TEXT_CHARACTERS);
  /** Participants whose name begins with what stands behind the `@` at the caret. */
  readonly suggestions: readonly string[] = $derived.by(() => this.#suggested());
  #participants = $state.raw<readonly string[]>([]);
  #isDismissed = $state(false);
  readonly #conversation: string;
  readonly #messenger: Messenger;
  readonly #domain: string;
  readonly #draft: Later;
  /** Texts go out in the order in which they were written, also when one is slow. */
  #turn: Promise<void> = Promise.resolve();

  constructor(conversation: string, messenger: Messenger, domain: string, timers: PageTimers) {
    this.#conversation = conversation;
    this.#messenger = messenger;
    this.#domain = domain;
    this.#draft = new Later(timers, DRAFT_DELAY_MS, true, () => void this.#keepDraft());
  }

  /** Who may be mentioned: the others of a group. */
  set participants(addresses: readonly string[]) {
    this.#participants = addresses;
  }

  /** The text and the caret's place in it, after the person changed them. */
  write(text: string, caret = text.length): void {
    const changed = text !== this.text;
    this.text = text;
    this.caret = caret;
    if (changed) {
      this.#isDismissed = false;
    }
    if (changed && this.editing === undefined) {
      this.#draft.cause();
    }
  }

  /** Put something where the caret is, an emoji or a line break. */
  insert(piece: string): void {
    const { caret, text } = this;
    this.write(text.slice(0, caret) + piece + text.slice(caret), caret + piece.length);
  }

  /** The chosen participant in place of the word behind the `@`. */
  mention(address: string): void {
    const at = this.#mentioning();
    if (at !== undefined) {
      const name = `@${nameOf(address, this.#domain)} `;
      const text = this.text.slice(0, at.from) + name + this.text.slice(at.to);
      this.write(text, at.from + name.length);
    }
  }

  dismissSuggestions(): void {
    this.#isDismissed = true;
  }

  reply(message: MessageView): void {
    this.stopEditing();
    this.replyTo = message;
  }

  edit(message: MessageView): void {
    this.#draft.flush();
    this.replyTo = undefined;
    this.editing = message;
    this.write(message.text);
  }

  stopEditing(): void {
    if (this.editing !== undefined) {
      this.editing = undefined;
      this.text = '';
    }
  }

  /** Send, or save the edit. The message, if a new one; the text comes back if refused. Throws Refused. */
  async send(): Promise<MessageView | undefined> {
    const { text, replyTo, editing } = this;
    if (this.isEmpty || this.isTooLong) {
      return undefined;
    }
    this.replyTo = undefined;
    this.editing = undefined;
    this.text = '';
    this.#draft.cancel();
    const delivery = this.#turn.then(() => this.#deliver(text.trim(), replyTo, editing));
    this.#turn = delivery.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await delivery;
    } catch (error) {
      if (this.text === '') {
        this.text = text;
        this.replyTo = replyTo;
        this.editing = editing;
      } else if (editing === undefined) {
        this.#putBefore(text);
      }
      throw error;
    }
  }

  /** The person leaves the conversation. */
  close(): void {
    this.stopEditing();
    this.#draft.flush();
  }

  /** What was not sent, before what is being written; an edit is left alone. */
  #putBefore(text: string): void {
    if (this.editing === undefined) {
      this.write(`${text}\n${this.text}`);
    }
  }

  async #deliver(
    text: string,
    replyTo: MessageView | undefined,
    editing: MessageView | undefined,
  ): Promise<MessageView | undefined> {
    const conversation = this.#conversation;
    if (editing !== undefined) {
      if (text !== editing.text) {
        await this.#messenger.ask('edit', { conversation, message: editing.id, text });
      }
      return undefined;
    }
    const mentions = this.#mentionsIn(text);
    const message = await this.#messenger.ask('sendText', {
      conversation,
      text,
      ...(replyTo === undefined ? {} : { answers: replyTo.id }),
      ...(mentions.length === 0 ? {} : { mentions }),
    });
    if (this.text === '') {
      await this.#messenger.ask('setDraft', { conversation, draft: '' });
    }
    return message;
  }

  async #keepDraft(): Promise<void> {
    try {
      await this.#messenger.ask('setDraft', {
        conversation: this.#conversation,
        draft: this.editing === undefined ? this.text : '',
      });
    } catch {
      // The text is still on the screen; the next change tries again.
    }
  }

  #mentionsIn(text: string): readonly string[] {
    return this.#participants.filter((address) => {
      const name = nameOf(address, this.#domain).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      return new RegExp(`(?<![\\w@])@${name}(?![\\w-])`, 'u').test(text);
    });
  }

  #mentioning(): Mentioning | undefined {
    const before = this.text.slice(0, this.caret);
    const found = /(?:^|\s)@([\p{L}\p{N}._-]{0,32})$/u.exec(before);
    if (found === null) {
      return undefined;
    }
    const wanted = found[1] ?? '';
    return { from: this.caret - wanted.length - 1, to: this.caret, wanted: wanted.toLowerCase() };
  }

  #suggested(): readonly string[] {
    const at = this.#isDismissed ? undefined : this.#mentioning();
    if (at === undefined) {
      return [];
    }
    return this.#participants
      .filter((address) => address.startsWith(at.wanted))
      .slice(0, MOST_SUGGESTIONS);
  }
}
