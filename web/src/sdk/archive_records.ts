/**
 * An archive's records: what a device remembers, without anything that belongs to that device alone.
 *
 * No key of a group, none of a device, nothing that waits to be sent. An archive is a head, then
 * records in any order, each with its length before it, then an end that counts them: what was cut
 * off is noticed. Who reads one takes nothing of it for granted.
 */

import { concat, concatAll, textFrom, utf8 } from '../base/bytes.ts';
import { RemoteError } from '../base/errors.ts';
import {
  AccountAddress,
  ConversationId,
  DeviceAddress,
  MessageId,
  NameRefused,
} from '../base/ids.ts';
import { SECRET_BYTES } from '../content/conversation.ts';
import { ContentError } from '../content/errors.ts';
import { checkPicture } from '../content/picture.ts';
import {
  CodecError,
  encodeVarint,
  MAX_VARINT,
  opaque,
  optional,
  parseWhole,
  Reader,
  u64,
  u8,
  vector,
} from '../mls/codec.ts';
import { ACCOUNT_KINDS, CONTACT_STATES, type KeptAccount } from '../vault/accounts.ts';
import { type ConversationState, KeptConversation } from '../vault/conversations.ts';
import { type MessageRow, readStamped, ROW_KINDS, stampedBytes } from '../vault/messages.ts';

export const ARCHIVE_VERSION = 1;

/** The longest record: a message with the longest content, and room. */
export const RECORD_BYTES = 256 * 1024;

const MAGIC = utf8('Plausch archive\0');
const STATES: readonly ConversationState[] = [
  'opening',
  'open',
  'left',
  'failed',
  'broken',
  'ended',
];

/** The archive is not one, or says what no honest device says. */
export class ArchiveRefused extends RemoteError {
  static override readonly code: string = 'bad_archive';
}

/** How far an account has received, or what it said of a message. */
export interface ReachedRecord {
  readonly kind: 'reached';
  readonly conversation: ConversationId;
  readonly account: AccountAddress;
  readonly seq: number;
}

export interface StatusRecord {
  readonly kind: 'status';
  readonly message: MessageId;
  readonly account: AccountAddress;
  readonly status: number;
}

/** One record. */
export type ArchiveRecord =
  | { readonly kind: 'head'; readonly account: AccountAddress; readonly madeAtMs: number }
  | { readonly kind: 'contact'; readonly contact: KeptAccount }
  | { readonly kind: 'conversation'; readonly conversation: KeptConversation }
  | { readonly kind: 'message'; readonly row: MessageRow }
  | ReachedRecord
  | StatusRecord
  | { readonly kind: 'name'; readonly device: DeviceAddress; readonly name: string }
  | { readonly kind: 'end'; readonly records: number };

const KINDS = [
  'head',
  'contact',
  'conversation',
  'message',
  'reached',
  'status',
  'name',
  'end',
] as const satisfies readonly ArchiveRecord['kind'][];

// --- writing ---------------------------------------------------------------------------------

/** A record with its length before it. */
export function recordBytes(record: ArchiveRecord): Uint8Array {
  const body = concat(u8(KINDS.indexOf(record.kind)), bodyBytes(record));
  return concat(encodeVarint(body.length), body);
}

function bodyBytes(record: ArchiveRecord): Uint8Array {
  switch (record.kind) {
    case 'head':
      return concat(MAGIC, u8(ARCHIVE_VERSION), text(record.account.uri), number(record.madeAtMs));
    case 'contact':
      return contactBytes(record.contact);
    case 'conversation':
      return conversationBytes(record.conversation);
    case 'message':
      return rowBytes(record.row);
    case 'reached': {
      const { account, conversation, seq } = record;
      return concat(conversation.bytes, text(account.uri), number(seq));
    }
    case 'status':
      return concat(record.message.bytes, text(record.account.uri), u8(record.status));
    case 'name':
      return concat(text(record.device.uri), text(record.name));
    case 'end':
      return number(record.records);
  }
}

function contactBytes(contact: KeptAccount): Uint8Array {
  return concat(
    text(contact.address.uri),
    u8(ACCOUNT_KINDS.indexOf(contact.kind)),
    u8(CONTACT_STATES.indexOf(contact.state)),
    flags(contact.isKnown, contact.isBlocked),
    opaque(contact.identityKey),
    opaque(contact.deviceList),
    opaque(contact.offeredKey),
    opaque(contact.offeredList),
  );
}

