/** Signatures, tags, encryption, padding. */

import { expect, test } from 'vitest';

import { concat, utf8 } from '../../src/base/bytes.ts';
import { DecryptionFailed, ProtocolError } from '../../src/mls/errors.ts';
import {
  AuthenticatedContent,
  type Body,
  ContentType,
  FramedContent,
  member,
  parsePrivateMessage,
  PrivateMessage,
  PublicMessage,
  Sender,
  SenderType,
  WireFormat,
} from '../../src/mls/framing.ts';
import { Commit, Remove } from '../../src/mls/proposal.ts';
import {
  bucketBytes,
  checkMembershipTag,
  guarded,
  openPrivate,
  protectPrivate,
  protectPublic,
  ratchetKind,
  senderKey,
  signContent,
  verifyContent,
} from '../../src/mls/protection.ts';
import { RatchetKind, SecretTree } from '../../src/mls/secret_tree.ts';
import { type Suite, suite } from '../../src/mls/suite.ts';
import { forAll } from './random.ts';
import { ALL_SUITES } from './suites.ts';
import { settled, verdictOf } from './tree_players.ts';

const CONTEXT = utf8('context');
const KEY = utf8('key');
const EMPTY = new Uint8Array(0);

/** A sender and what its receivers know. */
class Sealer {
  readonly suite: Suite;
  readonly signer: Uint8Array;
  readonly signatureKey: Uint8Array;
  readonly secret: Uint8Array;
  readonly ours: SecretTree;
  readonly theirs: SecretTree;

  constructor(suiteId = 1, pair = suite(suiteId).signatureGenerate()) {
    this.suite = suite(suiteId);
    [this.signer, this.signatureKey] = pair;
    this.secret = new Uint8Array(this.suite.hashLength).fill(0x73);
    this.ours = this.tree();
    this.theirs = this.tree();
  }

  tree(): SecretTree {
    return SecretTree.begin(this.suite, 4, new Uint8Array(this.suite.hashLength).fill(0x65));
  }

  message(body: Body, wire: WireFormat, authenticated: Uint8Array = EMPTY): AuthenticatedContent {
    const content = FramedContent.of(utf8('group'), 3n, member(1), authenticated, body);
    const signature = signContent(this.suite, this.signer, wire, content, CONTEXT);
    const tag = new Uint8Array(body instanceof Commit ? 32 : 0).fill(0x63);
    return new AuthenticatedContent(wire, content, signature, tag);
  }

  seal(body: Body, authenticated: Uint8Array = EMPTY): Uint8Array {
    const message = this.message(body, WireFormat.PRIVATE_MESSAGE, authenticated);
    return protectPrivate(this.suite, this.secret, this.ours, message).toMessage();
  }

  look(sealed: PrivateMessage): AuthenticatedContent {
    return openPrivate(this.suite, this.secret, this.theirs, sealed)[0];
  }

  open(raw: Uint8Array): AuthenticatedContent {
    const sealed = parsePrivateMessage(raw);
    const [message, opening] = openPrivate(this.suite, this.secret, this.theirs, sealed);
    this.theirs.consume(opening);
    return message;
  }

  verdict(message: AuthenticatedContent, context: Uint8Array): string {
    return verdictOf((checks) => {
      verifyContent(this.suite, checks, this.signatureKey, message, context);
    });
  }
}

/** `sealed` with some of its fields changed. */
function altered(sealed: PrivateMessage, changes: Partial<PrivateMessage>): PrivateMessage {
  return new PrivateMessage(
    changes.groupId ?? sealed.groupId,
    changes.epoch ?? sealed.epoch,
    changes.contentType ?? sealed.contentType,
    changes.authenticated ?? sealed.authenticated,
    changes.encryptedSender ?? sealed.encryptedSender,
    changes.ciphertext ?? sealed.ciphertext,
  );
}

test.each(ALL_SUITES)('private messages of suite %i open', (suiteId) => {
  for (const body of [
    EMPTY,
    utf8('hello'),
    new Remove(3),
    new Commit([new Remove(1)], undefined),
  ]) {
    const sealer = new Sealer(suiteId);
    const message = sealer.open(sealer.seal(body, utf8('clear')));
    expect(message.content.body).toEqual(body);
    expect(message.content.sender).toEqual(member(1));
    expect(message.content.authenticated).toEqual(utf8('clear'));
    expect(message.confirmationTag.length).toBe(body instanceof Commit ? 32 : 0);
    expect(sealer.verdict(message, CONTEXT)).toBe('');
    expect(sealer.verdict(message, utf8('other'))).toBe('message-signature');
  }
});

test('the header is bound to the message', () => {
  const sealer = new Sealer();
  const sealed = parsePrivateMessage(sealer.seal(utf8('hello'), utf8('clear')));
  for (const changes of [
    { groupId: utf8('other') },
    { epoch: 4n },
    { authenticated: utf8('CLEAR') },
    { contentType: ContentType.COMMIT },
    { encryptedSender: sealed.encryptedSender.subarray(0, -1) },
    { ciphertext: sealed.ciphertext.subarray(0, -1) },
    { ciphertext: EMPTY },
  ]) {
    expect(() => sealer.look(altered(sealed, changes))).toThrow(DecryptionFailed);
  }
  expect(sealer.look(altered(sealed, {})).content.body).toEqual(utf8('hello'));
});

