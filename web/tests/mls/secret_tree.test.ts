/** The secret tree: derivation on demand, deletion at once, windows, saving. */

import { expect, test } from 'vitest';

import { concat, fromHex, toHex, utf8 } from '../../src/base/bytes.ts';
import { Reader } from '../../src/mls/codec.ts';
import { CodecError, ValidationError } from '../../src/mls/errors.ts';
import {
  FORWARD_LIMIT,
  KEPT_LIMIT,
  LAST_GENERATION,
  MessageKey,
  Ratchet,
  RatchetKind,
  SecretTree,
} from '../../src/mls/secret_tree.ts';
import { suite } from '../../src/mls/suite.ts';
import { forAll } from './random.ts';
import { ALL_SUITES } from './suites.ts';
import { verdictOf } from './tree_players.ts';

const CRYPTO = suite(1);
const { APPLICATION, HANDSHAKE } = RatchetKind;
const KINDS = [HANDSHAKE, APPLICATION];
const SECRET = new Uint8Array(32).fill(0x65);
const EMPTY = new Uint8Array(0);

function tree(leaves = 8, suiteId = 1): SecretTree {
  const crypto = suite(suiteId);
  return SecretTree.begin(crypto, leaves, new Uint8Array(crypto.hashLength).fill(0x65));
}

function again(one: SecretTree): SecretTree {
  const reader = new Reader(one.toBytes());
  const two = SecretTree.read(reader, CRYPTO);
  reader.finish();
  return two;
}

function hex(one: SecretTree): string {
  return toHex(one.toBytes());
}

function text({ key, nonce }: MessageKey): string {
  return `${toHex(key)}/${toHex(nonce)}`;
}

/** The saved form of a tree with one ratchet only, which `peek` and `nextKey` then use. */
function withRatchet(leafIndex: number, ratchet: Ratchet): SecretTree {
  return new SecretTree(CRYPTO, 8, new Map(), new Map([[2 * leafIndex + APPLICATION, ratchet]]));
}

/** How many keys of leaf 0 are kept for late application messages. */
function keptKeys(one: SecretTree): number {
  const reader = new Reader(one.toBytes());
  reader.u32();
  reader.opaque();
  let count = 0;
  reader.vector((inner) => {
    const [leafIndex, kind] = [inner.u32(), inner.u8()];
    const { size } = Ratchet.read(inner).kept;
    count += leafIndex === 0 && kind === APPLICATION ? size : 0;
  });
  return count;
}

test.each(ALL_SUITES)('sender and receiver have the same keys in suite %i', (suiteId) => {
  for (const leaves of [1, 2, 8, 64]) {
    const [sender, receiver] = [tree(leaves, suiteId), tree(leaves, suiteId)];
    const keys = new Set<string>();
    const places = new Set([0, leaves >> 1, leaves - 1]);
    for (const leaf of places) {
      for (const kind of KINDS) {
        for (const expected of [0, 1, 2]) {
          const [generation, key] = sender.nextKey(leaf, kind);
          expect(generation).toBe(expected);
          const opening = receiver.peek(leaf, kind, generation);
          expect(opening.key).toEqual(key);
          receiver.consume(opening);
          keys.add(text(key));
        }
      }
    }
    expect(keys.size).toBe(6 * places.size);
  }
});

test('keys do not depend on the order of derivation', () => {
  const places = [0, 1, 2, 3, 4, 5, 6, 7];
  const keys = [places, [...places].reverse(), [3, 7, 0, 5, 1, 6, 2, 4]].map((order) => {
    const one = tree();
    const found = new Map(order.map((leaf) => [leaf, text(one.nextKey(leaf, APPLICATION)[1])]));
    return places.map((leaf) => found.get(leaf));
  });
  expect(keys[1]).toEqual(keys[0]);
  expect(keys[2]).toEqual(keys[0]);
  expect(new Set(keys[0]).size).toBe(8);
});

test('looking changes nothing', () => {
  const one = tree();
  const before = hex(one);
  for (let turn = 0; turn < 2; turn += 1) {
    one.peek(5, APPLICATION, 3);
    one.peek(2, HANDSHAKE, 0);
  }
  expect(hex(one)).toBe(before);
  one.consume(one.peek(5, APPLICATION, 0));
  const used = hex(one);
  one.peek(5, APPLICATION, 9);
  expect(hex(one)).toBe(used);
  expect(hex(again(one))).toBe(used);
});

