/** What waits to be read: nobody of this account has read it, on whichever of its devices. */

import { decode } from '../content/mimi.ts';
import { Status } from '../content/status.ts';
import type { Write } from '../platform/database.ts';
import { isCounted, type MessageRow } from '../vault/messages.ts';
import type { Core, Live } from './core.ts';
import { MS, type Outcome } from './receive.ts';

/** How many messages wait to be read; those of blocked accounts do not. */
export async function unreadOf(core: Core, { id, kept }: Live): Promise<number> {
  const rows = await core.messages.stretch(id, false, kept.readSeq, endOf(kept));
  return (await notReadElsewhere(core, rows)).filter((row) => !isQuiet(core, row)).length;
}

/** The oldest message that waits to be read after a seq. */
export async function firstUnread(
  core: Core,
  { id, kept }: Live,
  afterSeq = kept.readSeq,
): Promise<MessageRow | undefined> {
  return (await firstsOf(core, core.messages.received(id, afterSeq, endOf(kept)))).waiting;
}

/** Whether nobody of this account has read a message of somebody else. */
export async function isUnread(core: Core, { kept }: Live, row: MessageRow): Promise<boolean> {
  const isLater = !row.isOutgoing && isCounted(row.kind) && (row.seq ?? 0) > kept.readSeq;
  return isLater && (await notReadElsewhere(core, [row])).length > 0;
}

/**
 * These, which nobody had read, are read now: what waits is counted on, so that nobody goes through
 * thousands because of one. `isOver`: nothing waits any more, whatever the count says.
 */
export function countRead(
  core: Core,
  { kept }: Live,
  rows: readonly MessageRow[],
  isOver: boolean,
): void {
  const counted = rows.filter((row) => !isQuiet(core, row)).length;
  kept.unread = isOver ? 0 : Math.max(1, kept.unread - counted);
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
  const found: MessageRow[] = [];
  for (const [hex, messageId] of outcome.readElsewhere) {
    const row = outcome.fresh.get(hex) ?? (await core.messages.get(messageId));
    const isHere = row?.conversation.equals(live.id) === true && !row.isOutgoing;
    if (isHere && isCounted(row.kind) && (row.seq ?? 0) > kept.readSeq) {
      found.push(row);
    }
  }
  const said = await notReadElsewhere(core, found);
  if (said.length === 0) {
    return;
  }
  const nowMs = core.clock.nowMs();
  for (const row of said) {
    outcome.writes.push(await core.marks.report(row.messageId, core.address, Status.READ, nowMs));
    outcome.writes.push(...readingBegins(core, row, nowMs));
  }
  const hexes = new Set(said.map(({ messageId }) => messageId.hex));
  const older = core.messages.received(live.id, kept.readSeq, endOf(kept));
  const firsts = [
    await firstsOf(core, older, hexes),
    await firstsOf(core, outcome.fresh.values(), hexes),
  ];
  const isOver = firsts.every(({ waiting }) => waiting === undefined);
  countRead(core, live, said, isOver);
  const ends = firsts.flatMap(({ unread }) => (unread?.seq === undefined ? [] : unread.seq - 1));
  kept.readSeq = Math.max(kept.readSeq, Math.min(kept.cursor, ...ends));
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

/**
 * Of rows in the order of their log: the first that nobody has read, and the first that waits to be.
 * `said`: these are read.
 */
async function firstsOf(
  core: Core,
  rows: Iterable<MessageRow> | AsyncIterable<MessageRow>,
  said: ReadonlySet<string> = new Set(),
): Promise<{ readonly unread?: MessageRow; readonly waiting?: MessageRow }> {
  let unread: MessageRow | undefined;
  for await (const row of rows) {
    if (said.has(row.messageId.hex) || (await notReadElsewhere(core, [row])).length === 0) {
      continue;
    }
    unread ??= row;
    if (row.isHidden !== true && !isQuiet(core, row)) {
      return { unread, waiting: row };
    }
  }
  return unread === undefined ? {} : { unread };
}

/** Of a log that is read a second time, the vault has more than is read again. */
function endOf({ cursor, known }: Live['kept']): number {
  return Math.max(cursor, known);
}
