/** A message's text as a tree that views show with text nodes alone. */

import { type Block, parseMarkdown, parsePlain } from '../content/blocks.ts';

export type { Block } from '../content/blocks.ts';
export type { Inline } from '../content/inline.ts';

/** Longer texts are shown folded. */
export const FOLDED_CHARACTERS = 900;
const FOLDED_LINES = 16;
/** A message of so few emoji is shown large. */
const MOST_LARGE = 3;

/** Not RGI_Emoji, whose thousands of sequences take a browser half a second to prepare. */
const EMOJI =
  /^(?:[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\s]|\u200d|\ufe0f)+$/u;
const SIGN = /\p{Extended_Pictographic}|\p{Regional_Indicator}/u;

export function blocksFor(text: string, isMarkdown: boolean): readonly Block[] {
  return isMarkdown ? parseMarkdown(text) : parsePlain(text);
}

/** The beginning of a long text, at the end of a word; undefined when it is short. */
export function beginning(text: string): string | undefined {
  const lines = text.split('\n', FOLDED_LINES + 1);
  const isTall = lines.length > FOLDED_LINES;
  const short = isTall ? lines.slice(0, FOLDED_LINES).join('\n') : text;
  if (short.length <= FOLDED_CHARACTERS) {
    return isTall ? `${short}…` : undefined;
  }
  const cut = short.slice(0, FOLDED_CHARACTERS);
  const space = cut.search(/\s\S{0,80}$/);
  return `${(space > 0 ? cut.slice(0, space) : cut).toWellFormed()}…`;
}

const RIGHT_TO_LEFT = /^\P{L}*\p{Script=Hebrew}|^\P{L}*\p{Script=Arabic}/u;

/**
 * Whether the last line is words from left to right, so that the time fits behind them: not after
 * a list, code, large emoji or the button of a folded text.
 */
export function endsInWords(text: string, isMarkdown: boolean): boolean {
  return (
    text !== '' &&
    !RIGHT_TO_LEFT.test(text) &&
    !isEmojiOnly(text) &&
    beginning(text) === undefined &&
    blocksFor(text, isMarkdown).at(-1)?.kind === 'paragraph'
  );
}

/** Whether a text is one to three emoji and nothing else. */
export function isEmojiOnly(text: string): boolean {
  if (text.length > 60 || !SIGN.test(text) || !EMOJI.test(text)) {
    return false;
  }
  const segments = [...new Intl.Segmenter().segment(text.replace(/\s+/g, ''))];
  return segments.length > 0 && segments.length <= MOST_LARGE;
}

/** Whether all that can be said of a message is the media type of what this version cannot show. */
export function isOnlyMediaType(text: string): boolean {
  return /^\[[\w.+-]+\/[\w.+-]+\]$/.test(text);
}