test("the caller's secret stays the caller's", () => {
  const secret = SECRET.slice();
  const one = SecretTree.begin(CRYPTO, 4, secret);
  one.nextKey(0, APPLICATION);
  expect(secret).toEqual(SECRET);
  const two = SecretTree.begin(CRYPTO, 4, secret);
  secret.fill(0);
  expect(hex(two)).toContain(toHex(SECRET));
});

test('secrets above a used leaf are deleted', () => {
  const one = tree(4);
  expect(hex(one)).toContain(toHex(SECRET));
  one.nextKey(0, APPLICATION);
  const raw = hex(one);
  expect(raw).not.toContain(toHex(SECRET));
  const left = CRYPTO.expandWithLabel(SECRET, 'tree', utf8('left'), 32);
  const right = CRYPTO.expandWithLabel(SECRET, 'tree', utf8('right'), 32);
  expect(raw).not.toContain(toHex(left));
  expect(raw).toContain(toHex(right));
  const leaf = CRYPTO.expandWithLabel(left, 'tree', utf8('left'), 32);
  expect(raw).not.toContain(toHex(leaf));
  const first = CRYPTO.expandWithLabel(leaf, 'application', EMPTY, 32);
  expect(raw).not.toContain(toHex(first));
  expect(raw).toContain(toHex(CRYPTO.deriveTreeSecret(first, 'secret', 0, 32)));
});

test('passed-over generations keep keys but no secret', () => {
  const secrets = [CRYPTO.expandWithLabel(SECRET, 'application', EMPTY, 32)];
  for (const generation of [0, 1, 2, 3]) {
    secrets.push(CRYPTO.deriveTreeSecret(secrets[generation]!, 'secret', generation, 32));
  }
  const one = tree(1);
  one.consume(one.peek(0, APPLICATION, 3));
  const raw = hex(one);
  expect(raw).toContain(toHex(secrets[4]!));
  for (const secret of secrets.slice(0, 4)) {
    expect(raw).not.toContain(toHex(secret));
  }
  for (const generation of [0, 1, 2]) {
    const opening = one.peek(0, APPLICATION, generation);
    const key = toHex(opening.key.key);
    expect(raw).toContain(key);
    one.consume(opening);
    expect(hex(one)).not.toContain(key);
  }
});

test('what is deleted is overwritten', () => {
  const one = tree();
  const [first, second] = [one.peek(0, APPLICATION, 1), one.peek(0, APPLICATION, 2)];
  one.consume(first);
  expect(first.key.key).toEqual(new Uint8Array(16));
  one.consume(second);
  expect(second.key.nonce).toEqual(new Uint8Array(12));
  expect(first.after.secret).toEqual(new Uint8Array(32));
  const late = one.peek(0, APPLICATION, 0);
  one.consume(late);
  expect(late.before?.kept.get(0)?.key).toEqual(new Uint8Array(16));
  expect(late.after.secret).not.toEqual(new Uint8Array(32));
  expect(late.before?.secret).toBe(late.after.secret);
});

test('a key is used once', () => {
  const one = tree();
  const opening = one.peek(0, APPLICATION, 2);
  const twin = one.peek(0, APPLICATION, 2);
  one.consume(opening);
  const consume = (used: typeof opening) => () => {
    one.consume(used);
  };
  expect(verdictOf(consume(twin))).toBe('generation-unused');
  expect(verdictOf(() => one.peek(0, APPLICATION, 2))).toBe('generation-unused');
  const late = one.peek(0, APPLICATION, 1);
  const other = one.peek(0, APPLICATION, 0);
  one.consume(late);
  one.consume(other);
  expect(verdictOf(consume(late))).toBe('generation-unused');
});

test('openings in any order leave the keys of the others whole', () => {
  forAll(60, (chance) => {
    const [sender, one] = [tree(), tree()];
    const expected = Array.from({ length: 10 }, () => text(sender.nextKey(0, APPLICATION)[1]));
    const waiting = expected.map((_, generation) => generation);
    while (waiting.length > 0) {
      const openings = chance.list(4, () => {
        const at = chance.integer(0, waiting.length - 1);
        return one.peek(0, APPLICATION, waiting[at] ?? 0);
      });
      for (const opening of openings) {
        const at = waiting.indexOf(opening.generation);
        if (at === -1) {
          const consume = (): void => {
            one.consume(opening);
          };
          expect(verdictOf(consume)).toBe('generation-unused');
          continue;
        }
        expect(text(one.peek(0, APPLICATION, opening.generation).key)).toBe(
          expected[opening.generation],
        );
        one.consume(opening);
        waiting.splice(at, 1);
      }
    }
    expect(hex(one)).toBe(hex(again(sender)));
  });
});

