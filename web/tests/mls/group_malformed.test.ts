/** Bytes that no honest client writes, and trees that no honest members could have made. */

import { expect, test } from 'vitest';

import { concat, utf8 } from '../../src/base/bytes.ts';
import { encodeVarint, u16, u64, u8 } from '../../src/mls/codec.ts';
import { CodecError } from '../../src/mls/errors.ts';
import { EXTERNAL_PUB, Extension, findExtension, RATCHET_TREE } from '../../src/mls/extension.ts';
import { MESSAGE_LIMIT } from '../../src/mls/framing.ts';
import { Group, join } from '../../src/mls/group.ts';
import { GroupInfo } from '../../src/mls/group_info.ts';
import { Remove } from '../../src/mls/proposal.ts';
import { ParentNode, RatchetTree } from '../../src/mls/ratchet_tree.ts';
import { suite } from '../../src/mls/suite.ts';
import { GroupSecrets, sealWelcome } from '../../src/mls/welcome.ts';
import { GROUP_ID, NOW_S, refused, Scene, untouched } from './group_players.ts';
import { there } from './tree_players.ts';

/** Where the length of the group id stands in every framed message. */
const AT = 4;

/** Anna's messages of each kind, for bela. */
function messages(scene: Scene): Uint8Array[] {
  const anna = scene.player('anna');
  return [
    anna.group.encrypt(utf8('x')),
    anna.frame(new Remove(1)),
    anna.commit({ private: true, byReference: false }).commit,
  ];
}

test('lengths that are not in their shortest form are refused', () => {
  const scene = Scene.of(['anna', 'bela']);
  const bela = scene.player('bela');
  for (const raw of messages(scene)) {
    expect(raw[AT]).toBe(GROUP_ID.length);
    const rest = raw.subarray(AT + 1);
    for (const long of [
      Uint8Array.of(0x40, GROUP_ID.length),
      Uint8Array.of(0x80, 0, 0, GROUP_ID.length),
      Uint8Array.of(0xc0, 0, 0, 0, 0, 0, 0, GROUP_ID.length),
    ]) {
      untouched([bela], () => {
        expect(() => bela.stage(concat(raw.subarray(0, AT), long, rest))).toThrow(CodecError);
      });
    }
  }
});

test('giant vectors are refused before anything is made of them', () => {
  const scene = Scene.of(['anna', 'bela']);
  const bela = scene.player('bela');
  const giant = Uint8Array.of(0xbf, 0xff, 0xff, 0xff);
  for (const raw of messages(scene)) {
    const rest = raw.subarray(AT + 1);
    untouched([bela], () => {
      expect(() => bela.stage(concat(raw.subarray(0, AT), giant, rest))).toThrow(CodecError);
    });
  }
  const frame = concat(u16(1), u16(2), Uint8Array.of(16), GROUP_ID, u64(1n), u8(1), u8(0), u8(0));
  const ciphertext = new Uint8Array(MESSAGE_LIMIT + 1);
  const huge = concat(frame, encodeVarint(ciphertext.length), ciphertext);
  expect(() => bela.stage(huge)).toThrow(CodecError);
  expect(() => scene.newcomer('cora').knock(concat(u16(1), u16(4), u16(1), u16(1), giant))).toThrow(
    CodecError,
  );
  expect(() => Group.load(giant, giant)).toThrow(/damaged/);
});

/** Anna's GroupInfo with another tree, which its context names and which she has signed. */
function withTree(group: Group, tree: RatchetTree): GroupInfo {
  const { epoch } = group.state;
  const honest = GroupInfo.fromBytes(group.groupInfo().subarray(4));
  const externalPub = there(findExtension(honest.extensions, EXTERNAL_PUB));
  return honest
    .with({
      groupContext: epoch.context.with({ treeHash: tree.treeHash() }),
      extensions: [
        new Extension(RATCHET_TREE, tree.toBytes()),
        new Extension(EXTERNAL_PUB, externalPub),
      ],
    })
    .signed(epoch.suite, epoch.signerPrivate);
}

/** The tree with other unmerged leaves at its root. */
function withUnmerged(tree: RatchetTree, unmerged: readonly number[]): RatchetTree {
  const nodes = Array.from({ length: tree.nodeCount }, (_, index) => tree.node(index));
  nodes[tree.root] = there(tree.parentNode(tree.root)).withUnmerged(unmerged);
  return new RatchetTree(tree.suite, nodes);
}

test('a tree with unmerged leaves where no member is', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const anna = scene.player('anna');
  scene.commit(anna);
  const { tree } = anna.group.state.epoch;
  const mallory = scene.newcomer('mallory');
  mallory.knock(withTree(anna.group, tree).toMessage());
  for (const unmerged of [[3], [1, 3], [99]]) {
    const forged = withTree(anna.group, withUnmerged(tree, unmerged));
    refused('tree-unmerged-leaves', () => mallory.knock(forged.toMessage()));
  }
  // Members who are there, but were at the node when it was set.
  const forged = withTree(anna.group, withUnmerged(tree, [1]));
  refused('tree-unmerged-leaves', () => mallory.knock(forged.toMessage()));
  const later = withTree(anna.group, withUnmerged(tree, [2]));
  refused('tree-parent-hash', () => mallory.knock(later.toMessage()));
});

test('unmerged leaves out of order are not even read', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const anna = scene.player('anna');
  scene.commit(anna);
  const { tree } = anna.group.state.epoch;
  const root = there(tree.parentNode(tree.root));
  const twisted = ParentNode.build(root.encryptionKey, root.parentHash, [2, 1]);
  const nodes = Array.from({ length: tree.nodeCount }, (_, index) => tree.node(index));
  nodes[tree.root] = twisted;
  const forged = withTree(anna.group, new RatchetTree(tree.suite, nodes));
  expect(() => scene.newcomer('mallory').knock(forged.toMessage())).toThrow(CodecError);
});

test('a wrong tree hash, in a GroupInfo and in a Welcome', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const anna = scene.player('anna');
  const { epoch } = anna.group.state;
  const wrong = epoch.context.with({ treeHash: new Uint8Array(32) });
  const honest = withTree(anna.group, epoch.tree);
  const forged = honest.with({ groupContext: wrong }).signed(epoch.suite, epoch.signerPrivate);
  refused('tree-hash', () => scene.newcomer('dora').knock(forged.toMessage()));
  const bundle = scene.newcomer('emil').bundle();
  const zeros = new Uint8Array(32);
  const secrets = new GroupSecrets(zeros, undefined, []);
  const crypto = suite(1);
  const secret = crypto.deriveSecret(crypto.extract(zeros, zeros), 'welcome');
  const welcome = sealWelcome(crypto, forged, secret, [[bundle.keyPackage, secrets]]);
  refused('tree-hash', () => join(welcome.toMessage(), bundle, scene.judge.ask, NOW_S).settleNow());
});
