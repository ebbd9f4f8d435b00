/** Messages as they are shown: paragraphs, quotes, lists, program text. */

import { describe, expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import {
  type Block,
  blocksOf,
  MAX_BLOCK_DEPTH,
  parseMarkdown,
  parsePlain,
  textOf,
} from '../../src/content/blocks.ts';
import { wordsOf } from '../../src/content/inline.ts';
import { MimiContent, MultiPart, NullPart, Semantics, SinglePart } from '../../src/content/mimi.ts';
import { markdownPart, mentionMessage, textMessage, textPart } from '../../src/content/text.ts';
import { forAll } from '../mls/random.ts';
import { anyText, textOfPieces } from './chance.ts';
import { ANNA, SALT } from './samples.ts';

const salt = SALT;

/** The tree as a line. */
function drawn(blocks: readonly Block[]): string {
  return blocks.map(drawnOne).join(' ');
}

function drawnOne(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return `<${wordsOf(block.inner)}>`;
    case 'heading':
      return `h${block.level}<${wordsOf(block.inner)}>`;
    case 'code':
      return `code:${block.language}<${block.text}>`;
    case 'quote':
      return `quote(${drawn(block.blocks)})`;
    case 'list':
      return `list:${block.start ?? ''}(${block.items.map(drawn).join(' | ')})`;
  }
}

function parsed(...lines: readonly string[]): string {
  return drawn(parseMarkdown(lines.join('\n')));
}

describe('paragraphs', () => {
  test('end at a blank line, and the end of a line is shown', () => {
    expect(parsed('a', 'b', '', ' ', 'c')).toBe('<a\nb> <c>');
    expect(parseMarkdown('a\r\nb')).toEqual(parseMarkdown('a\nb'));
    expect(parsed('', ' ', '\t')).toBe('');
    expect(parsed('')).toBe('');
  });

  test('keep their spaces', () => {
    expect(parsed('  a  ', '    b')).toBe('<  a  \n    b>');
  });

  test('hold styles over several lines, but not over two paragraphs', () => {
    expect(parseMarkdown('*a\nb*')).toMatchObject([{ inner: [{ kind: 'emphasis' }] }]);
    expect(parsed('*a', '', 'b*')).toBe('<*a> <b*>');
  });
});

describe('headings', () => {
  test.each([
    ['# a', 'h1<a>'],
    ['###### a', 'h6<a>'],
    ['## a ##', 'h2<a>'],
    ['## a#', 'h2<a#>'],
    ['## a \\#', 'h2<a #>'],
    ['#', 'h1<>'],
    ['# #', 'h1<>'],
    ['   # a', 'h1<a>'],
    ['####### a', '<####### a>'],
    ['#a', '<#a>'],
    ['\\# a', '<# a>'],
    ['# *a*', 'h1<a>'],
  ])('%j is %j', (line, tree) => {
    expect(parsed(line)).toBe(tree);
  });

  test('stand between paragraphs without a blank line', () => {
    expect(parsed('a', '# b', 'c')).toBe('<a> h1<b> <c>');
  });
});

describe('program text', () => {
  test('is as it was written', () => {
    expect(parsed('```python', '  a *b*', '', '# c', '```', 'd')).toBe(
      'code:python<  a *b*\n\n# c> <d>',
    );
    expect(parsed('~~~', '```', '~~~')).toBe('code:<```>');
  });

  test('ends with a fence at least as long, or with the message', () => {
    expect(parsed('````', '```', '`````', 'a')).toBe('code:<```> <a>');
    expect(parsed('```', 'a', '~~~')).toBe('code:<a\n~~~>');
    expect(parsed('```', '``` x', '```')).toBe('code:<``` x>');
    expect(parsed('```')).toBe('code:<>');
  });

  test('takes the indentation of its fence away', () => {
    expect(parsed('  ```', '  a', '    b', 'c', '  ```')).toBe('code:<a\n  b\nc>');
  });

  test('has a language that is a word', () => {
    expect(parsed('``` c++ x', '```')).toBe('code:c++<>');
    expect(parsed('```"><script>', '```')).toBe('code:<>');
    expect(parsed(`\`\`\`${'x'.repeat(33)}`, '```')).toBe('code:<>');
    expect(parsed('```a`b', 'c')).toBe('<```a`b\nc>');
  });

  test('interrupts a paragraph', () => {
    expect(parsed('a', '```', 'b', '```')).toBe('<a> code:<b>');
  });
});

