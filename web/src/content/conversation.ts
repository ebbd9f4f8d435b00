/**
 * What a conversation says about itself: its title.
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
import { isPrintable, lengthOf } from './printable.ts';
import { textPart } from './text.ts';

export const CONVERSATION_TYPE = 'application/vnd.plausch.conversation+cbor';
export const MAX_TITLE_CHARACTERS = 128;

/** The conversation is called `title` from now on. Throws ContentError. */
export function titleMessage(title: string, fields: { readonly salt: Uint8Array }): MimiContent {
  checkTitle(title);
  const part = new SinglePart({
    contentType: CONVERSATION_TYPE,
    content: cbor.encode(new Map([['title', title]])),
    disposition: Disposition.PROFILE,
  });
  const fallback = textPart(title, { disposition: Disposition.PROFILE });
  return new MimiContent({
    salt: fields.salt,
    part: new MultiPart({
      semantics: Semantics.CHOOSE_ONE,
      parts: [part, fallback],
      disposition: Disposition.PROFILE,
    }),
  });
}

/** The new title, null when the message is not about it. Throws ContentError. */
export function titleOf(content: MimiContent): string | null {
  for (const part of leaves(content.part)) {
    if (part.cardinality === Cardinality.SINGLE && part.contentType === CONVERSATION_TYPE) {
      const fields = cbor.expectMap(cbor.decode(part.content), 'A conversation part');
      const title = fields.get('title');
      if (title !== undefined) {
        return checkTitle(cbor.expect(title, 'text', 'A title'));
      }
    }
  }
  return null;
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
