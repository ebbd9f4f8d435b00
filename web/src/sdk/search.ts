/**
 * Finding words in everything on this device.
 *
 * Texts are sealed in the vault, so that no index there may know them: they are read once for each
 * conversation, kept in memory in a form that compares quickly, and read again when it has changed.
 */

import type { ConversationId } from '../base/ids.ts';
import { compared, type Compared, cutAround, holds } from '../base/letters.ts';
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
  readonly compared: Compared;
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
    const words = query.split(/\s+/u).filter((word) => compared(word).short !== '');
    if (words.length === 0) {
      return [];
    }
    const ids =
      conversation === undefined
        ? Array.from(this.#core.lives.values(), ({ id }) => id)
        : [conversation];
    await expire(this.#core);
    const wanted = words.map(compared);
    const found: (Known & { readonly conversation: string })[] = [];
    for (const id of ids) {
      for (const known of await this.#known(id)) {
        if (wanted.every((word) => holds(known.compared, word))) {
          found.push({ ...known, conversation: id.hex });
        }
      }
    }
    return found
      .sort((one, other) => other.sentAtMs - one.sentAtMs)
      .slice(0, HITS_LIMIT)
      .map(({ conversation, message, sender, text, sentAtMs }) => {
        return { conversation, message, sender, text: excerpt(text, words[0] ?? ''), sentAtMs };
      });
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
        compared: compared(text),
        sentAtMs: row.sentAtMs,
      };
    });
    if (changes === this.#changes) {
      this.#texts.set(id.hex, known); // else something came while it was read
    }
    return known;
  }
}

/** The words around the first match. */
function excerpt(text: string, word: string): string {
  const [before, match, after] = cutAround(text, word) ?? ['', '', text];
  const [head, tail] = [Array.from(before), Array.from(after)];
  const start = head.length > AROUND ? '…' : '';
  const end = tail.length > AROUND ? '…' : '';
  return `${start}${head.slice(-AROUND).join('')}${match}${tail.slice(0, AROUND).join('')}${end}`;
}
