/**
 * The inside of a line of Markdown: emphasis, code, links, mentions (a subset of GFM-MIMI,
 * draft-ietf-mimi-content-08 section 7.1.1).
 *
 * The result is a tree whose leaves are words, shown as text nodes and nothing else: HTML and
 * images are words like any others. Markup that is not closed, or nested too deep, stays as it was
 * typed, so that nothing is ever lost. One pass over the text and over each node that it makes:
 * hostile input takes time in proportion to its length.
 *
 * Words may hold bidirectional controls; the view isolates each link and mention (`<bdi>`).
 */

import type { AccountAddress } from '../base/ids.ts';
import { displayName } from '../base/names.ts';
import {
  linked,
  type Link,
  linkTo,
  MAX_ADDRESS_CHARACTERS,
  targetOf,
  type Words,
} from './links.ts';
import { accountOf } from './text.ts';

/** Styles inside each other; more stay as they were typed. */
export const MAX_STYLE_DEPTH = 8;

/** The end of a line. */
export interface Break {
  readonly kind: 'break';
}

/** Words with a style. */
export interface Styled {
  readonly kind: 'strong' | 'emphasis' | 'strike';
  readonly inner: readonly Inline[];
}

/** A piece of program text. */
export interface Code {
  readonly kind: 'code';
  readonly text: string;
}

/** An account that the writer named; shown as `@` and `name`, which is fit to be shown. */
export interface MentionedAccount {
  readonly kind: 'mention';
  readonly account: AccountAddress;
  readonly name: string;
}

/** Told apart by `kind`. */
export type Inline = Words | Break | Styled | Code | Link | MentionedAccount;

/** The inlines of one paragraph or heading. */
export function parseInlines(markdown: string): readonly Inline[] {
  return new Parser(markdown).parse();
}

/** The words of inlines without their styles, a mention as `@name`. */
export function wordsOf(inlines: readonly Inline[]): string {
  return inlines.map(wordsOfOne).join('');
}

function wordsOfOne(inline: Inline): string {
  switch (inline.kind) {
    case 'break':
      return '\n';
    case 'mention':
      return `@${inline.name}`;
    case 'strong':
    case 'emphasis':
    case 'strike':
      return wordsOf(inline.inner);
    case 'text':
    case 'code':
    case 'link':
      return inline.text;
  }
}

/** Adjacent words joined, and the bare addresses among them made links. */
function finished(nodes: readonly Inline[]): readonly Inline[] {
  const inlines: Inline[] = [];
  let words: string[] = [];
  const flush = () => {
    for (const piece of linked(words.join(''))) {
      inlines.push(piece);
    }
    words = [];
  };
  for (const node of nodes) {
    if (node.kind === 'text') {
      words.push(node.text);
      continue;
    }
    flush();
    inlines.push('inner' in node ? { kind: node.kind, inner: finished(node.inner) } : node);
  }
  flush();
  return inlines;
}

type Character = '*' | '_' | '~';

/** An opening run of `size` characters that waits for its end; its words are node `index`. */
interface Opener {
  readonly character: Character;
  readonly index: number;
  size: number;
}

/** A `[`: its node, and whether `@` follows, as it does in a mention. */
interface Bracket {
  readonly index: number;
  readonly isMention: boolean;
}