describe('quotes', () => {
  test('end with their last marked line', () => {
    expect(parsed('> a', '> b', 'c')).toBe('quote(<a\nb>) <c>');
    expect(parsed('a', '> b')).toBe('<a> quote(<b>)');
    expect(parsed('> a', '', '> b')).toBe('quote(<a>) quote(<b>)');
    expect(parsed('>a', '>', '>  b')).toBe('quote(<a> < b>)');
  });

  test('hold everything', () => {
    expect(parsed('> # a', '> - b', '> ```', '> c', '> ```', '> > d')).toBe(
      'quote(h1<a> list:(<b>) code:<c> quote(<d>))',
    );
  });

  test('are as deep as they may be, and then words', () => {
    const tree = parsed('>'.repeat(MAX_BLOCK_DEPTH + 2) + ' a');
    expect(tree).toBe('quote('.repeat(MAX_BLOCK_DEPTH) + '<>> a>' + ')'.repeat(MAX_BLOCK_DEPTH));
  });
});

describe('lists', () => {
  test.each([
    [['- a', '- b'], 'list:(<a> | <b>)'],
    [['* a', '+ b'], 'list:(<a>) list:(<b>)'],
    [['1. a', '2. b'], 'list:1(<a> | <b>)'],
    [['3) a', '7) b'], 'list:3(<a> | <b>)'],
    [['1. a', '1) b'], 'list:1(<a>) list:1(<b>)'],
    [['- a', '', '- b'], 'list:(<a> | <b>)'],
    [['- a', '  b', '', '  c'], 'list:(<a\nb> <c>)'],
    [['- a', 'b'], 'list:(<a>) <b>'],
    [['- a', '', 'b'], 'list:(<a>) <b>'],
    [['- a', '  - b', '    - c', '- d'], 'list:(<a> list:(<b> list:(<c>)) | <d>)'],
    [['1. a', '   - b', '2. c'], 'list:1(<a> list:(<b>) | <c>)'],
    [['- ', '- a'], 'list:( | <a>)'],
    [['-', '- a'], 'list:( | <a>)'],
    [['- # a', '- > b'], 'list:(h1<a> | quote(<b>))'],
    [['-      a'], 'list:(<     a>)'],
    [['a', '- b'], '<a> list:(<b>)'],
    [['a', '1. b'], '<a> list:1(<b>)'],
    [['a', '1986. b'], '<a\n1986. b>'],
    [['a', '-'], '<a\n->'],
    [['24. Dezember'], 'list:24(<Dezember>)'],
    [['1234567890. a'], '<1234567890. a>'],
    [['-a', '1.a', '1 a'], '<-a\n1.a\n1 a>'],
    [['---'], '<--->'],
    [['\\- a', '1\\. b'], '<- a\n1. b>'],
    [['**a** b'], '<a b>'],
  ])('%j is %j', (lines, tree) => {
    expect(parsed(...lines)).toBe(tree);
  });

  test('are as deep as they may be, and then words', () => {
    const tree = parsed('- '.repeat(MAX_BLOCK_DEPTH + 2) + 'a');
    expect(tree).toBe('list:('.repeat(MAX_BLOCK_DEPTH) + '<- - a>' + ')'.repeat(MAX_BLOCK_DEPTH));
  });
});

describe('plain words', () => {
  test('have no markup, but links and lines', () => {
    expect(parsePlain('*a* > b\n\n# c [d](https://x.org)')).toEqual([
      {
        kind: 'paragraph',
        inner: [
          { kind: 'text', text: '*a* > b' },
          { kind: 'break' },
          { kind: 'break' },
          { kind: 'text', text: '# c [d](' },
          {
            kind: 'link',
            href: 'https://x.org/',
            host: 'x.org',
            bare: true,
            text: 'https://x.org',
          },
          { kind: 'text', text: ')' },
        ],
      },
    ]);
    expect(parsePlain(' \n')).toEqual([]);
  });

  test('read as they were typed', () => {
    forAll(500, (chance) => {
      const text = anyText(chance, 200);
      const wanted = text.trim() === '' ? '' : text.replaceAll('\r\n', '\n');
      expect(textOf(parsePlain(text))).toBe(wanted);
    });
  });
});

