/** From bytes to staged results: the order of checks, senders of all kinds. */

import { expect, test } from 'vitest';

import { fromHex, utf8 } from '../../src/base/bytes.ts';
import { vector } from '../../src/mls/codec.ts';
import {
  CodecError,
  CredentialRefused,
  DecryptionFailed,
  GroupUsageError,
  KeyRefused,
} from '../../src/mls/errors.ts';
import { Extension, EXTERNAL_SENDERS, ExternalSender } from '../../src/mls/extension.ts';
import {
  AuthenticatedContent,
  ContentType,
  FramedContent,
  member,
  mlsMessage,
  parsePrivateMessage,
  PublicMessage,
  Sender,
  SenderType,
  WireFormat,
} from '../../src/mls/framing.ts';
import { KeyPackage } from '../../src/mls/key_package.ts';
import { Add, ReInit, Remove, Update } from '../../src/mls/proposal.ts';
import { protectPrivate, signContent } from '../../src/mls/protection.ts';
import { type Owner, PROPOSALS_LIMIT } from '../../src/mls/receive.ts';
import { type Player, refused, replaced, Scene, untouched } from './group_players.ts';
import { there } from './tree_players.ts';

const EMPTY = new Uint8Array(0);

/** Three members and an office outside that may propose. */
function withExternalSender(): [Scene, Player] {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const anna = scene.player('anna');
  const office = scene.newcomer('office');
  const body = vector([new ExternalSender(office.signatureKey, office.credential).toBytes()]);
  scene.commit(anna, { extensions: [new Extension(EXTERNAL_SENDERS, body)] });
  office.group = anna.group;
  return [scene, office];
}

test('other wire formats are refused', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  for (const raw of [
    EMPTY,
    anna.group.groupInfo(),
    scene.newcomer('x').bundle().message,
    mlsMessage(WireFormat.WELCOME, EMPTY),
  ]) {
    untouched([bela], () => {
      expect(() => bela.stage(raw)).toThrow(CodecError);
    });
  }
  refused('version', () => bela.stage(fromHex('00020001')));
});

test('an external sender removes somebody', () => {
  const [scene, office] = withExternalSender();
  const { anna, bela, cora } = scene.cast('anna', 'bela', 'cora');
  const sender = new Sender(SenderType.EXTERNAL, 0);
  const raw = office.frame(new Remove(2), sender);
  const staged = bela.stageProposal(raw);
  expect(staged.member).toBe(undefined);
  expect(staged.sender).toEqual(sender);
  expect(staged.proposal).toEqual(new Remove(2));
  staged.accept();
  expect(bela.group.mustCommit).toBe(true);
  anna.follow(raw);
  cora.follow(raw);
  expect(cora.group.mustCommit).toBe(false);
  scene.commit(bela);
  expect([...scene.players.keys()].sort()).toEqual(['anna', 'bela']);
  scene.agree();
});

test('what an external sender may not', () => {
  const [scene, office] = withExternalSender();
  const { bela, cora } = scene.cast('bela', 'cora');
  const sender = new Sender(SenderType.EXTERNAL, 0);
  const leaf = scene.newcomer('dora').bundle().keyPackage.leafNode;
  untouched([bela], () => {
    refused('proposal-sender', () => bela.stage(office.frame(new Update(leaf), sender)));
    const forged = office.forge([new Remove(2)], undefined, sender);
    refused('commit-sender', () => bela.stage(forged));
    const unknown = office.frame(new Remove(2), new Sender(SenderType.EXTERNAL, 1));
    refused('external-sender', () => bela.stage(unknown));
    const stolen = office.frame(new Remove(2), sender, { signer: cora.signer });
    refused('message-signature', () => bela.stage(stolen));
    scene.judge.forget('office');
    expect(() => bela.stage(office.frame(new Remove(2), sender))).toThrow(CredentialRefused);
  });
});

test('without the extension nobody outside may propose', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const raw = anna.frame(new Remove(1), new Sender(SenderType.EXTERNAL, 0));
  refused('external-sender', () => bela.stage(raw));
});

test('a device asks to be added', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const dora = scene.newcomer('dora');
  const bundle = dora.bundle();
  dora.group = anna.group;
  const sender = new Sender(SenderType.NEW_MEMBER_PROPOSAL);
  const add = new Add(bundle.keyPackage);
  const forged = dora.frame(add, sender, { signer: bela.signer });
  refused('message-signature', () => bela.stage(forged));
  refused('proposal-sender', () => bela.stage(dora.frame(new Remove(0), sender)));
  const raw = dora.frame(add, sender);
  anna.follow(raw);
  bela.follow(raw);
  const pending = scene.commit(bela);
  dora.join(pending.welcome, bundle);
  scene.players.set('dora', dora);
  scene.agree();
  scene.chat();
});

