/** What is said of a profile that is not what it must be. */

import { IdentityRefused } from './errors.ts';

/** `field` says where, as in `imprint.email`. */
export function profileRefused(field: string, sentence: string): IdentityRefused {
  return new IdentityRefused(`The profile's ${field} ${sentence}`, { code: 'bad_profile' });
}
