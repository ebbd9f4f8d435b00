/** Emoji by group and by word. */

export interface Emoji {
  readonly sign: string;
  readonly label: string;
  readonly tags: readonly string[];
  /** Emojibase's number of the group. */
  readonly group: number;
}

export interface EmojiGroup {
  readonly number: number;
  /** The group's first emoji, for its tab. */
  readonly sign: string;
  readonly emoji: readonly Emoji[];
}

const MOST_FOUND = 80;

/** The groups in their order. */
export function grouped(all: readonly Emoji[]): readonly EmojiGroup[] {
  return [...Map.groupBy(all, ({ group }) => group)]
    .sort(([one], [other]) => one - other)
    .map(([number, emoji]) => ({ number, sign: emoji[0]?.sign ?? '', emoji }));
}

/** Those whose words begin with what was typed; whole labels first. */
export function foundEmoji(all: readonly Emoji[], query: string): readonly Emoji[] {
  const wanted = query.trim().toLowerCase();
  const ranked: { readonly rank: number; readonly emoji: Emoji }[] = [];
  for (const emoji of all) {
    const rank = rankOf(emoji, wanted);
    if (rank < 4) {
      ranked.push({ rank, emoji });
    }
  }
  return ranked
    .sort((one, other) => one.rank - other.rank)
    .slice(0, MOST_FOUND)
    .map(({ emoji }) => emoji);
}

function rankOf({ label, tags }: Emoji, wanted: string): number {
  const name = label.toLowerCase();
  if (name === wanted || tags.includes(wanted)) {
    return 0;
  }
  if (name.startsWith(wanted)) {
    return 1;
  }
  if (tags.some((tag) => tag.toLowerCase().startsWith(wanted))) {
    return 2;
  }
  return name.includes(wanted) ? 3 : 4;
}
