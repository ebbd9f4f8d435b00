/**
 * Replays, old keys, insiders, credentials: each attack fails by a named check and leaves the
 * group byte for byte as it was.
 */

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { CommitPlan, follow, Identity } from '../../src/mls/commit.ts';
import { Credential, PLAUSCH } from '../../src/mls/credential.ts';
import {
  CodecError,
  CredentialRefused,
  DecryptionFailed,
  GroupUsageError,
} from '../../src/mls/errors.ts';
import {
  AuthenticatedContent,
  FramedContent,
  member,
  parsePrivateMessage,
  parsePublicMessage,
  WireFormat,
} from '../../src/mls/framing.ts';
import { Add, Commit, Remove, Update } from '../../src/mls/proposal.ts';
import { openPrivate, protectPrivate, signContent } from '../../src/mls/protection.ts';
import { FORWARD_LIMIT, KEPT_LIMIT } from '../../src/mls/secret_tree.ts';
import { suite } from '../../src/mls/suite.ts';
import { UpdatePath, UpdatePathNode } from '../../src/mls/update_path.ts';
import { applyProposals, ListedProposal, sortProposals } from '../../src/mls/validation.ts';
import {
  flipped,
  GROUP_ID,
  holds,
  Judge,
  NOW_S,
  Player,
  refused,
  refusedSomehow,
  Scene,
  untouched,
} from './group_players.ts';
import { there } from './tree_players.ts';

const EMPTY = new Uint8Array(0);

/** The path of a Commit in the clear. */
function pathOf(raw: Uint8Array): UpdatePath {
  const { body } = parsePublicMessage(raw).authenticated.content;
  expect(body).toBeInstanceOf(Commit);
  return there((body as Commit).path);
}

function numbered(player: Player, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, number) =>
    player.group.encrypt(Uint8Array.of(number & 0xff)),
  );
}

// -- replay

test('a replayed message is refused', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const raw = anna.group.encrypt(utf8('once'));
  expect(bela.read(raw).plaintext).toEqual(utf8('once'));
  untouched([bela], () => {
    refused('generation-unused', () => bela.stage(raw));
  });
});

test('a message staged twice is accepted once', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const raw = anna.group.encrypt(utf8('once'));
  const [one, two] = [bela.stage(raw), bela.stage(raw)];
  one.accept();
  untouched([bela], () => {
    refused('generation-unused', () => two.accept());
  });
});

test('a replayed commit is refused', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const pending = scene.commit(anna);
  untouched([bela], () => {
    refused('epoch', () => bela.stage(pending.commit));
  });
});

test('two commits of one epoch cannot both be accepted', () => {
  const { anna, bela, cora } = Scene.of(['anna', 'bela', 'cora']).cast('anna', 'bela', 'cora');
  const one = bela.stageCommit(anna.commit().commit);
  const two = bela.stageCommit(cora.commit().commit);
  one.accept();
  untouched([bela], () => {
    expect(() => {
      two.accept();
    }).toThrow(GroupUsageError);
  });
});

test('a proposal staged before a commit is not kept after it', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela, cora } = scene.cast('anna', 'bela', 'cora');
  const staged = bela.stage(cora.group.proposeUpdate());
  scene.commit(anna);
  untouched([bela], () => {
    expect(() => staged.accept()).toThrow(GroupUsageError);
  });
});

test('a message of a deleted epoch cannot be accepted late', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const staged = bela.stage(anna.group.encrypt(utf8('old')));
  for (let turn = 0; turn < 5; turn += 1) {
    scene.commit(anna);
  }
  untouched([bela], () => {
    expect(() => staged.accept()).toThrow(GroupUsageError);
  });
});

// -- generations

