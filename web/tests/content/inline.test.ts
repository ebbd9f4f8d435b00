/** Emphasis, code, links and mentions; hostile markup is words. */

import { describe, expect, test } from 'vitest';

import { type Inline, MAX_STYLE_DEPTH, parseInlines, wordsOf } from '../../src/content/inline.ts';
import { forAll } from '../mls/random.ts';
import { anyText, textOfPieces } from './chance.ts';
import { ANNA } from './samples.ts';

/** The tree as a line: styles as tags that are not HTML. */
function drawn(inlines: readonly Inline[]): string {
  return inlines.map(drawnOne).join('');
}

function drawnOne(inline: Inline): string {
  switch (inline.kind) {
    case 'text':
      return inline.text;
    case 'break':
      return '⏎';
    case 'code':
      return `{code ${inline.text}}`;
    case 'link':
      return `{link ${inline.text}|${inline.href}}`;
    case 'mention':
      return `{mention ${inline.name}|${inline.account.toString()}}`;
    case 'strong':
    case 'emphasis':
    case 'strike':
      return `{${inline.kind} ${drawn(inline.inner)}}`;
  }
}

function parsed(markdown: string): string {
  return drawn(parseInlines(markdown));
}

describe('emphasis', () => {
  test.each([
    ['*a*', '{emphasis a}'],
    ['_a_', '{emphasis a}'],
    ['**a**', '{strong a}'],
    ['__a__', '{strong a}'],
    ['~~a~~', '{strike a}'],
    ['***a***', '{strong {emphasis a}}'],
    ['***a** b*', '{emphasis {strong a} b}'],
    ['***a* b**', '{strong {emphasis a} b}'],
    ['**a *b***', '{strong a {emphasis b}}'],
    ['*a **b***', '{emphasis a {strong b}}'],
    ['*a **b** c*', '{emphasis a {strong b} c}'],
    ['**a _b_ ~~c~~**', '{strong a {emphasis b} {strike c}}'],
    ['*foo**bar**baz*', '{emphasis foo{strong bar}baz}'],
    ['a*b*c', 'a{emphasis b}c'],
    ['a_b_c', 'a_b_c'],
    ['snake_case_name and __init__.py', 'snake_case_name and {strong init}.py'],
    ['_a_.', '{emphasis a}.'],
    ['*a*b', '{emphasis a}b'],
    ['"*a*"', '"{emphasis a}"'],
    ['*ä🙂*', '{emphasis ä🙂}'],
    ['🙂*a*🙂', '🙂{emphasis a}🙂'],
    ['**🙂**', '{strong 🙂}'],
    ['*a\nb*', '{emphasis a⏎b}'],
  ])('%j is %j', (markdown, tree) => {
    expect(parsed(markdown)).toBe(tree);
  });

  test.each([
    ...[
      '*',
      '**',
      '***',
      '****',
      '*a',
      'a*',
      '* a *',
      '** a **',
      '*a_',
      '2 * 3 * 4',
      '5*3',
      '*a**',
    ],
    ...['~a~', '~~~a~~~', '****a****', '~~a', '__', '_a', '\u00a0*\u00a0a*', '*\u3000a*', '_ _'],
  ])('%j stays as it is', (markdown) => {
    expect(parsed(markdown)).toBe(markdown.replace('*a**', '*a**'));
  });

  test('markup that overlaps belongs to what closes first', () => {
    expect(parsed('*a _b* c_')).toBe('{emphasis a _b} c_');
    expect(parsed('**a *b**')).toBe('{strong a *b}');
    expect(parsed('*a **b*')).toBe('{emphasis a **b}');
    expect(parsed('~~a **b~~ c**')).toBe('{strike a **b} c**');
  });

  test('what is deeper than it should be stays words', () => {
    const deep = '*a **b '.repeat(50) + 'c' + '** *'.replace(' ', 'x').repeat(50);
    expect(depthOf(parseInlines(deep))).toBeLessThanOrEqual(MAX_STYLE_DEPTH);
    const nested = '_*'.repeat(100) + 'a' + '*_'.repeat(100);
    expect(depthOf(parseInlines(nested))).toBeLessThanOrEqual(MAX_STYLE_DEPTH);
    expect(wordsOf(parseInlines(nested)).replace(/[*_]/g, '')).toBe('a');
  });
});

function depthOf(inlines: readonly Inline[]): number {
  return inlines.reduce(
    (most, inline) => Math.max(most, 'inner' in inline ? 1 + depthOf(inline.inner) : 0),
    0,
  );
}

