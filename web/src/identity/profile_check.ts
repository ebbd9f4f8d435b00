/**
 * What may stand in a profile: a chain of named checks over its fields.
 *
 * A profile is written by strangers and shown to everybody, so that no text may hide or turn round
 * what stands beside it, and no address may lead anywhere but to the web, a mailbox or a telephone.
 */

import {
  KINDS,
  legalForm,
  MOST_LINKS,
  MOST_PICTURES,
  PICTURE_BYTES,
  PICTURE_PIXELS,
} from '../base/business.ts';
import { toHex } from '../base/bytes.ts';
import type { Address, Calendar, Picture, Profile, Span } from './profile_body.ts';
import { profileRefused } from './profile_refused.ts';

/** Why a field is not as it must be; `most`: how much of it there may be. */
export type Why =
  | { readonly why: 'long' | 'many'; readonly most: number }
  | { readonly why: 'missing' | 'line' | 'space' | 'hidden' | 'unknown' | 'form' | 'twice' }
  | { readonly why: 'order' | 'reach' };

/** One thing that is wrong; `at`: in which of several links or pictures. */
export type ProfileProblem = Why & {
  /** As in `imprint.email`. */
  readonly field: string;
  readonly at?: number;
  /** What stands after the field's name. */
  readonly sentence: string;
};

type Problems = Generator<ProfileProblem, void>;

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
const MOST_SPOKEN = 12;
const MOST_SPECIAL_DAYS = 120;
const MOST_SPANS_A_DAY = 6;
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

/** Everything that may not stand so, in the order in which it is found. */
export function* problemsIn(profile: Profile): Problems {
  for (const check of [texts, words, contacts, hours, pictures]) {
    yield* check(profile);
  }
}

/** Throws IdentityRefused (`bad_profile`). */
export function checkProfile(profile: Profile): void {
  for (const { field, sentence } of problemsIn(profile)) {
    throw profileRefused(field, sentence);
  }
}

function* texts(profile: Profile): Problems {
  const { description, imprint, privacy } = profile;
  yield* line('name', profile.name, NAME_CHARACTERS, { least: 1 });
  yield* line('imprint.name', imprint.name, LINE_CHARACTERS);
  yield* line('imprint.representative', imprint.representative, LINE_CHARACTERS);
  yield* line('imprint.register', imprint.register, LINE_CHARACTERS);
  yield* line('imprint.register_number', imprint.registerNumber, LINE_CHARACTERS);
  for (const [place, address] of placesOf(profile)) {
    yield* line(`${place}street`, address.street, LINE_CHARACTERS);
    yield* line(`${place}postal_code`, address.postalCode, CODE_CHARACTERS);
    yield* line(`${place}locality`, address.locality, NAME_CHARACTERS);
  }
  for (const [at, { label }] of profile.links.entries()) {
    yield* line('links', label, NAME_CHARACTERS, { least: 1, at });
  }
  for (const [at, { text }] of profile.pictures.entries()) {
    yield* line('pictures', text, LINE_CHARACTERS, { least: 1, at });
  }
  for (const [at, { note }] of profile.calendar.specialDays.entries()) {
    yield* line('special_days', note, NAME_CHARACTERS, { at });
  }
  for (const language of ['de', 'en'] as const) {
    yield* characters(`description.${language}`, description[language], DESCRIPTION_CHARACTERS);
    yield* characters(`privacy.${language}`, privacy[language], PRIVACY_CHARACTERS);
  }
  yield* characters('imprint.further', imprint.further, FURTHER_CHARACTERS);
}

interface Within {
  readonly least?: number;
  readonly at?: number;
}

function* line(field: string, text: string, most: number, within: Within = {}): Problems {
  const { least = 0, ...at } = within;
  if (text.includes('\n')) {
    yield { field, ...at, why: 'line', sentence: 'must be one line.' };
  }
  yield* characters(field, text, most, at);
  if (text.length < least) {
    yield { field, ...at, why: 'missing', sentence: 'is missing.' };
  }
}

function* characters(field: string, text: string, most: number, at: Within = {}): Problems {
  // Characters as Python counts them: code points.
  const { length } = Array.from(text);
  if (length > most) {
    const sentence = `has ${length} characters and may have ${most}.`;
    yield { field, ...at, why: 'long', most, sentence };
  }
  if (text !== text.trim()) {
    yield { field, ...at, why: 'space', sentence: 'begins or ends with a space.' };
  }
  if (HIDDEN.test(text)) {
    yield { field, ...at, why: 'hidden', sentence: 'has an invisible character.' };
  }
}

function* words({ imprint, kind, spoken }: Profile): Problems {
  if (!KINDS.some((one) => one === kind)) {
    yield { field: 'kind', why: 'unknown', sentence: `must be one of: ${KINDS.join(', ')}.` };
  }
  if (imprint.legalForm !== '' && legalForm(imprint.legalForm) === undefined) {
    const sentence = 'is none that this program knows.';
    yield { field: 'imprint.legal_form', why: 'unknown', sentence };
  }
  const isOften = new Set(spoken).size !== spoken.length;
  if (spoken.length < 1 || spoken.length > MOST_SPOKEN || isOften) {
    const sentence = `must be 1 to ${MOST_SPOKEN} languages, each once.`;
    yield { field: 'languages', why: spoken.length < 1 ? 'missing' : 'form', sentence };
  }
  if (!spoken.every((tag) => SPOKEN.test(tag))) {
    yield { field: 'languages', why: 'form', sentence: 'must be tags such as "de" or "pt-BR".' };
  }
}