test('openings of several leaves before any is consumed', () => {
  const one = tree();
  const leaves = [0, 1, 2, 3, 4, 5, 6, 7];
  for (const opening of leaves.map((leaf) => one.peek(leaf, APPLICATION, 0))) {
    one.consume(opening);
  }
  const expected = tree();
  for (const leaf of leaves) {
    expected.nextKey(leaf, APPLICATION);
  }
  expect(hex(one)).toBe(hex(expected));
});

test('the window forward', () => {
  const one = tree();
  one.peek(0, APPLICATION, FORWARD_LIMIT);
  const { peek } = { peek: (generation: number) => () => one.peek(0, APPLICATION, generation) };
  expect(verdictOf(peek(FORWARD_LIMIT + 1))).toBe('generation-window');
  expect(verdictOf(peek(LAST_GENERATION))).toBe('generation-window');
});

test('the window of kept keys', () => {
  const one = tree();
  const peek = (generation: number) => () => one.peek(0, APPLICATION, generation);
  one.consume(one.peek(0, APPLICATION, FORWARD_LIMIT));
  const oldest = FORWARD_LIMIT - KEPT_LIMIT;
  one.peek(0, APPLICATION, oldest);
  expect(verdictOf(peek(oldest - 1))).toBe('generation-unused');
  one.consume(one.peek(0, APPLICATION, FORWARD_LIMIT + 11));
  expect(keptKeys(one)).toBe(KEPT_LIMIT);
  one.peek(0, APPLICATION, oldest + 10);
  expect(verdictOf(peek(oldest + 9))).toBe('generation-unused');
});

test('the last generation is never reached', () => {
  const one = withRatchet(0, new Ratchet(LAST_GENERATION, SECRET.slice()));
  expect(verdictOf(() => one.nextKey(0, APPLICATION))).toBe('generation-window');
});

test.each([-1, 8, 2 ** 31, 2 ** 32 - 1])('leaf %i does not exist', (leaf) => {
  expect(verdictOf(() => tree().peek(leaf, APPLICATION, 0))).toBe('sender-leaf');
});

test('a retired tree has no handshake keys', () => {
  const one = tree();
  one.nextKey(0, HANDSHAKE);
  one.nextKey(0, APPLICATION);
  const opening = one.peek(0, HANDSHAKE, 1);
  one.retire();
  expect(verdictOf(() => one.peek(0, HANDSHAKE, 1))).toBe('generation-unused');
  const consume = (): void => {
    one.consume(opening);
  };
  expect(verdictOf(consume)).toBe('generation-unused');
  one.consume(one.peek(0, APPLICATION, 1));
  one.consume(one.peek(3, APPLICATION, 0));
  expect(verdictOf(() => one.peek(3, HANDSHAKE, 0))).toBe('generation-unused');
  const only = tree();
  only.retire();
  only.consume(only.peek(0, APPLICATION, 0));
  only.nextKey(0, APPLICATION);
  only.consume(only.peek(3, APPLICATION, 0));
  expect(hex(one)).toBe(hex(only));
});

test('an empty tree has no keys', () => {
  const one = new SecretTree(CRYPTO, 4, new Map(), new Map());
  expect(verdictOf(() => one.peek(0, APPLICATION, 0))).toBe('generation-unused');
});

test('saving changes nothing', () => {
  forAll(40, (chance) => {
    const one = tree();
    let two = tree();
    const steps = chance.list(30, () => [chance.integer(0, 7), chance.pick(KINDS)] as const);
    for (const [leaf, kind] of steps) {
      expect(one.nextKey(leaf, kind)).toEqual(two.nextKey(leaf, kind));
      two = again(two);
    }
    expect(hex(one)).toBe(hex(two));
  });
});

