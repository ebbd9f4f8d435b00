/** A conversation's messages as the lines of its log: days, the new ones, groups of bubbles. */

import { comparePlaces, type Place } from '../base/place.ts';
import type { MessageView } from '../sdk/protocol.ts';

/** One line. `key` stays the same as long as the line means the same. */
export type Row =
  | { readonly kind: 'start'; readonly key: 'start' }
  | { readonly kind: 'day'; readonly key: string; readonly atMs: number }
  | { readonly kind: 'unread'; readonly key: 'unread'; readonly count: number }
  | { readonly kind: 'event'; readonly key: string; readonly message: MessageView }
  | {
      readonly kind: 'message';
      readonly key: string;
      readonly message: MessageView;
      /** First and last of a group by one sender: where the name and the corner are. */
      readonly isFirst: boolean;
      readonly isLast: boolean;
    };

/** Messages of one sender within this time belong together. */
export const GROUP_MS = 5 * 60_000;

/** The unread line: before which message, and how many follow. */
export interface UnreadLine {
  readonly before: string;
  readonly count: number;
}

/** Rows, the same objects again for what did not change: unchanged lines are not drawn anew. */
export class Rows {
  #made = new Map<string, Row>();

  /** `dayOf` tells the days of the place where the person is apart. */
  of(
    messages: readonly MessageView[],
    fields: {
      readonly unread?: UnreadLine | undefined;
      readonly isWhole: boolean;
      readonly dayOf: (atMs: number) => string;
    },
  ): readonly Row[] {
    const { unread, isWhole, dayOf } = fields;
    const rows: Row[] = isWhole ? [{ kind: 'start', key: 'start' }] : [];
    const made = new Map<string, Row>();
    let day = '';
    let isBroken = true;
    for (const [at, message] of messages.entries()) {
      const today = dayOf(message.sentAtMs);
      if (today !== day) {
        day = today;
        rows.push(this.#kept(made, { kind: 'day', key: `day ${today}`, atMs: message.sentAtMs }));
        isBroken = true;
      }
      if (unread?.before === message.id) {
        rows.push({ kind: 'unread', key: 'unread', count: unread.count });
        isBroken = true;
      }
      const next = messages[at + 1];
      const endsHere =
        next === undefined || unread?.before === next.id || dayOf(next.sentAtMs) !== day;
      const row: Row =
        message.kind === 'event'
          ? { kind: 'event', key: message.id, message }
          : {
              kind: 'message',
              key: message.id,
              message,
              isFirst: isBroken || !belongs(messages[at - 1], message),
              isLast: endsHere || !belongs(message, next),
            };
      rows.push(this.#kept(made, row));
      isBroken = false;
    }
    this.#made = made;
    return rows;
  }

  #kept(made: Map<string, Row>, row: Row): Row {
    const before = this.#made.get(row.key);
    const same = before !== undefined && isSame(before, row) ? before : row;
    made.set(row.key, same);
    return same;
  }
}

/** `messages`, in order, with `changed` in place of their older versions or at their place. */
export function merged(
  messages: readonly MessageView[],
  changed: readonly MessageView[],
): readonly MessageView[] {
  const byId = new Map(changed.map((message) => [message.id, message]));
  const kept: MessageView[] = [];
  const moved: MessageView[] = [];
  for (const message of messages) {
    const newer = byId.get(message.id);
    if (newer === undefined) {
      kept.push(message);
    } else if (comparePlaces(newer.place, message.place) === 0) {
      kept.push(newer);
      byId.delete(message.id);
    } else {
      moved.push(newer);
      byId.delete(message.id);
    }
  }
  for (const message of [...moved, ...byId.values()]) {
    kept.splice(placeFor(kept, message.place), 0, message);
  }
  return kept;
}

/** Where a message of this place goes, by halving. */
function placeFor(messages: readonly MessageView[], place: Place): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = messages[middle];
    if (there !== undefined && comparePlaces(there.place, place) <= 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

function belongs(one: MessageView | undefined, other: MessageView): boolean {
  return (
    one !== undefined &&
    one.kind !== 'event' &&
    other.kind !== 'event' &&
    one.sender === other.sender &&
    Math.abs(other.sentAtMs - one.sentAtMs) < GROUP_MS
  );
}

function isSame(one: Row, other: Row): boolean {
  if (one.kind === 'message' && other.kind === 'message') {
    return (
      one.message === other.message && one.isFirst === other.isFirst && one.isLast === other.isLast
    );
  }
  if (one.kind === 'event' && other.kind === 'event') {
    return one.message === other.message;
  }
  return one.kind === 'day' && other.kind === 'day';
}
