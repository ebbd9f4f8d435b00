/**
 * What can be wrong with an MLS message, and whose fault it is.
 *
 * `ProtocolError` is the base of everything a hostile peer can cause: a caller who catches it has
 * caught all of it.
 */

import { LocalError, RemoteError } from '../base/errors.ts';

/** A peer sent what RFC 9420 does not allow, or what this device cannot process. */
export class ProtocolError extends RemoteError {
  static override readonly code: string = 'mls_protocol';
}

/** Bytes are not in the TLS presentation language as RFC 9420 section 2.1 uses it. */
export class CodecError extends ProtocolError {
  static override readonly code: string = 'mls_codec';
}

/**
 * One of the named checks of spec/mls.md failed.
 *
 * `check` is the stable name of the check, e.g. `leaf-signature`; it is also the `code`.
 */
export class ValidationError extends ProtocolError {
  constructor(
    readonly check: string,
    sentence: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(sentence, { ...options, code: check });
  }
}

/** The caller's credential judge does not accept a leaf, key package or sender. */
export class CredentialRefused extends ProtocolError {
  static override readonly code: string = 'credential_refused';
}

/** A signature does not verify under the public key it claims. */
export class SignatureRefused extends ProtocolError {
  static override readonly code: string = 'mls_signature';
}

/** A ciphertext does not open under the key it was looked up for. */
export class DecryptionFailed extends ProtocolError {
  static override readonly code: string = 'mls_decryption';
}

/** Bytes that should be a key of the cipher suite are none. */
export class KeyRefused extends ProtocolError {
  static override readonly code: string = 'mls_key';
}

/** A cipher suite that this implementation does not know. */
export class UnsupportedSuite extends ProtocolError {
  static override readonly code: string = 'mls_suite';
}

/** Saved bytes of a group or key package are damaged, too new, or do not belong together. */
export class SavedStateRefused extends LocalError {
  static override readonly code: string = 'mls_saved_state';
}

/** The caller asked the group for something that its state does not allow. */
export class GroupUsageError extends LocalError {
  static override readonly code: string = 'mls_usage';
}

/** A number of a registry as people know it, e.g. `0xf00d`. */
export function codePoint(number: number): string {
  return `0x${number.toString(16).padStart(4, '0')}`;
}

/** Throws ValidationError `check` with `sentence` unless `truth`. */
export function require(truth: boolean, check: string, sentence: string): asserts truth {
  if (!truth) {
    throw new ValidationError(check, sentence);
  }
}
