/** Who is on the stage: names, and things that people write. */

export const DOMAIN = 'plausch.example';
export const ANNA = `anna@${DOMAIN}`;
export const LINDE = `linde@${DOMAIN}`;

/** Ids of the conversations that tests open. */
export const IDS = {
  linde: '0a'.repeat(16),
  ben: '0b'.repeat(16),
  group: '0c'.repeat(16),
  long: '0d'.repeat(16),
  request: '0e'.repeat(16),
  changed: '0f'.repeat(16),
  left: '1a'.repeat(16),
  asking: '1b'.repeat(16),
  member: '1c'.repeat(16),
} as const;

const FIRST = [
  'ben', 'cem', 'olga', 'jonas', 'mia', 'emil', 'leyla', 'paul', 'ida', 'noah', 'clara', 'malik',
  'greta', 'anton', 'zoe', 'oskar', 'lina', 'theo', 'nora', 'felix', 'yara', 'hugo', 'ella', 'karl',
]; // prettier-ignore
const LAST = [
  'weber', 'kaya', 'petrova', 'schmidt', 'fischer', 'novak', 'becker', 'hoffmann', 'yilmaz',
  'wagner', 'sommer', 'lang', 'brandt', 'vogel', 'roth', 'keller',
]; // prettier-ignore

export const SAYINGS = [
  'Kommst du heute Abend?',
  'Ja, gegen acht. Soll ich etwas mitbringen?',
  'Brot wäre gut, und vielleicht noch Oliven.',
  'Perfekt, bis nachher! 🙌',
  'Hast du das Foto vom See noch?',
  'Ich schicke es dir gleich.',
  'The train is late again, I will be there at half past.',
  'No problem, we have not ordered yet.',
  'Schau mal: https://example.org/ausstellung',
  'Das klingt schön. Am Samstag hätte ich Zeit.',
  'Wie war dein erster Tag?',
  'Besser als gedacht. Alle sehr nett, und die Aussicht aus dem Büro geht direkt auf den Kanal.',
  '👍',
  'Kannst du mir die Adresse schicken?',
  'Lindenstraße 14, zweiter Hof, dann links die Treppe hoch.',
  'Danke dir!',
];

/** The account number `at`; the first few are the players of the scenes. */
export function person(at: number): string {
  const first = FIRST[at % FIRST.length] ?? 'ben';
  const last = LAST[Math.floor(at / FIRST.length) % LAST.length] ?? 'weber';
  const round = Math.floor(at / (FIRST.length * LAST.length));
  return `${first}.${last}${round === 0 ? '' : round}@${DOMAIN}`;
}
