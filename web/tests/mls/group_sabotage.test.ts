/**
 * What a member with a modified client could do so that the others cannot go on: it is refused,
 * or it stands in nobody's way.
 */

import { afterEach, expect, test, vi } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { ITEMS_LIMIT } from '../../src/mls/codec.ts';
import { CodecError } from '../../src/mls/errors.ts';
import { Extension, type Extensions, RequiredCapabilities } from '../../src/mls/extension.ts';
import { parsePublicMessage } from '../../src/mls/framing.ts';
import { Group } from '../../src/mls/group.ts';
import { EXTENSIONS_LIMIT, LAST_EPOCH } from '../../src/mls/group_context.ts';
import { ownCapabilities } from '../../src/mls/joiner.ts';
import { KeyPackage } from '../../src/mls/key_package.ts';
import {
  Capabilities,
  LeafBinding,
  type LeafContentChanges,
  type LeafNode,
} from '../../src/mls/leaf_node.ts';
import { Add, type Commit, GroupContextExtensions, Update } from '../../src/mls/proposal.ts';
import { KnownPsks } from '../../src/mls/psk.ts';
import { ResumptionUsage } from '../../src/mls/psk_id.ts';
import { TREE_LIMIT } from '../../src/mls/ratchet_tree.ts';
import { suite } from '../../src/mls/suite.ts';
import { UpdatePath, UpdatePathNode } from '../../src/mls/update_path.ts';
import type * as validation from '../../src/mls/validation.ts';
import { Judge, nameOf, NOW_S, Player, refused, Scene, untouched } from './group_players.ts';
import { there } from './tree_players.ts';

/** While it is set, commits are made without the last check: a modified client. */
const modified = vi.hoisted(() => ({ client: false }));

vi.mock('../../src/mls/validation.ts', async (original) => {
  const real = await original<typeof validation>();
  const checkApplied: typeof validation.checkApplied = (...given) => {
    if (!modified.client) {
      real.checkApplied(...given);
    }
  };
  return { ...real, checkApplied };
});

afterEach(() => {
  modified.client = false;
});

/** GREASE that every device here announces. */
const UNKNOWN_EXTENSION = 0x5a5a;

/** An Update's leaf, signed by its owner, with anything in it. */
function leafWith(player: Player, changes: LeafContentChanges): LeafNode {
  const { epoch } = player.group.state;
  const unsigned = epoch
    .leaf(player.group.ownLeaf)
    .content()
    .with({ lifetime: undefined, parentHash: undefined, ...changes });
  const binding = new LeafBinding(player.group.groupId, player.group.ownLeaf);
  return unsigned.sign(epoch.suite, epoch.signerPrivate, binding);
}

/** A key package whose leaf has anything in it. */
function packageWith(player: Player, changes: LeafContentChanges): KeyPackage {
  const { initKey, leafNode } = player.bundle().keyPackage;
  const crypto = suite(player.suiteId);
  const leaf = leafNode.content().with(changes).sign(crypto, player.signer);
  return KeyPackage.sign(crypto, player.signer, initKey, leaf);
}

// -- keys that nobody can use

test('a path with a key that its neighbours never see', () => {
  // Two devices of one attacker share a node; the others would have to encrypt to its key.
  const scene = Scene.of(['eve', 'eve again', 'bela', 'cora']);
  const { eve, bela, cora } = scene.cast('eve', 'bela', 'cora');
  const { body } = parsePublicMessage(eve.commit().commit).authenticated.content;
  const { leafNode, nodes } = there((body as Commit).path);
  const [lowest, ...others] = nodes;
  const unusable = new UpdatePathNode(new Uint8Array(32), there(lowest).encryptedPathSecret);
  const forged = eve.forge([], new UpdatePath(leafNode, [unusable, ...others]));
  for (const player of [bela, cora]) {
    untouched([player], () => {
      refused('path-usable-keys', () => player.stage(forged));
    });
  }
});

/** Four members who have all committed, and the key of the node above the last two. */
function settledGroup(): [Scene, Uint8Array] {
  const scene = Scene.of(['eve', 'bela', 'cora', 'dora']);
  for (const player of [...scene.players.values()]) {
    scene.commit(player);
  }
  const node = scene.player('eve').group.state.epoch.tree.parentNode(5);
  return [scene, there(node).encryptionKey];
}

