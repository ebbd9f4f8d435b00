/** What a person does with messages: writing, reading, finding and changing them. */

import { equalBytes, fromHex } from '../base/bytes.ts';
import { AccountAddress, type ConversationId, MessageId } from '../base/ids.ts';
import { attachmentsOf } from '../content/attachment.ts';
import { comparePlaces, type Place } from '../base/place.ts';
import { cardMessage } from '../content/cards.ts';
import { forwarded } from '../content/forwarded.ts';
import { decode, MimiContent } from '../content/mimi.ts';
import { deletion, reaction, reactionsOf, unlike } from '../content/text.ts';
import { isCounted, type MessageRow, placeOf } from '../vault/messages.ts';
import { checkText, compose, newSalt, sendable } from './composing.ts';
import type { Live } from './core.ts';
import type { Device } from './device.ts';
import { SdkError } from './errors.ts';
import { expiring } from './expiry.ts';
import { type Folded, rootOf, withoutWithdrawn } from './history.ts';
import { lastLine } from './last_line.ts';
import type { Asked, MessagesView, MessageView, QuoteView, Stretch } from './protocol.ts';
import { expire, folded, markRead } from './reading.ts';
import { report } from './reporting.ts';
import type { Rooms } from './rooms.ts';
import { firstUnread, isUnread } from './unread.ts';
import { customerCard, messageView, quoteView } from './views.ts';
import { mentioning, wordingOf } from './wording.ts';

/** Messages that are read at once at most. */
export const HISTORY_LIMIT = 500;

/** A deletion of a reaction to a message is the longest chain of changes. */
const CHANGES_DEEP = 3;

/** One device's messages. The names are those of the operations in protocol.ts. */
export class Talk {
  readonly #device: Device;
  readonly #rooms: Rooms;

  constructor(device: Device, rooms: Rooms) {
    this.#device = device;
    this.#rooms = rooms;
  }

  // -- reading

  async messages({ conversation, stretch, limit }: Asked<'messages'>): Promise<MessagesView> {
    if (!Number.isInteger(limit) || limit < 1 || limit > HISTORY_LIMIT) {
      throw new SdkError(`A history is read in pieces of 1 to ${HISTORY_LIMIT} messages.`);
    }
    const { core } = this.#device;
    await expire(core);
    const live = this.#rooms.live(conversation);
    const merged = this.#device.directory.merged(live);
    const unread = 'from' in stretch ? await this.#firstUnread(merged) : undefined;
    const rows = await this.#stretch(merged, stretch, limit, unread);
    const [first, last] = [rows[0], rows.at(-1)];
    const earlier = first && (await core.messages.before(merged, 1, placeOf(first)));
    const later = last && (await core.messages.after(merged, 1, placeOf(last)));
    return {
      messages: await this.#views(merged, rows),
      hasEarlier: (earlier?.length ?? 0) > 0,
      hasLater: (later?.length ?? 0) > 0,
      ...(unread === undefined ? {} : { firstUnread: unread.messageId.hex }),
    };
  }

  /**
   * One message as it is now, of a change the message that it is about; undefined when it is not
   * shown (any more).
   */
  async view(message: MessageId): Promise<MessageView | undefined> {
    const { core, directory } = this.#device;
    const row = await this.#rootRow(message);
    const live = row && core.live(row.conversation);
    if (row === undefined || row.isHidden === true || live === undefined) {
      return undefined;
    }
    const isShown = isCounted(row.kind) || row.kind === 'event' || row.kind === 'title';
    const [view] = isShown ? await this.#views(directory.merged(live), [row]) : [];
    return view;
  }

