/** Reading: the history as people see it, and telling the others that it was read. */

import type { ConversationId, MessageId } from '../base/ids.ts';
import { MAX_STATUSES, Status, statusMessage } from '../content/status.ts';
import type { Write } from '../platform/database.ts';
import { type MessageRow, placeOf } from '../vault/messages.ts';
import { compose, newSalt } from './composing.ts';
import type { Core, Live } from './core.ts';
import { fold, type Folded, stateOf, withoutWithdrawn } from './history.ts';
import { lastLine } from './last_line.ts';
import type { Outbox } from './outbox.ts';
import {
  countRead,
  firstUnread,
  isQuiet,
  notReadElsewhere,
  readingBegins,
  unreadOf,
} from './unread.ts';

/** Rows in which one is looked for that the server has: those before may be on their way. */
const ABOVE = 50;

/** Rows of conversations with everything that was later said there about them. */
export async function folded(
  core: Core,
  conversations: readonly ConversationId[],
  rows: readonly MessageRow[],
): Promise<readonly Folded[]> {
  const about = await core.messages.about(
    conversations,
    rows.map(({ messageId }) => messageId),
  );
  const reactions = about.filter(({ kind }) => kind === 'reaction');
  const withdrawals = await core.messages.about(
    conversations,
    reactions.map(({ messageId }) => messageId),
  );
  const byTarget = new Map<string, MessageRow[]>();
  for (const change of withoutWithdrawn(about, withdrawals)) {
    const hex = change.target?.hex ?? '';
    byTarget.set(hex, [...(byTarget.get(hex) ?? []), change]);
  }
  const outgoing = rows.filter(({ isOutgoing }) => isOutgoing);
  const reports = await core.marks.reports(outgoing.map(({ messageId }) => messageId));
  const reached = new Map<string, ReadonlyMap<string, number>>();
  for (const { conversation } of outgoing) {
    if (!reached.has(conversation.hex)) {
      reached.set(conversation.hex, await core.marks.reached(conversation));
    }
  }
  return rows.map((row) => {
    const others = core.live(row.conversation)?.others(core.address) ?? [];
    const told = reports.get(row.messageId.hex) ?? new Map<string, number>();
    const state = stateOf(row, others, reached.get(row.conversation.hex) ?? new Map(), told);
    return fold(row, byTarget.get(row.messageId.hex) ?? [], state);
  });
}

/** Note how far was read; tell the senders, unless they are strangers. */
export async function markRead(
  core: Core,
  outbox: Outbox,
  live: Live,
  upTo: MessageId | undefined,
): Promise<void> {
  const upToSeq = upTo === undefined ? live.kept.cursor : await seqAt(core, live, upTo);
  // Two who say so at once: the later one finds nothing left to tell.
  const heard = await core.changing(live, () => noteRead(core, live, upToSeq));
  if (heard === undefined) {
    return;
  }
  await lastLine(core, live);
  if (live.kept.isRequest || (live.kept.state !== 'open' && live.kept.state !== 'broken')) {
    return;
  }
  for (let start = 0; start < heard.length; start += MAX_STATUSES) {
    const some = heard.slice(start, start + MAX_STATUSES);
    const statuses = some.map(({ messageId }) => [messageId, Status.READ] as const);
    await compose(core, outbox, live, statusMessage(statuses, { salt: newSalt() }));
  }
}

/**
 * How far this log was seen by whoever saw a message. Where two conversations are shown as one, it
 * may be in the other log: then everything that is shown above it was seen.
 */
async function seqAt(core: Core, live: Live, message: MessageId): Promise<number> {
  const row = await core.messages.get(message);
  if (row === undefined || row.conversation.equals(live.id)) {
    return row?.seq ?? 0;
  }
  const above = await core.messages.before([live.id], ABOVE, placeOf(row));
  return above.findLast(({ seq }) => seq !== undefined)?.seq ?? 0;
}

/** What nobody had read, read just now; undefined when nothing was. Call it inside `changing`. */
async function noteRead(
  core: Core,
  live: Live,
  upToSeq: number,
): Promise<readonly MessageRow[] | undefined> {
  const { kept } = live;
  if (upToSeq <= kept.readSeq) {
    return undefined;
  }
  const rows = await core.messages.stretch(live.id, false, kept.readSeq, upToSeq);
  const nowMs = core.clock.nowMs();
  const writes: Write[] = [];
  for (const row of rows) {
    writes.push(...readingBegins(core, row, nowMs));
  }
  const fresh = await notReadElsewhere(core, rows);
  countRead(core, live, fresh, (await firstUnread(core, live, upToSeq)) === undefined);
  kept.readSeq = upToSeq;
  await core.vault.write([await core.conversations.put(kept), ...writes]);
  return fresh.filter((row) => !isQuiet(core, row));
}

/** Let go of what was meant to be gone by now, and of what was said about it. */
export async function expire(core: Core): Promise<void> {
  const rows = await core.messages.expired(core.clock.nowMs());
  if (rows.length === 0) {
    return;
  }
  const conversations = rows.map(({ conversation }) => conversation);
  const changes = await core.messages.about(
    conversations,
    rows.map(({ messageId }) => messageId),
  );
  const gone = [...rows, ...changes].map(({ messageId }) => core.messages.remove(messageId));
  await core.vault.write(gone);
  for (const { conversation, messageId } of rows) {
    core.feed.tell({ what: 'hidden', conversation, message: messageId });
  }
  for (const hex of new Set(conversations.map(({ hex }) => hex))) {
    const live = core.lives.get(hex);
    if (live !== undefined) {
      await core.changing(live, async () => {
        live.kept.unread = Math.min(live.kept.unread, await unreadOf(core, live));
        await core.vault.write([await core.conversations.put(live.kept)]);
      });
      await lastLine(core, live);
    }
  }
}
