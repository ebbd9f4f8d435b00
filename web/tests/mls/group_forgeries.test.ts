/**
 * Commits that no honest client makes, by members with real keys and by outsiders: each fails by
 * a named check and leaves the group byte for byte as it was.
 */

import { expect, test, vi } from 'vitest';

import { fromHex, utf8 } from '../../src/base/bytes.ts';
import { CodecError, CredentialRefused } from '../../src/mls/errors.ts';
import type { PendingExternalJoin } from '../../src/mls/external.ts';
import {
  AuthenticatedContent,
  parsePublicMessage,
  PublicMessage,
  Sender,
  SenderType,
} from '../../src/mls/framing.ts';
import { parseGroupInfo } from '../../src/mls/group_info.ts';
import { KeyPackage } from '../../src/mls/key_package.ts';
import { LATE_GRACE_S } from '../../src/mls/leaf_validation.ts';
import type { AllowExternal } from '../../src/mls/process.ts';
import {
  Add,
  Commit,
  ExternalInit,
  PreSharedKey,
  type Proposal,
  ProposalRef,
  Remove,
} from '../../src/mls/proposal.ts';
import { PreSharedKeyId } from '../../src/mls/psk_id.ts';
import { suite } from '../../src/mls/suite.ts';
import {
  DAY_S,
  flipped,
  Judge,
  NOW_S,
  Player,
  refused,
  refusedSomehow,
  replaced,
  Scene,
  untouched,
  welcomeAnybody,
} from './group_players.ts';
import { there } from './tree_players.ts';

const LET_IN = { allowExternal: welcomeAnybody };

function bodyOf(raw: Uint8Array): Commit {
  const { body } = parsePublicMessage(raw).authenticated.content;
  expect(body).toBeInstanceOf(Commit);
  return body as Commit;
}

/** The reference of the first proposal that a player has seen. */
function firstReference({ group }: Player): ProposalRef {
  return new ProposalRef(fromHex(there([...group.proposals.keys()][0])));
}

/** Each commit of `proposals` that `by` forges is refused by `bela`, who stays untouched. */
function forgedAndRefused(
  by: Player,
  bela: Player,
  cases: readonly (readonly [check: string, proposals: readonly (Proposal | ProposalRef)[]])[],
): void {
  untouched([bela], () => {
    for (const [check, proposals] of cases) {
      refused(check, () => bela.stage(by.forge(proposals)));
    }
  });
}

// -- forbidden commits by a member with real keys

test('a commit that removes without a path', () => {
  const { anna, bela } = Scene.of(['anna', 'bela', 'cora']).cast('anna', 'bela');
  forgedAndRefused(anna, bela, [
    ['path-required', [new Remove(2)]],
    ['path-required', []],
  ]);
});

test('a commit that removes its sender', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  refused('remove-of-committer', () => anna.commit({ removes: [0] }));
  forgedAndRefused(anna, bela, [['remove-of-committer', [new Remove(0)]]]);
});

test('a commit with an update of its sender', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const raw = anna.group.proposeUpdate();
  const { body: update } = parsePublicMessage(raw).authenticated.content;
  bela.follow(raw);
  forgedAndRefused(anna, bela, [
    ['update-by-committer', [firstReference(bela)]],
    ['update-by-committer', [update as Proposal]],
  ]);
});

test('duplicate proposals', () => {
  const scene = Scene.of(['anna', 'bela', 'cora', 'dora']);
  const { anna, bela, cora } = scene.cast('anna', 'bela', 'cora');
  const add = new Add(scene.newcomer('emil').bundle().keyPackage);
  scene.deliver(cora, cora.group.proposeUpdate());
  const reference = firstReference(bela);
  const psk = new PreSharedKey(PreSharedKeyId.external(utf8('x'), new Uint8Array(32)));
  forgedAndRefused(anna, bela, [
    ['leaf-touched-once', [new Remove(2), new Remove(2)]],
    ['leaf-touched-once', [reference, new Remove(2)]],
    ['add-once', [add, add]],
    ['proposal-once', [reference, reference]],
    ['psk-unique', [psk, psk]],
  ]);
});

