/**
 * Messages that are passed on: the same content, said again by somebody else, and marked as such.
 *
 * Who wrote it first does not travel along: it was said to others.
 */

import { FACTS } from './attachment.ts';
import { MimiContent } from './mimi.ts';

/** Extension key of our own; negative integers are for private use (section 8.2.1). */
export const FORWARDED = -0xf0a3;

/**
 * The content as somebody else passes it on. What is about the first message alone (its sender and
 * room, its epoch) stays behind; facts about a file go along.
 */
export function forwarded(
  content: MimiContent,
  fields: { readonly salt: Uint8Array },
): MimiContent {
  const facts = content.extensions.get(FACTS);
  const extensions = new Map(facts === undefined ? [] : [[FACTS, facts]]);
  extensions.set(FORWARDED, true);
  return new MimiContent({ salt: fields.salt, part: content.part, extensions });
}

/** Whether the sender says that it was passed on. */
export function isForwarded(content: MimiContent): boolean {
  return content.extensions.get(FORWARDED) === true;
}
