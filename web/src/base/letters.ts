/**
 * Text as it is compared when somebody looks for it: without case, accents and forms of letters.
 *
 * German has two ways around a key that is missing, `Müller` as `Muller` or `Mueller`: a text is
 * found by either, and by `Müller` where it was written in the long way. `ß` is `ss`.
 */

/** A letter with its marks, however many characters write it. */
const LETTERS = /\P{M}\p{M}*|^\p{M}+/gu;

/** A text in both ways; they are the same for most. */
export interface Compared {
  readonly short: string;
  readonly long: string;
}

export function compared(text: string): Compared {
  const [short, long] = [shortened(text), spelledOut(text)];
  return { short, long: long === short ? short : long }; // one of two equal ones is kept
}

/** Whether a text has these words in it. */
export function holds(text: Compared, words: Compared): boolean {
  return text.short.includes(words.short) || text.long.includes(words.long);
}

/**
 * A text cut where a word stands first: what is before it, the word as it is written there, and
 * what is after it; undefined when it is not there.
 */
export function cutAround(
  text: string,
  word: string,
): readonly [before: string, match: string, after: string] | undefined {
  const letters = text.match(LETTERS) ?? [];
  for (const form of [shortened, spelledOut]) {
    const wanted = form(word);
    const begin = wanted === '' ? -1 : form(text).indexOf(wanted);
    if (begin >= 0) {
      const from = letterAt(letters, form, begin);
      const to = letterAt(letters, form, begin + wanted.length - 1) + 1;
      const joined = (start: number, end?: number): string => letters.slice(start, end).join('');
      return [joined(0, from), joined(from, to), joined(to)];
    }
  }
  return undefined;
}

/** The letter that a place of the compared form comes from: one letter may be many there. */
function letterAt(letters: readonly string[], form: (text: string) => string, at: number): number {
  let length = 0;
  const found = letters.findIndex((letter) => {
    length += form(letter).length;
    return length > at;
  });
  return found < 0 ? letters.length : found;
}

function shortened(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/ß/g, 'ss');
}

function spelledOut(text: string): string {
  return shortened(text.normalize('NFC').replace(/[äöüÄÖÜ]/g, '$&e'));
}