test('adding a device that is in already', () => {
  const { anna, bela, cora } = Scene.of(['anna', 'bela', 'cora']).cast('anna', 'bela', 'cora');
  const again = cora.bundle();
  refused('leaf-unique-signature-key', () => anna.commit({ adds: [again.message] }));
  forgedAndRefused(anna, bela, [['leaf-unique-signature-key', [new Add(again.keyPackage)]]]);
});

test('a device may be replaced in one commit', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela, cora } = scene.cast('anna', 'bela', 'cora');
  const bundle = cora.bundle();
  const pending = anna.commit({ adds: [bundle.message], removes: [2] });
  bela.follow(pending.commit);
  pending.accept();
  cora.join(pending.welcome, bundle);
  scene.agree();
  scene.chat();
});

test('an expired key package', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const old = scene.newcomer('cora').bundle({ nowS: NOW_S - 62 * DAY_S });
  const add = new Add(old.keyPackage);
  refused('key-package-lifetime', () => anna.commit({ adds: [old.message] }));
  forgedAndRefused(anna, bela, [['key-package-lifetime', [add]]]);
  untouched([bela], () => {
    refused('key-package-lifetime', () => bela.stage(anna.frame(add)));
  });
});

test('a key package of the far future', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const cora = scene.newcomer('cora');
  for (const bundle of [
    cora.bundle({ nowS: NOW_S + 2 * DAY_S }),
    cora.bundle({ lifetimeS: 3_650 * DAY_S }),
  ]) {
    const add = new Add(bundle.keyPackage);
    refused('key-package-lifetime', () => anna.commit({ adds: [bundle.message] }));
    forgedAndRefused(anna, bela, [['key-package-lifetime', [add]]]);
    untouched([bela], () => {
      refused('key-package-lifetime', () => bela.stage(anna.frame(add)));
    });
  }
});

test('a key package of another suite', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const wrong = Player.make('cora', 0xf00d, scene.judge).bundle();
  const add = new Add(wrong.keyPackage);
  refused('key-package-suite', () => anna.commit({ adds: [wrong.message] }));
  forgedAndRefused(anna, bela, [['key-package-suite', [add]]]);
  untouched([bela], () => {
    refused('key-package-suite', () => bela.stage(anna.frame(add)));
  });
});

test('a key package whose init key is its leaf key', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const cora = scene.newcomer('cora');
  const { leafNode } = cora.bundle().keyPackage;
  const { suite } = anna.group.state.epoch;
  const doubled = KeyPackage.sign(suite, cora.signer, leafNode.encryptionKey, leafNode);
  const check = 'key-package-init-key-differs';
  refused(check, () => anna.commit({ adds: [doubled] }));
  forgedAndRefused(anna, bela, [[check, [new Add(doubled)]]]);
});

test('a key package that expires between proposal and commit', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const bundle = scene.newcomer('cora').bundle({ lifetimeS: DAY_S });
  scene.deliver(anna, anna.group.proposeAdd(bundle.message));
  const later = NOW_S + 2 * DAY_S;
  expect(anna.group.commit(scene.judge.ask, later).settleNow().added).toEqual([]);
  const forged = anna.forge([firstReference(bela)]);
  const muchLater = NOW_S + DAY_S + LATE_GRACE_S;
  untouched([bela], () => {
    refused('key-package-lifetime', () => bela.stage(forged, { nowS: muchLater + 1 }));
    refused('confirmation-tag', () => bela.stage(forged, { nowS: muchLater }));
  });
});

test('who was away when a key package expired follows the commit that used it', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const bundle = scene.newcomer('cora').bundle({ lifetimeS: DAY_S });
  const pending = anna.commit({ adds: [bundle.message] });
  bela.follow(pending.commit, { nowS: NOW_S + 30 * DAY_S });
  pending.accept();
  expect(bela.group.epochAuthenticator).toEqual(anna.group.epochAuthenticator);
});