test('a leaf with the key of a parent would let nobody join', () => {
  // Members could live with it, but whoever joins checks the whole tree.
  const [scene, encryptionKey] = settledGroup();
  const { eve, bela, dora } = scene.cast('eve', 'bela', 'dora');
  const raw = eve.frame(new Update(leafWith(eve, { encryptionKey })));
  for (const player of scene.players.values()) {
    player.follow(raw);
  }
  const adds = [packageWith(scene.newcomer('fred'), { encryptionKey })];
  for (const changes of [{}, { adds, byReference: false }]) {
    modified.client = true;
    const pending = bela.commit(changes);
    modified.client = false;
    pending.drop();
    untouched([dora], () => {
      refused('tree-unique-keys', () => dora.stage(pending.commit));
    });
  }
  scene.commit(bela);
  scene.newcomer('gina').knock(bela.group.groupInfo());
});

// -- proposals that nobody could commit

const UNCOMMITTABLE: [string, (scene: Scene) => Uint8Array][] = [
  [
    'a PSK that nobody has',
    (scene) => {
      const { group } = scene.player('eve');
      return group.proposePsk(group.externalPsk(utf8('nobody has it')));
    },
  ],
  [
    'a member again',
    (scene) => {
      const eve = scene.player('eve');
      return eve.group.proposeAdd(eve.bundle().message);
    },
  ],
  [
    'the key of another',
    (scene) => {
      const { eve, dora } = scene.cast('eve', 'dora');
      const { encryptionKey } = dora.group.state.epoch.leaf(dora.group.ownLeaf);
      return eve.frame(new Update(leafWith(eve, { encryptionKey })));
    },
  ],
];

test.each(UNCOMMITTABLE)('a proposal that nobody could commit is left out: %s', (_, propose) => {
  const scene = Scene.of(['bela', 'cora', 'dora', 'eve']);
  const { bela, cora, dora } = scene.cast('bela', 'cora', 'dora');
  scene.deliver(cora, cora.group.proposeUpdate());
  const raw = propose(scene);
  for (const player of [bela, cora, dora]) {
    player.follow(raw);
  }
  expect(bela.group.mustCommit).toBe(true);
  const pending = bela.commit();
  const { updated } = cora.stageCommit(pending.commit);
  expect(updated.map(([before]) => before.leafIndex).sort()).toEqual([0, 1]);
  scene.deliver(bela, pending.commit);
  pending.accept();
  scene.agree();
  scene.chat();
});

test('of two devices with one key the newer is added', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const [, encryptionKey] = suite(1).kemGenerate();
  for (const name of ['dora', 'emil']) {
    const raw = bela.frame(new Add(packageWith(scene.newcomer(name), { encryptionKey })));
    scene.deliver(bela, raw);
    bela.follow(raw);
  }
  expect(anna.commit().added.map(nameOf)).toEqual(['emil']);
});

// -- growth

test('a tree that nobody could read any more', () => {
  // What was saved could not be loaded again: such a device would be lost.
  const scene = Scene.of(['eve', 'bela']);
  const { eve, bela } = scene.cast('eve', 'bela');
  const extensions: Extensions = [new Extension(UNKNOWN_EXTENSION, new Uint8Array(65_000))];
  const fat = packageWith(scene.newcomer('fat'), { extensions });
  for (const { group } of [eve, bela]) {
    // Straight into the tree, because as many real ones would take long to make.
    const { tree } = group.state.epoch;
    let room = TREE_LIMIT - tree.toBytes().length;
    for (; room > fat.leafNode.encoded.length + 2_000; room -= fat.leafNode.encoded.length + 2) {
      tree.addLeaf(fat.leafNode);
    }
    expect(tree.isReadable).toBe(true);
  }
  bela.restart();
  const options = { adds: [fat], forcePath: false };
  refused('tree-limit', () => eve.commit(options));
  const forged = eve.forge([new Add(fat)]);
  refused('tree-limit', () => bela.stage(forged));
});

test('a tree with more items than anybody reads', () => {
  // Small enough in bytes and leaves; but a list's items are counted, too, when it is read.
  const scene = Scene.of(['eve', 'bela']);
  const { eve, bela } = scene.cast('eve', 'bela');
  const types = Array.from({ length: 2_000 }, (_, index) => 0x1000 + index);
  const fatOne = scene.newcomer('fat');
  const { versions, cipherSuites, proposals, credentials } = ownCapabilities(fatOne.credential);
  const fat = packageWith(fatOne, {
    capabilities: new Capabilities(versions, cipherSuites, types, proposals, credentials),
    extensions: types.map((type) => new Extension(type, new Uint8Array(0))),
  });
  for (const { group } of [eve, bela]) {
    // Straight into the tree, because as many real ones would take long to make.
    const { tree } = group.state.epoch;
    for (let count = Math.floor(ITEMS_LIMIT / types.length); count > 0; count -= 1) {
      tree.addLeaf(fat.leafNode);
    }
    expect(tree.isReadable).toBe(true);
  }
  bela.restart();
  const options = { adds: [fat], forcePath: false };
  refused('tree-limit', () => eve.commit(options));
  const forged = eve.forge([new Add(fat)]);
  refused('tree-limit', () => bela.stage(forged));
});