test('skipped messages open once and are then gone', () => {
  // ts-mls gave a consumed message back here: it kept the ratchet secret behind a gap.
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const said = numbered(anna, 5);
  const reads = (number: number): void => {
    expect(bela.read(there(said[number])).plaintext).toEqual(Uint8Array.of(number));
  };
  const isGone = (number: number): void => {
    refused('generation-unused', () => bela.stage(there(said[number])));
  };
  reads(3);
  isGone(3);
  reads(1);
  isGone(1);
  isGone(3);
  bela.restart();
  isGone(3);
  reads(0);
  reads(4);
  reads(2);
  [0, 1, 2, 3, 4].forEach(isGone);
});

test('the saved state does not open what was read', () => {
  // The keys of read messages cannot be derived from what is saved after a gap.
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const said = numbered(anna, 4);
  const probe = bela.group.save();
  bela.read(there(said[2]));
  const stolen = bela.group.save();
  const found = said.slice(0, 3).map((raw) => {
    const { epoch, messages } = bela.twin(probe).group.state;
    const { suite: crypto, secrets } = epoch;
    const private_ = parsePrivateMessage(raw);
    const [, opening] = openPrivate(crypto, secrets.senderData, messages, private_);
    return holds(stolen.ratchetState, opening.key.key);
  });
  expect(found).toEqual([true, true, false]);
});

test('a jump forward is bounded', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const said = numbered(anna, FORWARD_LIMIT + 2);
  untouched([bela], () => {
    refused('generation-window', () => bela.stage(there(said[FORWARD_LIMIT + 1])));
  });
  bela.read(there(said[FORWARD_LIMIT]));
  expect(bela.group.save().ratchetState.length).toBeLessThan(KEPT_LIMIT * 60);
  refused('generation-unused', () => bela.stage(there(said[FORWARD_LIMIT - KEPT_LIMIT - 1])));
  for (const number of [FORWARD_LIMIT - KEPT_LIMIT, FORWARD_LIMIT - 1, FORWARD_LIMIT + 1]) {
    bela.read(there(said[number]));
  }
});

test('junk consumes no key', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const raw = anna.group.encrypt(utf8('the real one'));
  untouched([bela], () => {
    for (let turn = 0; turn < 3; turn += 1) {
      expect(() => bela.stage(flipped(raw, -1))).toThrow(DecryptionFailed);
    }
  });
  expect(bela.read(raw).plaintext).toEqual(utf8('the real one'));
});

test('a junk commit before the valid one does no harm', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela, cora } = scene.cast('anna', 'bela', 'cora');
  const pending = anna.commit({ adds: [scene.newcomer('dora').bundle().message] });
  untouched([bela], () => {
    for (const junk of [
      flipped(pending.commit, -1),
      pending.commit.slice(0, 200),
      cora.forge([new Remove(0)]),
      cora.forge([]),
    ]) {
      refusedSomehow(() => bela.stage(junk));
    }
  });
  bela.follow(pending.commit);
  cora.follow(pending.commit);
  pending.accept();
  bela.read(anna.group.encrypt(utf8('x')));
});

// -- insiders

test('a member cannot speak as another', () => {
  // Cora encrypts with her own keys, claiming to be Anna: her ratchet and signature betray it.
  const { bela, cora } = Scene.of(['anna', 'bela', 'cora']).cast('bela', 'cora');
  const { epoch, messages } = cora.group.state;
  const { suite: crypto, secrets, context } = epoch;
  const wire = WireFormat.PRIVATE_MESSAGE;
  for (const [leafIndex, signer] of [
    [0, cora.signer],
    [2, bela.signer],
  ] as const) {
    const text = utf8('I am somebody else');
    const content = FramedContent.of(GROUP_ID, cora.group.epoch, member(leafIndex), EMPTY, text);
    const signature = signContent(crypto, signer, wire, content, context.encoded);
    const message = new AuthenticatedContent(wire, content, signature);
    const forged = protectPrivate(crypto, secrets.senderData, messages, message).toMessage();
    untouched([bela], () => {
      refused('message-signature', () => bela.stage(forged));
    });
  }
});

