/**
 * Requests as they come in: looked at field by field before anything is done with them.
 *
 * Here is what a field may be at all. What it may be just now (a text that is too long for a
 * message, a conversation that there is not) is said by whoever does it, with a better sentence.
 */

import { REPORT_REASONS } from '../base/reports.ts';
import { PREVIEW_BYTES, WAVEFORM_BYTES } from '../content/attachment.ts';
import { MAX_INSTANT_S, MAX_PARTY } from '../content/cards.ts';
import { MAX_PICTURE_BYTES } from '../content/picture.ts';
import { SdkError } from './errors.ts';
import type { Operation } from './protocol.ts';

/** UTF-16 units of one text; what can be sent is shorter. */
export const TEXT_LIMIT = 256 * 1024;

/** UTF-16 units of what is no message: an address, a sign, a search, a name. */
export const WORDS_LIMIT = 4096;

/** Accounts or conversations in one request. */
export const LIST_LIMIT = 1_000;

/** UTF-16 units of one text of a profile while it is written; it may be too long still. */
const PROFILE_TEXT_LIMIT = 16 * 1024;
const WEEK_DAYS = 7;

const PIXELS_LIMIT = 2 ** 31;
const DURATION_LIMIT_MS = 2 ** 40;
const BYTE = 255;

type Shape = (value: unknown) => boolean;
type Fields = Readonly<Record<string, Shape>>;

const flag: Shape = (value) => typeof value === 'boolean';
const file: Shape = (value) => value instanceof Blob;

const text =
  (limit = WORDS_LIMIT): Shape =>
  (value) =>
    typeof value === 'string' && value.length <= limit;

/** 16 bytes in hex. */
const identifier: Shape = (value) => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value);

/** 32 bytes in hex. */
const key: Shape = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

const number =
  (high: number, low = 0): Shape =>
  (value) =>
    Number.isSafeInteger(value) && Number(value) >= low && Number(value) <= high;

const bytes =
  (limit: number): Shape =>
  (value) =>
    value instanceof Uint8Array && value.length <= limit;

const list =
  (item: Shape, limit = LIST_LIMIT): Shape =>
  (value) =>
    Array.isArray(value) && value.length <= limit && value.every(item);

const optional =
  (item: Shape): Shape =>
  (value) =>
    value === undefined || item(value);

const word =
  (...words: readonly string[]): Shape =>
  (value) =>
    words.some((one) => one === value);

const record =
  (fields: Fields): Shape =>
  (value) =>
    wrongField(fields, value) === undefined;

const anyOf =
  (...shapes: readonly Shape[]): Shape =>
  (value) =>
    shapes.some((shape) => shape(value));

const whole = number(Number.MAX_SAFE_INTEGER);
const place: Shape = (value) => list(whole, 3)(value) && (value as unknown[]).length === 3;
const stretch = anyOf(
  record({ from: word('end', 'unread') }),
  record({ before: place }),
  record({ after: place }),
  record({ around: text() }),
);
const cardAnswer = anyOf(
  record({ kind: word('choose'), identifier: text(), requestId: text() }),
  record({
    kind: word('booking_request'),
    party: optional(number(MAX_PARTY)),
    day: optional(text()),
    at: optional(text()),
    underName: text(),
  }),
  record({ kind: word('cancel_request'), uid: text() }),
);

const spans = list(record({ opensMinute: whole, closesMinute: whole }), 50);
const address = record({ street: text(), postalCode: text(), locality: text(), country: text() });
const wording = record({ de: text(PROFILE_TEXT_LIMIT), en: text(PROFILE_TEXT_LIMIT) });

/** Our own profile as it is written; what is wrong in it is said at its fields. */
export const profileDraft = record({
  name: text(),
  kind: text(),
  address,
  telephone: text(),
  email: text(),
  zone: text(),
  hours: record({
    weekly: (value) => list(spans, WEEK_DAYS)(value) && (value as unknown[]).length === WEEK_DAYS,
    specialDays: list(record({ date: text(), note: text(), spans })),
    holidays: anyOf(
      (value) => value === null,
      record({ state: text(), assumptionDay: flag, peaceFestival: flag, isOpen: flag }),
    ),
  }),
  spoken: list(text(), 50),
  description: wording,
  privacy: wording,
  privacyUrl: text(),
  imprint: record({
    ...{ name: text(), legalForm: text(), representative: text(), address },
    ...{ email: text(), telephone: text(), contactUrl: text() },
    ...{ register: text(), registerNumber: text(), vatId: text(), further: text() },
  }),
  links: list(record({ label: text(), url: text() }), 50),
  pictures: list(
    record({
      ...{ blob: key, digest: key, sizeBytes: whole, mediaType: text() },
      ...{ width: whole, height: whole, text: text() },
    }),
    50,
  ),
  isListed: flag,
});

const HERE: Fields = { conversation: text() };
const ONCE: Fields = { idempotencyId: optional(identifier), isAgain: optional(flag) };
const ONE: Fields = { ...HERE, message: text() };
const ACCOUNT: Fields = { address: text() };
const RESTORING: Fields = {
  name: text(),
  recoveryKey: text(),
  passphrase: optional(text()),
  file: optional(file),
};

