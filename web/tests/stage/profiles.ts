/** The public profile of the restaurant in the tests' pages. */

import { problemsOf } from '../../src/sdk/profile_draft.ts';
import type {
  FoundBusinessView,
  OwnProfileView,
  ProfileDraft,
  ProfileOperations,
  ProfileView,
} from '../../src/sdk/protocol.ts';
import type { FakeDevice } from './fake.ts';
import { LINDE } from './people.ts';
import { refusal } from './refusal.ts';

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
  pictures: [],
};

const spanView = ([opensMinute, closesMinute]: readonly [number, number]) => ({
  ...{ opensMinute, closesMinute },
});

/** The same as the business itself has it. */
export const LINDE_DRAFT: ProfileDraft = {
  ...{ name: LINDE_PROFILE.name, kind: 'restaurant', address: ADDRESS },
  ...{ telephone: LINDE_PROFILE.telephone, email: LINDE_PROFILE.email, zone: 'Europe/Berlin' },
  hours: {
    weekly: LINDE_PROFILE.weekly.map((spans) => spans.map(spanView)),
    specialDays: [{ date: '2099-12-24', note: 'Heiligabend', spans: [] }],
    holidays: { state: 'BY', assumptionDay: true, peaceFestival: true, isOpen: false },
  },
  ...{ spoken: LINDE_PROFILE.spoken, description: LINDE_PROFILE.description },
  ...{ privacy: LINDE_PROFILE.privacy, privacyUrl: LINDE_PROFILE.privacyUrl },
  ...{ imprint: LINDE_PROFILE.imprint, links: LINDE_PROFILE.links, pictures: [], isListed: true },
};

const FOUND: readonly FoundBusinessView[] = [
  ['linde', 'Zur Linde', 'restaurant', '86150', 'Augsburg'],
  ['lindners', 'Lindners Backstube', 'cafe', '86152', 'Augsburg'],
  ['schnitt', 'Schnittpunkt', 'hairdresser', '10115', 'Berlin'],
].map(([name = '', title = '', kind = '', postalCode = '', locality = '']) => ({
  ...{ address: `${name}@plausch.example`, title, kind, postalCode, locality },
}));

/** A business's own profile, and a directory with a few. */
export class PlayedProfiles {
  own: OwnProfileView = { canPublish: true, isUnknown: false };

  constructor(readonly device: FakeDevice) {}

  /** `draft`: half written; `public`: as everybody sees it; `staff`: looked at by staff. */
  stage(what: 'draft' | 'public' | 'staff'): void {
    const imprint = { ...LINDE_DRAFT.imprint, email: '', register: '', vatId: 'DE12' };
    const published = { seq: 3, issuedAtMs: LINDE_PROFILE.issuedAtMs, profile: LINDE_DRAFT };
    this.own =
      what === 'draft'
        ? { draft: { ...LINDE_DRAFT, imprint, email: 'post@' }, canPublish: true, isUnknown: false }
        : { published, canPublish: what === 'public', isUnknown: false };
  }

  operations(): ProfileOperations {
    return {
      profile: ({ address }) => this.device.profiles.get(address),
      ownProfile: () => this.own,
      keepProfileDraft: ({ profile }) => {
        const { published, canPublish, isUnknown } = this.own;
        const rest = { canPublish, isUnknown, ...(published === undefined ? {} : { published }) };
        this.own = { ...rest, ...(profile === undefined ? {} : { draft: profile }) };
        return undefined;
      },
      checkProfile: ({ profile }) => problemsOf(profile),
      publishProfile: ({ profile }) => {
        if (problemsOf(profile).length > 0) {
          throw refusal('incomplete_imprint');
        }
        const seq = (this.own.published?.seq ?? 0) + 1;
        const published = { seq, issuedAtMs: this.device.nowMs(), profile };
        this.own = { published, canPublish: true, isUnknown: false };
        return published;
      },
      withdrawProfile: () => {
        const draft = this.own.draft ?? this.own.published?.profile;
        const rest = { canPublish: true, isUnknown: false };
        this.own = { ...rest, ...(draft === undefined ? {} : { draft }) };
        return undefined;
      },
      addPublicPicture: ({ file }) => ({
        ...{ blob: '01'.repeat(32), digest: '02'.repeat(32), sizeBytes: file.size },
        ...{ mediaType: 'image/webp', width: 1_600, height: 1_067, text: '' },
      }),
      searchDirectory: ({ kind, place, words }) => {
        const begins = (text: string, part: string): boolean =>
          text.toLowerCase().includes(part.trim().toLowerCase());
        const found = FOUND.filter(
          (one) =>
            begins(one.title, words) &&
            (kind === '' || one.kind === kind) &&
            begins(`${one.postalCode} ${one.locality}`, place),
        );
        return { found, hasMore: false };
      },
    };
  }
}
