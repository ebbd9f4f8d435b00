/** The transcript hashes: one running digest over all Commits (RFC 9420 section 8.2). */

import { concat } from '../base/bytes.ts';
import { opaque, u16 } from './codec.ts';
import type { Suite } from './suite.ts';

/**
 * Hash of everything up to and including this Commit, without its confirmation tag.
 *
 * `interim` is the interim transcript hash of the epoch in which the Commit was sent, `content`
 * the encoded FramedContent.
 */
export function confirmedTranscriptHash(
  suite: Suite,
  interim: Uint8Array,
  wireFormat: number,
  content: Uint8Array,
  signature: Uint8Array,
): Uint8Array {
  return suite.hash(concat(interim, u16(wireFormat), content, opaque(signature)));
}

/** The confirmed transcript hash with the confirmation tag that proves it. */
export function interimTranscriptHash(
  suite: Suite,
  confirmed: Uint8Array,
  confirmationTag: Uint8Array,
): Uint8Array {
  return suite.hash(concat(confirmed, opaque(confirmationTag)));
}