test('whose clock is a day behind follows the commit that adds somebody', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const pending = anna.commit({ adds: [scene.newcomer('cora').bundle().message] });
  bela.follow(pending.commit, { nowS: NOW_S - DAY_S });
  pending.accept();
  expect(bela.group.epochAuthenticator).toEqual(anna.group.epochAuthenticator);
});

test('a tampered key package inside a commit', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const raw = scene.newcomer('cora').bundle().keyPackage.toBytes();
  const tampered = KeyPackage.fromBytes(flipped(raw, 10));
  untouched([bela], () => {
    refusedSomehow(() => bela.stage(anna.forge([new Add(tampered)])));
    const proposed = anna.frame(new Add(tampered));
    refused('key-package-signature', () => bela.stage(proposed));
  });
});

test('unknown proposal types and references', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const known = anna.frame(new Remove(1));
  const unknown = replaced(known, fromHex('02000300000001'), fromHex('02f12300000001'));
  untouched([bela], () => {
    expect(() => bela.stage(unknown)).toThrow(CodecError);
  });
  const reference = new ProposalRef(new Uint8Array(32).fill(0x72));
  forgedAndRefused(anna, bela, [['proposal-known', [reference]]]);
});

test('removing nobody', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  forgedAndRefused(anna, bela, [
    ['remove-member', [new Remove(2 ** 31)]],
    ['remove-member', [new Remove(2 ** 32 - 1)]],
    ['remove-member', [new Remove(5)]],
  ]);
});

test('a commit under the own leaf that this device does not know', () => {
  // After a restored backup, or by somebody who has stolen the keys.
  const { anna } = Scene.of(['anna', 'bela']).cast('anna');
  const saved = anna.group.save();
  const pending = anna.commit();
  anna.restart(saved);
  untouched([anna], () => {
    refused('own-commit', () => anna.stage(pending.commit));
  });
});

// -- external commits

test('external commits are refused unless the application lets them pass', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const cora = scene.newcomer('cora');
  const raw = cora.knock(anna.group.groupInfo()).commit;
  const allowExternal: AllowExternal = ({ newcomer, replaces }) => {
    expect(newcomer.credential.equals(cora.credential)).toBe(true);
    expect(replaces).toBe(undefined);
    throw new CredentialRefused('No visitors.');
  };
  untouched([bela], () => {
    refused('external-refused', () => bela.stage(raw));
    expect(() => bela.stage(raw, { allowExternal })).toThrow(CredentialRefused);
  });
});

test('resync shows whom it would evict', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela, cora } = scene.cast('anna', 'bela', 'cora');
  const mallory = scene.newcomer('mallory');
  const raw = mallory.knock(anna.group.groupInfo(), { resyncLeaf: 2 }).commit;
  const allowExternal: AllowExternal = ({ newcomer, replaces }) => {
    if (replaces?.credential.equals(newcomer.credential) !== true) {
      throw new CredentialRefused('A resync may only replace the same device.');
    }
  };
  untouched([bela], () => {
    expect(() => bela.stage(raw, { allowExternal })).toThrow(CredentialRefused);
  });
  cora.signer = cora.newIdentity().signerPrivate;
  const pending = cora.knock(anna.group.groupInfo(), { resyncLeaf: 2 });
  expect(pending.removed.map((item) => item.leafIndex)).toEqual([2]);
  const staged = cora.stageCommit(pending.commit, { allowExternal });
  expect([staged.isSelfRemoved, staged.isExternal]).toEqual([true, true]);
  anna.follow(pending.commit, { allowExternal });
  bela.follow(pending.commit, { allowExternal });
  cora.group = pending.accept();
  scene.agree();
  scene.chat();
});

test("an external commit under another's name", () => {
  // Mallory has a stolen certificate but not its key: signature and judge disagree with her.
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const { signer, signatureKey } = Player.make('mallory', 1, new Judge());
  const friendly = scene.judge.copy();
  friendly.learn(anna.credential, signatureKey);
  const mallory = new Player('anna', 1, friendly, anna.credential, signer, signatureKey);
  const raw = mallory.knock(anna.group.groupInfo()).commit;
  untouched([bela], () => {
    expect(() => bela.stage(raw, LET_IN)).toThrow(CredentialRefused);
  });
  // With the true key in the leaf, the judge is content, but the signature is not by it.
  const twice = replaced(raw, signatureKey, anna.signatureKey);
  untouched([bela], () => {
    refused('message-signature', () => bela.stage(twice, LET_IN));
  });
});