test('padding that is not zero is refused', () => {
  const sealer = new Sealer();
  const crypto = sealer.suite;
  const { key, nonce } = sealer.tree().peek(1, RatchetKind.APPLICATION, 0).key;
  const honest = parsePrivateMessage(sealer.seal(utf8('hello')));
  const outer = senderKey(crypto, sealer.secret, honest.ciphertext);
  const aad = honest.senderAad();
  const sender = crypto.aeadOpen(outer.key, outer.nonce, aad, honest.encryptedSender);
  const hidden = guarded(nonce, sender.subarray(8));
  const plain = crypto.aeadOpen(key, hidden, honest.contentAad(), honest.ciphertext);
  expect(plain.slice(-20)).toEqual(new Uint8Array(20));
  plain[plain.length - 1] = 1;
  const ciphertext = crypto.aeadSeal(key, hidden, honest.contentAad(), plain);
  const forgedOuter = senderKey(crypto, sealer.secret, ciphertext);
  const encryptedSender = crypto.aeadSeal(forgedOuter.key, forgedOuter.nonce, aad, sender);
  const forged = altered(honest, { ciphertext, encryptedSender });
  expect(verdictOf(() => sealer.look(forged))).toBe('padding-zero');
});

test('no two messages use one nonce: even a repeated generation gives another ciphertext', () => {
  const one = new Sealer();
  const two = new Sealer(1, [one.signer, one.signatureKey]);
  expect(one.seal(utf8('hello'))).not.toEqual(two.seal(utf8('hello')));
});

test('proposals and commits have a ratchet of their own', () => {
  expect(ratchetKind(ContentType.APPLICATION)).toBe(RatchetKind.APPLICATION);
  expect(ratchetKind(ContentType.PROPOSAL)).toBe(RatchetKind.HANDSHAKE);
  expect(ratchetKind(ContentType.COMMIT)).toBe(RatchetKind.HANDSHAKE);
});

test('membership tags', () => {
  const sealer = new Sealer();
  const message = sealer.message(new Remove(1), WireFormat.PUBLIC_MESSAGE);
  const sent = protectPublic(sealer.suite, KEY, message, CONTEXT);
  const check = (key: Uint8Array, context: Uint8Array, changed: PublicMessage): string =>
    verdictOf(() => {
      checkMembershipTag(sealer.suite, key, changed, context);
    });
  expect(check(KEY, CONTEXT, sent)).toBe('');
  const unsigned = new AuthenticatedContent(message.wireFormat, message.content, utf8('x'));
  for (const [key, context, changed] of [
    [utf8('other'), CONTEXT, sent],
    [KEY, utf8('other'), sent],
    [KEY, CONTEXT, new PublicMessage(message)],
    [KEY, CONTEXT, new PublicMessage(unsigned, sent.membershipTag)],
  ] as const) {
    expect(check(key, context, changed)).toBe('membership-tag');
  }
});

test('outsiders have no membership tag', () => {
  const { suite: crypto } = new Sealer();
  const sender = new Sender(SenderType.EXTERNAL, 0);
  const content = FramedContent.of(utf8('g'), 3n, sender, EMPTY, new Remove(1));
  const message = new AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, content, utf8('sig'));
  const sent = protectPublic(crypto, KEY, message, CONTEXT);
  expect(sent.membershipTag).toEqual(EMPTY);
  checkMembershipTag(crypto, utf8('whatever'), sent, CONTEXT);
});

test('the sizes are few', () => {
  const sizes = new Set<number>();
  for (let length = 1; length <= 65_536; length += 1) {
    sizes.add(bucketBytes(length));
  }
  const multiples = [1, 2, 3, 4, 5, 6, 7, 8].map((times) => times * 8192);
  expect([...sizes].sort((one, other) => one - other)).toEqual([
    256,
    512,
    1024,
    2048,
    4096,
    ...multiples,
  ]);
  for (const size of sizes) {
    expect(bucketBytes(size)).toBe(size);
  }
});

test.each(ALL_SUITES)('a whole message of suite %i fills its bucket', (suiteId) => {
  const sealer = new Sealer(suiteId);
  for (const length of [0, 1, 60, 63, 64, 100, 200, 500, 4_000, 16_000, 16_300, 16_400, 60_000]) {
    for (const authenticated of [EMPTY, utf8('clear text')]) {
      const raw = sealer.seal(new Uint8Array(length).fill(0x78), authenticated);
      expect(raw.length).toBe(bucketBytes(raw.length));
    }
  }
});

test('padding never spoils a message', () => {
  forAll(60, (chance) => {
    const sealer = new Sealer();
    const body = new Uint8Array(chance.integer(0, 40_000)).fill(0x78);
    const raw = sealer.seal(body, new Uint8Array(chance.integer(0, 3_000)).fill(0x79));
    expect(Math.abs(raw.length - bucketBytes(raw.length))).toBeLessThanOrEqual(2);
    expect(sealer.open(raw).content.application).toEqual(body);
  });
});

test('random ciphertexts are refused in the usual way', () => {
  const sealer = new Sealer();
  forAll(100, (chance) => {
    const sealed = parsePrivateMessage(sealer.seal(utf8('hello')));
    const junk = altered(sealed, { ciphertext: chance.bytes(300) });
    expect(() => sealer.look(junk)).toThrow(ProtocolError);
  });
});

test('one message is signed once and verified once', () => {
  const sealer = new Sealer(0xf00d);
  const message = sealer.open(sealer.seal(utf8('hello')));
  settled((checks) => {
    verifyContent(sealer.suite, checks, sealer.signatureKey, message, CONTEXT);
    expect(checks.count).toBe(1);
  });
  expect(concat(message.signature).length).toBe(64);
});
