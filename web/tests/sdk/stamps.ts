/** Stamps as the server makes and checks them (spec/franking.md), for servers that are none. */

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';

import { concat, EMPTY, equalBytes, utf8 } from '../../src/base/bytes.ts';
import { u16, u64 } from '../../src/mls/codec.ts';
import { ProtocolError } from '../../src/mls/errors.ts';
import { parsePrivateMessage } from '../../src/mls/framing.ts';
import { FRANK_BYTES, frank, markIn } from '../../src/sdk/franked.ts';
import type { Envelope, ReportedMessage } from '../../src/sdk/server.ts';

/** The bytes that a stamp covers. */
export function stamped(
  franked: Uint8Array,
  conversation: Uint8Array,
  sender: string,
  acceptedAtMs: number,
): Uint8Array {
  const named = utf8(sender);
  return concat(franked, u16(named.length), named, conversation, u64(BigInt(acceptedAtMs)));
}

/** The stamp of an envelope, empty if its message has no frank. */
export function stampOf(
  key: Uint8Array,
  conversation: Uint8Array,
  { kind, message, sender, acceptedAtMs }: Omit<Envelope, 'stamp'>,
): Uint8Array {
  if (kind !== 1) {
    return EMPTY;
  }
  const authenticated = besideOf(message);
  const franked = authenticated.subarray(markIn(authenticated).length);
  return franked.length === FRANK_BYTES
    ? hmac(sha256, key, stamped(franked, conversation, sender, acceptedAtMs))
    : EMPTY;
}

/** What is readable beside a message; nothing for what is none. */
function besideOf(message: Uint8Array): Uint8Array {
  try {
    return parsePrivateMessage(message).authenticated;
  } catch (error) {
    if (error instanceof ProtocolError) {
      return EMPTY;
    }
    throw error;
  }
}

/** Whether the server would take a reported message for what was sent. */
export function isGenuine(key: Uint8Array, reported: ReportedMessage): boolean {
  const { conversation, sender, acceptedAtMs, content, stamp } = reported;
  const covered = stamped(frank(reported.key, content), conversation, sender, acceptedAtMs);
  return equalBytes(stamp, hmac(sha256, key, covered));
}
