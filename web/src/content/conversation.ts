/**
 * What a conversation says about itself: its title, its picture, and whether there is a link by which
 * people may ask to join.
 *
 * A part of our own, `application/vnd.plausch.conversation+cbor`: a map with text keys, unknown
 * ones ignored. Beside it travels the title as text, for clients that do not know the part
 * (chooseOne).
 */

import * as cbor from './cbor.ts';
import { ContentError } from './errors.ts';
import {
  Cardinality,
  Disposition,
  leaves,
  MimiContent,
  MultiPart,
  Semantics,
  SinglePart,
} from './mimi.ts';
import { checkPicture } from './picture.ts';
import { isPrintable, lengthOf } from './printable.ts';
import { textPart } from './text.ts';

export const CONVERSATION_TYPE = 'application/vnd.plausch.conversation+cbor';
export const MAX_TITLE_CHARACTERS = 128;
export const SECRET_BYTES = 16;

/**
 * What is said of a conversation; nothing about what is left out.
 *
 * `picture`: the bytes of a small square picture, empty: none any more. `link`: the secret of the
 * invitation link, empty: there is none any more.
 */
export interface Facts {
  readonly title?: string | undefined;
  readonly picture?: Uint8Array | undefined;
  readonly link?: Uint8Array | undefined;
}

/** Say it; `words` is for clients that do not know the part. Throws ContentError. */
export function factsMessage(
  facts: Facts,
  words: string,
  fields: { readonly salt: Uint8Array },
): MimiContent {
  checkFacts(facts);
  const written = new Map<cbor.Key, cbor.Value>();
  for (const [key, value] of [
    ['title', facts.title],
    ['picture', facts.picture],
    ['link', facts.link],
  ] as const) {
    if (value !== undefined) {
      written.set(key, value);
    }
  }
  const part = new SinglePart({
    contentType: CONVERSATION_TYPE,
    content: cbor.encode(written),
    disposition: Disposition.PROFILE,
  });
  const fallback = textPart(words, { disposition: Disposition.PROFILE });
  return new MimiContent({
    salt: fields.salt,
    part: new MultiPart({
      semantics: Semantics.CHOOSE_ONE,
      parts: [part, fallback],
      disposition: Disposition.PROFILE,
    }),
  });
}

/** The conversation is called `title` from now on. Throws ContentError. */
export function titleMessage(title: string, fields: { readonly salt: Uint8Array }): MimiContent {
  return factsMessage({ title }, title, fields);
}

/**
 * What it says of the conversation, undefined when it is about something else. Throws ContentError.
 */
export function factsOf(content: MimiContent): Facts | undefined {
  let found: Facts | undefined;
  for (const part of leaves(content.part)) {
    if (part.cardinality === Cardinality.SINGLE && part.contentType === CONVERSATION_TYPE) {
      const fields = cbor.expectMap(cbor.decode(part.content), 'A conversation part');
      const [title, picture, link] = [
        fields.get('title'),
        fields.get('picture'),
        fields.get('link'),
      ];
      const facts: Facts = {
        ...(title === undefined ? {} : { title: cbor.expect(title, 'text', 'A title') }),
        ...(picture === undefined ? {} : { picture: cbor.expect(picture, 'bytes', 'A picture') }),
        ...(link === undefined ? {} : { link: cbor.expect(link, 'bytes', "A link's secret") }),
      };
      checkFacts(facts);
      if (Object.keys(facts).length > 0) {
        return facts;
      }
      found = facts;
    }
  }
  return found;
}

/** The new title, null when the message is not about it. Throws ContentError. */
export function titleOf(content: MimiContent): string | null {
  return factsOf(content)?.title ?? null;
}

function checkFacts({ title, picture, link }: Facts): void {
  if (title !== undefined) {
    checkTitle(title);
  }
  if (picture !== undefined && picture.length > 0) {
    checkPicture(picture);
  }
  if (link !== undefined && link.length !== 0 && link.length !== SECRET_BYTES) {
    throw new ContentError(`The secret of a link has ${SECRET_BYTES} bytes, or none.`);
  }
}

/** The title if it is one: 1 to 128 characters in one line. Throws ContentError. */
export function checkTitle(title: string): string {
  if (lengthOf(title) > MAX_TITLE_CHARACTERS || title.trim() === '') {
    throw new ContentError(`A title has 1 to ${MAX_TITLE_CHARACTERS} characters.`);
  }
  if (!isPrintable(title)) {
    throw new ContentError('A title is one line of printable characters.');
  }
  return title;
}