test.each([
  ['`a`', '{code a}'],
  ['``a`b``', '{code a`b}'],
  ['`` `a` ``', '{code `a`}'],
  ['` `', '{code  }'],
  ['`a\nb`', '{code a b}'],
  ['`*a*` *b*', '{code *a*} {emphasis b}'],
  ['*`a*`', '*{code a*}'],
  ['`<b>`', '{code <b>}'],
  ['`a\\`b`', '{code a\\}b`'],
  ['\\`a`', '`a`'],
  ['`a', '`a'],
  ['``a`', '``a`'],
  ['``a` `b`', '``a{code  }b`'],
  ['`https://x.org`', '{code https://x.org}'],
])('program text: %j is %j', (markdown, tree) => {
  expect(parsed(markdown)).toBe(tree);
});

test.each([
  ['\\*a\\*', '*a*'],
  ['\\\\', '\\'],
  ['a\\', 'a\\'],
  ['\\a', '\\a'],
  ['\\ä', '\\ä'],
  ['a\\\nb', 'a⏎b'],
  ['a\nb', 'a⏎b'],
  ['\\[a](https://x.org)', '[a]({link https://x.org|https://x.org/})'],
  ['https://x.org/a\\_b\\_c', '{link https://x.org/a_b_c|https://x.org/a_b_c}'],
  ['&amp; &lt;b&gt;', '&amp; &lt;b&gt;'],
])('escapes: %j is %j', (markdown, tree) => {
  expect(parsed(markdown)).toBe(tree);
});

describe('links', () => {
  test.each([
    ['[a](https://x.org)', '{link a|https://x.org/}'],
    ['[a](  https://x.org  )', '{link a|https://x.org/}'],
    ['[a](https://x.org "title")', '{link a|https://x.org/}'],
    ['[a](https://x.org/b_(c))', '{link a|https://x.org/b_(c)}'],
    ['[a](https://x.org/\\))', '{link a|https://x.org/)}'],
    ['[*a* `b`](https://x.org)', '{link a b|https://x.org/}'],
    ['*[a](https://x.org)*', '{emphasis {link a|https://x.org/}}'],
    ['[a](mailto:b@c.de)', '{link a|mailto:b@c.de}'],
    ['[a](tel:+49301)', '{link a|tel:+49301}'],
    ['[](https://x.org)', '{link https://x.org|https://x.org/}'],
    ['![a](https://x.org/a.png)', '!{link a|https://x.org/a.png}'],
    ['[a [b](https://x.org) c](https://y.org)', '[a {link b|https://x.org/} c]({link https://y.org|https://y.org/})'], // prettier-ignore
    ['[a](https://x.org)[b](https://y.org)', '{link a|https://x.org/}{link b|https://y.org/}'],
    ['[*a](https://x.org)*', '{link *a|https://x.org/}*'],
    ['[https://bank.de](https://evil.org)', '{link https://bank.de|https://evil.org/}'],
    ['(see https://x.org/)', '(see {link https://x.org/|https://x.org/})'],
    ['**https://x.org**', '{strong {link https://x.org|https://x.org/}}'],
  ])('%j is %j', (markdown, tree) => {
    expect(parsed(markdown)).toBe(tree);
  });

  test.each([
    ...[
      '[a](javascript:alert(1))',
      '[a](data:text/html,x)',
      '[a](x)',
      '[a]()',
      '[a](',
      '[a]',
      '[',
      ']',
    ],
    ...[
      '[a] (x:y)',
      '[a](mimi://example.org/u/anna)',
      '[@a](mimi://example.org/r/00)',
      '[a](((((((x)',
    ],
    ...[
      '[a](<javascript:x>)',
      '[a][b]',
      '[a]: x',
      '[[[',
      ']]]',
      '[a](b "c',
      '[a](b "c" d)',
      '](x)',
    ],
    ...[
      '<a href="x">',
      '<script>alert(1)</script>',
      '<img src=x onerror=y>',
      '<!-- x -->',
      '&#106;',
    ],
  ])('%j stays as it is', (markdown) => {
    expect(parsed(markdown)).toBe(markdown);
  });

  test('a label that is not the address is told', () => {
    expect(parseInlines('[https://bank.de](https://evil.org)')).toEqual([
      {
        kind: 'link',
        href: 'https://evil.org/',
        host: 'evil.org',
        bare: false,
        text: 'https://bank.de',
      },
    ]);
  });

  test('a tree has no scheme but the four', () => {
    for (const scheme of ['javascript', 'data', 'vbscript', 'file', 'mimi', 'ftp', 'x']) {
      for (const spelled of [scheme, scheme.toUpperCase(), ` ${scheme}`, `\\${scheme}`]) {
        expect(parsed(`[a](${spelled}:x)`)).not.toContain('{link');
      }
    }
  });
});

