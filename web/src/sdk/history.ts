/**
 * The history as people see it: rows of the log folded into messages.
 *
 * Only the author's own edits and deletions count; a later edit overrides an earlier one; a deletion
 * is final. A reaction is taken back by deleting it.
 */

import type { AccountAddress, MessageId } from '../base/ids.ts';
import { cardOf } from '../content/cards.ts';
import { joinRequestOf } from '../content/join_request.ts';
import { decode, ExternalPart, leaves, type MimiContent } from '../content/mimi.ts';
import { type Purpose, purposeOf } from '../content/purpose.ts';
import { Status } from '../content/status.ts';
import { reactionsOf } from '../content/text.ts';
import type { Messages, MessageRow, RowKind } from '../vault/messages.ts';
import type { MessageState } from './protocol.ts';

const KINDS: Partial<Record<Purpose, RowKind>> = {
  edit: 'edit',
  delete: 'delete',
  reaction: 'reaction',
  title: 'title',
  nothing: 'other',
  team: 'team',
  rpc: 'team',
};

/** What a message is, in one word. */
export function kindOf(content: MimiContent): RowKind {
  const purpose = purposeOf(content);
  if (purpose !== 'show') {
    return KINDS[purpose] ?? 'other';
  }
  if (cardOf(content) !== null || joinRequestOf(content) !== undefined) {
    return 'card';
  }
  return leaves(content.part).some((part) => part instanceof ExternalPart) ? 'file' : 'text';
}

/** The message that an edit, deletion or reaction is about. */
export function targetOf(content: MimiContent): MessageId | undefined {
  const purpose = purposeOf(content);
  if (purpose === 'edit' || purpose === 'delete') {
    return content.replaces ?? undefined;
  }
  return purpose === 'reaction' ? (content.inReplyTo ?? undefined) : undefined;
}

/** The first version of what `target` names, which may itself be an edit. */
export async function rootOf(
  messages: Messages,
  target: MessageId | undefined,
): Promise<MessageId | undefined> {
  if (target === undefined) {
    return undefined;
  }
  const row = await messages.get(target);
  return row?.kind === 'edit' ? row.target : target;
}

/** How far a message of ours came; delivered and read mean: to all others. */
export function stateOf(
  row: MessageRow,
  others: readonly AccountAddress[],
  reached: ReadonlyMap<string, number>,
  reports: ReadonlyMap<string, number>,
): MessageState {
  if (!row.isOutgoing) {
    return 'received';
  }
  const { seq } = row;
  if (seq === undefined) {
    return row.failure === '' ? 'waiting' : 'failed';
  }
  const uris = others.map(({ uri }) => uri);
  if (uris.length === 0) {
    return 'sent';
  }
  if (uris.every((uri) => reports.get(uri) === Status.READ)) {
    return 'read';
  }
  const arrived = uris.every((uri) => {
    const report = reports.get(uri);
    return (reached.get(uri) ?? 0) >= seq || report === Status.DELIVERED || report === Status.READ;
  });
  return arrived ? 'delivered' : 'sent';
}

/** A shown message with everything that was later said about it. `content`: of its last edit. */
export interface Folded {
  readonly row: MessageRow;
  readonly first: MimiContent | undefined;
  readonly content: MimiContent | undefined;
  readonly state: MessageState;
  readonly isEdited: boolean;
  readonly isDeleted: boolean;
  readonly reactions: ReadonlyMap<string, readonly AccountAddress[]>;
}

/** A row with its changes, in the order of the log. */
export function fold(row: MessageRow, changes: readonly MessageRow[], state: MessageState): Folded {
  if (row.kind === 'event') {
    return plain(row, state);
  }
  let shown = row;
  const reactions: MessageRow[] = [];
  for (const change of changes) {
    if (change.kind === 'reaction') {
      reactions.push(change);
    } else if (change.sender.equals(row.sender)) {
      if (change.kind === 'delete') {
        return { ...plain(row, state), isDeleted: true };
      }
      if (change.kind === 'edit') {
        shown = change;
      }
    }
  }
  const first = decode(row.content);
  return {
    row,
    first,
    content: shown === row ? first : decode(shown.content),
    state,
    isEdited: shown !== row,
    isDeleted: false,
    reactions: counted(reactions),
  };
}

function plain(row: MessageRow, state: MessageState): Folded {
  return {
    row,
    first: undefined,
    content: undefined,
    state,
    isEdited: false,
    isDeleted: false,
    reactions: new Map(),
  };
}

function counted(rows: readonly MessageRow[]): ReadonlyMap<string, readonly AccountAddress[]> {
  const bySign = new Map<string, Map<string, AccountAddress>>();
  for (const row of rows) {
    for (const sign of reactionsOf(decode(row.content))) {
      const senders = bySign.get(sign) ?? new Map<string, AccountAddress>();
      senders.set(row.sender.toString(), row.sender);
      bySign.set(sign, senders);
    }
  }
  return new Map(Array.from(bySign, ([sign, senders]) => [sign, [...senders.values()]]));
}

/** Changes less the reactions that their own authors took back. */
export function withoutWithdrawn(
  changes: readonly MessageRow[],
  deletions: readonly MessageRow[],
): readonly MessageRow[] {
  const name = (id: MessageId | undefined, sender: AccountAddress): string =>
    `${id?.hex ?? ''} ${sender.toString()}`;
  const gone = new Set(deletions.map(({ target, sender }) => name(target, sender)));
  return changes.filter(
    ({ kind, messageId, sender }) => kind !== 'reaction' || !gone.has(name(messageId, sender)),
  );
}
