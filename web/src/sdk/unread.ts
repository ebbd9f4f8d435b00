/** What waits to be read: nobody of this account has read it, on whichever of its devices. */

import { decode } from '../content/mimi.ts';
import { Status } from '../content/status.ts';
import type { Write } from '../platform/database.ts';
import { isCounted, type MessageRow } from '../vault/messages.ts';
import type { Core, Live } from './core.ts';
import { MS, type Outcome } from './receive.ts';

/** How many messages wait to be read; those of blocked accounts do not. */
export async function unreadOf(core: Core, live: Live): Promise<number> {
  const { readSeq, cursor } = live.kept;
  const rows = await core.messages.stretch(live.id, false, readSeq, cursor);
  return (await notReadElsewhere(core, rows)).filter((row) => !isQuiet(core, row)).length;
}

/** The oldest message that waits to be read. */
export async function firstUnread(core: Core, live: Live): Promise<MessageRow | undefined> {
  const { readSeq, cursor, unread } = live.kept;
  if (unread === 0) {
    return undefined;
  }
  const rows = await core.messages.stretch(live.id, false, readSeq, cursor);
  for (const row of rows) {
    if (row.isHidden !== true && !isQuiet(core, row) && !(await isReadElsewhere(core, row))) {
      return row;
    }
  }
  return undefined;
}

/** Those of these messages of others that no other device of this account has read. */
export async function notReadElsewhere(
  core: Core,
  rows: readonly MessageRow[],
): Promise<readonly MessageRow[]> {
  const reports = await core.marks.reports(rows.map(({ messageId }) => messageId));
  return rows.filter(
    ({ messageId }) => reports.get(messageId.hex)?.get(core.address.uri) !== Status.READ,
  );
}

/** Whether its sender was blocked: it is kept and asks for no attention. */
export function isQuiet(core: Core, { sender }: MessageRow): boolean {
  return core.trust.account(sender)?.isBlocked === true;
}

/**
 * What another device of this account says it has read, is read here as well. Call it inside
 * `changing`, after the stretch of the log, before its outcome is written.
 */
export async function takeReadElsewhere(core: Core, live: Live, outcome: Outcome): Promise<void> {
  const { kept } = live;
  const said: MessageRow[] = [];
  for (const [hex, messageId] of outcome.readElsewhere) {
    const row = outcome.fresh.get(hex) ?? (await core.messages.get(messageId));
    const isHere = row?.conversation.equals(live.id) === true && !row.isOutgoing;
    if (isHere && isCounted(row.kind) && (row.seq ?? 0) > kept.readSeq) {
      said.push(row);
    }
  }
  if (said.length === 0) {
    return;
  }
  const nowMs = core.clock.nowMs();
  const news = await notReadElsewhere(core, said);
  for (const row of news) {
    outcome.writes.push(await core.marks.report(row.messageId, core.address, Status.READ, nowMs));
    outcome.writes.push(...readingBegins(core, row, nowMs));
  }
  const counted = news.filter((row) => !isQuiet(core, row)).length;
  kept.unread = Math.max(0, kept.unread - counted);
  kept.readSeq = await readUpTo(core, live, said, outcome);
  outcome.isListChanged = true;
}

/** The time of a message that expires some time after it was read begins. */
export function readingBegins(
  core: Core,
  { messageId, content }: MessageRow,
  nowMs: number,
): readonly Write[] {
  const { expires } = decode(content);
  return expires?.relative === true
    ? [core.messages.readBegins(messageId, nowMs + expires.timeS * MS)]
    : [];
}

/** How far everything is read, now that these are: up to the first that is not. */
async function readUpTo(
  core: Core,
  { id, kept }: Live,
  said: readonly MessageRow[],
  { fresh }: Outcome,
): Promise<number> {
  const end = Math.max(...said.map(({ seq = 0 }) => seq));
  const here = new Set(said.map(({ messageId }) => messageId.hex));
  const old = await core.messages.stretch(id, false, kept.readSeq, end);
  const rows = [...old, ...[...fresh.values()].filter(({ seq = 0 }) => seq <= end)];
  for (const row of rows) {
    const isRead = here.has(row.messageId.hex) || isQuiet(core, row);
    if (!isRead && !(await isReadElsewhere(core, row))) {
      return Math.max(kept.readSeq, (row.seq ?? 0) - 1);
    }
  }
  return end;
}

async function isReadElsewhere(core: Core, row: MessageRow): Promise<boolean> {
  return (await notReadElsewhere(core, [row])).length === 0;
}
