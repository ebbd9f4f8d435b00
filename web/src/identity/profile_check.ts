/**
 * What may stand in a profile: a chain of named checks over its fields.
 *
 * A profile is written by strangers and shown to everybody, so that no text may hide or turn round
 * what stands beside it, and no address may lead anywhere but to the web, a mailbox or a telephone.
 */

import { toHex } from '../base/bytes.ts';
import type { Address, Calendar, Picture, Profile, Span } from './profile_body.ts';
import { profileRefused } from './profile_refused.ts';

export const KINDS = [
  'restaurant',
  'cafe',
  'hairdresser',
  'shop',
  'practice',
  'craft',
  'hotel',
  'other',
] as const;

const LEGAL_FORMS: ReadonlySet<string> = new Set([
  '',
  'sole trader',
  'e.K.',
  'GbR',
  'eGbR',
  'OHG',
  'KG',
  'GmbH & Co. KG',
  'UG (haftungsbeschränkt)',
  'GmbH',
  'AG',
  'PartG',
  'e.G.',
  'e.V.',
  'public body',
  'other',
]);

const STATES: ReadonlySet<string> = new Set(
  'BB BE BW BY HB HE HH MV NI NW RP SH SL SN ST TH'.split(' '),
);
const MEDIA_TYPES: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/webp']);

const NAME_CHARACTERS = 80;
const LINE_CHARACTERS = 120;
const CODE_CHARACTERS = 16;
const URL_CHARACTERS = 300;
const DESCRIPTION_CHARACTERS = 1_000;
const PRIVACY_CHARACTERS = 3_000;
const FURTHER_CHARACTERS = 600;
const MOST_LINKS = 8;
const MOST_PICTURES = 6;
const MOST_SPOKEN = 12;
const MOST_SPECIAL_DAYS = 120;
const MOST_SPANS_A_DAY = 6;
const PICTURE_BYTES = 512 * 1024;
const PICTURE_PIXELS = 4_096;
const KEY_BYTES = 32;
const MINUTES_A_DAY = 1_440;

const HIDDEN =
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;
const EMAIL = /^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/;
const TELEPHONE = /^\+?[0-9][0-9 ()/.-]{2,38}$/;
const URL = /^https:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?#][!#-;=?-[\]^_a-z{|}~]*)?$/;
const COUNTRY = /^[A-Z]{2}$/;
const SPOKEN = /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}$/;
const ZONE = /^[A-Za-z0-9_+-]{1,32}(?:\/[A-Za-z0-9_+-]{1,32}){0,2}$/;
const VAT = /^[A-Z]{2}[0-9A-Z]{2,13}$/;
const GERMAN_VAT = /^DE[0-9]{9}$/;
const GERMAN_CODE = /^[0-9]{5}$/;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;

/** Throws IdentityRefused (`bad_profile`). */
export function checkProfile(profile: Profile): void {
  for (const check of [texts, words, contacts, hours, pictures]) {
    check(profile);
  }
}

function texts(profile: Profile): void {
  const { description, imprint, privacy } = profile;
  line('name', profile.name, NAME_CHARACTERS, 1);
  line('imprint.name', imprint.name, LINE_CHARACTERS);
  line('imprint.representative', imprint.representative, LINE_CHARACTERS);
  line('imprint.register', imprint.register, LINE_CHARACTERS);
  line('imprint.register_number', imprint.registerNumber, LINE_CHARACTERS);
  for (const [place, address] of placesOf(profile)) {
    line(`${place}street`, address.street, LINE_CHARACTERS);
    line(`${place}postal_code`, address.postalCode, CODE_CHARACTERS);
    line(`${place}locality`, address.locality, NAME_CHARACTERS);
  }
  profile.links.forEach(({ label }) => {
    line('links', label, NAME_CHARACTERS, 1);
  });
  profile.pictures.forEach(({ text }) => {
    line('pictures', text, LINE_CHARACTERS, 1);
  });
  profile.calendar.specialDays.forEach(({ note }) => {
    line('special_days', note, NAME_CHARACTERS);
  });
  for (const language of ['de', 'en'] as const) {
    characters(`description.${language}`, description[language], DESCRIPTION_CHARACTERS);
    characters(`privacy.${language}`, privacy[language], PRIVACY_CHARACTERS);
  }
  characters('imprint.further', imprint.further, FURTHER_CHARACTERS);
}

function line(field: string, text: string, most: number, least = 0): void {
  if (text.includes('\n')) {
    throw profileRefused(field, 'must be one line.');
  }
  characters(field, text, most);
  if (text.length < least) {
    throw profileRefused(field, 'is missing.');
  }
}

function characters(field: string, text: string, most: number): void {
  // Characters as Python counts them: code points.
  const { length } = Array.from(text);
  if (length > most) {
    throw profileRefused(field, `has ${length} characters and may have ${most}.`);
  }
  if (text !== text.trim()) {
    throw profileRefused(field, 'begins or ends with a space.');
  }
  if (HIDDEN.test(text)) {
    throw profileRefused(field, 'has an invisible character.');
  }
}