test('proposals are bounded in bytes too', () => {
  const { eve, bela } = Scene.of(['eve', 'bela']).cast('eve', 'bela');
  const { suite: crypto } = bela.group.state.epoch;
  const proposal = (length: number, last = 0): GroupContextExtensions => {
    const body = new Uint8Array(length);
    body[length - 1] = last;
    return new GroupContextExtensions([new Extension(UNKNOWN_EXTENSION, body)]);
  };
  for (let number = 0; number < 15; number += 1) {
    const raw = eve.frame(proposal(EXTENSIONS_LIMIT - 99, number));
    const { authenticated } = parsePublicMessage(raw);
    bela.group.keepProposal(authenticated, authenticated.reference(crypto));
  }
  bela.follow(eve.frame(proposal(EXTENSIONS_LIMIT - 99, 15)));
  refused('proposals-limit', () => bela.stage(eve.frame(proposal(4_000))));
  bela.restart();
  expect(bela.group.proposals.size).toBe(16);
});

test('extensions of a group are bounded', () => {
  const { eve, bela } = Scene.of(['eve', 'bela']).cast('eve', 'bela');
  const huge = new Extension(UNKNOWN_EXTENSION, new Uint8Array(EXTENSIONS_LIMIT));
  const raw = eve.frame(new GroupContextExtensions([huge]));
  untouched([bela], () => {
    expect(() => bela.stage(raw)).toThrow(CodecError);
  });
});

test('no epoch follows the last', () => {
  // Somebody invites to a group that began at the end of the numbers.
  const scene = Scene.of(['eve', 'bela']);
  const { eve, bela } = scene.cast('eve', 'bela');
  for (const { group } of [eve, bela]) {
    const context = group.context.with({ epoch: LAST_EPOCH });
    Object.assign(group.state.epoch, { context });
  }
  refused('epoch-last', () => bela.commit());
  const forged = eve.forge([new Add(scene.newcomer('cora').bundle().keyPackage)]);
  untouched([bela], () => {
    refused('epoch-last', () => bela.stage(forged));
  });
});

// -- what a device could do to itself

test('a new identity keeps what the device can do', () => {
  const required = 0xf0aa;
  const judge = new Judge();
  const [anna, bela] = [Player.make('anna', 1, judge), Player.make('bela', 1, judge)];
  const { versions, cipherSuites, proposals, credentials } = ownCapabilities(anna.credential);
  const capabilities = new Capabilities(versions, cipherSuites, [required], proposals, credentials);
  const extensions = [new RequiredCapabilities([required]).toExtension()];
  const { credential, signer } = anna;
  const name = utf8('demanding group');
  anna.group = Group.create(1, name, credential, signer, judge.ask, NOW_S, {
    extensions,
    capabilities,
  });
  const bundle = bela.bundle({ capabilities });
  const first = anna.commit({ adds: [bundle.message] });
  first.accept();
  bela.join(first.welcome, bundle);
  const second = anna.commit({ identity: anna.newIdentity() });
  bela.follow(second.commit);
  second.accept();
  anna.follow(bela.group.proposeUpdate({ identity: bela.newIdentity() }));
  const third = anna.commit();
  bela.follow(third.commit);
  third.accept();
  for (const [, leaf] of anna.group.state.epoch.tree.leaves()) {
    expect(leaf.capabilities.supportsExtension(required)).toBe(true);
  }
});

test('a reinitialised group is bound to the old one', () => {
  // The founder's first Commit carries the PSK; who does not have it cannot join.
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const old = anna.group;
  const psk = old.resumptionPsk(old.epoch, ResumptionUsage.REINIT);
  const psks = new KnownPsks(new Map(), old.resumptionSecrets());
  anna.found([], utf8('the next group'));
  const bundle = bela.bundle();
  const pending = anna.commit({ adds: [bundle.message], inject: [psk], psks });
  pending.accept();
  refused('psk-known', () => bela.join(pending.welcome, bundle));
  bela.join(pending.welcome, bundle, { psks });
  scene.chat();
  const again = anna.group.resumptionPsk(anna.group.epoch, ResumptionUsage.BRANCH);
  refused('psk-usage', () => anna.commit({ inject: [again] }));
});
