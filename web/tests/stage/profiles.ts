/** The public profile of the restaurant in the tests' pages. */

import type { ProfileView } from '../../src/sdk/protocol.ts';
import { LINDE } from './people.ts';

const ADDRESS = {
  street: 'Lindenstraße 7',
  postalCode: '86150',
  locality: 'Augsburg',
  country: 'DE',
} as const;

const NOON = [690, 870] as const;
const EVENING = [1_020, 1_380] as const;
const LATE = [1_020, 1_560] as const;

/** As src/plausch/agent/examples/profile.toml has it. */
export const LINDE_PROFILE: ProfileView = {
  account: LINDE,
  seq: 3,
  issuedAtMs: 1_800_000_000_000,
  name: 'Zur Linde',
  kind: 'restaurant',
  address: ADDRESS,
  telephone: '+49 89 5550123',
  email: 'post@linde.example',
  spoken: ['de', 'en'],
  description: {
    de: 'Schwäbische Küche aus der Region, im Sommer im Garten unter der Linde.',
    en: 'Swabian food from the region, in summer in the garden under the lime tree.',
  },
  privacy: {
    de: 'Wir speichern, was Sie uns schreiben, um Ihre Reservierung zu bearbeiten, und löschen es nach 30 Tagen.',
    en: 'We keep what you write to us to deal with your booking, and delete it after 30 days.',
  },
  privacyUrl: 'https://linde.example/datenschutz',
  imprint: {
    name: 'Zur Linde Gastronomie GmbH',
    legalForm: 'GmbH',
    representative: 'Cem Yılmaz',
    address: ADDRESS,
    email: 'post@linde.example',
    telephone: '+49 89 5550123',
    contactUrl: '',
    register: 'Amtsgericht Augsburg',
    registerNumber: 'HRB 12345',
    vatId: 'DE123456789',
    further: '',
  },
  weekly: [[], [NOON, EVENING], [NOON, EVENING], [NOON, EVENING], [LATE], [LATE], [[660, 1_320]]],
  specialDays: [{ date: '2099-12-24', note: 'Heiligabend', spans: [] }],
  holidayState: 'BY',
  links: [{ label: 'Speisekarte', url: 'https://linde.example/karte' }],
};
