/**
 * Messages as they are to be shown: a tree of blocks (paragraphs, quotes, lists, program text)
 * whose inside inline.ts reads.
 *
 * A subset of GFM. Other than there, the end of a line is shown as one, and a quote or list ends
 * with its last marked line, as people expect in a chat: nobody's words slide into a quote.
 * Never throws; takes time in proportion to the text.
 */

import { type Inline, parseInlines, wordsOf } from './inline.ts';
import { linked } from './links.ts';
import type { MimiContent } from './mimi.ts';
import { readings } from './text.ts';

/** Quotes and lists inside each other; deeper marks stay as they were typed. */
export const MAX_BLOCK_DEPTH = 6;

export interface Paragraph {
  readonly kind: 'paragraph';
  readonly inner: readonly Inline[];
}

/** `level` from 1, the largest, to 6. */
export interface Heading {
  readonly kind: 'heading';
  readonly level: number;
  readonly inner: readonly Inline[];
}

/** Program text; `language` is a word like `python`, or empty. */
export interface CodeBlock {
  readonly kind: 'code';
  readonly language: string;
  readonly text: string;
}

export interface Quote {
  readonly kind: 'quote';
  readonly blocks: readonly Block[];
}

/** `start` is the number of the first item, null for a list of points. */
export interface List {
  readonly kind: 'list';
  readonly start: number | null;
  readonly items: readonly (readonly Block[])[];
}

/** Told apart by `kind`. */
export type Block = Paragraph | Heading | CodeBlock | Quote | List;

/**
 * What the message has to say, chosen among its parts as `readings` does. Parts that cannot be
 * read are named in brackets.
 */
export function blocksOf(
  content: MimiContent,
  languages: readonly string[] = [],
): readonly Block[] {
  return readings(content, languages).flatMap(({ kind, text }) => {
    switch (kind) {
      case 'markdown':
        return parseMarkdown(text);
      case 'plain':
        return parsePlain(text);
      case 'named':
        return parsePlain(`[${text}]`);
    }
  });
}

/** Words without markup: one paragraph, in which web addresses are links. */
export function parsePlain(text: string): readonly Block[] {
  if (text.trim() === '') {
    return [];
  }
  const inner = linesOf(text).flatMap<Inline>((line, at) =>
    at === 0 ? linked(line) : [{ kind: 'break' }, ...linked(line)],
  );
  return [{ kind: 'paragraph', inner }];
}

/** The blocks of a Markdown text. */
export function parseMarkdown(markdown: string): readonly Block[] {
  return parseLines(linesOf(markdown), 0);
}

/** The words of blocks, a block on a line of its own: for a preview, a search, a screen reader. */
export function textOf(blocks: readonly Block[]): string {
  return blocks.map(textOfOne).join('\n');
}

function textOfOne(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
    case 'heading':
      return wordsOf(block.inner);
    case 'code':
      return block.text;
    case 'quote':
      return textOf(block.blocks);
    case 'list':
      return block.items.map(textOf).join('\n');
  }
}

function linesOf(text: string): readonly string[] {
  return text.replaceAll('\r\n', '\n').split('\n');
}

/** A block and the number of the line after it. */
type Found = readonly [block: Block, next: number];