test('any order of arrival', () => {
  forAll(60, (chance) => {
    const sender = tree();
    let receiver = tree();
    const keys = Array.from({ length: 12 }, () => sender.nextKey(3, APPLICATION)[1]);
    const order = keys.map((_, generation) => generation);
    while (order.length > 0) {
      const [generation] = order.splice(chance.integer(0, order.length - 1), 1);
      if (chance.integer(0, 1) === 1) {
        receiver = again(receiver);
      }
      const opening = receiver.peek(3, APPLICATION, generation!);
      expect(opening.key).toEqual(keys[generation!]);
      receiver.consume(opening);
    }
    expect(hex(receiver)).toBe(hex(again(sender)));
  });
});

test('damaged bytes are refused', () => {
  const raw = tree(4).toBytes();
  const rest = raw.subarray(4);
  const read = (broken: Uint8Array) => () => SecretTree.read(new Reader(broken), CRYPTO);
  for (const count of ['00000003', '00000000', 'ffffffff']) {
    expect(read(concat(fromHex(count), rest))).toThrow(CodecError);
  }
  expect(read(raw.subarray(0, -1))).toThrow(CodecError);
  const used = tree(4);
  used.nextKey(0, APPLICATION);
  const kind = hex(used).indexOf('0000000001') / 2 + 4;
  const broken = used.toBytes().slice();
  expect(Number.isInteger(kind)).toBe(true);
  broken[kind] = 7;
  expect(read(broken)).toThrow('Ratchet kind 7 does not exist.');
});

test('random bytes are refused in the usual way', () => {
  forAll(300, (chance) => {
    try {
      SecretTree.read(new Reader(chance.bytes(100)), CRYPTO);
    } catch (error) {
      expect(error instanceof CodecError || error instanceof ValidationError).toBe(true);
    }
  });
});

test('a message key is a pair', () => {
  const [, key] = tree().nextKey(0, APPLICATION);
  expect(key).toBeInstanceOf(MessageKey);
  expect([key.key.length, key.nonce.length]).toEqual([16, 12]);
  key.erase();
  expect(key).toEqual(new MessageKey(new Uint8Array(16), new Uint8Array(12)));
});

test('an opening that is not consumed is overwritten, and nothing that the tree holds', () => {
  const one = tree();
  const whole = hex(one);
  const early = one.peek(2, APPLICATION, 3);
  early.erase();
  expect(text(early.key)).toBe(text(new MessageKey(new Uint8Array(16), new Uint8Array(12))));
  expect(early.after.secret).toEqual(new Uint8Array(32));
  expect(hex(again(one))).toBe(whole);
  one.consume(one.peek(2, APPLICATION, 3));
  const [kept, ahead] = [one.peek(2, APPLICATION, 1), one.peek(2, APPLICATION, 6)];
  const expected = [text(kept.key), text(one.peek(2, APPLICATION, 6).key)];
  const saved = hex(one);
  kept.erase();
  ahead.erase();
  expect(hex(again(one))).toBe(saved);
  expect([1, 6].map((number) => text(one.peek(2, APPLICATION, number).key))).toEqual(expected);
});

test('a tree that is given up is overwritten', () => {
  const [one, other] = [tree(), tree()];
  one.nextKey(3, APPLICATION);
  const opening = one.peek(5, APPLICATION, 2);
  one.consume(opening);
  const remembered = one.toBytes();
  one.erase();
  expect(remembered).toEqual(new Uint8Array(remembered.length));
  expect(opening.after.secret).toEqual(new Uint8Array(32));
  expect(hex(one)).toBe(hex(new SecretTree(CRYPTO, 8, new Map(), new Map())));
  for (const leaf of [0, 3, 5]) {
    expect(verdictOf(() => one.peek(leaf, APPLICATION, 9))).toBe('generation-unused');
  }
  expect(hex(other)).toBe(hex(tree()));
});

test('what was remembered for saving is overwritten when it is not true any more', () => {
  const changes: ((one: SecretTree) => void)[] = [
    (one) => one.nextKey(0, HANDSHAKE),
    (one) => {
      one.consume(one.peek(0, APPLICATION, 0));
    },
    (one) => {
      one.retire();
    },
  ];
  for (const change of changes) {
    const one = tree();
    const remembered = one.toBytes();
    expect(one.toBytes()).toBe(remembered);
    change(one);
    expect(remembered).toEqual(new Uint8Array(remembered.length));
    expect(one.toBytes()).not.toEqual(remembered);
  }
});