function* contacts(profile: Profile): Problems {
  const { imprint } = profile;
  for (const [place, { country, postalCode }] of placesOf(profile)) {
    yield* fits(`${place}country`, country, COUNTRY);
    if (postalCode !== '' && country === 'DE') {
      yield* fits(`${place}postal_code`, postalCode, GERMAN_CODE);
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
      yield* fits(field, text, pattern, { most });
    }
  }
  if (imprint.vatId !== '') {
    yield* fits('imprint.vat_id', imprint.vatId, imprint.vatId.startsWith('DE') ? GERMAN_VAT : VAT);
  }
  for (const [at, { url }] of profile.links.entries()) {
    yield* fits('links.url', url, URL, { most: URL_CHARACTERS, at });
  }
  if (profile.links.length > MOST_LINKS) {
    yield tooMany('links', MOST_LINKS);
  }
}

function placesOf({ address, imprint }: Profile): readonly (readonly [string, Address])[] {
  return [
    ['address.', address],
    ['imprint.', imprint.address],
  ];
}

interface Fitting {
  readonly most?: number;
  readonly at?: number;
}

function* fits(field: string, text: string, pattern: RegExp, fitting: Fitting = {}): Problems {
  const { most = LINE_CHARACTERS, ...at } = fitting;
  if (text.length > most || !pattern.test(text)) {
    yield { field, ...at, why: 'form', sentence: 'is not of the form that it must have.' };
  }
}

function tooMany(field: string, most: number): ProfileProblem {
  return { field, why: 'many', most, sentence: `are more than ${most}.` };
}

function* hours({ calendar }: Profile): Problems {
  const { region, weekly, zone } = calendar;
  yield* fits('time_zone', zone, ZONE);
  for (const spans of weekly) {
    yield* spanProblems('hours', spans);
  }
  for (const [day, spans] of weekly.entries()) {
    const closes = spans.at(-1)?.[1] ?? 0;
    const opens = weekly[(day + 1) % weekly.length]?.[0]?.[0] ?? MINUTES_A_DAY;
    if (closes - MINUTES_A_DAY > opens) {
      const sentence = 'of one day reach into those of the next.';
      yield { field: 'hours', at: day, why: 'reach', sentence };
    }
  }
  yield* specialDayProblems(calendar);
  if (region !== undefined && !STATES.has(region.state)) {
    yield { field: 'holidays.state', why: 'unknown', sentence: 'is no federal state.' };
  }
}

function* specialDayProblems({ specialDays }: Calendar): Problems {
  if (specialDays.length > MOST_SPECIAL_DAYS) {
    yield tooMany('special_days', MOST_SPECIAL_DAYS);
  }
  let before = '';
  for (const { date, spans } of specialDays) {
    if (!isDate(date) || date <= before) {
      const sentence = 'must be dates in order, each once.';
      yield { field: 'special_days', why: 'order', sentence };
    }
    before = date;
    yield* spanProblems('special_days', spans);
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

function* spanProblems(field: string, spans: readonly Span[]): Problems {
  if (spans.length > MOST_SPANS_A_DAY) {
    const sentence = `have more than ${MOST_SPANS_A_DAY} spans a day.`;
    yield { field, why: 'many', most: MOST_SPANS_A_DAY, sentence };
  }
  let end = 0;
  for (const [opens, closes] of spans) {
    if (opens < end || opens >= MINUTES_A_DAY) {
      yield { field, why: 'order', sentence: 'have spans that overlap or are not in order.' };
    }
    if (closes <= opens || closes > 2 * MINUTES_A_DAY) {
      yield { field, why: 'order', sentence: 'have a span that closes before it opens.' };
    }
    end = closes;
  }
}

function* pictures({ pictures: shown }: Profile): Problems {
  if (shown.length > MOST_PICTURES) {
    yield tooMany('pictures', MOST_PICTURES);
  }
  if (new Set(shown.map(({ digest }) => toHex(digest))).size !== shown.length) {
    yield { field: 'pictures', why: 'twice', sentence: 'must be different ones.' };
  }
  for (const [at, picture] of shown.entries()) {
    if (!isPicture(picture)) {
      const sentence = 'are not of the form that they must have.';
      yield { field: 'pictures', at, why: 'form', sentence };
    }
  }
}

function isPicture({ blob, digest, height, mediaType, sizeBytes, width }: Picture): boolean {
  const isNamed = blob.length === KEY_BYTES && digest.length === KEY_BYTES;
  const isSized = sizeBytes >= 1 && sizeBytes <= PICTURE_BYTES;
  const isSeen = [width, height].every((side) => side >= 1 && side <= PICTURE_PIXELS);
  return isNamed && isSized && isSeen && MEDIA_TYPES.has(mediaType);
}
