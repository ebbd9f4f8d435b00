/**
 * Finding words in everything on this device.
 *
 * Texts are sealed in the vault, so that no index there may know them: they are read once for each
 * conversation, kept in memory in a form that compares quickly, and read again when it has changed.
 */

import type { ConversationId } from '../base/ids.ts';
import { readableText } from '../content/text.ts';
import type { Core } from './core.ts';
import type { HitView } from './protocol.ts';
import { expire, folded } from './reading.ts';

/** Finds shown at once. */
export const HITS_LIMIT = 100;

/** Characters around the first match. */
const AROUND = 60;

interface Known {
  readonly message: string;
  readonly sender: string;
  readonly text: string;
  readonly plain: string;
  readonly sentAtMs: number;
}

/** The search over one device. */
export class Search {
  readonly #core: Core;
  readonly #texts = new Map<string, readonly Known[]>();
  #changes = 0;

  constructor(core: Core) {
    this.#core = core;
    core.feed.listen((event) => {
      if (event.what === 'message' || event.what === 'hidden' || event.what === 'gone') {
        this.#changes += 1;
        this.#texts.delete(event.conversation.hex);
      }
    });
  }

  /** Messages with all these words, the newest first. Throws VaultDamaged, StorageUnavailable. */
  async find(query: string, conversation?: ConversationId): Promise<readonly HitView[]> {
    const words = compared(query).split(/\s+/u).filter(Boolean);
    if (words.length === 0) {
      return [];
    }
    const ids =
      conversation === undefined
        ? Array.from(this.#core.lives.values(), ({ id }) => id)
        : [conversation];
    await expire(this.#core);
    const hits: HitView[] = [];
    for (const id of ids) {
      for (const known of await this.#known(id)) {
        if (words.every((word) => known.plain.includes(word))) {
          const { message, sender, sentAtMs } = known;
          const text = excerpt(known, words[0] ?? '');
          hits.push({ conversation: id.hex, message, sender, text, sentAtMs });
        }
      }
    }
    return hits.sort((one, other) => other.sentAtMs - one.sentAtMs).slice(0, HITS_LIMIT);
  }

  async #known(id: ConversationId): Promise<readonly Known[]> {
    const before = this.#texts.get(id.hex);
    if (before !== undefined) {
      return before;
    }
    const changes = this.#changes;
    const rows = await this.#core.messages.shown(id);
    const said = rows.filter(({ kind }) => kind !== 'event' && kind !== 'title');
    const known = (await folded(this.#core, [id], said)).flatMap(({ row, content }) => {
      if (content === undefined) {
        return [];
      }
      const text = readableText(content);
      return {
        message: row.messageId.hex,
        sender: row.sender.toString(),
        text,
        plain: compared(text),
        sentAtMs: row.sentAtMs,
      };
    });
    if (changes === this.#changes) {
      this.#texts.set(id.hex, known); // else something came while it was read
    }
    return known;
  }
}

/** Letters without case and accents: `Müller` is found by `muller`. */
function compared(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

function excerpt({ text, plain }: Known, word: string): string {
  const letters = Array.from(text);
  const at = Math.max(0, placeIn(letters, plain.indexOf(word)) - AROUND);
  const end = at + 2 * AROUND + word.length;
  const shown = letters.slice(at, end).join('');
  return `${at > 0 ? '…' : ''}${shown}${end < letters.length ? '…' : ''}`;
}

/** Where the letter stands that `plainAt` in the compared form comes from: it may be longer. */
function placeIn(letters: readonly string[], plainAt: number): number {
  let at = 0;
  for (let length = 0; at < letters.length; at += 1) {
    length += compared(letters[at] ?? '').length;
    if (length > plainAt) {
      return at;
    }
  }
  return at;
}