function conversationBytes(kept: KeptConversation): Uint8Array {
  const { isArchived, isMentionsOnly, isPinned, isRequest } = kept;
  const numbers = [
    ...[kept.cursor, kept.readSeq, kept.unread, kept.activeAtMs, kept.ordinalMs],
    ...[kept.mutedUntilMs, kept.expiresAfterS],
  ];
  return concatAll([
    kept.id.bytes,
    u8(STATES.indexOf(kept.state)),
    flags(isRequest, isPinned, isArchived, isMentionsOnly),
    ...numbers.map(number),
    text(kept.title),
    text(kept.draft),
    opaque(kept.picture),
    opaque(kept.link),
    texts(kept.members.map(({ uri }) => uri)),
    texts(kept.invited.map(({ uri }) => uri)),
  ]);
}

function rowBytes(row: MessageRow): Uint8Array {
  return concat(
    row.conversation.bytes,
    row.messageId.bytes,
    u8(ROW_KINDS.indexOf(row.kind)),
    flags(row.isForkSuspected, row.isHidden === true),
    text(row.sender.uri),
    number(row.seq ?? 0),
    number(row.ordinalMs),
    number(row.sentAtMs),
    optional(row.expiresAtMs === undefined ? undefined : number(row.expiresAtMs)),
    optional(row.target?.bytes),
    opaque(row.content),
    stampedBytes(row.stamped),
  );
}

function text(value: string): Uint8Array {
  return opaque(utf8(value));
}

function texts(values: readonly string[]): Uint8Array {
  return vector(values.map(text));
}

function number(value: number): Uint8Array {
  return u64(BigInt(value));
}

function flags(...values: readonly boolean[]): Uint8Array {
  return u8(values.reduce((sum, value, bit) => sum | (value ? 1 << bit : 0), 0));
}

// --- reading ---------------------------------------------------------------------------------

/** The whole records at the beginning of these bytes, and how many bytes they take. */
export interface Parsed {
  readonly records: readonly ArchiveRecord[];
  readonly taken: number;
}

/**
 * Parse what is whole, at most `limit` records. `own`: whose messages are ours.
 *
 * Throws ArchiveRefused.
 */
export function parseRecords(raw: Uint8Array, own: AccountAddress, limit: number): Parsed {
  const records: ArchiveRecord[] = [];
  let taken = 0;
  while (records.length < limit) {
    const body = nextBody(raw.subarray(taken));
    if (body === undefined) {
      break;
    }
    taken += body.end;
    records.push(parseRecord(raw.slice(taken - body.length, taken), own));
  }
  return { records, taken };
}

/** Where the next record ends; undefined while it is not whole. */
function nextBody(raw: Uint8Array): { readonly length: number; readonly end: number } | undefined {
  const first = raw[0];
  if (first === undefined) {
    return undefined;
  }
  const head = first < 0x40 ? 1 : first < 0x80 ? 2 : 4;
  if (raw.length < head) {
    return undefined;
  }
  const length = refusing(() => new Reader(raw.slice(0, head)).varint());
  if (length === 0 || length > RECORD_BYTES) {
    throw refused(`a record has ${length} bytes`);
  }
  return raw.length < head + length ? undefined : { length, end: head + length };
}

function parseRecord(body: Uint8Array, own: AccountAddress): ArchiveRecord {
  return refusing(() =>
    parseWhole((reader): ArchiveRecord => {
      const kind = KINDS[reader.u8()];
      if (kind === undefined) {
        throw refused('a record is of an unknown kind');
      }
      return readBody(kind, reader, own);
    }, body),
  );
}

function readBody(kind: ArchiveRecord['kind'], reader: Reader, own: AccountAddress): ArchiveRecord {
  switch (kind) {
    case 'head':
      return readHead(reader);
    case 'contact':
      return { kind, contact: readContact(reader) };
    case 'conversation':
      return { kind, conversation: readConversation(reader) };
    case 'message':
      return { kind, row: readRow(reader, own) };
    case 'reached':
      return {
        ...{ kind, conversation: ConversationId.of(reader.fixed(16)) },
        ...{ account: readAccount(reader), seq: natural(reader) },
      };
    case 'status':
      return {
        ...{ kind, message: MessageId.of(reader.fixed(32)) },
        ...{ account: readAccount(reader), status: reader.u8() },
      };
    case 'name':
      return { kind, device: DeviceAddress.parseUri(readText(reader)), name: readText(reader) };
    case 'end':
      return { kind, records: natural(reader) };
  }
}

function readHead(reader: Reader): ArchiveRecord {
  const magic = reader.fixed(MAGIC.length);
  if (textFrom(magic) !== textFrom(MAGIC)) {
    throw refused('it does not begin as one');
  }
  if (reader.u8() !== ARCHIVE_VERSION) {
    throw new ArchiveRefused(
      'This history was written by a newer Plausch: reload the page, and try again.',
      { code: 'archive_version' },
    );
  }
  return { kind: 'head', account: readAccount(reader), madeAtMs: natural(reader) };
}

