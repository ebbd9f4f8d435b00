/** The frames of linking and recovery: what can be sent, and what is taken. */

import { expect, test } from 'vitest';

import { LocalError } from '../../src/base/errors.ts';
import { decodeServer, encode, WireError } from '../../src/wire/codec.ts';
import type { ClientFrame, ServerFrame } from '../../src/wire/frames.ts';
import {
  BACKUP_RECORD_BYTES,
  EXISTING_SIDE,
  LINKING_CLIENT_FRAMES,
  LINKING_SERVER_FRAMES,
  NEW_SIDE,
  PAIRING_MESSAGE_BYTES,
  PAIRING_MESSAGES,
} from '../../src/wire/linking.ts';
import { decodeClient, encodeServer } from './server_side.ts';

const PAIRING = new Uint8Array(16);
const KEY = new Uint8Array(32);

const open = (more: object): ClientFrame => ({
  frame: 'OpenPairing',
  id: 1,
  pairing: PAIRING,
  side: 0,
  token: PAIRING,
  after: 0,
  ...more,
});
const send = (more: object): ClientFrame => ({
  frame: 'SendPairing',
  id: 1,
  number: 1,
  message: Uint8Array.of(1),
  ...more,
});
const keep = (more: object): ClientFrame => ({
  ...{ frame: 'KeepBackup', id: 1, lookup: KEY, adoptionKey: KEY },
  ...{ record: Uint8Array.of(1), blob: KEY, believed: KEY, ...more },
});

test.each([
  open({ side: EXISTING_SIDE, after: Number.MAX_SAFE_INTEGER }),
  send({ number: PAIRING_MESSAGES, message: new Uint8Array(PAIRING_MESSAGE_BYTES) }),
  keep({ record: new Uint8Array(BACKUP_RECORD_BYTES), believed: KEY.slice(32) }),
])('$frame at its limits is sent', (frame) => {
  expect(decodeClient(encode(frame))).toEqual(frame);
});

test.each([
  open({ pairing: PAIRING.slice(1) }),
  open({ token: new Uint8Array(17) }),
  open({ side: 2 }),
  open({ side: NEW_SIDE - 1 }),
  send({ number: 0 }),
  send({ number: PAIRING_MESSAGES + 1 }),
  send({ message: new Uint8Array(0) }),
  send({ message: new Uint8Array(PAIRING_MESSAGE_BYTES + 1) }),
  keep({ record: new Uint8Array(BACKUP_RECORD_BYTES + 1) }),
  keep({ believed: new Uint8Array(33) }),
  keep({ lookup: KEY.slice(1) }),
])('$frame beyond them is not', (frame) => {
  expect(() => encode(frame)).toThrow(LocalError);
});

test('a server cannot pass on more either', () => {
  const too: ServerFrame[] = [
    { frame: 'PairingMessage', number: 9, message: Uint8Array.of(1) },
    { frame: 'PairingMessage', number: 1, message: new Uint8Array(PAIRING_MESSAGE_BYTES + 1) },
    {
      ...{ frame: 'Backup', id: 1, keptAtMs: 0, kind: 'person', deviceList: KEY },
      record: new Uint8Array(BACKUP_RECORD_BYTES + 1),
    },
  ];
  for (const frame of too) {
    expect(() => decodeServer(encodeServer(frame))).toThrow(WireError);
  }
});

test('tags are those of linking', () => {
  const layouts = Object.values({ ...LINKING_CLIENT_FRAMES, ...LINKING_SERVER_FRAMES });
  expect(layouts.map(({ tag }) => tag).sort()).toEqual([80, 81, 82, 83, 84, 85, 86, 87, 88]);
});
