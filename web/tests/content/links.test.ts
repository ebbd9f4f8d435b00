/** What may be followed, what it shows, and where a bare address ends. */

import { expect, test } from 'vitest';

import { linked, linkTo, MAX_ADDRESS_CHARACTERS, targetOf } from '../../src/content/links.ts';
import { forAll } from '../mls/random.ts';
import { anyText, textOfPieces } from './chance.ts';

test.each([
  ['https://example.org', 'https://example.org/', 'example.org'],
  ['HTTPS://Example.ORG/Path?q=1#x', 'https://example.org/Path?q=1#x', 'example.org'],
  ['http://localhost:7480/a', 'http://localhost:7480/a', 'localhost:7480'],
  ['http://[::1]/', 'http://[::1]/', '[::1]'],
  ['https://bücher.de/ä', 'https://xn--bcher-kva.de/%C3%A4', 'xn--bcher-kva.de'],
  ['mailto:anna@example.org', 'mailto:anna@example.org', ''],
  ['mailto:anna@example.org?subject=Tisch', 'mailto:anna@example.org?subject=Tisch', ''],
  ['tel:+49-30-123456', 'tel:+49-30-123456', ''],
  ['TEL:(030)123', 'tel:(030)123', ''],
])('%s leads to %s', (address, href, host) => {
  const target = targetOf(address);
  expect(linkTo(target!, 'x')).toEqual({ kind: 'link', href, host, bare: false, text: 'x' });
});