test('an external commit whose signature is wrong says so, whatever follows from it', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const honest = parsePublicMessage(scene.newcomer('dora').knock(anna.group.groupInfo()).commit);
  const { wireFormat, content, signature, confirmationTag } = honest.authenticated;
  const forged = new AuthenticatedContent(
    wireFormat,
    content,
    flipped(signature, 3),
    confirmationTag,
  );
  const raw = new PublicMessage(forged).toMessage();
  untouched([bela], () => {
    refused('message-signature', () => bela.stage(raw, LET_IN));
    refused('external-refused', () => bela.stage(honest.toMessage()));
  });
});

test("a resync under another's name, where only the signatures are wrong", () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const { signer } = Player.make('mallory', 1, new Judge());
  const mallory = new Player('anna', 1, scene.judge, anna.credential, signer, anna.signatureKey);
  // Her leaf shows Anna's public key, as if it belonged to the private one that she has.
  const spy = vi.spyOn(suite(1), 'signaturePublicOf').mockReturnValue(anna.signatureKey);
  const raw = mallory.knock(bela.group.groupInfo(), { resyncLeaf: 0 }).commit;
  spy.mockRestore();
  untouched([bela], () => {
    const staged = bela.group.process(raw, scene.judge.ask, NOW_S, LET_IN);
    expect(staged.count).toBe(2);
    refused('message-signature', () => staged.settleNow());
  });
});

test('external commits with wrong proposals', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const mallory = scene.newcomer('mallory');
  const body = bodyOf(mallory.knock(anna.group.groupInfo()).commit);
  const init = there(body.proposals[0]);
  mallory.group = anna.group;
  const sender = new Sender(SenderType.NEW_MEMBER_COMMIT);
  scene.deliver(anna, anna.group.proposeUpdate());
  const add = new Add(scene.newcomer('nina').bundle().keyPackage);
  const lists: [string, (Proposal | ProposalRef)[]][] = [
    ['external-init-once', []],
    ['external-init-once', [init, new ExternalInit(utf8('x'))]],
    ['external-remove-once', [init, new Remove(0), new Remove(1)]],
    ['external-types', [init, add]],
    ['external-by-value', [init, firstReference(bela)]],
  ];
  untouched([bela], () => {
    for (const [check, proposals] of lists) {
      refused(check, () => bela.stage(mallory.forge(proposals, body.path, sender), LET_IN));
    }
    refused('path-required', () => bela.stage(mallory.forge([init], undefined, sender), LET_IN));
  });
});

test('an ExternalInit by a member', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const init = new ExternalInit(new Uint8Array(32));
  forgedAndRefused(anna, bela, [['external-init-by-member', [init]]]);
  untouched([bela], () => {
    refused('proposal-sender', () => bela.stage(anna.frame(init)));
  });
});

test('a stale GroupInfo', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const stale = anna.group.groupInfo();
  scene.commit(anna);
  const pending = scene.newcomer('cora').knock(stale);
  untouched([bela], () => {
    refused('epoch', () => bela.stage(pending.commit, LET_IN));
  });
});

test('a GroupInfo without what an external commit needs', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { group } = scene.player('anna');
  const cora = scene.newcomer('cora');
  const attempt = (raw: Uint8Array): PendingExternalJoin => cora.knock(raw);
  refused('group-info-tree', () => attempt(group.groupInfo(false)));
  const bare = group.state.epoch.groupInfo(true, false).toMessage();
  refused('group-info-external-pub', () => attempt(bare));
  cora.knock(group.groupInfo(false), { ratchetTree: group.ratchetTree() });
  const groupInfo = parseGroupInfo(group.groupInfo());
  refused('group-info-signer', () => attempt(groupInfo.with({ signer: 7 }).toMessage()));
  refused('group-info-signature', () => attempt(groupInfo.with({ signer: 1 }).toMessage()));
});