describe('mentions', () => {
  const link = `(${ANNA.uri})`;

  test.each([
    [`[@Anna]${link}`, '{mention Anna|anna@example.org}'],
    [`*[@Anna]${link}*`, '{emphasis {mention Anna|anna@example.org}}'],
    [`[@]${link}`, '{mention anna|anna@example.org}'],
    [`[@A\\]b]${link}`, '{mention A]b|anna@example.org}'],
    [`[@\u202eannA\u200b]${link}`, '{mention annA|anna@example.org}'],
    [`[@ Anna\nK ]${link}`, '{mention Anna K|anna@example.org}'],
    [`[@${'x'.repeat(500)}]${link}`, `{mention ${'x'.repeat(63)}…|anna@example.org}`],
    [`[@a [@b]${link}]${link}`, `[@a {mention b|anna@example.org}]${link}`],
  ])('%.40j is %.60j', (markdown, tree) => {
    expect(parsed(markdown)).toBe(tree);
  });

  test('a mention reads as its name', () => {
    expect(wordsOf(parseInlines(`Hallo **[@Anna]${link}**!`))).toBe('Hallo @Anna!');
  });
});

test('adjacent words are one node', () => {
  expect(parseInlines('a * b [c] \\* _')).toEqual([{ kind: 'text', text: 'a * b [c] * _' }]);
  expect(parseInlines('')).toEqual([]);
});

const PIECES = [
  ...['*', '**', '***', '_', '__', '~~', '`', '``', '[', ']', '(', ')', '](', '!', '\\', '\n', ' '],
  ...['a', 'ä', '🙂', '.', '"', 'https://x.org', '](https://x.org)', '[@', '](mimi://x.org/u/a)'],
  ...['javascript:', '<b>', '\u202e', '\ud800', '\u00a0'],
];

test('whatever is written, it becomes a shallow tree with all its words', () => {
  forAll(3000, (chance) => {
    const markdown = chance.pick([anyText(chance, 80), textOfPieces(chance, PIECES, 60)]);
    const inlines = parseInlines(markdown);
    expect(depthOf(inlines)).toBeLessThanOrEqual(MAX_STYLE_DEPTH);
    // An address keeps its letters in another spelling, and a name may be too long to keep all.
    if (!/\{(?:link|mention) /.test(drawn(inlines))) {
      expect(count(drawn(inlines), 'ä')).toBe(count(markdown, 'ä'));
    }
    for (const [, href] of drawn(inlines).matchAll(/\{link [^|]*\|([^}]*)\}/g)) {
      expect(href).toMatch(/^https?:\/\//);
    }
  });
});

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

/** Each fills 64 KiB; a parser that goes back at each piece would take minutes. */
const HOSTILE = [
  ...['*', '**', '_', '~~', '`', '[', ']', '(', '\\', '!', '*a', 'a*', '*a ', 'a**', '*_', '*a_ '],
  ...['*a **b ', '**a*b', '_a*', ' *a', 'a* ', '[](', '[a](', '[a](b ', '](', '[a](b "', '[a](\\('],
  ...[
    '[a]((',
    '](x:y)',
    '[](https://x.org/',
    '[*](',
    '*[',
    '[*a*](x',
    '`a``',
    '``a`b',
    'a\n',
    '\\\n',
  ],
  ...[
    '[@](mimi:',
    '[@a](mimi://x.org/u/a)',
    '[@](mimi:x)',
    'http://',
    'https://x.org/*',
    '<b>',
    '🙂*',
  ],
];

test.each(HOSTILE)('64 KiB of %j', (pattern) => {
  const markdown = pattern.repeat(Math.floor(65_536 / pattern.length));
  expect(parseInlines(markdown).length).toBeGreaterThan(0);
});

test.each([
  ['[', '](x:y)'],
  ['[', '](https://x.org)'],
  ['[@', '](mimi://x.org/u/a)'],
  ['[@', '](mimi://x.org/r/a)'],
  ['*a ', ' b*'],
  ['**a *b ', ' c* d**'],
  ['_a *', '* b_'],
  ['`a', 'b``'],
  ['(', ')'],
])('32 KiB of %j, then as many of %j', (first, second) => {
  const size = Math.floor(65_536 / (first.length + second.length));
  const inlines = parseInlines(`${first.repeat(size)}x${second.repeat(size)}`);
  expect(depthOf(inlines)).toBeLessThanOrEqual(MAX_STYLE_DEPTH);
});
