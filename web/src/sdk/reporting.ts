/** Reporting: disclosing messages of somebody to the operator of the server (spec/franking.md). */

import { type ConversationId, MessageId } from '../base/ids.ts';
import { randomBytes } from '../base/random.ts';
import { MOST_REPORTED, NOTE_CHARACTERS } from '../base/reports.ts';
import { saltOf } from '../content/mimi.ts';
import { isCounted, type MessageRow } from '../vault/messages.ts';
import { fitsText } from '../wire/frame.ts';
import type { Core } from './core.ts';
import { SdkError, Unreachable } from './errors.ts';
import { rootOf } from './history.ts';
import type { Asked } from './protocol.ts';
import type { HandedIn, ReportedMessage } from './server.ts';

const ID_BYTES = 16;
const ATTEMPTS = 3;

/**
 * Disclose these messages of one account, and the versions of them that fit in; how many were
 * disclosed.
 *
 * `here`: the conversations that are shown as the one in which they were said. Throws SdkError,
 * ServerRefused, Unreachable.
 */
export async function report(
  core: Core,
  here: readonly ConversationId[],
  { messages, reason, note }: Omit<Asked<'report'>, 'conversation'>,
): Promise<number> {
  if (!fitsText(note, NOTE_CHARACTERS)) {
    throw new SdkError(`A note has at most ${NOTE_CHARACTERS} characters.`, { code: 'too_large' });
  }
  const found = await versions(core, here, messages);
  const rows = fitting(found);
  const [first, ...others] = rows;
  if (first === undefined) {
    throw new SdkError('A report needs at least one message.', { code: 'empty' });
  }
  if (others.some(({ sender }) => !sender.equals(first.sender))) {
    throw new SdkError('A report is about messages of one account.', { code: 'several_senders' });
  }
  if (found.length > MOST_REPORTED) {
    throw new SdkError(
      `A report has at most ${MOST_REPORTED} messages, not ${found.length}: choose fewer.`,
      { code: 'too_many_messages' },
    );
  }
  await handIn(core, {
    name: first.sender.name,
    reason,
    note,
    messages: rows.map(disclosed),
    idempotencyId: randomBytes(ID_BYTES),
  });
  return rows.length;
}

/** Ask, and ask again when the connection was lost: the server knows a report by its id. */
async function handIn(core: Core, report: HandedIn): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await core.server.waitOnline();
    try {
      await core.server.report(report);
      return;
    } catch (error) {
      if (!(error instanceof Unreachable) || attempt === ATTEMPTS) {
        throw error;
      }
    }
  }
}

/** The messages in the order given, each followed by its author's edits. */
async function versions(
  core: Core,
  here: readonly ConversationId[],
  messages: readonly string[],
): Promise<readonly (readonly MessageRow[])[]> {
  const found = new Map<string, readonly MessageRow[]>();
  for (const message of messages) {
    const row = await reported(core, here, MessageId.fromHex(message));
    const edits = (await core.messages.about(here, [row.messageId])).filter(
      ({ kind, sender }) => kind === 'edit' && sender.equals(row.sender),
    );
    found.set(row.messageId.hex, [row, ...edits]);
  }
  return [...found.values()];
}

/**
 * All of it, if it fits into one report. Else of each message that was edited often the first
 * version and the newest ones: nobody can edit a message until it cannot be reported any more.
 */
function fitting(found: readonly (readonly MessageRow[])[]): readonly MessageRow[] {
  const all = found.flat();
  const each = Math.max(1, Math.floor(MOST_REPORTED / Math.max(1, found.length)));
  if (all.length <= MOST_REPORTED) {
    return all;
  }
  return found.flatMap((rows) => {
    const newest = rows.slice(-each);
    return rows.length <= each || each === 1 ? newest : [...rows.slice(0, 1), ...newest.slice(1)];
  });
}

async function reported(
  core: Core,
  here: readonly ConversationId[],
  message: MessageId,
): Promise<MessageRow> {
  const root = await rootOf(core.messages, message);
  const row = root && (await core.messages.get(root));
  const isHere = row !== undefined && here.some((id) => id.equals(row.conversation));
  if (!isHere || !isCounted(row.kind)) {
    throw new SdkError('There is no such message in this conversation.', {
      code: 'unknown_message',
    });
  }
  if (row.isOutgoing) {
    throw new SdkError('A message of our own cannot be reported.', { code: 'own_message' });
  }
  return row;
}

function disclosed({ conversation, stamped, content }: MessageRow): ReportedMessage {
  if (stamped === undefined) {
    throw new SdkError(
      'The server has not stamped one of these messages, so that it would not believe that it is ' +
        'genuine.',
      { code: 'no_stamp' },
    );
  }
  const { device, acceptedAtMs, stamp } = stamped;
  return {
    conversation: conversation.bytes,
    sender: device,
    acceptedAtMs,
    stamp,
    key: saltOf(content),
    content,
  };
}
