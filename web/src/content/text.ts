/**
 * Messages of words: what people write, and how any message reads as text.
 *
 * Plain words travel as text/plain, mentions as GFM-MIMI Markdown (draft-ietf-mimi-content-08
 * sections 5 and 7.1). Salts are arguments: 16 random bytes, new for each message.
 */

import { lenientTextFrom, utf8 } from '../base/bytes.ts';
import { AccountAddress, type MessageId, NameRefused } from '../base/ids.ts';
import { ContentError } from './errors.ts';
import {
  Cardinality,
  Disposition,
  type Expiration,
  leaves,
  MimiContent,
  NullPart,
  type Part,
  Semantics,
  SinglePart,
  TEXT_MARKDOWN,
  TEXT_PLAIN,
} from './mimi.ts';

/** One emoji with all its joiners; a reaction is a sign, not a speech. */
export const MAX_REACTION_BYTES = 64;

/** An account named in a text, shown as `@name`. */
export interface Mention {
  readonly account: AccountAddress;
  readonly name: string;
}

/** Words without markup. Throws ContentError. */
export function textPart(
  text: string,
  fields: { readonly language?: string; readonly disposition?: number } = {},
): SinglePart {
  return new SinglePart({ ...fields, contentType: TEXT_PLAIN, content: encoded(text) });
}

/** GitHub flavoured Markdown without HTML (section 7.1.1). Throws ContentError. */
export function markdownPart(
  markdown: string,
  fields: { readonly language?: string } = {},
): SinglePart {
  return new SinglePart({ ...fields, contentType: TEXT_MARKDOWN, content: encoded(markdown) });
}

/** What a person typed. `language` is a BCP 47 tag or empty. Throws ContentError. */
export function textMessage(
  text: string,
  fields: {
    readonly salt: Uint8Array;
    readonly language?: string;
    readonly inReplyTo?: MessageId | null;
    readonly topicId?: Uint8Array;
    readonly expires?: Expiration | null;
  },
): MimiContent {
  const { language = '', ...others } = fields;
  return new MimiContent({ ...others, part: textPart(text, { language }) });
}

/** An answer to one message (section 5.2). Throws ContentError. */
export function reply(
  text: string,
  to: MessageId,
  fields: { readonly salt: Uint8Array; readonly language?: string },
): MimiContent {
  return textMessage(text, { ...fields, inReplyTo: to });
}

/**
 * Words and the accounts named among them (section 5.4); the words are not markup.
 *
 * Throws ContentError.
 */
export function mentionMessage(
  pieces: readonly (string | Mention)[],
  fields: { readonly salt: Uint8Array; readonly inReplyTo?: MessageId | null },
): MimiContent {
  const markdown = pieces
    .map((piece) =>
      typeof piece === 'string'
        ? escaped(piece)
        : `[@${escaped(piece.name)}](${piece.account.uri})`,
    )
    .join('');
  return new MimiContent({ ...fields, part: markdownPart(markdown) });
}

/**
 * One sign of feeling about one message (section 5.3).
 *
 * Throws ContentError when it is long.
 */
export function reaction(
  emoji: string,
  to: MessageId,
  fields: { readonly salt: Uint8Array },
): MimiContent {
  const part = textPart(emoji, { disposition: Disposition.REACTION });
  if (!isSign(part.content)) {
    throw new ContentError(`A reaction has 1 to ${MAX_REACTION_BYTES} bytes.`);
  }
  return new MimiContent({ salt: fields.salt, part, inReplyTo: to });
}

/** Take one's own reaction back (section 5.7). */
export function unlike(
  ownReaction: MessageId,
  reactedTo: MessageId,
  fields: { readonly salt: Uint8Array },
): MimiContent {
  return new MimiContent({
    salt: fields.salt,
    part: new NullPart({ disposition: Disposition.REACTION }),
    replaces: ownReaction,
    inReplyTo: reactedTo,
  });
}

/**
 * New words for one's own message (section 5.5).
 *
 * `first` is the message as it was first sent, whatever edits came between; `inReplyTo` repeats
 * what the first one answered. Throws ContentError.
 */
export function edit(
  text: string,
  first: MessageId,
  fields: {
    readonly salt: Uint8Array;
    readonly inReplyTo?: MessageId | null;
    readonly language?: string;
  },
): MimiContent {
  const { language = '', ...others } = fields;
  return new MimiContent({ ...others, part: textPart(text, { language }), replaces: first });
}

/** Take one's own message back (section 5.6); `first` as in `edit`. */
export function deletion(
  first: MessageId,
  fields: { readonly salt: Uint8Array; readonly inReplyTo?: MessageId | null },
): MimiContent {
  return new MimiContent({ ...fields, part: new NullPart(), replaces: first });
}

// --- reading -----------------------------------------------------------------------------------

/**
 * What one part has to say. `plain` and `markdown` are its words; `named` is a part that cannot be
 * read, by description, file name or media type.
 */
export interface Reading {
  readonly kind: 'plain' | 'markdown' | 'named';
  readonly text: string;
}

/**
 * The parts of the message that are to be shown as words, in order.
 *
 * Of alternatives it takes the first that it can read in the first of `languages` (BCP 47 tags,
 * most wanted first) that there is, then one of no language, then any.
 */
export function readings(
  content: MimiContent,
  languages: readonly string[] = [],
): readonly Reading[] {
  return read(content.part, languages);
}

/**
 * The message as words, empty when it has none to show; chosen as in `readings`, and what it
 * cannot read it names in brackets.
 */