test('joiners send only commits', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const sender = new Sender(SenderType.NEW_MEMBER_COMMIT);
  refused('proposal-sender', () => bela.stage(anna.frame(new Remove(1), sender)));
  refused('path-required', () => bela.stage(anna.forge([], undefined, sender)));
});

test('what the header announces is what is inside', () => {
  // A commit's bytes under the header of an application message.
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const raw = anna.group.encrypt(utf8('hello'));
  expect(parsePrivateMessage(raw).contentType).toBe(ContentType.APPLICATION);
  const place = 4 + 1 + 16 + 8;
  expect(raw[place]).toBe(ContentType.APPLICATION);
  for (const kind of [ContentType.PROPOSAL, ContentType.COMMIT]) {
    const changed = raw.slice();
    changed[place] = kind;
    untouched([bela], () => {
      expect(() => bela.stage(changed)).toThrow(DecryptionFailed);
    });
  }
});

test('encrypted handshakes by somebody who is no longer there', () => {
  const { bela, cora } = Scene.of(['anna', 'bela', 'cora']).cast('bela', 'cora');
  const { epoch, messages } = cora.group.state;
  const { suite, secrets, context } = epoch;
  const content = FramedContent.of(cora.group.groupId, 1n, member(3), EMPTY, new Remove(0));
  const wire = WireFormat.PRIVATE_MESSAGE;
  const signature = signContent(suite, cora.signer, wire, content, context.encoded);
  const message = new AuthenticatedContent(wire, content, signature);
  const forged = protectPrivate(suite, secrets.senderData, messages, message).toMessage();
  untouched([bela], () => {
    refused('sender-leaf', () => bela.stage(forged));
  });
});

test('a staged proposal consumes its key when accepted', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const raw = anna.group.proposeUpdate({ private: true });
  untouched([bela], () => {
    bela.stage(raw);
  });
  bela.stage(raw).accept();
  refused('generation-unused', () => bela.stage(raw));
  expect(bela.group.proposals.size).toBe(1);
});

test('a public proposal may arrive twice', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const raw = anna.group.proposeUpdate();
  bela.follow(raw);
  bela.follow(raw);
  anna.follow(raw);
  expect([bela.group.proposals.size, anna.group.proposals.size]).toEqual([1, 1]);
});

test('the number of proposals is limited', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  bela.follow(anna.frame(new Remove(1)));
  const [message] = bela.group.state.proposals.values();
  for (let number = 0; number < PROPOSALS_LIMIT; number += 1) {
    bela.group.state.proposals.set(`${number}`, there(message));
  }
  refused('proposals-limit', () => bela.stage(anna.group.proposeUpdate()));
});

test('nothing follows the end', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const reinit = new ReInit(utf8('next'), 1, 1, []);
  scene.commit(anna, { reinit, byReference: false });
  refused('group-ended', () => bela.stage(anna.forge([new Remove(2)])));
});

test('the own pending commit is recognised by its bytes', () => {
  const { anna } = Scene.of(['anna', 'bela']).cast('anna');
  const pending = anna.commit({ private: true, removes: [1] });
  const staged = anna.stageCommit(pending.commit);
  expect(staged.isOwn).toBe(true);
  expect(staged.removed.map((item) => item.leafIndex)).toEqual([1]);
  pending.drop();
  refused('generation-unused', () => anna.stage(pending.commit));
  expect(() => {
    staged.accept();
  }).toThrow(/was dropped/);
  anna.commit().accept();
  expect(() => {
    staged.accept();
  }).toThrow(GroupUsageError);
});

test('a malformed key of a sender is refused', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const { keyPackage } = scene.newcomer('dora').bundle();
  const key = Uint8Array.of(0x20, ...keyPackage.leafNode.signatureKey);
  const raw = replaced(keyPackage.toBytes(), key, Uint8Array.of(1, 7));
  const content = FramedContent.of(
    anna.group.groupId,
    1n,
    new Sender(SenderType.NEW_MEMBER_PROPOSAL),
    EMPTY,
    new Add(KeyPackage.fromBytes(raw)),
  );
  const message = new AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, content, utf8('sig'));
  expect(() => bela.stage(new PublicMessage(message).toMessage())).toThrow(KeyRefused);
});

test('a group is an owner', () => {
  const owner: Owner = Scene.of(['anna']).player('anna').group;
  expect(owner.state.active).toBe(true);
});
