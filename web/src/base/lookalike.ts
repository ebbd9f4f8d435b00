/**
 * What a name looks like: names that people could take for each other have the same look. Case,
 * accents, signs and spaces are left out; letters of other scripts that are drawn like Latin ones
 * count as these, and so do the usual stand-ins. To show a name that is compared so is not the aim:
 * rather one name too many looks like another than one too few.
 */

/** Small Greek and Cyrillic letters, and what they are drawn like. */
const DRAWN_LIKE: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['aаα', 'a'],
    ['вβ', 'b'],
    ['сς', 'c'],
    ['ԁ', 'd'],
    ['еєεҽ', 'e'],
    ['ɡ', 'g'],
    ['һнη', 'h'],
    ['ıіιӏ1!|', 'l'],
    ['ј', 'j'],
    ['кκ', 'k'],
    ['мμ', 'm'],
    ['пո', 'n'],
    ['оοσ0օ', 'o'],
    ['рρ', 'p'],
    ['ԛ', 'q'],
    ['гѓ', 'r'],
    ['ѕ5', 's'],
    ['тτ', 't'],
    ['υս', 'u'],
    ['νѵ', 'v'],
    ['шԝω', 'w'],
    ['хχ', 'x'],
    ['уγү', 'y'],
    ['ᴢ', 'z'],
    ['i', 'l'],
  ].flatMap(([letters = '', like = '']) => Array.from(letters, (letter) => [letter, like])),
);

/** Empty when there is no letter and no digit in it. */
export function lookalike(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/ß/g, 'ss');
  const drawn = Array.from(plain, (letter) => DRAWN_LIKE[letter] ?? letter).join('');
  return drawn
    .replace(/[^\p{L}\p{N}]/gu, '')
    .replace(/rn/g, 'm')
    .replace(/vv/g, 'w');
}
