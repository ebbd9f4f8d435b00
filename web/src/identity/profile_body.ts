/**
 * What a business says of itself in public, as the bytes that are signed: msgpack, arrays of texts,
 * bytes and whole numbers, in the one shortest encoding. Whatever comes in is checked
 * (profile_check.ts).
 */

import { encode } from '@msgpack/msgpack';

import { checkProfile } from './profile_check.ts';
import { profileRefused } from './profile_refused.ts';
import { decodeExactly, type Field, type Fields } from './signed.ts';

const VERSION = 1;
const MAX_BODY_BYTES = 15 * 1024;
const WEEK_DAYS = 7;

/** Open from the first until before the second: minutes after midnight of the opening day. */
export type Span = readonly [opensMinute: number, closesMinute: number];

export interface SpecialDay {
  /** As in 2026-12-24. */
  readonly date: string;
  readonly note: string;
  readonly spans: readonly Span[];
}

/** A federal state of Germany, and two holidays that depend on the municipality. */
export interface HolidayRegion {
  readonly state: string;
  readonly assumptionDay: boolean;
  readonly peaceFestival: boolean;
}

export interface Calendar {
  readonly zone: string;
  /** Seven lists, Monday first. */
  readonly weekly: readonly (readonly Span[])[];
  readonly specialDays: readonly SpecialDay[];
  readonly region?: HolidayRegion;
  readonly openOnHolidays: boolean;
}

/** A text in German and in English; one of them may be empty. */
export interface Wording {
  readonly de: string;
  readonly en: string;
}

export interface Address {
  readonly street: string;
  readonly postalCode: string;
  readonly locality: string;
  readonly country: string;
}

/** Who answers for the business (section 5 DDG). What is unknown or does not apply is empty. */
export interface Imprint {
  readonly name: string;
  readonly legalForm: string;
  readonly representative: string;
  readonly address: Address;
  readonly email: string;
  readonly telephone: string;
  readonly contactUrl: string;
  readonly register: string;
  readonly registerNumber: string;
  readonly vatId: string;
  readonly further: string;
}

export interface Link {
  readonly label: string;
  readonly url: string;
}

/** A public picture: a blob that is not encrypted; `text` says what is on it. */
export interface Picture {
  readonly blob: Uint8Array;
  readonly digest: Uint8Array;
  readonly sizeBytes: number;
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
  readonly text: string;
}

export interface Profile {
  readonly name: string;
  readonly kind: string;
  readonly address: Address;
  readonly telephone: string;
  readonly email: string;
  readonly calendar: Calendar;
  readonly spoken: readonly string[];
  readonly description: Wording;
  readonly privacy: Wording;
  readonly privacyUrl: string;
  readonly imprint: Imprint;
  readonly links: readonly Link[];
  readonly pictures: readonly Picture[];
  /** It may be found in the server's directory. */
  readonly listed: boolean;
}

/** The profile that this body is. Throws IdentityRefused (`malformed`, `bad_profile`). */
export function parseProfileBody(raw: Uint8Array): Profile {
  checkLength(raw);
  const profile = decodeExactly(raw, 'profile', readProfile);
  checkProfile(profile);
  return profile;
}

/** The body that is signed. Throws IdentityRefused (`bad_profile`), also when it is too long. */
export function encodeProfile(profile: Profile): Uint8Array {
  checkProfile(profile);
  const { address, calendar, description, imprint, privacy } = profile;
  const { contactUrl, further, legalForm, name, register, registerNumber, vatId } = imprint;
  const body: readonly Field[] = [
    VERSION,
    ...[profile.name, profile.kind, placeFields(address), profile.telephone, profile.email],
    calendarFields(calendar),
    profile.spoken.map((tag) => [tag]),
    [description.de, description.en],
    [privacy.de, privacy.en],
    profile.privacyUrl,
    [
      ...[name, legalForm, imprint.representative, placeFields(imprint.address)],
      ...[imprint.email, imprint.telephone, contactUrl, register, registerNumber, vatId, further],
    ],
    profile.links.map(({ label, url }) => [label, url]),
    profile.pictures.map((one) => [
      ...[one.blob, one.digest, one.sizeBytes, one.mediaType, one.width, one.height, one.text],
    ]),
    profile.listed ? 1 : 0,
  ];
  const raw = encode(body);
  checkLength(raw);
  return raw;
}

