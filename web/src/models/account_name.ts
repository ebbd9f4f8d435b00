/** From what a person writes as their name to the name of an account, and others when it is taken. */

/** The grammar's length (base/ids.ts). */
export const MAX_NAME_CHARACTERS = 32;

/** As German writes them without their letters; the rest falls apart into letter and mark (NFD). */
const WRITTEN: Readonly<Record<string, string>> = {
  ä: 'ae',
  ö: 'oe',
  ü: 'ue',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  å: 'a',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/** Cyrillic and Greek letters as they are usually written with ours. */
const LETTERS: Readonly<Record<string, string>> = Object.fromEntries(
  (
    'аa бb вv гg дd еe ёe жzh зz иi йj кk лl мm нn оo пp рr сs тt уu фf хkh цts чch шsh щshch ъ ' +
    'ыy ь эe юyu яya іi їi єye ґg αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt ' +
    'υy φf χch ψps ωo'
  )
    .split(' ')
    .map((pair) => [pair.slice(0, 1), pair.slice(1)]),
);

/**
 * `Anna Müller` -> `anna.mueller`: lower case, spaces as dots, and only what an account's name may
 * have. Empty when nothing is left of it.
 */
export function accountName(written: string): string {
  const letters = Array.from(written.normalize('NFC').toLowerCase(), (letter) => {
    const known = WRITTEN[letter] ?? plain(letter);
    return Array.from(known, (one) => LETTERS[one] ?? one).join('');
  });
  return trimmed(
    letters
      .join('')
      .replace(/[\s'’´\u0060/,;]+/g, '.')
      .replace(/[^a-z0-9._-]+/g, '')
      .replace(/([._-])[._-]+/g, '$1')
      .slice(0, MAX_NAME_CHARACTERS + 2),
  );
}

/** Others to try when `name` is taken, likeliest first: shorter forms, then numbers. */
export function alternatives(name: string, written: string, year: number): readonly string[] {
  const [first = '', ...rest] = accountName(written).split('.');
  const last = rest.at(-1) ?? '';
  const found = [
    last === '' ? '' : `${first}.${last.charAt(0)}`,
    last === '' ? '' : `${first.charAt(0)}.${last}`,
    last === '' ? '' : `${last}.${first}`,
    `${short(name)}.${String(year % 100).padStart(2, '0')}`,
    ...[2, 3, 7].map((number) => `${short(name)}${number}`),
  ].map(trimmed);
  return [...new Set(found)].filter((one) => one !== '' && one !== name);
}

function plain(letter: string): string {
  return letter.normalize('NFD').replace(/\p{M}+/gu, '');
}

function short(name: string): string {
  return trimmed(name.slice(0, MAX_NAME_CHARACTERS - 3));
}

function trimmed(name: string): string {
  return name
    .replace(/^[._-]+/, '')
    .slice(0, MAX_NAME_CHARACTERS)
    .replace(/[._-]+$/, '');
}