describe('messages', () => {
  function of(...parts: readonly (SinglePart | NullPart)[]): MimiContent {
    return new MimiContent({
      salt,
      part: new MultiPart({ semantics: Semantics.PROCESS_ALL, parts }),
    });
  }

  test('typed words are no markup, Markdown is', () => {
    expect(drawn(blocksOf(textMessage('# a', { salt })))).toBe('<# a>');
    expect(drawn(blocksOf(of(markdownPart('# a'), textPart('# b'))))).toBe('h1<a> <# b>');
    expect(blocksOf(new MimiContent({ salt, part: new NullPart() }))).toEqual([]);
  });

  test('what cannot be read is named', () => {
    const html = new SinglePart({ contentType: 'text/html', content: utf8('<b>') });
    expect(drawn(blocksOf(of(html, textPart('a'))))).toBe('<[text/html]> <a>');
  });

  test('the wanted language is shown', () => {
    const parts = [
      textPart('deutsch', { language: 'de' }),
      markdownPart('*english*', { language: 'en' }),
    ];
    const part = new MultiPart({ semantics: Semantics.CHOOSE_ONE, parts });
    const content = new MimiContent({ salt, part });
    expect(drawn(blocksOf(content, ['en']))).toBe('<english>');
    expect(drawn(blocksOf(content, ['de']))).toBe('<deutsch>');
  });

  const PIECES = [
    ...['*', '_', '~~', '`', '```', '[', ']', '(', ')', '\\', '\n', '\n\n', ' ', '   ', '\t', '#'],
    ...[
      '> ',
      '- ',
      '+ ',
      '1. ',
      '1) ',
      '2',
      '.',
      '&',
      '|',
      '<',
      '!',
      '@',
      'a',
      'ä',
      '🙂',
      ':',
      '=',
    ],
    ...['https://x.org/a_b', '[@a](mimi://x.org/u/a)', '~~~', '---', '\r', '\u2028', '\u202e'],
  ];

  test('the words around a mention are shown as typed', () => {
    forAll(3000, (chance) => {
      const words = textOfPieces(chance, PIECES, 30);
      const content = mentionMessage([words, { account: ANNA, name: 'Anna' }], { salt });
      expect(textOf(blocksOf(content))).toBe(`${words}@Anna`);
    });
  });
});

describe('hostile messages', () => {
  const PIECES = [
    ...['> ', '>', '- ', '* ', '1. ', '9) ', '```', '~~~', '# ', '\n', '\n\n', ' ', '    ', '\t'],
    ...['*a*', '**', '[', '](', '`', 'ä', '🙂', '\\', '\r\n', '\u00a0', '\ud800', '<b>'],
  ];

  test('become a shallow tree with all their words', () => {
    forAll(3000, (chance) => {
      const markdown = chance.pick([anyText(chance, 80), textOfPieces(chance, PIECES, 60)]);
      const blocks = parseMarkdown(markdown);
      expect(depthOf(blocks)).toBeLessThanOrEqual(MAX_BLOCK_DEPTH);
      if (!/```|~~~/.test(markdown)) {
        expect(count(textOf(blocks), 'ä')).toBe(count(markdown, 'ä'));
      }
    });
  });

  test.each([
    ...[
      '>',
      '> ',
      '> > ',
      '- ',
      '* ',
      '1. ',
      '- a\n',
      '> a\n',
      '>\n',
      '-\n',
      '\n',
      ' \n',
      ' ',
      '\t',
    ],
    ...[
      '```',
      '```\n',
      '~~~\n```\n',
      '# ',
      '#',
      '# #\n',
      '#\n',
      '- - \n',
      '> - ',
      '- > ',
      '1.\n',
      'a\n',
    ],
    ...[
      '- a\n\n',
      '  - a\n',
      ' ',
      'a\n\n',
      '>>>>>>>> a\n',
      '- - - - - - - - a\n',
      '- a\n  - b\n',
      '0) ',
    ],
    ...['    a\n', '\\\n', '\r\n', '*\n', '[\n', '`\n', '> *a\n', '| a ', '=\n', '---\n', '\u2028'],
  ])('64 KiB of %j', (pattern) => {
    const markdown = `${pattern.repeat(Math.floor(65_536 / pattern.length))}x`;
    expect(depthOf(parseMarkdown(markdown))).toBeLessThanOrEqual(MAX_BLOCK_DEPTH);
    expect(textOf(parsePlain(markdown))).toBe(markdown.replaceAll('\r\n', '\n'));
  });

  function depthOf(blocks: readonly Block[]): number {
    const inner = (block: Block) =>
      block.kind === 'quote'
        ? 1 + depthOf(block.blocks)
        : block.kind === 'list'
          ? 1 + block.items.reduce((most, item) => Math.max(most, depthOf(item)), 0)
          : 0;
    return blocks.reduce((most, block) => Math.max(most, inner(block)), 0);
  }

  function count(text: string, character: string): number {
    return text.split(character).length - 1;
  }
});
