/** The one error of this room. */

import { RemoteError } from '../base/errors.ts';

/**
 * A signed identity object, a login or a leaf is not what it must be.
 *
 * `code` says which check failed; spec/identity.md lists the codes.
 */
export class IdentityRefused extends RemoteError {
  static override readonly code: string = 'identity_refused';
}
