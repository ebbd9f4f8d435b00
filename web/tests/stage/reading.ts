/** Reading a history in memory: stretches of it, and finds. */

import { comparePlaces } from '../../src/base/place.ts';
import type { Asked, HitView, MessagesView, MessageView } from '../../src/sdk/protocol.ts';

export function stretchOf(
  all: readonly MessageView[],
  { stretch, limit }: Asked<'messages'>,
  unread: number,
): MessagesView {
  const last = all.length;
  const first = 'from' in stretch && unread > 0 ? firstUnread(all, unread) : undefined;
  let from = Math.max(0, last - limit);
  let to = last;
  if ('before' in stretch) {
    to = all.findIndex(({ place }) => comparePlaces(place, stretch.before) >= 0);
    from = Math.max(0, to - limit);
  } else if ('after' in stretch) {
    from = all.findIndex(({ place }) => comparePlaces(place, stretch.after) > 0);
    from = from === -1 ? last : from;
    to = Math.min(last, from + limit);
  } else if ('around' in stretch) {
    const at = all.findIndex(({ id }) => id === stretch.around);
    from = Math.max(0, at - Math.floor(limit / 2));
    to = Math.min(last, from + limit);
  } else if (stretch.from === 'unread') {
    const at = all.findIndex(({ id }) => id === first);
    from = Math.max(0, at - Math.ceil(limit / 2));
    to = Math.min(last, from + limit);
  }
  return {
    messages: all.slice(from, to),
    hasEarlier: from > 0,
    hasLater: to < last,
    ...(first === undefined ? {} : { firstUnread: first }),
  };
}

/** Of this many received ones at the end. */
function firstUnread(all: readonly MessageView[], unread: number): string | undefined {
  const received = all.filter(({ isOutgoing, kind }) => !isOutgoing && kind !== 'event');
  return received.at(-unread)?.id;
}

export function searchIn(
  all: ReadonlyMap<string, readonly MessageView[]>,
  query: string,
  within?: string,
): readonly HitView[] {
  const wanted = query.toLowerCase();
  const hits: HitView[] = [];
  for (const [conversation, messages] of all) {
    const isSearched = within === undefined || conversation === within;
    for (const { id, sender, text, sentAtMs, isDeleted } of messages) {
      if (isSearched && !isDeleted && text.toLowerCase().includes(wanted)) {
        hits.push({ conversation, message: id, sender, text, sentAtMs });
      }
    }
  }
  return hits.sort((one, other) => other.sentAtMs - one.sentAtMs).slice(0, 50);
}