function readContact(reader: Reader): KeptAccount {
  const address = readAccount(reader);
  const kind = oneOf(ACCOUNT_KINDS, reader.u8());
  const state = oneOf(CONTACT_STATES, reader.u8());
  const [isKnown = false, isBlocked = false] = readFlags(reader, 2);
  const [identityKey, deviceList] = [reader.opaque(), reader.opaque()];
  const [offeredKey, offeredList] = [reader.opaque(), reader.opaque()];
  return {
    ...{ address, kind, state, isKnown, isBlocked },
    ...{ identityKey, deviceList, offeredKey, offeredList },
  };
}

function readConversation(reader: Reader): KeptConversation {
  const kept = new KeptConversation(ConversationId.of(reader.fixed(16)));
  kept.state = oneOf(STATES, reader.u8());
  const [isRequest = false, isPinned = false, isArchived = false, isMentionsOnly = false] =
    readFlags(reader, 4);
  Object.assign(kept, { isRequest, isPinned, isArchived, isMentionsOnly });
  kept.cursor = natural(reader);
  kept.readSeq = natural(reader);
  kept.unread = natural(reader);
  kept.activeAtMs = natural(reader);
  kept.ordinalMs = natural(reader);
  kept.mutedUntilMs = natural(reader);
  kept.expiresAfterS = natural(reader);
  kept.title = readText(reader);
  kept.draft = readText(reader);
  kept.picture = checkedPicture(reader.opaque());
  kept.link = checkedLink(reader.opaque());
  kept.setMembers(
    reader.vector((item) => DeviceAddress.parseUri(readText(item))),
    reader.vector((item) => AccountAddress.parseUri(readText(item))),
  );
  return kept;
}

function checkedPicture(picture: Uint8Array): Uint8Array {
  if (picture.length > 0) {
    checkPicture(picture);
  }
  return picture;
}

function checkedLink(link: Uint8Array): Uint8Array {
  if (link.length !== 0 && link.length !== SECRET_BYTES) {
    throw refused('the secret of a link is none');
  }
  return link;
}

function readRow(reader: Reader, own: AccountAddress): MessageRow {
  const conversation = ConversationId.of(reader.fixed(16));
  const messageId = MessageId.of(reader.fixed(32));
  const kind = oneOf(ROW_KINDS, reader.u8());
  const [isForkSuspected = false, isHidden = false] = readFlags(reader, 2);
  const sender = readAccount(reader);
  const [seq, ordinalMs, sentAtMs] = [natural(reader), natural(reader), natural(reader)];
  const expiresAtMs = reader.optional(natural);
  const target = reader.optional((item) => MessageId.of(item.fixed(32)));
  return {
    ...{ conversation, messageId, kind, sender, seq, ordinalMs, sentAtMs, expiresAtMs, target },
    ...{ isForkSuspected, isHidden, content: reader.opaque(MAX_VARINT) },
    stamped: readStamped(reader),
    isOutgoing: sender.equals(own) && kind !== 'event',
    failure: '',
    position: 0,
  };
}

function readAccount(reader: Reader): AccountAddress {
  return AccountAddress.parseUri(readText(reader));
}

function readText(reader: Reader): string {
  return textFrom(reader.opaque());
}

function natural(reader: Reader): number {
  const value = reader.u64();
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw refused('a number is out of range');
  }
  return Number(value);
}

function readFlags(reader: Reader, count: number): readonly boolean[] {
  const bits = reader.u8();
  if (bits >= 1 << count) {
    throw refused('a mark is unknown');
  }
  return Array.from({ length: count }, (_, bit) => (bits & (1 << bit)) !== 0);
}

function oneOf<T>(words: readonly T[], index: number): T {
  const word = words[index];
  if (word === undefined) {
    throw refused('a field is out of range');
  }
  return word;
}

/** What a hostile record throws, in one word. */
function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (
      error instanceof CodecError ||
      error instanceof ContentError ||
      error instanceof NameRefused ||
      error instanceof RangeError ||
      error instanceof TypeError
    ) {
      throw refused('a record is damaged', error);
    }
    throw error;
  }
}

/** The archive is not what it must be. */
export function refused(why: string, cause?: unknown): ArchiveRefused {
  return new ArchiveRefused(
    `This history cannot be read (${why}): nothing more of it was taken over; bring it along again ` +
      'from a device that has it.',
    { cause },
  );
}
