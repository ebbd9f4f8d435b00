/**
 * Asking to join a group whose invitation link one was given.
 *
 * A part of our own, `application/vnd.plausch.join-request+cbor`: a map of the group's id and the
 * link's secret, beside a sentence that everyone can read (chooseOne). It is sent to the admin whom
 * the link names, in the direct conversation with them; nobody gets in by it alone.
 */

import { CONVERSATION_ID_BYTES, ConversationId } from '../base/ids.ts';
import * as cbor from './cbor.ts';
import { SECRET_BYTES } from './conversation.ts';
import { ContentError } from './errors.ts';
import { Cardinality, leaves, MimiContent, MultiPart, Semantics, SinglePart } from './mimi.ts';
import { textPart } from './text.ts';

export const JOIN_REQUEST_TYPE = 'application/vnd.plausch.join-request+cbor';

/** Which group, and the secret of the link that was followed. */
export interface JoinRequest {
  readonly conversation: ConversationId;
  readonly secret: Uint8Array;
}

/** Ask; `words` is what clients show that do not know the part. Throws ContentError. */
export function joinRequestMessage(
  { conversation, secret }: JoinRequest,
  words: string,
  { salt }: { readonly salt: Uint8Array },
): MimiContent {
  const fields = new Map<cbor.Key, cbor.Value>([
    ['conversation', conversation.bytes],
    ['secret', secret],
  ]);
  const part = new SinglePart({ contentType: JOIN_REQUEST_TYPE, content: cbor.encode(fields) });
  return new MimiContent({
    salt,
    part: new MultiPart({ semantics: Semantics.CHOOSE_ONE, parts: [textPart(words), part] }),
  });
}

/**
 * What is asked for; undefined when it asks for nothing, or is malformed: then its words are all that
 * there is.
 */
export function joinRequestOf(content: MimiContent): JoinRequest | undefined {
  for (const part of leaves(content.part)) {
    if (part.cardinality === Cardinality.SINGLE && part.contentType === JOIN_REQUEST_TYPE) {
      try {
        return parsed(part.content);
      } catch (error) {
        if (error instanceof ContentError) {
          return undefined;
        }
        throw error;
      }
    }
  }
  return undefined;
}

function parsed(raw: Uint8Array): JoinRequest {
  const fields = cbor.expectMap(cbor.decode(raw), 'A request to join');
  const [conversation, secret] = [fields.get('conversation'), fields.get('secret')];
  if (
    !(conversation instanceof Uint8Array) ||
    !(secret instanceof Uint8Array) ||
    conversation.length !== CONVERSATION_ID_BYTES ||
    secret.length !== SECRET_BYTES
  ) {
    throw new ContentError('A request to join names no group.');
  }
  return { conversation: ConversationId.of(conversation), secret };
}
