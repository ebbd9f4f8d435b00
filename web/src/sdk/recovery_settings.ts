/**
 * What devices keep of a recovery key: enough to make backups, and nothing that opens one or brings
 * a device back in.
 */

import { concat } from '../base/bytes.ts';
import { CodecError, opaque, type Reader } from '../mls/codec.ts';

const KEY_BYTES = 32;
const SEALING_KEY_BYTES = 1216;

/**
 * `lookup` is the SHA-256 of the capability by which the server gives a backup out, `adoptionKey` the
 * public key of an adoption, `sealingKey` the X-Wing key to which a backup's record is sealed.
 */
export interface Recovery {
  readonly lookup: Uint8Array;
  readonly adoptionKey: Uint8Array;
  readonly sealingKey: Uint8Array;
}

export function recoveryBytes({ adoptionKey, lookup, sealingKey }: Recovery): Uint8Array {
  return concat(opaque(lookup), opaque(adoptionKey), opaque(sealingKey));
}

/** Throws CodecError. */
export function readRecovery(reader: Reader): Recovery {
  const recovery = {
    lookup: reader.opaque(),
    adoptionKey: reader.opaque(),
    sealingKey: reader.opaque(),
  };
  if (
    recovery.lookup.length !== KEY_BYTES ||
    recovery.adoptionKey.length !== KEY_BYTES ||
    recovery.sealingKey.length !== SEALING_KEY_BYTES
  ) {
    throw new CodecError('The keys of a backup have other lengths.');
  }
  return recovery;
}
