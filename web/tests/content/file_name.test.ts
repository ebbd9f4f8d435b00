/** What a name from a message may be, and what it may not do. */

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { NAME_BYTES, NAMELESS, safeName } from '../../src/content/file_name.ts';
import { forAll } from '../mls/random.ts';
import { anyText, textOfPieces } from './chance.ts';

test.each([
  ...['Speisekarte.pdf', 'a.tar.gz', 'Grüße aus Wien.jpg', '写真.png', 'كتاب.pdf', '~x', 'x~'],
  ...['console.log', 'com10', '(1).txt', 'IMG_2024-05-01 (2).JPG', '#hash&and+plus=.md'],
])('%s stays as it is', (name) => {
  expect(safeName(name)).toBe(name);
});

test.each(['', ' ', '.', '..', '. . .', '\x00\x01', '\u200b\u202e', '\n', '\ud800'])(
  '%j is called file',
  (name) => {
    expect(safeName(name)).toBe(NAMELESS);
  },
);

test.each(['con', 'PRN', 'Aux', 'nUl', 'COM0', 'com9', 'LPT5', 'conin$', 'com¹'])(
  'a device of Windows is no file: %s',
  (device) => {
    for (const ending of ['', '.txt', '.tar.gz', ' .txt']) {
      expect(safeName(device + ending)).toBe(`_${device}${ending}`);
    }
  },
);

test('marks of direction cannot hide an ending', () => {
  expect(safeName('holiday\u202egpj.exe')).toBe('holidaygpj.exe');
  expect(safeName(`a.pdf${' '.repeat(100)}.exe`)).toBe('a.pdf .exe');
});

test.each(['../../x', '/etc/x', '..\\x', 'C:\\x', 'a/../b', '\\\\server\\share'])(
  'a name leads nowhere else: %s',
  (hostile) => {
    expect(safeName(hostile)).not.toMatch(/[/\\:]|^\./);
  },
);

test('a name is no option of a command', () => {
  expect(safeName('-rf')).toBe('_-rf');
  expect(safeName('--help.txt')).toBe('_--help.txt');
});

test.each(['.jpeg', '.tar', '.p7m'])('a long name keeps its ending %s', (ending) => {
  const name = safeName('x'.repeat(500) + ending);
  expect(name.endsWith(ending)).toBe(true);
  expect(name).toHaveLength(NAME_BYTES);
});

test('a long ending is none', () => {
  const name = `a.${'b'.repeat(300)}`;
  expect(safeName(name)).toBe(name.slice(0, NAME_BYTES));
});

test.each(['ä', '写', '🙂'])('a cut never leaves half of a %s', (filler) => {
  const name = safeName(`y${filler.repeat(200)}.png`);
  expect(name).toMatch(new RegExp(`^y(?:${filler})+\\.png$`));
});

test('a name is composed', () => {
  expect(safeName('e\u0301.txt')).toBe('\u00e9.txt');
  expect(safeName('e\u200b\u0301.txt')).toBe('\u00e9.txt');
});

const PIECES = [
  ...Array.from('./\\:*?"<>| \t\n\r-_'),
  ...['\u202e', '\u2066', '\u200b', '\ufeff', '\u00a0', '\u2028', '\ud800'],
  ...['con', 'CoN', 'nul', 'com1', 'lpt\u00b9', 'conin$', 'ä', '🙂', 'e\u0301', '.pdf', 'x'],
];

test('every name is safe and then stays', () => {
  forAll(3000, (chance) => {
    const name = chance.pick([anyText(chance, 200), textOfPieces(chance, PIECES, 120)]);
    const safe = safeName(name);
    expect(safeName(safe)).toBe(safe);
    expect(safe).not.toBe('');
    expect(utf8(safe).length).toBeLessThanOrEqual(NAME_BYTES);
    expect(safe).not.toMatch(/[/\\:*?"<>|]|^[ .-]|[ .]$| {2}|[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/u);
  });
});

test.each([
  '-' + 'x'.repeat(200),
  'con' + ' '.repeat(200) + '.txt',
  'x'.repeat(103) + ' . ' + 'y'.repeat(30) + '.pdf',
  'a'.repeat(119) + '. b',
  ' .'.repeat(500_000),
  '.'.repeat(1_000_000) + 'x',
])('a hard one: %.20s', (name) => {
  const safe = safeName(name);
  expect(safeName(safe)).toBe(safe);
  expect(utf8(safe).length).toBeLessThanOrEqual(NAME_BYTES);
});
