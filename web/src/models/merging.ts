/** Two records of one person made one: which of them stays, and what is known then, before it is done. */

import { lengthOf } from '../content/printable.ts';
import type { CustomerView } from '../sdk/protocol.ts';

const LONGEST_NOTE = 2_000;
/** A telephone number, and the line that it begins: the agent notes one that would be lost. */
const ROOM_FOR_TELEPHONE = 41;

/** `two_conversations`: they are two people; `note_too_long`: both notes together leave no room for
 * a telephone number, of which only the agent knows. */
export type MergeMistake = 'same' | 'two_conversations' | 'note_too_long';

export interface Merging {
  readonly kept: CustomerView;
  readonly gone: CustomerView;
  /** As the agent will make it, but for a telephone number that would be lost: it adds that to the note. */
  readonly result: CustomerView;
}

/** Who has a conversation stays, else the first. */
export function mergingOf(one: CustomerView, other: CustomerView): Merging | MergeMistake {
  if (one.id === other.id) {
    return 'same';
  }
  if (one.conversation !== '' && other.conversation !== '') {
    return 'two_conversations';
  }
  const [kept, gone] = other.conversation === '' ? [one, other] : [other, one];
  const note = [kept.note, gone.note].filter((part) => part !== '').join('\n');
  if (lengthOf(note) > LONGEST_NOTE - ROOM_FOR_TELEPHONE) {
    return 'note_too_long';
  }
  const result = {
    ...kept,
    name: kept.name || gone.name,
    language: kept.language || gone.language,
    note,
    visits: kept.visits + gone.visits,
    noShows: kept.noShows + gone.noShows,
    upcoming: kept.upcoming + gone.upcoming,
    firstSeenS: Math.min(kept.firstSeenS, gone.firstSeenS),
    lastSeenS: Math.max(kept.lastSeenS, gone.lastSeenS),
  };
  return { kept, gone, result };
}