test('an encrypted proposal or commit is signed by the owner of its ratchet', () => {
  const { anna, bela, cora } = Scene.of(['anna', 'bela', 'cora']).cast('anna', 'bela', 'cora');
  const { epoch, messages } = cora.group.state;
  const { suite: crypto, secrets, context } = epoch;
  const wire = WireFormat.PRIVATE_MESSAGE;
  const sender = member(cora.group.ownLeaf);
  const content = FramedContent.of(GROUP_ID, epoch.number, sender, EMPTY, new Remove(0));
  for (const [signer, check] of [
    [anna.signer, 'message-signature'],
    [cora.signer, ''],
  ] as const) {
    const signature = signContent(crypto, signer, wire, content, context.encoded);
    const message = new AuthenticatedContent(wire, content, signature);
    const raw = protectPrivate(crypto, secrets.senderData, messages, message).toMessage();
    untouched([bela], () => {
      refused(check, () => bela.stage(raw));
    });
  }
});

test.each([0, 1])('a member cannot propose or commit as another: %i', (claim) => {
  const { cora, dora } = Scene.of(['anna', 'bela', 'cora', 'dora']).cast('cora', 'dora');
  const sender = member(claim);
  untouched([dora], () => {
    refused('message-signature', () => dora.stage(cora.frame(new Remove(3 - claim), sender)));
    refused('message-signature', () => dora.stage(cora.forge([new Remove(2)], undefined, sender)));
    const path = pathOf(cora.commit().commit);
    cora.group.dropPending();
    refused('message-signature', () => dora.stage(cora.forge([], path, sender)));
  });
});

test('nobody else makes a device believe that its state was set back', () => {
  const { bela, dora } = Scene.of(['anna', 'bela', 'cora', 'dora']).cast('bela', 'dora');
  const own = member(dora.group.ownLeaf);
  untouched([dora], () => {
    refused('message-signature', () => dora.stage(bela.forge([], undefined, own)));
    refused('message-signature', () => dora.stage(bela.forge([new Remove(0)], undefined, own)));
    refused('own-commit', () => dora.stage(dora.forge([])));
  });
});

test('a list of very many proposals is refused like any other', () => {
  const { anna, bela } = Scene.of(['anna', 'bela', 'cora']).cast('anna', 'bela');
  const removes = (count: number): Remove[] => Array.from({ length: count }, () => new Remove(2));
  untouched([anna], () => {
    refused('leaf-touched-once', () => anna.stage(bela.forge(removes(131_000))));
    expect(() => anna.stage(bela.forge(removes(200_000)))).toThrow(CodecError);
  });
});

test('a commit under the name of another, right but for its signature, is refused', () => {
  // Cora knows every secret of the epoch, so that her confirmation and membership tags are right.
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { bela, cora } = scene.cast('bela', 'cora');
  const { epoch } = cora.group.state;
  const { suite: crypto, context, tree } = epoch;
  const sender = member(0);
  const add = new Add(scene.newcomer('dora').bundle().keyPackage);
  const list = sortProposals([new ListedProposal(add, sender)], sender);
  const applied = applyProposals(tree, context.extensions, list);
  const body = new Commit([add], undefined);
  const content = FramedContent.of(GROUP_ID, epoch.number, sender, EMPTY, body);
  const wire = WireFormat.PUBLIC_MESSAGE;
  const signature = signContent(crypto, cora.signer, wire, content, context.encoded);
  const message = new AuthenticatedContent(wire, content, signature);
  const zeros = new Uint8Array(crypto.hashLength);
  const plan = new CommitPlan();
  const [following] = follow(epoch, message, list, applied, undefined, zeros, plan);
  const tag = following.epoch.confirmationTag;
  const forged = cora.frame(body, sender, { tag });
  untouched([bela], () => {
    const staged = bela.group.process(forged, scene.judge.ask, NOW_S);
    refused('message-signature', () => staged.settleNow());
  });
});

