/**
 * Names that strangers chose, made fit to stand in the middle of a sentence.
 *
 * A name may not turn the text around it (bidirectional controls), hide itself or letters
 * (zero-width and other invisible characters), climb over other lines (towers of combining marks)
 * or push everything else away (length). What it looks like is still its owner's choice: who
 * somebody is, their address and identity key say.
 */

/** A display name is cut to this many characters (Unicode code points). */
export const MAX_DISPLAY_CHARACTERS = 64;

/** Marks kept on one letter; scripts in use stack up to four. */
export const MAX_MARKS = 4;

/** UTF-16 units that are looked at; a name that hides beyond them is none. */
const MAX_UNITS = 1024;

const JOINER = '\u200d';
const EMOJI_STYLE = '\ufe0f';

const SPACE = /[\s\p{Z}]/u;
/** Controls, formats, surrogates, private and unassigned; what is drawn as nothing; blank Braille. */
const INVISIBLE = /[\p{C}\p{Default_Ignorable_Code_Point}\u2800]/u;
const MARK = /\p{M}/u;
const PICTOGRAPH = /\p{Extended_Pictographic}/u;
const SKIN_TONE = /\p{Emoji_Modifier}/u;
const KEYCAP_BASE = /[0-9#*]/;
const KEYCAP = '\u20e3';

/**
 * `claimed` as it may be shown, else `fallback` (an account's own name, say), else `?`.
 *
 * One line of visible characters in Unicode's composed form (NFC), white space folded, never
 * empty, at most 64 characters; what was cut off is told by an ellipsis. Emoji keep the joiners
 * between their parts.
 */
export function displayName(claimed: string, fallback = ''): string {
  return cleaned(claimed) || cleaned(fallback) || '?';
}

function cleaned(claimed: string): string {
  const composed = visible(claimed.slice(0, MAX_UNITS).toWellFormed().normalize('NFC'));
  const characters = Array.from(withoutTowers(composed.normalize('NFC')));
  if (characters.length <= MAX_DISPLAY_CHARACTERS && claimed.length <= MAX_UNITS) {
    return characters.join('');
  }
  const kept = characters.slice(0, MAX_DISPLAY_CHARACTERS - 1);
  while (kept.at(-1) === ' ' || kept.at(-1) === JOINER) {
    kept.pop();
  }
  return kept.length === 0 ? '' : `${kept.join('')}…`;
}

/** Without what is not seen, all white space as spaces. */
function visible(text: string): string {
  const kept: string[] = [];
  const characters = Array.from(text);
  for (const [at, character] of characters.entries()) {
    const before = kept.at(-1) ?? ' ';
    const next = characters[at + 1] ?? ' ';
    if (SPACE.test(character)) {
      kept.push(' ');
    } else if (!INVISIBLE.test(character) || isJoinery(character, before, next)) {
      kept.push(character);
    }
  }
  return kept.join('');
}

/** Whether this is an invisible character that holds an emoji together. */
function isJoinery(character: string, before: string, next: string): boolean {
  if (character === EMOJI_STYLE) {
    return PICTOGRAPH.test(before) || (KEYCAP_BASE.test(before) && next === KEYCAP);
  }
  return (
    character === JOINER &&
    PICTOGRAPH.test(next) &&
    !INVISIBLE.test(next) && // code points reserved for pictographs
    (PICTOGRAPH.test(before) || SKIN_TONE.test(before) || before === EMOJI_STYLE)
  );
}

/** The text with few marks on each letter, and none where there is no letter. */
function withoutTowers(text: string): string {
  let marks = MAX_MARKS;
  const kept = Array.from(text).filter((character) => {
    if (!MARK.test(character) || character === EMOJI_STYLE) {
      marks = character === ' ' ? MAX_MARKS : 0;
      return true;
    }
    marks += 1;
    return marks <= MAX_MARKS;
  });
  return kept.join('').replace(/ +/g, ' ').trim();
}