function checkLength(raw: Uint8Array): void {
  if (raw.length > MAX_BODY_BYTES) {
    throw profileRefused('length', `is ${raw.length} bytes and may be ${MAX_BODY_BYTES}.`);
  }
}

function placeFields({ country, locality, postalCode, street }: Address): Field {
  return [street, postalCode, locality, country];
}

function calendarFields({ openOnHolidays, region, specialDays, weekly, zone }: Calendar): Field {
  return [
    zone,
    weekly.flatMap((spans, day) => spans.map(([opens, closes]) => [day, opens, closes])),
    specialDays.map(({ date, note, spans }) => [date, note, spans.map((span) => [...span])]),
    [
      region?.state ?? '',
      ...[region?.assumptionDay, region?.peaceFestival, openOnHolidays].map((is) => (is ? 1 : 0)),
    ],
  ];
}

function readProfile(fields: Fields): Profile {
  const version = fields.natural();
  if (version !== VERSION) {
    throw profileRefused('version', `is ${version}, and this program knows version ${VERSION}.`);
  }
  return {
    name: fields.text(),
    kind: fields.text(),
    address: fields.inner(readAddress),
    telephone: fields.text(),
    email: fields.text(),
    calendar: fields.inner(readCalendar),
    spoken: fields.list((tag) => tag.text()),
    description: fields.inner(readWording),
    privacy: fields.inner(readWording),
    privacyUrl: fields.text(),
    imprint: fields.inner(readImprint),
    links: fields.list((link) => ({ label: link.text(), url: link.text() })),
    pictures: fields.list(readPicture),
    listed: flag(fields),
  };
}

function readAddress(fields: Fields): Address {
  return {
    street: fields.text(),
    postalCode: fields.text(),
    locality: fields.text(),
    country: fields.text(),
  };
}

function readWording(fields: Fields): Wording {
  return { de: fields.text(), en: fields.text() };
}

function readSpan(fields: Fields): Span {
  return [fields.natural(), fields.natural()];
}

function readCalendar(fields: Fields): Calendar {
  const zone = fields.text();
  const entries = fields.list((one) => ({ weekday: one.natural(), span: readSpan(one) }));
  const specialDays = fields.list((one) => ({
    date: one.text(),
    note: one.text(),
    spans: one.list(readSpan),
  }));
  const { open: openOnHolidays, ...region } = fields.inner((holidays) => ({
    state: holidays.text(),
    assumptionDay: flag(holidays),
    peaceFestival: flag(holidays),
    open: flag(holidays),
  }));
  if (region.state === '' && (region.assumptionDay || region.peaceFestival)) {
    throw profileRefused('holidays.state', 'is missing.');
  }
  return {
    zone,
    weekly: byWeekday(entries),
    specialDays,
    ...(region.state === '' ? {} : { region }),
    openOnHolidays,
  };
}

function byWeekday(
  entries: readonly { readonly weekday: number; readonly span: Span }[],
): readonly (readonly Span[])[] {
  const weekly: Span[][] = Array.from({ length: WEEK_DAYS }, () => []);
  let before = 0;
  for (const { weekday, span } of entries) {
    const day = weekly[weekday];
    if (day === undefined || weekday < before) {
      throw profileRefused('hours', 'are not in order.');
    }
    day.push(span);
    before = weekday;
  }
  return weekly;
}

function readImprint(fields: Fields): Imprint {
  return {
    name: fields.text(),
    legalForm: fields.text(),
    representative: fields.text(),
    address: fields.inner(readAddress),
    email: fields.text(),
    telephone: fields.text(),
    contactUrl: fields.text(),
    register: fields.text(),
    registerNumber: fields.text(),
    vatId: fields.text(),
    further: fields.text(),
  };
}

function readPicture(fields: Fields): Picture {
  return {
    blob: fields.bytes(),
    digest: fields.bytes(),
    sizeBytes: fields.natural(),
    mediaType: fields.text(),
    width: fields.natural(),
    height: fields.natural(),
    text: fields.text(),
  };
}

function flag(fields: Fields): boolean {
  const value = fields.natural();
  if (value > 1) {
    throw profileRefused('flags', 'are 0 or 1.');
  }
  return value === 1;
}