const REQUESTS: Readonly<Record<Operation, Fields>> = {
  open: {},
  register: {
    name: text(),
    invitation: optional(text()),
    kind: optional(word('person', 'business')),
  },
  conversations: {},
  conversation: HERE,
  conversationWith: ACCOUNT,
  createGroup: { title: text(), addresses: list(text()) },
  messages: { ...HERE, stretch, limit: whole },
  search: { query: text(), conversation: optional(text()) },
  sendText: {
    ...HERE,
    ...ONCE,
    text: text(TEXT_LIMIT),
    answers: optional(text()),
    mentions: optional(list(text())),
  },
  answerCard: {
    ...HERE,
    ...ONCE,
    answer: cardAnswer,
    text: text(TEXT_LIMIT),
    language: text(),
    answers: optional(text()),
  },
  forward: { ...ONE, to: list(text()) },
  edit: { ...ONE, text: text(TEXT_LIMIT) },
  remove: ONE,
  hide: ONE,
  react: { ...ONE, sign: text() },
  unreact: { ...ONE, sign: text() },
  isUnread: ONE,
  markRead: { ...HERE, upTo: optional(text()) },
  retry: ONE,
  sendFile: {
    ...HERE,
    file,
    name: text(),
    mediaType: text(),
    width: optional(number(PIXELS_LIMIT)),
    height: optional(number(PIXELS_LIMIT)),
    durationMs: optional(number(DURATION_LIMIT_MS)),
    waveform: optional(list(number(BYTE), WAVEFORM_BYTES)),
    preview: optional(bytes(PREVIEW_BYTES)),
    text: optional(text(TEXT_LIMIT)),
    transfer: text(),
  },
  fetchFile: { ...ONE, transfer: text() },
  cancelTransfer: { transfer: text() },
  setDraft: { ...HERE, draft: text(TEXT_LIMIT) },
  change: {
    ...HERE,
    isPinned: optional(flag),
    isArchived: optional(flag),
    mutedUntilMs: optional(whole),
    isMentionsOnly: optional(flag),
  },
  setExpiry: { ...HERE, expiresAfterS: number(MAX_INSTANT_S) },
  accept: HERE,
  rename: { ...HERE, title: text() },
  setPicture: { ...HERE, picture: bytes(MAX_PICTURE_BYTES) },
  setLink: { ...HERE, isOn: flag },
  askToJoin: { ...ACCOUNT, group: text(), secret: text(), text: text() },
  admission: ONE,
  admit: ONE,
  add: { ...HERE, ...ACCOUNT },
  expel: { ...HERE, ...ACCOUNT },
  appoint: { ...HERE, ...ACCOUNT, isAdmin: flag },
  leave: HERE,
  forget: HERE,
  contact: ACCOUNT,
  contacts: {},
  profile: ACCOUNT,
  ownProfile: {},
  keepProfileDraft: { profile: optional(profileDraft) },
  checkProfile: { profile: profileDraft },
  publishProfile: { profile: profileDraft },
  withdrawProfile: {},
  addPublicPicture: { file },
  searchDirectory: { words: text(), kind: text(), place: text(), after: optional(text()) },
  safety: ACCOUNT,
  markVerified: { ...ACCOUNT, compared: text() },
  acceptIdentity: { ...ACCOUNT, compared: text() },
  rejectIdentity: ACCOUNT,
  block: { ...ACCOUNT, isBlocked: flag },
  report: { ...HERE, messages: list(text()), reason: word(...REPORT_REASONS), note: text() },
  devices: {},
  removeDevice: { device: text() },
  nameDevice: { device: text(), name: text() },
  beginLinking: { name: optional(text()), staff: optional(text()) },
  linkWith: {
    link: text(),
    name: optional(text()),
    staff: optional(text()),
    isScanned: optional(flag),
  },
  confirmLinking: { id: whole, digits: optional(text()) },
  cancelLinking: {},
  backup: {},
  setUpRecovery: { passphrase: optional(text()) },
  stopBackups: {},
  backUp: {},
  saveBackupFile: {},
  fetchHistory: { file: optional(file) },
  forgoHistory: {},
  findBackup: RESTORING,
  restore: { ...RESTORING, isAlone: flag },
  problems: {},
  wakeUpKey: {},
  setWakeUp: { endpoint: text() },
  dropWakeUp: {},
  askAgent: { operation: text(), params: (value) => typeof value === 'object' && value !== null },
  team: {},
  tellTeam: { fact: (value) => typeof value === 'object' && value !== null },
  erase: {},
};

/** Throws SdkError for an unknown operation, or a field that is missing or no such thing. */
export function checkAsked(operation: unknown, asked: unknown): asserts operation is Operation {
  if (typeof operation !== 'string' || !Object.hasOwn(REQUESTS, operation)) {
    throw new SdkError('This version of Plausch cannot do that: reload the page.', {
      code: 'unknown_operation',
    });
  }
  const wrong = wrongField(REQUESTS[operation as Operation], asked);
  if (wrong !== undefined) {
    throw new SdkError(
      `What ${operation} was asked for is not as it should be (${wrong}): it may be too long.`,
      { code: 'bad_request' },
    );
  }
}

/** The first field that is not what it should be. */
function wrongField(fields: Fields, value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) {
    return 'fields';
  }
  const given = value as Readonly<Record<string, unknown>>;
  return Object.keys(fields).find((name) => fields[name]?.(given[name]) !== true);
}
