/** UpdatePath as bytes, and what everybody checks of it. */

import { expect, test } from 'vitest';

import { concat, utf8 } from '../../src/base/bytes.ts';
import { CodecError, ProtocolError } from '../../src/mls/errors.ts';
import { suite } from '../../src/mls/suite.ts';
import { newPath } from '../../src/mls/tree_kem.ts';
import {
  applyPath,
  checkCiphertexts,
  HpkeCiphertext,
  UpdatePath,
  UpdatePathNode,
} from '../../src/mls/update_path.ts';
import { forAll } from './random.ts';
import { ALL_SUITES } from './suites.ts';
import { type Circle, circle, CRYPTO, Device, GROUP_ID, there, verdictOf } from './tree_players.ts';

/** A path of member 0 that is not applied to the group's tree yet. */
function pathIn(group: Circle): UpdatePath {
  const mine = group.tree.copy();
  const content = there(mine.leaf(0)).content();
  const made = newPath(mine, 0, content, group.device(0).signer, GROUP_ID);
  return made.encrypt(mine, utf8('context'));
}

test.each(ALL_SUITES)('it comes back, suite %i', (number) => {
  const path = pathIn(circle(4, suite(number), { commits: false }));
  const raw = path.toBytes();
  expect(UpdatePath.fromBytes(raw)).toEqual(path);
  expect(UpdatePath.fromBytes(raw).equals(path)).toBe(true);
  expect(UpdatePath.fromBytes(raw).toBytes()).toEqual(raw);
  expect(path.nodes.map((node) => node.encryptedPathSecret.length)).toEqual([1, 2]);
  expect(() => UpdatePath.fromBytes(concat(raw, Uint8Array.of(0)))).toThrow(CodecError);
  for (let end = 0; end < raw.length; end += 11) {
    expect(() => UpdatePath.fromBytes(raw.subarray(0, end))).toThrow(ProtocolError);
  }
});

test('ciphertexts come back', () => {
  const sealed = new HpkeCiphertext(utf8('kem'), utf8('ciphertext'));
  expect(sealed.toBytes()).toEqual(utf8('\x03kem\x0aciphertext'));
  expect(HpkeCiphertext.fromBytes(sealed.toBytes())).toEqual(sealed);
  const node = new UpdatePathNode(utf8('key'), [sealed, sealed]);
  const expected = concat(utf8('\x03key\x1e'), sealed.toBytes(), sealed.toBytes());
  expect(node.toBytes()).toEqual(expected);
});

test('random bytes throw nothing but protocol errors', () => {
  forAll(300, (chance) => {
    const raw = chance.bytes(200);
    for (const kind of [UpdatePath, HpkeCiphertext]) {
      try {
        kind.fromBytes(raw);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }
  });
});

/** Five members, and a path of member 0. */
function ready(): readonly [Circle, UpdatePath] {
  const group = circle(5);
  return [group, pathIn(group)];
}

/** The check that a group refuses a path by. */
function refused(group: Circle, path: UpdatePath, sender = 0): string {
  const tree = group.tree.copy();
  return verdictOf(() => {
    applyPath(tree, sender, path);
  });
}

/** The path with another key at its lowest node. */
function withKey(path: UpdatePath, key: Uint8Array): UpdatePath {
  const [lowest, ...others] = path.nodes;
  const changed = new UpdatePathNode(key, there(lowest).encryptedPathSecret);
  return new UpdatePath(path.leafNode, [changed, ...others]);
}

test('path-length', () => {
  const [group, path] = ready();
  const { leafNode, nodes } = path;
  expect(refused(group, path)).toBe('');
  expect(refused(group, new UpdatePath(leafNode, nodes.slice(0, -1)))).toBe('path-length');
  const longer = new UpdatePath(leafNode, [...nodes, there(nodes[0])]);
  expect(refused(group, longer)).toBe('path-length');
  expect(refused(group, path, 4)).toBe('path-length');
});

test('leaf-source', () => {
  const [group, path] = ready();
  const stranger = new UpdatePath(Device.make('eve').leaf(), path.nodes);
  expect(refused(group, stranger)).toBe('leaf-source');
});

test.each([0, 3])('path-fresh-leaf-key: not the leaf of member %i', (leafIndex) => {
  const [group, path] = ready();
  const old = new UpdatePath(there(group.tree.leaf(leafIndex)), path.nodes);
  expect(refused(group, old)).toBe('path-fresh-leaf-key');
});

test('path-unique-keys', () => {
  const [group, path] = ready();
  for (const { encryptionKey } of [
    there(group.tree.leaf(3)),
    there(group.tree.parentNode(5)),
    there(path.nodes[1]),
    path.leafNode,
  ]) {
    expect(refused(group, withKey(path, encryptionKey))).toBe('path-unique-keys');
  }
});

test('path-parent-hash', () => {
  const [group, path] = ready();
  expect(refused(group, withKey(path, CRYPTO.kemGenerate()[1]))).toBe('path-parent-hash');
  expect(refused(circle(5), path)).toBe('path-parent-hash');
});

test('path-usable-keys', () => {
  const [group, path] = ready();
  const one = new Uint8Array(32).with(0, 1);
  for (const key of [new Uint8Array(0), new Uint8Array(31), new Uint8Array(32), one]) {
    expect(refused(group, withKey(path, key))).toBe('path-usable-keys');
  }
});

test('ciphertexts are counted without a secret', () => {
  const [group, path] = ready();
  const tree = group.tree.copy();
  applyPath(tree, 0, path);
  checkCiphertexts(tree, 0, path);
  const last = there(path.nodes.at(-1));
  const sealed = last.encryptedPathSecret;
  const twice = new UpdatePathNode(last.encryptionKey, [...sealed, ...sealed]);
  const check = (nodes: readonly UpdatePathNode[]): string =>
    verdictOf(() => {
      checkCiphertexts(tree, 0, new UpdatePath(path.leafNode, nodes));
    });
  expect(check([...path.nodes.slice(0, -1), twice])).toBe('path-ciphertexts');
  expect(check(path.nodes.slice(0, -1))).toBe('path-length');
});
