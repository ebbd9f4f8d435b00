/**
 * What a name looks like: names that people could take for each other have a look in common. Case,
 * accents, signs and spaces are left out; letters of other scripts that are drawn like Latin ones
 * count as these, and so do the usual stand-ins. To show a name that is compared so is not the aim:
 * rather one name too many looks like another than one too few. What is not known well enough to be
 * compared has no look, and its bearer is called otherwise.
 */

/** Letters by what they are drawn like. A large one of its own shape comes before the small ones. */
const DRAWN_LIKE: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['aаαΑ', 'a'],
    ['вβΒ', 'b'],
    ['сςϲ', 'c'],
    ['ԁđð', 'd'],
    ['еєҽəΕ', 'e'],
    ['һнħΗ', 'h'],
    ['ıіιӏ1łiΙ', 'l'],
    ['ј', 'j'],
    ['кκΚ', 'k'],
    ['мμΜ', 'm'],
    ['пոηŋΝ', 'n'],
    ['оοσ0օøΟ', 'o'],
    ['рρΡ', 'p'],
    ['ԛ', 'q'],
    ['гѓ', 'r'],
    ['ѕ5', 's'],
    ['тτΤ', 't'],
    ['υս', 'u'],
    ['νѵ', 'v'],
    ['шԝω', 'w'],
    ['хχΧ', 'x'],
    ['уγүΥ', 'y'],
    ['Ζ', 'z'],
    ['ß', 'ss'],
    ['æ', 'ae'],
    ['œ', 'oe'],
  ].flatMap(([letters = '', like = '']) => Array.from(letters, (letter) => [letter, like])),
);

/** Signs that are read as a letter, or as the sign that they are. */
const READ_AS: Readonly<Record<string, string>> = {
  '!': 'l',
  '¡': 'l',
  '|': 'l',
  $: 's',
  '€': 'e',
};

/** More readings of one name than this are not compared. */
const MOST_LOOKS = 64;

/**
 * One word is of one script, or of those that are written together: the "Highly Restrictive" level
 * of UTS 39 over the recommended scripts of UAX 31 (Table 5). The others have letters that cannot be
 * told from Latin ones, and so have those Latin ones that only phoneticians use.
 */
const ONE_SCRIPT: readonly RegExp[] = [
  /^[0-9a-zßæœøđðłħŋıəþ]+$/iu,
  ...[
    ...['Greek', 'Cyrillic', 'Armenian', 'Georgian', 'Hebrew', 'Arabic', 'Thaana', 'Ethiopic'],
    ...['Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil', 'Telugu', 'Kannada'],
    ...['Malayalam', 'Sinhala', 'Thai', 'Lao', 'Tibetan', 'Myanmar', 'Khmer'],
  ].map((script) => new RegExp(`^[0-9\\p{scx=${script}}]+$`, 'u')),
  /^[0-9a-z\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]+$/iu,
  /^[0-9a-z\p{scx=Han}\p{scx=Bopomofo}]+$/iu,
  /^[0-9a-z\p{scx=Han}\p{scx=Hangul}]+$/iu,
];

/** None when there is no letter and no digit in it, or when it cannot be judged. */
export function looksOf(name: string): ReadonlySet<string> {
  const plain = name
    .normalize('NFKD')
    .replace(/[\p{M}\p{Lm}\p{Default_Ignorable_Code_Point}]/gu, '');
  const words = plain.match(/[\p{L}\p{N}]+/gu) ?? [];
  if (!words.every((word) => ONE_SCRIPT.some((script) => script.test(word)))) {
    return new Set();
  }
  // Large letters as they stand, and as the small ones that they may be written for.
  const read = words.length === 0 ? [] : [plain, plain.toLowerCase()].flatMap(readingsOf);
  return new Set(read.map((one) => one.replace(/rn/g, 'm').replace(/vv/g, 'w')));
}

/** Each way to read the signs in it; none when there are too many. */
function readingsOf(plain: string): readonly string[] {
  let read = new Set(['']);
  for (const letter of plain) {
    const small = letter.toLowerCase();
    const drawn = DRAWN_LIKE[letter] ?? DRAWN_LIKE[small] ?? small;
    const sign = READ_AS[letter];
    const added = sign === undefined ? [/[\p{L}\p{N}]/u.test(drawn) ? drawn : ''] : ['', sign];
    read = new Set([...read].flatMap((one) => added.map((more) => one + more)));
    if (read.size > MOST_LOOKS) {
      return [];
    }
  }
  return [...read];
}