export function readableText(content: MimiContent, languages: readonly string[] = []): string {
  return readings(content, languages)
    .map(({ kind, text }) =>
      kind === 'plain' ? text : kind === 'markdown' ? plain(text) : `[${text}]`,
    )
    .filter((words) => words !== '')
    .join('\n');
}

/** The signs of a reaction message, empty when it is none. */
export function reactionsOf(content: MimiContent): readonly string[] {
  return leaves(content.part)
    .filter((part) => part.cardinality === Cardinality.SINGLE)
    .filter(
      (part) =>
        part.disposition === Disposition.REACTION &&
        mediaType(part) === 'text/plain' &&
        isSign(part.content),
    )
    .map(decoded);
}

/** The accounts named in the message, in order, each once. */
export function mentionsIn(content: MimiContent): readonly AccountAddress[] {
  const found = new Map<string, AccountAddress>();
  for (const part of leaves(content.part)) {
    if (part.cardinality === Cardinality.SINGLE && mediaType(part) === 'text/markdown') {
      for (const [, , uri = ''] of decoded(part).matchAll(MENTION)) {
        const account = accountOf(uri);
        if (account !== null && !found.has(account.uri)) {
          found.set(account.uri, account);
        }
      }
    }
  }
  return [...found.values()];
}

/** The type without its parameters, in lower case. */
export function mediaType(part: { readonly contentType: string }): string {
  return trimmed(part.contentType.split(';', 1)[0] ?? '').toLowerCase();
}

/** The account that a URI names, null for a link to something else, or nonsense. */
export function accountOf(uri: string): AccountAddress | null {
  try {
    return AccountAddress.parseUri(uri);
  } catch (error) {
    if (error instanceof NameRefused) {
      return null;
    }
    throw error;
  }
}

function read(part: Part, languages: readonly string[]): readonly Reading[] {
  switch (part.cardinality) {
    case Cardinality.NULL:
      return [];
    case Cardinality.EXTERNAL: {
      const name = part.description || part.filename || part.contentType || part.url;
      return [{ kind: 'named', text: name }];
    }
    case Cardinality.SINGLE:
      switch (mediaType(part)) {
        case 'text/plain':
          return [{ kind: 'plain', text: decoded(part) }];
        case 'text/markdown':
          return [{ kind: 'markdown', text: decoded(part) }];
        default:
          return [{ kind: 'named', text: part.contentType }];
      }
    case Cardinality.MULTI: {
      const shown =
        part.semantics === Semantics.CHOOSE_ONE
          ? chosen(part.parts, languages)
          : part.parts.filter((inner) => inner.disposition !== Disposition.PREVIEW);
      return shown.flatMap((inner) => read(inner, languages));
    }
  }
}

function chosen(parts: readonly Part[], languages: readonly string[]): readonly Part[] {
  const readable = parts.some(isReadable) ? parts.filter(isReadable) : parts;
  for (const wanted of languages) {
    const spoken = readable.find((part) => speaks(part.language, wanted));
    if (spoken !== undefined) {
      return [spoken];
    }
  }
  const neutral = readable.find((part) => part.language === '');
  return neutral === undefined ? readable.slice(0, 1) : [neutral];
}

/** Whether reading it gives words rather than a name in brackets. */
function isReadable(part: Part): boolean {
  switch (part.cardinality) {
    case Cardinality.SINGLE:
      return ['text/plain', 'text/markdown'].includes(mediaType(part));
    case Cardinality.MULTI:
      return part.semantics === Semantics.SINGLE_UNIT
        ? part.parts.every(isReadable)
        : part.parts.some(isReadable);
    case Cardinality.NULL:
    case Cardinality.EXTERNAL:
      return false;
  }
}

/** Basic filtering of RFC 4647 section 3.3.1, over the part's list of tags. */
function speaks(tags: string, wanted: string): boolean {
  const prefix = wanted.toLowerCase();
  return tags.split(',').some((each) => {
    const tag = trimmed(each).toLowerCase();
    return tag === prefix || tag.startsWith(`${prefix}-`);
  });
}

// --- Markdown, as far as a reader without a renderer needs it ------------------------------------

/** White space as Python has it; JavaScript's own `\s` is another set. */
const SPACE = String.raw`\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;
const ENDS = new RegExp(`^[${SPACE}]+|(?<![${SPACE}])[${SPACE}]+$`, 'gu');
const MENTION = new RegExp(
  String.raw`\[(@(?:[^\[\]\\]|\\[^\n]){0,256})\]\((mimi://[^\(\)${SPACE}]{1,512})\)`,
  'gu',
);
const ESCAPED = /\\([!-/:-@[-`{-~\n])/g;
const SPECIAL = /[\\`*_[\]<>#~|&]|(?<![^\n \t])[-+=]|(?<=[0-9])[.)]|\n/g;

function escaped(words: string): string {
  return words.replace(SPECIAL, String.raw`\$&`);
}

function plain(markdown: string): string {
  return markdown.replace(MENTION, '$1').replace(ESCAPED, '$1');
}

function trimmed(text: string): string {
  return text.replace(ENDS, '');
}

function isSign(content: Uint8Array): boolean {
  return content.length > 0 && content.length <= MAX_REACTION_BYTES;
}

function decoded(part: SinglePart): string {
  return lenientTextFrom(part.content);
}

function encoded(text: string): Uint8Array {
  if (!text.isWellFormed()) {
    throw new ContentError('A text has half a surrogate pair; it is not valid Unicode.');
  }
  return utf8(text);
}