function words({ imprint, kind, spoken }: Profile): void {
  if (!KINDS.some((one) => one === kind)) {
    throw profileRefused('kind', `must be one of: ${KINDS.join(', ')}.`);
  }
  if (!LEGAL_FORMS.has(imprint.legalForm)) {
    throw profileRefused('imprint.legal_form', 'is none that this program knows.');
  }
  const isOften = new Set(spoken).size !== spoken.length;
  if (spoken.length < 1 || spoken.length > MOST_SPOKEN || isOften) {
    throw profileRefused('languages', `must be 1 to ${MOST_SPOKEN} languages, each once.`);
  }
  if (!spoken.every((tag) => SPOKEN.test(tag))) {
    throw profileRefused('languages', 'must be tags such as "de" or "pt-BR".');
  }
}

function contacts(profile: Profile): void {
  const { imprint } = profile;
  for (const [place, { country, postalCode }] of placesOf(profile)) {
    fits(`${place}country`, country, COUNTRY);
    if (postalCode !== '' && country === 'DE') {
      fits(`${place}postal_code`, postalCode, GERMAN_CODE);
    }
  }
  for (const [field, text, pattern, most] of [
    ['telephone', profile.telephone, TELEPHONE, LINE_CHARACTERS],
    ['imprint.telephone', imprint.telephone, TELEPHONE, LINE_CHARACTERS],
    ['email', profile.email, EMAIL, LINE_CHARACTERS],
    ['imprint.email', imprint.email, EMAIL, LINE_CHARACTERS],
    ['privacy_url', profile.privacyUrl, URL, URL_CHARACTERS],
    ['imprint.contact_url', imprint.contactUrl, URL, URL_CHARACTERS],
  ] as const) {
    if (text !== '') {
      fits(field, text, pattern, most);
    }
  }
  if (imprint.vatId !== '') {
    fits('imprint.vat_id', imprint.vatId, imprint.vatId.startsWith('DE') ? GERMAN_VAT : VAT);
  }
  profile.links.forEach(({ url }) => {
    fits('links', url, URL, URL_CHARACTERS);
  });
  if (profile.links.length > MOST_LINKS) {
    throw profileRefused('links', `are more than ${MOST_LINKS}.`);
  }
}

function placesOf({ address, imprint }: Profile): readonly (readonly [string, Address])[] {
  return [
    ['address.', address],
    ['imprint.', imprint.address],
  ];
}

function fits(field: string, text: string, pattern: RegExp, most = LINE_CHARACTERS): void {
  if (text.length > most || !pattern.test(text)) {
    throw profileRefused(field, 'is not of the form that it must have.');
  }
}

function hours({ calendar }: Profile): void {
  const { region, weekly, zone } = calendar;
  fits('time_zone', zone, ZONE);
  weekly.forEach((spans) => {
    checkSpans('hours', spans);
  });
  weekly.forEach((spans, day) => {
    const closes = spans.at(-1)?.[1] ?? 0;
    const opens = weekly[(day + 1) % weekly.length]?.[0]?.[0] ?? MINUTES_A_DAY;
    if (closes - MINUTES_A_DAY > opens) {
      throw profileRefused('hours', 'of one day reach into those of the next.');
    }
  });
  checkSpecialDays(calendar);
  if (region !== undefined && !STATES.has(region.state)) {
    throw profileRefused('holidays.state', 'is no federal state.');
  }
}

function checkSpecialDays({ specialDays }: Calendar): void {
  if (specialDays.length > MOST_SPECIAL_DAYS) {
    throw profileRefused('special_days', `are more than ${MOST_SPECIAL_DAYS}.`);
  }
  let before = '';
  for (const { date, spans } of specialDays) {
    if (!isDate(date) || date <= before) {
      throw profileRefused('special_days', 'must be dates in order, each once.');
    }
    before = date;
    checkSpans('special_days', spans);
  }
}

/** Whether there is such a date, by the Gregorian calendar. */
function isDate(text: string): boolean {
  if (!DATE.test(text)) {
    return false;
  }
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return year > 0 && day >= 1 && day <= days;
}

function checkSpans(field: string, spans: readonly Span[]): void {
  if (spans.length > MOST_SPANS_A_DAY) {
    throw profileRefused(field, `have more than ${MOST_SPANS_A_DAY} spans a day.`);
  }
  let end = 0;
  for (const [opens, closes] of spans) {
    if (opens < end || opens >= MINUTES_A_DAY) {
      throw profileRefused(field, 'have spans that overlap or are not in order.');
    }
    if (closes <= opens || closes > 2 * MINUTES_A_DAY) {
      throw profileRefused(field, 'have a span that closes before it opens.');
    }
    end = closes;
  }
}

function pictures({ pictures: shown }: Profile): void {
  if (shown.length > MOST_PICTURES) {
    throw profileRefused('pictures', `are more than ${MOST_PICTURES}.`);
  }
  if (new Set(shown.map(({ digest }) => toHex(digest))).size !== shown.length) {
    throw profileRefused('pictures', 'must be different ones.');
  }
  shown.forEach(checkPicture);
}

function checkPicture({ blob, digest, height, mediaType, sizeBytes, width }: Picture): void {
  const isNamed = blob.length === KEY_BYTES && digest.length === KEY_BYTES;
  const isSized = sizeBytes >= 1 && sizeBytes <= PICTURE_BYTES;
  const isSeen = [width, height].every((side) => side >= 1 && side <= PICTURE_PIXELS);
  if (!isNamed || !isSized || !isSeen || !MEDIA_TYPES.has(mediaType)) {
    throw profileRefused('pictures', 'are not of the form that they must have.');
  }
}
