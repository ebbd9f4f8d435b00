/** Status reports. */

import { expect, test } from 'vitest';

import { concat, toHex } from '../../src/base/bytes.ts';
import { MessageId } from '../../src/base/ids.ts';
import * as cbor from '../../src/content/cbor.ts';
import { decode, Disposition, MimiContent, SinglePart } from '../../src/content/mimi.ts';
import {
  MAX_STATUSES,
  type Reported,
  Status,
  STATUS_TYPE,
  statusesOf,
  statusMessage,
} from '../../src/content/status.ts';
import { textMessage } from '../../src/content/text.ts';
import { forAll } from '../mls/random.ts';
import { anyValue } from './chance.ts';
import { codeOf, SALT } from './samples.ts';

const salt = SALT;

/** The example of draft-mahy-mimi-message-status. */
const ORIGINAL = '017ce54837404c3696e0c747b985cb172716d0ed0a3d249ca63ace7d82a096f4';
const REPLY = '015354973c2b65ca937bf1e035ae53a5ab80e947afa43d46920d4202e5cc0b27';
const MENTION = '018d825adf9f6be00dcafc5704c4102f5022e74219d0b603e4ba7622654042af';
const EXPIRING = '01e59db8173939facc2c8a4a0f0ae8d0c7a11a81239626630c9464a8d6717a03';
const EXAMPLE = [
  [ORIGINAL, Status.READ],
  [REPLY, Status.READ],
  [MENTION, Status.UNREAD],
  [EXPIRING, Status.EXPIRED],
] as const;
const ID = MessageId.fromHex(REPLY);

function report(content: Uint8Array): MimiContent {
  return new MimiContent({ salt, part: new SinglePart({ contentType: STATUS_TYPE, content }) });
}

test('the example of the draft', () => {
  const listed = EXAMPLE.map(([hex, status]) => [MessageId.fromHex(hex), status] as const);
  const content = decode(statusMessage(listed, { salt }).encode());
  const part = content.part as SinglePart;
  expect(toHex(part.content)).toBe(
    '84' + EXAMPLE.map(([hex, status]) => `825820${hex}0${status}`).join(''),
  );
  expect(part.disposition).toBe(Disposition.UNSPECIFIED);
  expect(statusesOf(content)).toEqual(listed);
});

test('other messages are no reports', () => {
  expect(statusesOf(textMessage('gelesen', { salt }))).toBeNull();
});

test('unknown statuses are kept', () => {
  expect(statusesOf(statusMessage([[ID, 200]], { salt }))).toEqual([[ID, 200]]);
});

test.each<[string, readonly Reported[]]>([
  ['none', []],
  ['too many', Array.from({ length: MAX_STATUSES + 1 }, () => [ID, Status.READ] as const)],
  ['256', [[ID, 256]]],
  ['-1', [[ID, -1]]],
  ['half', [[ID, 0.5]]],
  ['NaN', [[ID, NaN]]],
])('an impossible report is not sent: %s', (_, listed) => {
  expect(codeOf(() => statusMessage(listed, { salt }))).toBe('bad_content');
});

test('the largest report fits into a message', () => {
  const listed = Array.from({ length: MAX_STATUSES }, () => [ID, Status.READ] as const);
  const content = statusMessage(new Set(listed), { salt });
  expect(statusesOf(decode(content.encode()))).toHaveLength(MAX_STATUSES);
});

const raw = ID.bytes;

test.each<[string, cbor.Value]>([
  ['nothing', []],
  ['a map', new Map()],
  ['a bare status', [raw, 2]],
  ['no status', [[raw]]],
  ['two statuses', [[raw, 2, 3]]],
  ['a short id', [[raw.subarray(0, 31), 2]]],
  ['a status as text', [[raw, '2']]],
  ['a status as bool', [[raw, true]]],
  ['a status of null', [[raw, null]]],
  ['an id as text', [['x'.repeat(32), 2]]],
  ['256', [[raw, 256]]],
  ['2^64-1', [[raw, 2n ** 64n - 1n]]],
  ['too many', Array.from({ length: MAX_STATUSES + 1 }, () => [raw, 2])],
])('a malformed report is refused: %s', (_, value) => {
  expect(codeOf(() => statusesOf(report(cbor.encode(value))))).toBe('bad_content');
});

test('a report too deep, too long or absent is refused', () => {
  const deep = cbor.encode([[[raw], 2]]);
  const long = concat(cbor.encode([[raw, 2]]), Uint8Array.of(0));
  for (const body of [deep, long, new Uint8Array(0)]) {
    expect(codeOf(() => statusesOf(report(body)))).toBe('bad_cbor');
  }
});

test('random bodies give nothing but the error of this room', () => {
  forAll(500, (chance) => {
    const body = chance.pick([chance.bytes(120), cbor.encode(anyValue(chance, 2))]);
    expect(codeOf(() => statusesOf(report(body)))).not.toBe('none');
  });
});