test('a blank leaf cannot speak', () => {
  const scene = Scene.of(['anna', 'bela', 'cora', 'dora']);
  const { anna, cora, dora } = scene.cast('anna', 'cora', 'dora');
  scene.commit(anna, { removes: [1] });
  untouched([dora], () => {
    for (const leafIndex of [1, 9, 2 ** 31, 2 ** 32 - 1]) {
      const forged = cora.frame(new Remove(0), member(leafIndex));
      refused('sender-leaf', () => dora.stage(forged));
    }
  });
});

test("an update of another member's leaf is refused", () => {
  const { anna, bela, cora } = Scene.of(['anna', 'bela', 'cora']).cast('anna', 'bela', 'cora');
  const { body } = parsePublicMessage(anna.group.proposeUpdate()).authenticated.content;
  expect(body).toBeInstanceOf(Update);
  untouched([bela], () => {
    refused('leaf-signature', () => bela.stage(cora.frame(body)));
  });
});

test("a committer's wrong keys for us are noticed", () => {
  // A path whose secrets do not fit its public keys leads into another epoch.
  const { bela, cora } = Scene.of(['anna', 'bela', 'cora']).cast('bela', 'cora');
  const path = pathOf(cora.commit().commit);
  cora.group.dropPending();
  const other = pathOf(cora.commit().commit);
  const nodes = path.nodes.map(
    (node, at) =>
      new UpdatePathNode(node.encryptionKey, there(other.nodes[at]).encryptedPathSecret),
  );
  const forged = cora.forge([], new UpdatePath(path.leafNode, nodes));
  untouched([bela], () => {
    expect(() => bela.stage(forged)).toThrow(DecryptionFailed);
  });
});

test('a wrong confirmation tag is noticed', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const forged = anna.forge([], pathOf(anna.commit().commit));
  untouched([bela], () => {
    refused('confirmation-tag', () => bela.stage(forged));
  });
});

// -- credentials

test('an added device that the judge does not know', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const bundle = Player.make('mallory', 1, new Judge()).bundle();
  expect(() => anna.commit({ adds: [bundle.message] })).toThrow(CredentialRefused);
  untouched([bela], () => {
    expect(() => bela.stage(anna.forge([new Add(bundle.keyPackage)]))).toThrow(CredentialRefused);
  });
});

test('a member that takes another credential', () => {
  const { bela, cora } = Scene.of(['anna', 'bela', 'cora']).cast('bela', 'cora');
  const { signerPrivate } = cora.newIdentity();
  const identity = new Identity(signerPrivate, new Credential(PLAUSCH, utf8('anna')));
  expect(() => cora.commit({ identity })).toThrow(CredentialRefused);
  const raw = cora.group.proposeUpdate({ identity });
  untouched([bela], () => {
    expect(() => bela.stage(raw)).toThrow(CredentialRefused);
  });
});

test('a leaf in a path that the judge refuses', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const identity = anna.newIdentity();
  const pending = anna.commit({ identity });
  scene.judge.forget('anna');
  scene.judge.learn(anna.credential, anna.signatureKey);
  expect(suite(1).signaturePublicOf(identity.signerPrivate)).not.toEqual(anna.signatureKey);
  untouched([bela], () => {
    expect(() => bela.stage(pending.commit)).toThrow(CredentialRefused);
  });
});

test('joining a group with a member that the judge refuses', () => {
  const scene = Scene.of(['anna', 'bela']);
  const anna = scene.player('anna');
  const cora = scene.newcomer('cora');
  const bundle = cora.bundle();
  const pending = anna.commit({ adds: [bundle.message] });
  scene.judge.forget('bela');
  expect(() => cora.join(pending.welcome, bundle)).toThrow(CredentialRefused);
  expect(() => cora.knock(anna.group.groupInfo())).toThrow(CredentialRefused);
});