function parseLines(lines: readonly string[], depth: number): readonly Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length;) {
    if (isBlank(lines[at])) {
      at += 1;
      continue;
    }
    const [block, next] = readBlock(lines, at, depth);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

function readBlock(lines: readonly string[], at: number, depth: number): Found {
  return (
    readCode(lines, at) ??
    readHeading(lines, at) ??
    (depth < MAX_BLOCK_DEPTH
      ? (readQuote(lines, at, depth) ?? readList(lines, at, depth))
      : null) ??
    readParagraph(lines, at, depth)
  );
}

function isBlank(line: string | undefined): boolean {
  return line === undefined || line.trim() === '';
}

// --- program text and headings -------------------------------------------------------------------

const FENCE = /^( {0,3})(`{3,}|~{3,})/;
const LANGUAGE = /^[A-Za-z0-9+#.-]{1,32}$/;

/** The marks of a fence that begins a block of program text, and what follows them. */
function openingFence(line: string) {
  const [whole = '', indent = '', marks = ''] = FENCE.exec(line) ?? [];
  const rest = line.slice(whole.length);
  return marks === '' || (marks.startsWith('`') && rest.includes('`'))
    ? null
    : { indent: indent.length, marks, rest };
}

function readCode(lines: readonly string[], at: number): Found | null {
  const fence = openingFence(lines[at] ?? '');
  if (fence === null) {
    return null;
  }
  const inside: string[] = [];
  let next = at + 1;
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? '';
    if (closes(line, fence.marks)) {
      next += 1;
      break;
    }
    inside.push(line.slice(Math.min(indentOf(line), fence.indent)));
  }
  const word = fence.rest.trim().split(' ', 1)[0] ?? '';
  const language = LANGUAGE.test(word) ? word : '';
  return [{ kind: 'code', language, text: inside.join('\n') }, next];
}

function closes(line: string, marks: string): boolean {
  const [whole = '', , found = ''] = FENCE.exec(line) ?? [];
  return (
    found.startsWith(marks.charAt(0)) &&
    found.length >= marks.length &&
    line.slice(whole.length).trim() === ''
  );
}

function indentOf(line: string): number {
  let spaces = 0;
  while (line.charAt(spaces) === ' ') {
    spaces += 1;
  }
  return spaces;
}

const HEADING = /^ {0,3}(#{1,6})(?=[ \t]|$)/;

function readHeading(lines: readonly string[], at: number): Found | null {
  const line = lines[at] ?? '';
  const [whole = '', marks = ''] = HEADING.exec(line) ?? [];
  if (marks === '') {
    return null;
  }
  const inner = parseInlines(withoutClosingMarks(line.slice(whole.length).trim()));
  return [{ kind: 'heading', level: marks.length, inner }, at + 1];
}

/** A heading may end with marks again: `## Today ##`. */
function withoutClosingMarks(title: string): string {
  let end = title.length;
  while (title.charAt(end - 1) === '#') {
    end -= 1;
  }
  return end === 0 || title.charAt(end - 1) === ' ' ? title.slice(0, end).trim() : title;
}

// --- quotes, lists, paragraphs -------------------------------------------------------------------

const QUOTE = /^ {0,3}> ?/;

function readQuote(lines: readonly string[], at: number, depth: number): Found | null {
  const inside: string[] = [];
  let next = at;
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? '';
    const marks = QUOTE.exec(line)?.[0];
    if (marks === undefined) {
      break;
    }
    inside.push(line.slice(marks.length));
  }
  return next === at ? null : [{ kind: 'quote', blocks: parseLines(inside, depth + 1) }, next];
}

const MARKER = /^( {0,3})([-+*]|[0-9]{1,9}[.)])( +|$)/;

/** What begins an item: `sort` tells lists apart, `column` is where its text begins. */
interface Marker {
  readonly sort: string;
  readonly start: number | null;
  readonly column: number;
  readonly isEmpty: boolean;
}

function markerOf(line: string): Marker | null {
  const [whole = '', indent = '', mark = '', space = ''] = MARKER.exec(line) ?? [];
  if (mark === '') {
    return null;
  }
  const gap = space.length > 4 ? 1 : Math.max(space.length, 1);
  return {
    sort: mark.slice(-1),
    start: mark.length === 1 ? null : Number(mark.slice(0, -1)),
    column: indent.length + mark.length + gap,
    isEmpty: whole.length === line.length,
  };
}

function readList(lines: readonly string[], at: number, depth: number): Found | null {
  const first = markerOf(lines[at] ?? '');
  if (first === null) {
    return null;
  }
  const items: (readonly Block[])[] = [];
  let next = at;
  let marker: Marker | null = first;
  while (marker !== null && marker.sort === first.sort) {
    const [inside, end]: readonly [readonly string[], number] = readItem(
      lines,
      next,
      marker.column,
    );
    items.push(parseLines(inside, depth + 1));
    next = end;
    marker = markerOf(lines[nextWithWords(lines, next)] ?? '');
    next = marker?.sort === first.sort ? nextWithWords(lines, next) : next;
  }
  return [{ kind: 'list', start: first.start, items }, next];
}

/** The lines of an item without their indentation, and the number of the line after it. */
function readItem(
  lines: readonly string[],
  at: number,
  column: number,
): readonly [readonly string[], number] {
  const inside = [(lines[at] ?? '').slice(column)];
  let next = at + 1;
  for (let ahead = next; ahead < lines.length; ahead += 1) {
    const line = lines[ahead] ?? '';
    if (!isBlank(line)) {
      if (indentOf(line) < column) {
        break;
      }
      next = ahead + 1;
    }
    inside.push(line.slice(column));
  }
  return [inside.slice(0, next - at), next];
}

function nextWithWords(lines: readonly string[], at: number): number {
  let next = at;
  while (next < lines.length && isBlank(lines[next])) {
    next += 1;
  }
  return next;
}

function readParagraph(lines: readonly string[], at: number, depth: number): Found {
  let next = at + 1;
  while (next < lines.length && !isBlank(lines[next]) && !interrupts(lines[next] ?? '', depth)) {
    next += 1;
  }
  const inner = parseInlines(lines.slice(at, next).join('\n'));
  return [{ kind: 'paragraph', inner }, next];
}

/** Whether the line ends a paragraph before it: a number other than 1 may be part of a sentence. */
function interrupts(line: string, depth: number): boolean {
  if (openingFence(line) !== null || HEADING.test(line)) {
    return true;
  }
  const marker = depth < MAX_BLOCK_DEPTH ? markerOf(line) : null;
  const isItem = marker !== null && !marker.isEmpty && (marker.start ?? 1) === 1;
  return isItem || (depth < MAX_BLOCK_DEPTH && QUOTE.test(line));
}
