/** What a person typed, as the part of a message. */

import { EMPTY } from '../base/bytes.ts';
import type { AccountAddress } from '../base/ids.ts';
import { type Block, parseMarkdown } from '../content/blocks.ts';
import type { Inline } from '../content/inline.ts';
import type { Part, SinglePart } from '../content/mimi.ts';
import { markdownPart, type Mention, mentionMessage, textPart } from '../content/text.ts';

const NAMED = /@([a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?)/g;

/**
 * Markdown where it was meant as such, else plain words: what has no markup says so, and reads the
 * same for everybody. Throws ContentError.
 */
export function wordingOf(text: string): SinglePart {
  return parseMarkdown(text).some(isMarked) ? markdownPart(text) : textPart(text);
}

/** Words that name accounts as `@name`. Throws ContentError. */
export function mentioning(text: string, named: readonly AccountAddress[]): Part {
  const byName = new Map(named.map((account) => [account.name, account]));
  const pieces: (string | Mention)[] = [];
  let start = 0;
  for (const match of text.matchAll(NAMED)) {
    const account = byName.get(match[1] ?? '');
    if (account !== undefined) {
      pieces.push(text.slice(start, match.index), { account, name: account.name });
      start = match.index + match[0].length;
    }
  }
  const all = [...pieces, text.slice(start)].filter((piece) => piece !== '');
  return mentionMessage(all, { salt: EMPTY }).part;
}

function isMarked(block: Block): boolean {
  return block.kind !== 'paragraph' || block.inner.some(isStyled);
}

function isStyled({ kind }: Inline): boolean {
  return kind === 'strong' || kind === 'emphasis' || kind === 'strike' || kind === 'code';
}