test.each([
  ...['javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'java\tscript:alert(1)', ' javascript:x'],
  ...['data:text/html,<b>', 'vbscript:x', 'file:///etc/passwd', 'blob:https://x/y', 'ftp://x'],
  ...['about:blank', 'chrome://settings', 'ws://example.org', 'intent://x', 'sms:+491', 'x:y'],
  ...['mimi://example.org/u/anna', 'view-source:https://x', '//example.org', '/path', '#x', ''],
  ...[
    'https:',
    'https:/',
    'https://',
    'https:example.org',
    'https:///example.org\\@x',
    'http:\\\\x',
  ],
  ...['https://anna@example.org', 'https://bank.de:x@evil.org', 'https://bank.de%40@evil.org'],
  ...[
    'https://exa mple.org',
    'https://x/\u202egpj',
    'https://x/\u200b',
    'https://x/\n',
    'https://x/"',
  ],
  ...['https://x/<b>', 'https://x/`', 'https://x\\evil.org', 'https://x/\ud800', 'https://x/\x00'],
  ...['https://x:99999', 'https://[x]', 'https://%zz', 'https://a%00b', 'https://\u00ad'],
  ...['mailto:', 'mailto:anna', 'mailto:@', 'mailto:a@b@c/', 'mailto:a@b#x', 'mailto:?to=x@y'],
  ...['tel:', 'tel:*21*030#', 'tel:+49;x=y', 'tel:112,,1', 'tel:anna', `tel:${'1'.repeat(40)}`],
  `https://x/${'y'.repeat(MAX_ADDRESS_CHARACTERS)}`,
])('%.60j leads nowhere', (address) => {
  expect(targetOf(address)).toBeNull();
});

test.each([
  ['https://example.org/', 'https://example.org/', true],
  ['https://example.org/x', 'https://EXAMPLE.org/x', false],
  ['https://EXAMPLE.org/x', 'https://EXAMPLE.org/x', true],
  ['https://evil.org', 'https://bank.de', false],
  ['https://evil.org', 'here', false],
  ['https://bücher.de', 'https://bücher.de', false],
  ['https://\u0430pple.com', 'https://\u0430pple.com', false],
  ['https://ex%61mple.org', 'https://ex%61mple.org', false],
  ['https://0x7f.1', 'https://0x7f.1', false],
  ['mailto:a@b.de', 'mailto:a@b.de', true],
  ['mailto:a@b.de', 'c@d.de', false],
])('%s shown as %s deceives nobody: %s', (address, text, bare) => {
  expect(linkTo(targetOf(address)!, text).bare).toBe(bare);
});

test('an empty label shows the address', () => {
  for (const empty of ['', ' ', '\n\u00a0']) {
    expect(linkTo(targetOf('https://x.org')!, empty)).toMatchObject({
      text: 'https://x.org',
      bare: true,
    });
  }
});

/** The words with each link in brackets. */
function shown(text: string): string {
  return linked(text)
    .map((piece) => (piece.kind === 'link' ? `[${piece.text}]` : piece.text))
    .join('');
}

test.each([
  ['', ''],
  ['no address', 'no address'],
  ['https://x.org', '[https://x.org]'],
  ['see https://x.org now', 'see [https://x.org] now'],
  ['see HTTP://x.org/A', 'see [HTTP://x.org/A]'],
  ['https://x.org.', '[https://x.org].'],
  ['https://x.org/?a=1&b=2!?', '[https://x.org/?a=1&b=2]!?'],
  ['(https://x.org)', '([https://x.org])'],
  ['(https://x.org/a_(b))', '([https://x.org/a_(b)])'],
  ['https://x.org/a_(b)', '[https://x.org/a_(b)]'],
  ['[https://x.org]', '[[https://x.org]]'],
  ['{https://x.org/}}', '{[https://x.org/]}}'],
  ['“https://x.org”…', '“[https://x.org]”…'],
  ['<https://x.org>', '<[https://x.org]>'],
  ['"https://x.org"', '"[https://x.org]"'],
  ['https://x.org/ä?', '[https://x.org/ä]?'],
  ['https://a.org,https://b.org', '[https://a.org,https://b.org]'],
  ['https://a.org https://b.org', '[https://a.org] [https://b.org]'],
  ['xhttps://x.org', 'xhttps://x.org'],
  ['äöhttps://x.org', 'äöhttps://x.org'],
  ['x:https://x.org', 'x:[https://x.org]'],
  ['https://', 'https://'],
  ['https://...', 'https://...'],
  ['https://anna@x.org', 'https://anna@x.org'],
  ['https://x.org/\u202egpj', '[https://x.org/]\u202egpj'],
  ['https://x.org\u200b.evil.org', '[https://x.org]\u200b.evil.org'],
  ['javascript://x http:x www.x.org mailto:a@b', 'javascript://x http:x www.x.org mailto:a@b'],
  ['https://x.org\nhttps://y.org', '[https://x.org]\n[https://y.org]'],
])('%j has %j', (text, wanted) => {
  expect(shown(text)).toBe(wanted);
});

test('an address that is too long stays words, and the next one does not', () => {
  const long = `https://x.org/${'y'.repeat(3000)}`;
  expect(shown(`${long} https://z.org`)).toBe(`${long} [https://z.org]`);
});

const PIECES = [
  ...['https://', 'http://', 'x.org', '/', '.', ')', '(', ']', ' ', '\n', '?', '@', ':', '<'],
  ...['\u202e', '\u200b', 'ä', '🙂', '%', '#', '\\', '\ud800', '1'],
];

test('nothing is lost, and every link is to the web', () => {
  forAll(2000, (chance) => {
    const text = chance.pick([anyText(chance, 60), textOfPieces(chance, PIECES, 40)]);
    const pieces = linked(text);
    expect(pieces.map((piece) => piece.text).join('')).toBe(text);
    for (const piece of pieces) {
      expect(piece.text).not.toBe('');
      if (piece.kind === 'link') {
        expect(piece.href).toMatch(/^https?:\/\/[^/@]+\//);
        expect(piece.host).not.toBe('');
        expect(piece.text).not.toMatch(/[\s\p{C}]/u);
      }
    }
  });
});

test.each(['http://', 'https://x.org/(', 'http://)', 'https://x.org ', 'https://a@b ', ')', 'h'])(
  '64 KiB of %j take no longer than they should',
  (pattern) => {
    const text = pattern.repeat(Math.floor(65_536 / pattern.length));
    expect(
      linked(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  },
);
