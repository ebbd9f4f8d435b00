/** GroupContext as bytes, and its successor. */

import { expect, test } from 'vitest';

import { concat, equalBytes, fromHex, utf8 } from '../../src/base/bytes.ts';
import { CodecError, ProtocolError } from '../../src/mls/errors.ts';
import { Extension } from '../../src/mls/extension.ts';
import { GroupContext, LAST_EPOCH } from '../../src/mls/group_context.ts';
import { forAll } from './random.ts';
import { verdictOf } from './tree_players.ts';

const EMPTY = new Uint8Array(0);
const TREE = new Uint8Array(32).fill(0x74);
const CONFIRMED = new Uint8Array(32).fill(0x63);
const CONTEXT = new GroupContext(1, utf8('group'), 3n, TREE, CONFIRMED, [
  new Extension(0x0a0a, utf8('grease')),
]);

test('it comes back', () => {
  const raw = CONTEXT.toBytes();
  const again = GroupContext.fromBytes(raw);
  expect(again.equals(CONTEXT)).toBe(true);
  expect(again.encoded).toEqual(raw);
  expect(again.encoded).toBe(again.encoded);
  expect([again.groupId, again.epoch, again.treeHash]).toEqual([utf8('group'), 3n, TREE]);
  for (let end = 0; end < raw.length; end += 1) {
    expect(() => GroupContext.fromBytes(raw.subarray(0, end))).toThrow(ProtocolError);
  }
});

test('the next one', () => {
  const tree = new Uint8Array(32).fill(0x75);
  const confirmed = new Uint8Array(32).fill(0x64);
  const after = CONTEXT.next(tree, confirmed, []);
  expect(after.equals(new GroupContext(1, utf8('group'), 4n, tree, confirmed, []))).toBe(true);
  expect(CONTEXT.epoch).toBe(3n);
  expect(after.encoded).not.toEqual(CONTEXT.encoded);
});

test('the last epoch has no successor', () => {
  const last = CONTEXT.with({ epoch: LAST_EPOCH });
  expect(GroupContext.fromBytes(last.encoded).epoch).toBe(LAST_EPOCH);
  expect(verdictOf(() => last.next(TREE, CONFIRMED, []))).toBe('epoch-last');
  expect(CONTEXT.with({ epoch: LAST_EPOCH - 1n }).next(TREE, CONFIRMED, []).epoch).toBe(LAST_EPOCH);
});

test('other versions are refused', () => {
  const other = concat(fromHex('0002'), CONTEXT.toBytes().subarray(2));
  expect(verdictOf(() => GroupContext.fromBytes(other))).toBe('version');
});

test('an extension may stand there once', () => {
  const twice = CONTEXT.with({ extensions: [new Extension(7, EMPTY), new Extension(7, EMPTY)] });
  expect(() => GroupContext.fromBytes(twice.toBytes())).toThrow(CodecError);
});

test('random bytes come back or are refused', () => {
  forAll(300, (chance) => {
    const raw = concat(fromHex('0001'), chance.bytes(120));
    let context: GroupContext;
    try {
      context = GroupContext.fromBytes(raw);
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
      return;
    }
    expect(equalBytes(context.toBytes(), raw)).toBe(true);
  });
});
