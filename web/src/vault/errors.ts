/** What can go wrong with a vault. Every text is one sentence that helps. */

import { type Fault, OperatorError } from '../base/errors.ts';

/** The vault cannot be read or written. */
export class VaultError extends OperatorError {
  static override readonly code: string = 'vault';
}

/** Another tab has the vault open (one owner at a time: keys must never be used twice). */
export class VaultBusy extends VaultError {
  static override readonly code: string = 'vault_busy';
  static override readonly fault: Fault = 'local';
}

/** A sealed value does not open: it was altered, moved or is damaged. */
export class VaultDamaged extends VaultError {
  static override readonly code: string = 'vault_damaged';
}
