/** What a profile lacks to go public (section 5 of the German Digital Services Act, DDG). */

import { legalForm } from '../base/business.ts';
import type { Profile } from './profile_body.ts';

/**
 * The places of its fields, as in `imprint.email`; none: it may. The VAT id is not asked for: whether
 * a business has one, only it knows.
 */
export function missingIn({ imprint, privacy, privacyUrl }: Profile): readonly string[] {
  const form = legalForm(imprint.legalForm);
  const { locality, postalCode, street } = imprint.address;
  const isRepresented = form?.isRepresented === true;
  const isRegistered = form?.isRegistered === true;
  const lacking: Readonly<Record<string, boolean>> = {
    'imprint.name': imprint.name === '',
    'imprint.legal_form': form === undefined,
    'imprint.representative': isRepresented && imprint.representative === '',
    'imprint.street': street === '' || isBox(street),
    'imprint.postal_code': postalCode === '',
    'imprint.locality': locality === '',
    'imprint.email': imprint.email === '',
    'imprint.telephone': imprint.telephone === '' && imprint.contactUrl === '',
    'imprint.register': isRegistered && imprint.register === '',
    'imprint.register_number': isRegistered && imprint.registerNumber === '',
    privacy: privacy.de === '' && privacy.en === '' && privacyUrl === '',
  };
  return Object.keys(lacking).filter((field) => lacking[field] === true);
}

/** Whether this is a post box, where nobody can be summoned. */
export function isBox(street: string): boolean {
  return /^(?:postfach|pobox)/.test(street.toLowerCase().replace(/[ .]/g, ''));
}