  /** What is shown of it: an edit and a reaction are about a message, a deletion about either. */
  async #rootRow(message: MessageId): Promise<MessageRow | undefined> {
    const { messages } = this.#device.core;
    let row = await messages.get(message);
    for (let depth = 0; row?.target !== undefined && depth < CHANGES_DEEP; depth += 1) {
      row = await messages.get(row.target);
    }
    return row?.target === undefined ? row : undefined;
  }

  /** A message that was written just now. Throws SdkError when it is gone already. */
  async demandView(message: MessageId): Promise<MessageView> {
    const view = await this.view(message);
    if (view === undefined) {
      throw new SdkError('The message was deleted while it was being sent.', {
        code: 'message_deleted',
      });
    }
    return view;
  }

  async markRead({ conversation, upTo }: Asked<'markRead'>): Promise<undefined> {
    const { core, directory, outbox } = this.#device;
    const message = upTo === undefined ? undefined : MessageId.fromHex(upTo);
    for (const id of directory.merged(this.#rooms.live(conversation))) {
      const live = core.live(id);
      if (live !== undefined) {
        await markRead(core, outbox, live, message);
      }
    }
    return undefined;
  }

  /** Whether a message waits to be read. */
  async isUnread({ conversation, message }: Asked<'isUnread'>): Promise<boolean> {
    const { core, directory } = this.#device;
    const merged = directory.merged(this.#rooms.live(conversation));
    const row = await core.messages.get(MessageId.fromHex(message));
    const live = row && isIn(merged, row) ? core.live(row.conversation) : undefined;
    return row !== undefined && live !== undefined && isUnread(core, live, row);
  }

  async #stretch(
    merged: readonly ConversationId[],
    stretch: Stretch,
    limit: number,
    unread: MessageRow | undefined,
  ): Promise<readonly MessageRow[]> {
    const { messages } = this.#device.core;
    if ('before' in stretch) {
      return messages.before(merged, limit, stretch.before);
    }
    if ('after' in stretch) {
      return messages.after(merged, limit, stretch.after);
    }
    if ('around' in stretch) {
      const row = await messages.get(MessageId.fromHex(stretch.around));
      return row === undefined || row.isHidden === true || !isIn(merged, row)
        ? messages.before(merged, limit)
        : this.#around(merged, placeOf(row), row, limit);
    }
    return unread === undefined || stretch.from === 'end'
      ? messages.before(merged, limit)
      : this.#around(merged, placeOf(unread), unread, limit);
  }

  /** The oldest message that waits to be read, in whichever log. */
  async #firstUnread(merged: readonly ConversationId[]): Promise<MessageRow | undefined> {
    const { core } = this.#device;
    const lives = merged.flatMap((id) => core.live(id) ?? []);
    const waiting = lives.filter(({ kept }) => kept.unread > 0);
    const found = await Promise.all(waiting.map((live) => firstUnread(core, live)));
    return found
      .flatMap((row) => row ?? [])
      .sort((one, other) => comparePlaces(placeOf(one), placeOf(other)))[0];
  }

  async #around(
    merged: readonly ConversationId[],
    place: Place,
    row: MessageRow,
    limit: number,
  ): Promise<readonly MessageRow[]> {
    const { messages } = this.#device.core;
    const half = Math.ceil(limit / 2);
    const before = await messages.before(merged, half, place);
    const after = await messages.after(merged, half, place);
    return [...before, row, ...after].sort((one, other) =>
      comparePlaces(placeOf(one), placeOf(other)),
    );
  }

  async #views(
    merged: readonly ConversationId[],
    rows: readonly MessageRow[],
  ): Promise<readonly MessageView[]> {
    const { core } = this.#device;
    const all = await folded(core, merged, rows);
    const quoted = new Map<string, QuoteView>();
    for (const { first } of all) {
      const answers = first?.inReplyTo ?? undefined;
      if (answers !== undefined && !quoted.has(answers.hex)) {
        const quote = await this.#quote(merged, answers);
        if (quote !== undefined) {
          quoted.set(answers.hex, quote);
        }
      }
    }
    return all.map((one) => messageView(one, quoted));
  }

  async #quote(
    merged: readonly ConversationId[],
    message: MessageId,
  ): Promise<QuoteView | undefined> {
    const { core } = this.#device;
    const row = await core.messages.get(message);
    if (row === undefined || row.isHidden === true || !isIn(merged, row)) {
      return undefined; // what was said elsewhere, or deleted for oneself, is not shown here
    }
    const [quoted] = await folded(core, merged, [row]);
    return quoted && quoteView(quoted);
  }

  // -- writing

  async sendText({
    conversation,
    text,
    answers,
    mentions = [],
    ...once
  }: Asked<'sendText'>): Promise<MessageView> {
    const live = this.#rooms.live(conversation);
    return this.#sendOnce(live, once, (salt) => {
      const inReplyTo = answers === undefined ? null : MessageId.fromHex(answers);
      const named = mentions.map((address) => AccountAddress.parse(address));
      checkText(text);
      const part = named.length === 0 ? wordingOf(text) : mentioning(text, named);
      return new MimiContent({ salt, part, inReplyTo });
    });
  }

  async answerCard({
    conversation,
    answer,
    text,
    language,
    answers,
    ...once
  }: Asked<'answerCard'>): Promise<MessageView> {
    return this.#sendOnce(this.#rooms.live(conversation), once, (salt) => {
      const inReplyTo = answers === undefined ? null : MessageId.fromHex(answers);
      return cardMessage(customerCard(answer), checkText(text), { salt, language, inReplyTo });
    });
  }

  async forward({ conversation, message, to }: Asked<'forward'>): Promise<undefined> {
    const { content } = await this.#shown(this.#rooms.live(conversation), message);
    if (content === undefined) {
      throw new SdkError('A deleted message cannot be forwarded.', { code: 'message_deleted' });
    }
    for (const target of to) {
      const copy = forwarded(content, { salt: newSalt() });
      await this.#send(this.#rooms.live(target), copy);
    }
    return undefined;
  }

  async edit({ conversation, message, text }: Asked<'edit'>): Promise<undefined> {
    const live = this.#rooms.live(conversation);
    const row = await this.#ownMessage(live, message);
    const { inReplyTo } = decode(row.content);
    const salt = newSalt();
    await this.#change(
      live,
      sendable(() => {
        const part = wordingOf(checkText(text));
        return new MimiContent({ salt, part, replaces: row.messageId, inReplyTo });
      }),
    );
    return undefined;
  }

  async remove({ conversation, message }: Asked<'remove'>): Promise<undefined> {
    const live = this.#rooms.live(conversation);
    const row = await this.#ownMessage(live, message);
    const { inReplyTo } = decode(row.content);
    await this.#change(live, deletion(row.messageId, { salt: newSalt(), inReplyTo }));
    return undefined;
  }

  async hide({ conversation, message }: Asked<'hide'>): Promise<undefined> {
    const { core } = this.#device;
    const live = this.#rooms.live(conversation);
    const { row } = await this.#shown(live, message);
    await core.vault.write([core.messages.hide(row.messageId)]);
    core.feed.tell({ what: 'hidden', conversation: live.id, message: row.messageId });
    await lastLine(core, live);
    return undefined;
  }

  async react({ conversation, message, sign }: Asked<'react'>): Promise<undefined> {
    const salt = newSalt();
    const to = MessageId.fromHex(message);
    await this.#change(
      this.#rooms.live(conversation),
      sendable(() => reaction(sign, to, { salt })),
    );
    return undefined;
  }

  async unreact({ conversation, message, sign }: Asked<'unreact'>): Promise<undefined> {
    const { core, directory } = this.#device;
    const live = this.#rooms.live(conversation);
    const merged = directory.merged(live);
    const reactedTo = MessageId.fromHex(message);
    const mine = (await core.messages.about(merged, [reactedTo])).filter(
      ({ kind, sender }) => kind === 'reaction' && sender.equals(core.address),
    );
    const withdrawn = await core.messages.about(
      merged,
      mine.map(({ messageId }) => messageId),
    );
    for (const row of withoutWithdrawn(mine, withdrawn)) {
      if (reactionsOf(decode(row.content)).includes(sign)) {
        await this.#change(live, unlike(row.messageId, reactedTo, { salt: newSalt() }));
      }
    }
    return undefined;
  }

  /** What the server refused is said again, as a new message. */
  async retry({ conversation, message }: Asked<'retry'>): Promise<undefined> {
    const { core } = this.#device;
    const live = this.#rooms.live(conversation);
    const row = await this.#ownMessage(live, message);
    if (row.failure === '') {
      return undefined; // it is on its way
    }
    if (row.kind === 'file') {
      await this.#demandFile(row);
    }
    const { part, inReplyTo, extensions } = decode(row.content);
    await this.#send(live, new MimiContent({ salt: newSalt(), part, inReplyTo, extensions }));
    await core.vault.write([core.messages.remove(row.messageId)]);
    core.feed.tell({ what: 'hidden', conversation: live.id, message: row.messageId });
    return undefined;
  }

  async report({ conversation, ...asked }: Asked<'report'>): Promise<number> {
    const { core, directory } = this.#device;
    return report(core, directory.merged(this.#rooms.live(conversation)), asked);
  }

  // -- inside

  /**
   * What was asked for before is looked for among the newest: it was said when it is there. The
   * idempotency id is the salt, by which a message is known whatever else changed meanwhile.
   */
  async #sendOnce(
    live: Live,
    { idempotencyId, isAgain = false }: Pick<Asked<'sendText'>, 'idempotencyId' | 'isAgain'>,
    make: (salt: Uint8Array) => MimiContent,
  ): Promise<MessageView> {
    const salt = idempotencyId === undefined ? newSalt() : fromHex(idempotencyId);
    const said = isAgain ? await this.#saidWith(live, salt) : undefined;
    return said === undefined
      ? this.#send(
          live,
          sendable(() => make(salt)),
        )
      : this.demandView(said);
  }

  /** The message of ours with this salt, if it is among the newest here. */
  async #saidWith(live: Live, salt: Uint8Array): Promise<MessageId | undefined> {
    const { core, directory } = this.#device;
    const rows = await core.messages.before(directory.merged(live), HISTORY_LIMIT);
    return rows.find(
      ({ isOutgoing, kind, content }) =>
        isOutgoing && isCounted(kind) && equalBytes(decode(content).salt, salt),
    )?.messageId;
  }

  /** A message that is shown; it expires as its conversation says. */
  async #send(live: Live, content: MimiContent): Promise<MessageView> {
    const { core, outbox, directory } = this.#device;
    const shown = directory.preferred(live);
    const said = expiring(content, shown.kept.expiresAfterS);
    const sent = await compose(core, outbox, shown, said);
    return this.demandView(sent.messageId);
  }

  /** Throws SdkError when the sealed file, which the server may not have, is gone from here. */
  async #demandFile(row: MessageRow): Promise<void> {
    const [attachment] = attachmentsOf(decode(row.content));
    const { chunks } = this.#device.core;
    if (attachment === undefined || (await chunks.get(attachment.blob, 0)) === undefined) {
      throw new SdkError('The file is not on this device any more: send it again.', {
        code: 'file_gone',
      });
    }
  }

  async #change(live: Live, content: MimiContent): Promise<void> {
    const { core, outbox, directory } = this.#device;
    await compose(core, outbox, directory.preferred(live), content);
  }

  async #shown(live: Live, message: string): Promise<Folded> {
    const { core, directory } = this.#device;
    const merged = directory.merged(live);
    const row = await core.messages.get(MessageId.fromHex(message));
    const [found] = row !== undefined && isIn(merged, row) ? await folded(core, merged, [row]) : [];
    if (found === undefined) {
      throw new SdkError('There is no such message in this conversation.', {
        code: 'unknown_message',
      });
    }
    return found;
  }

  async #ownMessage(live: Live, message: string): Promise<MessageRow> {
    const { core } = this.#device;
    const root = await rootOf(core.messages, MessageId.fromHex(message));
    const { row } = await this.#shown(live, root?.hex ?? message);
    if (!row.isOutgoing || !isCounted(row.kind)) {
      throw new SdkError('There is no message of ours with this id in this conversation.', {
        code: 'not_ours',
      });
    }
    return row;
  }
}

function isIn(conversations: readonly ConversationId[], row: MessageRow): boolean {
  return conversations.some((id) => id.equals(row.conversation));
}
