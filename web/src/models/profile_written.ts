/** A business's profile as it is written: where it begins, how it is tidied, how others will see it. */

import type { AddressView, ProfileDraft, ProfileView, WordingView } from '../sdk/protocol.ts';

const NOWHERE: AddressView = { street: '', postalCode: '', locality: '', country: 'DE' };
const WORDLESS: WordingView = { de: '', en: '' };
const WEEK_DAYS = 7;

/** Nothing but what is known already. */
export function blankProfile(name: string, spoken: string, zone: string): ProfileDraft {
  return {
    ...{ name, kind: 'restaurant', address: NOWHERE, telephone: '', email: '', zone },
    hours: {
      weekly: Array.from({ length: WEEK_DAYS }, () => []),
      specialDays: [],
      holidays: null,
    },
    ...{ spoken: [spoken], description: WORDLESS, privacy: WORDLESS, privacyUrl: '' },
    imprint: {
      ...{ name: '', legalForm: '', representative: '', address: NOWHERE, email: '' },
      ...{ telephone: '', contactUrl: '', register: '', registerNumber: '', vatId: '' },
      further: '',
    },
    ...{ links: [], pictures: [], isListed: true },
  };
}

/** Without what people write beside it: spaces at the ends, and a web address without its beginning. */
export function tidied(draft: ProfileDraft): ProfileDraft {
  const { imprint } = draft;
  return {
    ...draft,
    name: draft.name.trim(),
    address: tidyAddress(draft.address),
    telephone: draft.telephone.trim(),
    email: draft.email.trim(),
    description: tidyWording(draft.description),
    privacy: tidyWording(draft.privacy),
    privacyUrl: webAddress(draft.privacyUrl),
    imprint: {
      name: imprint.name.trim(),
      legalForm: imprint.legalForm,
      representative: imprint.representative.trim(),
      address: tidyAddress(imprint.address),
      email: imprint.email.trim(),
      telephone: imprint.telephone.trim(),
      contactUrl: webAddress(imprint.contactUrl),
      register: imprint.register.trim(),
      registerNumber: imprint.registerNumber.trim(),
      vatId: imprint.vatId.replace(/\s/g, '').toUpperCase(),
      further: imprint.further.trim(),
    },
    links: draft.links.map(({ label, url }) => ({ label: label.trim(), url: webAddress(url) })),
    pictures: draft.pictures.map((one) => ({ ...one, text: one.text.trim() })),
  };
}

/** `linde.example/karte` is `https://linde.example/karte`. */
function webAddress(written: string): string {
  const text = written.trim();
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[/?#:]|$)/i.test(text) ? `https://${text}` : text;
}

function tidyAddress({ country, locality, postalCode, street }: AddressView): AddressView {
  const [trimmedStreet, code, town] = [street, postalCode, locality].map((text) => text.trim());
  return { street: trimmedStreet ?? '', postalCode: code ?? '', locality: town ?? '', country };
}

function tidyWording({ de, en }: WordingView): WordingView {
  return { de: de.trim(), en: en.trim() };
}

/** Whether two say the same, in whatever order it stands. */
export function isSame(one: object, other: object): boolean {
  return ordered(one) === ordered(other);
}

function ordered(said: object): string {
  return JSON.stringify(said, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** As others will see it. */
export function previewOf(draft: ProfileDraft, account: string): ProfileView {
  const said = tidied(draft);
  const { holidays, specialDays, weekly } = said.hours;
  const spansOf = (spans: (typeof weekly)[number]) =>
    spans.map(({ closesMinute, opensMinute }) => [opensMinute, closesMinute] as const);
  const { address, description, email, imprint, kind, name } = said;
  const { privacy, privacyUrl, spoken, telephone } = said;
  return {
    ...{ account, seq: 0, issuedAtMs: 0, address, description, email, imprint, kind, name },
    ...{ privacy, privacyUrl, spoken, telephone },
    weekly: weekly.map(spansOf),
    specialDays: specialDays.map((day) => ({ ...day, spans: spansOf(day.spans) })),
    holidayState: holidays === null || holidays.isOpen ? '' : holidays.state,
    pictures: said.pictures,
    links: said.links.filter(({ label, url }) => label !== '' && url !== ''),
  };
}