const ESCAPABLE = /[!-/:-@[-`{-~]/;
const SPACE = /[\s\p{Z}]/u;
const PUNCTUATION = /[\p{P}$+<=>^`|~]/u;
/** Balanced parentheses inside an address. */
const MAX_PARENTHESES = 4;
const STYLE_OF_SIZE = { 1: 'emphasis', 2: 'strong' } as const;

/** A cursor over one paragraph, and the nodes made so far. */
class Parser {
  readonly #source: string;
  #at = 0;
  readonly #nodes: Inline[] = [];
  /** How many styles are inside each other in each node. */
  readonly #depths: number[] = [];
  #words: string[] = [];
  readonly #openers: Opener[] = [];
  /** How many openers there are of each character and size, so that a hopeless search is none. */
  readonly #waiting = new Map<string, number>();
  /** Each `[` that may begin a link. */
  #brackets: Bracket[] = [];
  #ticks: TickRuns | null = null;
  #isTooDeep = false;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): readonly Inline[] {
    while (this.#at < this.#source.length) {
      this.#step(this.#source.charAt(this.#at));
    }
    this.#flush();
    return finished(this.#nodes);
  }

  #step(character: string): void {
    switch (character) {
      case '\\':
        this.#escape();
        break;
      case '\n':
        this.#push({ kind: 'break' });
        this.#at += 1;
        break;
      case '`':
        this.#code();
        break;
      case '*':
      case '_':
      case '~':
        this.#run(character);
        break;
      case '[':
        this.#openBracket();
        break;
      case ']':
        this.#closeBracket();
        break;
      default:
        this.#plain();
    }
  }

  /** Everything up to the next character that may mean something. */
  #plain(): void {
    const special = /[\\\n`*_~[\]]/g;
    special.lastIndex = this.#at + 1;
    const end = special.exec(this.#source)?.index ?? this.#source.length;
    this.#words.push(this.#source.slice(this.#at, end));
    this.#at = end;
  }

  /** A node after the words before it; answers its place. */
  #push(node: Inline, depth = 0): number {
    this.#flush();
    this.#depths.push(depth);
    return this.#nodes.push(node) - 1;
  }

  #flush(): void {
    if (this.#words.length > 0) {
      this.#nodes.push({ kind: 'text', text: this.#words.join('') });
      this.#depths.push(0);
      this.#words = [];
    }
  }

  #escape(): void {
    const next = this.#source.charAt(this.#at + 1);
    if (next === '\n') {
      this.#at += 1;
    } else if (ESCAPABLE.test(next)) {
      this.#words.push(next);
      this.#at += 2;
    } else {
      this.#words.push('\\');
      this.#at += 1;
    }
  }

  #code(): void {
    const size = runLength(this.#source, this.#at);
    const start = this.#at + size;
    this.#ticks ??= new TickRuns(this.#source);
    const end = this.#ticks.next(size, start);
    if (end === null) {
      this.#words.push('`'.repeat(size));
      this.#at = start;
      return;
    }
    const inside = this.#source.slice(start, end).replaceAll('\n', ' ');
    const isPadded = inside.startsWith(' ') && inside.endsWith(' ') && inside.trim() !== '';
    this.#push({ kind: 'code', text: isPadded ? inside.slice(1, -1) : inside });
    this.#at = end + size;
  }

  // --- emphasis --------------------------------------------------------------------------------

  #run(character: Character): void {
    const size = runLength(this.#source, this.#at);
    const { opens, closes } = this.#flanking(character, size);
    this.#at += size;
    const isMarkup = character === '~' ? size === 2 : size <= 3;
    let left = size;
    if (isMarkup && closes) {
      left = this.#close(character, size);
    }
    if (left === 0) {
      return;
    }
    const text = character.repeat(left);
    if (isMarkup && opens && !this.#isTooDeep) {
      const index = this.#push({ kind: 'text', text });
      this.#openers.push({ character, index, size: left });
      this.#count(character, left, 1);
    } else {
      this.#words.push(text);
    }
  }

  /** Whether the run can begin or end a style (GFM section 6.4, by its neighbours). */
  #flanking(character: Character, size: number): { opens: boolean; closes: boolean } {
    const before = characterBefore(this.#source, this.#at);
    const after = characterAt(this.#source, this.#at + size);
    const isAfterSpace = before === '' || SPACE.test(before);
    const isBeforeSpace = after === '' || SPACE.test(after);
    const isAfterSign = PUNCTUATION.test(before);
    const isBeforeSign = PUNCTUATION.test(after);
    const left = !isBeforeSpace && (!isBeforeSign || isAfterSpace || isAfterSign);
    const right = !isAfterSpace && (!isAfterSign || isBeforeSpace || isBeforeSign);
    return character === '_'
      ? { opens: left && (!right || isAfterSign), closes: right && (!left || isBeforeSign) }
      : { opens: left, closes: right };
  }

  /** Ends what a run of `size` can end; answers how much of the run is left. */
  #close(character: Character, size: number): number {
    let left = size;
    while (left > 0 && !this.#isTooDeep) {
      const fits = left === 3 ? [1, 2, 3] : [left, 3];
      if (!fits.some((each) => this.#count(character, each) > 0)) {
        break;
      }
      const opener = this.#takeOpener(character, fits);
      if (opener === undefined) {
        break;
      }
      left -= this.#wrap(opener, left);
    }
    return left;
  }

  /** The last opener that fits; those after it stay words. */
  #takeOpener(character: Character, fits: readonly number[]): Opener | undefined {
    for (let opener = this.#openers.pop(); opener !== undefined; opener = this.#openers.pop()) {
      this.#count(opener.character, opener.size, -1);
      if (opener.character === character && fits.includes(opener.size)) {
        return opener;
      }
    }
    return undefined;
  }

  /** Puts a style around everything after the opener; answers how many characters that took. */
  #wrap(opener: Opener, left: number): number {
    this.#flush();
    const first = opener.index + 1;
    const depth = 1 + this.#depths.slice(first).reduce((most, each) => Math.max(most, each), 0);
    if (depth > MAX_STYLE_DEPTH) {
      this.#isTooDeep = true;
      return 0;
    }
    const isStrike = opener.character === '~';
    const used = opener.size === left ? (left === 3 ? 1 : left) : Math.min(opener.size, left);
    const kind = isStrike ? 'strike' : STYLE_OF_SIZE[used === 1 ? 1 : 2];
    const inner = this.#nodes.splice(first);
    this.#depths.length = first;
    while ((this.#brackets.at(-1)?.index ?? -1) > opener.index) {
      this.#brackets.pop();
    }
    opener.size -= used;
    this.#nodes[opener.index] = { kind: 'text', text: opener.character.repeat(opener.size) };
    if (opener.size > 0) {
      this.#openers.push(opener);
      this.#count(opener.character, opener.size, 1);
    }
    this.#push({ kind, inner }, depth);
    return used;
  }

  /** How many such openers wait, after changing it by `change`. */
  #count(character: Character, size: number, change = 0): number {
    const key = `${character}${size}`;
    const count = (this.#waiting.get(key) ?? 0) + change;
    this.#waiting.set(key, count);
    return count;
  }

  // --- links -----------------------------------------------------------------------------------

  #openBracket(): void {
    const index = this.#push({ kind: 'text', text: '[' });
    this.#at += 1;
    this.#brackets.push({ index, isMention: this.#source.charAt(this.#at) === '@' });
  }

  #closeBracket(): void {
    const bracket = this.#brackets.pop();
    const place = bracket === undefined ? null : this.#place();
    // The label is read only when it is certain to be taken away: it may be as long as the text.
    const make = bracket === undefined || place === null ? null : maker(bracket, place.address);
    if (bracket === undefined || place === null || make === null) {
      this.#words.push(']');
      this.#at += 1;
      return;
    }
    this.#flush();
    const label = wordsOf(this.#nodes.splice(bracket.index).slice(1));
    this.#depths.length = bracket.index;
    while ((this.#openers.at(-1)?.index ?? -1) >= bracket.index) {
      const opener = this.#openers.pop();
      if (opener !== undefined) {
        this.#count(opener.character, opener.size, -1);
      }
    }
    this.#brackets = [];
    this.#push(make(label));
    this.#at = place.end;
  }

  /** The `(address "title")` after a bracket; the title is dropped. */
  #place(): { readonly address: string; readonly end: number } | null {
    if (this.#source.charAt(this.#at + 1) !== '(') {
      return null;
    }
    const start = skipSpace(this.#source, this.#at + 2);
    const found = readAddress(this.#source, start);
    if (found === null) {
      return null;
    }
    let end = skipSpace(this.#source, found.end);
    if (end > found.end && this.#source.charAt(end) === '"') {
      const closing = this.#source.indexOf('"', end + 1);
      end = closing === -1 ? this.#source.length : skipSpace(this.#source, closing + 1);
    }
    return this.#source.charAt(end) === ')' ? { address: found.address, end: end + 1 } : null;
  }
}

/** What makes the node of a label and its address, null when the address leads nowhere. */
function maker(bracket: Bracket, address: string): ((label: string) => Inline) | null {
  const account = bracket.isMention && address.startsWith('mimi:') ? accountOf(address) : null;
  if (account !== null) {
    return (label) => ({
      kind: 'mention',
      account,
      name: displayName(label.slice(1), account.name),
    });
  }
  const target = targetOf(address);
  return target === null ? null : (label) => linkTo(target, label);
}

/** Where the backtick runs of each length are; asked for places that never go back. */
class TickRuns {
  readonly #starts = new Map<number, number[]>();
  readonly #passed = new Map<number, number>();

  constructor(source: string) {
    for (const { 0: run, index } of source.matchAll(/`+/g)) {
      const starts = this.#starts.get(run.length);
      if (starts === undefined) {
        this.#starts.set(run.length, [index]);
      } else {
        starts.push(index);
      }
    }
  }

  /** The first run of exactly this size at or after `at`. */
  next(size: number, at: number): number | null {
    const starts = this.#starts.get(size) ?? [];
    let passed = this.#passed.get(size) ?? 0;
    while ((starts[passed] ?? at) < at) {
      passed += 1;
    }
    this.#passed.set(size, passed);
    return starts[passed] ?? null;
  }
}

/** How often the character at `at` stands there in a row. */
function runLength(source: string, at: number): number {
  const character = source.charAt(at);
  let end = at + 1;
  while (source.charAt(end) === character) {
    end += 1;
  }
  return end - at;
}

function characterAt(source: string, at: number): string {
  const point = source.codePointAt(at);
  return point === undefined ? '' : String.fromCodePoint(point);
}

function characterBefore(source: string, at: number): string {
  const isPair = at > 1 && (source.codePointAt(at - 2) ?? 0) > 0xffff;
  return characterAt(source, isPair ? at - 2 : at - 1);
}

function skipSpace(source: string, at: number): number {
  let end = at;
  while (source.charAt(end) === ' ' || source.charAt(end) === '\n') {
    end += 1;
  }
  return end;
}

/** An address with its escapes taken off, up to a space or a parenthesis that closes more. */
function readAddress(source: string, start: number) {
  let address = '';
  let open = 0;
  let at = start;
  for (; at < source.length && at - start <= MAX_ADDRESS_CHARACTERS; at += 1) {
    const character = source.charAt(at);
    if (character === '<' || open > MAX_PARENTHESES) {
      return null;
    }
    if (character === ' ' || character === '\n' || (character === ')' && open === 0)) {
      return { address, end: at };
    }
    const next = source.charAt(at + 1);
    if (character === '\\' && ESCAPABLE.test(next)) {
      address += next;
      at += 1;
      continue;
    }
    open += character === '(' ? 1 : character === ')' ? -1 : 0;
    address += character;
  }
  return null;
}
