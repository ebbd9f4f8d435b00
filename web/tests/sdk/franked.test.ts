/** What a device commits to, and what it does not show because nobody could report it. */

import { beforeEach, expect, test } from 'vitest';

import { concat } from '../../src/base/bytes.ts';
import { AccountAddress, DeviceAddress } from '../../src/base/ids.ts';
import { EpochMark } from '../../src/content/fork.ts';
import { textMessage } from '../../src/content/text.ts';
import { newSalt } from '../../src/sdk/composing.ts';
import {
  authenticatedWith,
  checkFrank,
  checkSender,
  frank,
  markIn,
  stampedBy,
} from '../../src/sdk/franked.ts';
import type { Envelope } from '../../src/sdk/server.ts';
import { codeOf } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { altering, annaAndBen, type Player, quiet } from './players.ts';

const SALT = new Uint8Array(16).map((_, index) => index);
const CONTENT = textMessage('hello', { salt: SALT }).encode();
const MARK = new EpochMark(3n, new Uint8Array(16).fill(9));
const CEM = new AccountAddress('cem', 'localhost');

function envelope(sender: string, stamp = new Uint8Array(32)): Envelope {
  return { seq: 1, epoch: 1, kind: 1, acceptedAtMs: 77, sender, message: CONTENT, stamp };
}

const thrown = (act: () => void): Promise<string> => codeOf(Promise.resolve().then(act));

test('mark and frank travel beside the message', () => {
  const beside = authenticatedWith(MARK, CONTENT);
  expect(beside).toEqual(concat(MARK.digest, frank(SALT, CONTENT)));
  expect(markIn(beside)).toEqual(MARK.digest);
  checkFrank(beside, CONTENT);
});

test('what its sender has not committed to is refused', async () => {
  const beside = authenticatedWith(MARK, CONTENT);
  for (const other of [
    new Uint8Array(0),
    MARK.digest,
    concat(MARK.digest, new Uint8Array(32)),
    beside.slice(0, -1),
    concat(beside, Uint8Array.of(0)),
    authenticatedWith(MARK, textMessage('hallo', { salt: SALT }).encode()),
  ]) {
    const code = await thrown(() => {
      checkFrank(other, CONTENT);
    });
    expect(code).toBe('not_franked');
  }
});

test('who handed it in is who wrote it', async () => {
  checkSender(envelope(new DeviceAddress(CEM, '0'.repeat(16)).uri), CEM);
  for (const other of [
    `mimi://localhost/d/anna/${'0'.repeat(16)}`,
    `mimi://example.org/d/cem/${'0'.repeat(16)}`,
    'nonsense',
  ]) {
    const code = await thrown(() => {
      checkSender(envelope(other), CEM);
    });
    expect(code).toBe('false_sender');
  }
});

test('a stamp has its length or is none', () => {
  const stamp = new Uint8Array(32).fill(5);
  expect(stampedBy(envelope('x', stamp))).toEqual({ device: 'x', acceptedAtMs: 77, stamp });
  expect(stampedBy(envelope('x', stamp.slice(1)))).toBeUndefined();
  expect(stampedBy(envelope('x', new Uint8Array(0)))).toBeUndefined();
});

let delivery: Delivery;
let anna: Player;
let ben: Player;
let id: string;

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben, id] = await annaAndBen(delivery);
});

test.each([
  ['nothing', () => new Uint8Array(0)],
  ['the mark', (mark: EpochMark) => mark.digest],
  [
    'the frank of something else',
    (mark: EpochMark) => authenticatedWith(mark, textMessage('x', { salt: newSalt() }).encode()),
  ],
])('what could not be reported is not shown: %s', async (_, beside) => {
  const live = anna.live(id);
  const { core } = anna;
  const [raw, epoch] = await core.changing(live, async () => {
    const group = await core.group(live);
    const content = textMessage('a threat', { salt: newSalt() }).encode();
    const encrypted = group.encrypt(content, beside(core.mark(group)));
    await core.vault.write(await core.saveGroup(live, false));
    return [encrypted, group.epoch] as const;
  });
  await core.server.append(live.id, epoch, 'message', raw, newSalt());
  await quiet(anna, ben);
  expect(await ben.texts(id)).toEqual(['hello']);
  expect(ben.problems()).toEqual(['not_franked']);
});

test('what another account handed in is not shown', async () => {
  ben.line.onPush = altering({ sender: ben.core.device.uri });
  await anna.say(id, 'whose is this');
  await quiet(anna, ben);
  expect(await ben.texts(id)).toEqual(['hello']);
  expect(ben.problems()).toContain('false_sender');
});

test('a stamp that is left out is noticed, and the message shown', async () => {
  ben.line.onPush = altering({ stamp: new Uint8Array(0) });
  await anna.say(id, 'shown all the same');
  await quiet(anna, ben);
  expect(await ben.texts(id)).toEqual(['hello', 'shown all the same']);
  expect(ben.problems()).toEqual(['no_stamp']);
});
