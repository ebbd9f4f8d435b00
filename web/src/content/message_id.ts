/** Message ids (draft-ietf-mimi-content-08 section 3.3). */

import { sha256 } from '@noble/hashes/sha2.js';

import { concat, utf8 } from '../base/bytes.ts';
import { MESSAGE_ID_BYTES, MessageId } from '../base/ids.ts';
import { ContentError } from './errors.ts';
import { SALT_BYTES } from './mimi.ts';

/** IANA Named Information hash algorithm, the id's first byte. */
export const SHA_256 = 1;

/** How content begins: an array of 7 fields, the first of them 16 bytes. */
const START = Uint8Array.of(0x87, 0x50);

/**
 * The id of encoded content that an account sent to a conversation.
 *
 * 0x01 and the first 31 bytes of SHA-256 over length and bytes of the sender's account URI, length
 * and bytes of the conversation's URI, the content, and its salt once more. Throws ContentError
 * when the bytes do not begin as encoded content does.
 */
export function messageId(content: Uint8Array, senderUri: string, roomUri: string): MessageId {
  const end = START.length + SALT_BYTES;
  if (content[0] !== START[0] || content[1] !== START[1] || content.length < end) {
    throw new ContentError('A message begins with its salt of 16 bytes.');
  }
  const salt = content.subarray(START.length, end);
  const digest = sha256(concat(prefixed(senderUri), prefixed(roomUri), content, salt));
  return MessageId.of(concat(Uint8Array.of(SHA_256), digest.subarray(0, MESSAGE_ID_BYTES - 1)));
}

function prefixed(uri: string): Uint8Array {
  const raw = utf8(uri);
  if (raw.length >= 1 << 16) {
    throw new ContentError(`A URI has fewer than 65536 bytes, not ${raw.length}.`);
  }
  return concat(Uint8Array.of(raw.length >> 8, raw.length & 0xff), raw);
}
