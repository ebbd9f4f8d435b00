/** An archive's records: there and back, and what hostile ones are. */

import { describe, expect, test } from 'vitest';

import { concat, utf8 } from '../../src/base/bytes.ts';
import { AccountAddress, ConversationId, DeviceAddress, MessageId } from '../../src/base/ids.ts';
import { encodeVarint } from '../../src/mls/codec.ts';
import {
  type ArchiveRecord,
  ArchiveRefused,
  parseRecords,
  RECORD_BYTES,
  recordBytes,
  refused,
} from '../../src/sdk/archive_records.ts';
import { KeptConversation } from '../../src/vault/conversations.ts';
import { firstSeen } from '../../src/sdk/contacts.ts';
import { parseDeviceList } from '../../src/identity/device_list.ts';
import type { MessageRow } from '../../src/vault/messages.ts';
import { DOMAIN, Person } from './identities.ts';

const ANNA = new AccountAddress('anna', DOMAIN);
const BEN = new Person('ben');
const ROOM = ConversationId.of(new Uint8Array(16).fill(4));
const MESSAGE = MessageId.of(new Uint8Array(32).fill(5));
const PHONE = new DeviceAddress(ANNA, '0123456789abcdef');

const kept = new KeptConversation(ROOM);
Object.assign(kept, {
  ...{ state: 'open', isRequest: true, title: 'Chess', readSeq: 3, unread: 2, activeAtMs: 9 },
  ...{ isPinned: true, isMentionsOnly: true, mutedUntilMs: 7, draft: 'a draft', expiresAfterS: 60 },
  ...{ cursor: 5, ordinalMs: 8 },
});
kept.setMembers([PHONE, BEN.deviceAddress()]);

const ROW: MessageRow = {
  ...{ conversation: ROOM, messageId: MESSAGE, seq: 7, sender: ANNA, isOutgoing: true },
  ...{ kind: 'text', target: undefined, content: utf8('content'), ordinalMs: 1, sentAtMs: 2 },
  ...{ expiresAtMs: 99, failure: '', isForkSuspected: true, position: 0, isHidden: true },
};
const RECORDS: readonly ArchiveRecord[] = [
  { kind: 'head', account: ANNA, madeAtMs: 1234 },
  { kind: 'name', device: PHONE, name: 'Phone' },
  { kind: 'contact', contact: firstSeen(BEN.address, 'person', parseDeviceList(BEN.list)) },
  { kind: 'conversation', conversation: kept },
  { kind: 'reached', conversation: ROOM, account: BEN.address, seq: 4 },
  { kind: 'message', row: ROW },
  {
    kind: 'message',
    row: {
      ...{ ...ROW, kind: 'edit', target: MESSAGE, expiresAtMs: undefined, isHidden: false },
      ...{ sender: BEN.address, isOutgoing: false },
      stamped: { device: PHONE.uri, acceptedAtMs: 77, stamp: new Uint8Array(32).fill(8) },
    },
  },
  { kind: 'status', message: MESSAGE, account: BEN.address, status: 2 },
  { kind: 'end', records: 8 },
];
const RAW = concat(...RECORDS.map(recordBytes));

function refusal(raw: Uint8Array, limit = 100): string {
  try {
    parseRecords(raw, ANNA, limit);
  } catch (error) {
    expect(error).toBeInstanceOf(ArchiveRefused);
    expect((error as ArchiveRefused).message).toMatch(/\.$/);
    return (error as ArchiveRefused).code;
  }
  return '';
}

const framed = (body: Uint8Array): Uint8Array => concat(encodeVarint(body.length), body);

test('records come back as they were', () => {
  const { records, taken } = parseRecords(RAW, ANNA, 100);
  expect(taken).toBe(RAW.length);
  expect(records).toEqual(RECORDS);
});

test('however the bytes are cut, what is whole is read and the rest waits', () => {
  for (let length = 0; length < RAW.length; length += 7) {
    const { records, taken } = parseRecords(RAW.subarray(0, length), ANNA, 100);
    const rest = parseRecords(RAW.subarray(taken), ANNA, 100);
    expect([...records, ...rest.records]).toEqual(RECORDS);
  }
});

test('no more are read than wanted', () => {
  const { records, taken } = parseRecords(RAW, ANNA, 2);
  expect(records).toHaveLength(2);
  expect(parseRecords(RAW.subarray(taken), ANNA, 100).records).toHaveLength(7);
});

test('whose message it is follows from its author, not from what is written', () => {
  const { records } = parseRecords(RAW, BEN.address, 100);
  const rows = records.flatMap((record) => (record.kind === 'message' ? [record.row] : []));
  expect(rows.map(({ isOutgoing }) => isOutgoing)).toEqual([false, true]);
});

test('what was not sent has no place in it and would come back as sent', () => {
  const [read] = parseRecords(
    recordBytes({ kind: 'message', row: { ...ROW, seq: undefined } }),
    ...([ANNA, 1] as const),
  ).records;
  expect(read?.kind === 'message' && read.row.seq).toBe(0);
});

describe('is refused', () => {
  test.each([
    ['a record of nothing', Uint8Array.of(0)],
    ['a record that is too long', concat(encodeVarint(RECORD_BYTES + 1), new Uint8Array(9))],
    ['a length in the wrong form', Uint8Array.of(0x40, 1, 0)],
    ['a length that there is not', Uint8Array.of(0xff, 0xff, 0xff, 0xff)],
    ['an unknown kind', framed(Uint8Array.of(99))],
    [
      'another beginning',
      framed(concat(Uint8Array.of(0), utf8('Plausch archivE\0'), new Uint8Array(30))),
    ],
    [
      'a record with something behind it',
      framed(concat(recordBytes(RECORDS[8]!).slice(1), Uint8Array.of(0))),
    ],
    ['a record cut short', framed(recordBytes(RECORDS[5]!).slice(2, -3))],
  ])('%s', (_, raw) => {
    expect(refusal(raw)).toBe('bad_archive');
  });

  test('every record of which a byte at its front was changed, or it means something else', () => {
    for (const record of RECORDS.slice(1)) {
      const raw = recordBytes(record);
      for (let at = 0; at < Math.min(raw.length, 60); at += 1) {
        const altered = raw.slice();
        altered[at]! ^= 0xff;
        try {
          expect(parseRecords(altered, ANNA, 100).records).not.toEqual([record]);
        } catch (error) {
          expect(error).toBeInstanceOf(ArchiveRefused);
        }
      }
    }
  });

  test('a newer version, by its own sentence', () => {
    const raw = recordBytes(RECORDS[0]!);
    const altered = raw.slice();
    altered[altered.indexOf(0, 2) + 1] = 9;
    expect(refusal(altered)).toBe('archive_version');
  });

  test('random bytes', () => {
    for (let turn = 0; turn < 300; turn += 1) {
      const raw = crypto.getRandomValues(new Uint8Array(200));
      try {
        parseRecords(raw, ANNA, 100);
      } catch (error) {
        expect(error).toBeInstanceOf(ArchiveRefused);
      }
    }
    expect(refused('why').message).toContain('why');
  });
});
