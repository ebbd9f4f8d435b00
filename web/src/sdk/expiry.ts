/** How long messages of a conversation live, as its participants tell each other. */

import { type Expiration, MimiContent } from '../content/mimi.ts';

/** The longest time that a message can name. */
export const LONGEST_EXPIRY_S = 2 ** 32 - 1;

/**
 * What the newest message says about those to come, in seconds, 0 for ever: each message carries
 * its own expiry, and whoever reads one with a relative expiry writes with the same from then on.
 */
export function expiryOf(content: MimiContent): number {
  return content.expires?.relative === true ? content.expires.timeS : 0;
}

/** What a message of a conversation with this setting carries. */
export function expirationOf(expiresAfterS: number): Expiration | null {
  return expiresAfterS === 0 ? null : { relative: true, timeS: expiresAfterS };
}

/** A message as it is said in a conversation with this setting. */
export function expiring(content: MimiContent, expiresAfterS: number): MimiContent {
  const { salt, part, replaces, topicId, inReplyTo, extensions } = content;
  const expires = expirationOf(expiresAfterS);
  return new MimiContent({ salt, part, replaces, topicId, inReplyTo, extensions, expires });
}
