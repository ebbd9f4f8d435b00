/** message-protection.json: both framings, opened and made again (RFC 9420 section 6). */

import { expect, test } from 'vitest';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import {
  AuthenticatedContent,
  type Body,
  bodyBytes,
  FramedContent,
  member,
  parsePrivateMessage,
  parsePublicMessage,
  WireFormat,
} from '../../src/mls/framing.ts';
import { GroupContext } from '../../src/mls/group_context.ts';
import { Commit, proposalFromBytes } from '../../src/mls/proposal.ts';
import {
  checkMembershipTag,
  openPrivate,
  protectPrivate,
  protectPublic,
  signContent,
  verifyContent,
} from '../../src/mls/protection.ts';
import { SecretTree } from '../../src/mls/secret_tree.ts';
import { SignatureChecks } from '../../src/mls/signature_checks.ts';
import { type Suite, suite } from '../../src/mls/suite.ts';
import { VECTOR_SUITES } from '../mls/suites.ts';
import { vectors } from '../mls/vectors.ts';

const SENDER = 1;
const LEAVES = 2;
const PUBLIC_KINDS = ['proposal', 'commit'] as const;
const PRIVATE_KINDS = ['proposal', 'commit', 'application'] as const;

type Kind = (typeof PRIVATE_KINDS)[number];
type Field =
  | 'group_id'
  | 'tree_hash'
  | 'confirmed_transcript_hash'
  | 'signature_priv'
  | 'signature_pub'
  | 'encryption_secret'
  | 'sender_data_secret'
  | 'membership_key'
  | 'proposal_pub'
  | 'commit_pub'
  | `${Kind}_priv`
  | Kind;
type Raw = Readonly<Record<Field, string>> & {
  readonly cipher_suite: number;
  readonly epoch: number;
};

/** One suite's case, its fields as bytes. */
class Case {
  readonly suite: Suite;
  readonly context: Uint8Array;

  constructor(readonly raw: Raw) {
    this.suite = suite(raw.cipher_suite);
    this.context = new GroupContext(
      raw.cipher_suite,
      this.get('group_id'),
      BigInt(raw.epoch),
      this.get('tree_hash'),
      this.get('confirmed_transcript_hash'),
      [],
    ).encoded;
  }

  static of(id: number): Case {
    const chosen = vectors<Raw>('message-protection').filter((item) => item.cipher_suite === id);
    expect(chosen.length).toBe(1);
    return new Case(chosen[0]!);
  }

  get(name: Field): Uint8Array {
    return fromHex(this.raw[name]);
  }

  tree(): SecretTree {
    return SecretTree.begin(this.suite, LEAVES, this.get('encryption_secret'));
  }

  body(kind: Kind): Body {
    const raw = this.get(kind);
    if (kind === 'application') {
      return raw;
    }
    return kind === 'commit' ? Commit.fromBytes(raw) : proposalFromBytes(raw);
  }

  make(kind: Kind, wire: WireFormat): AuthenticatedContent {
    const content = FramedContent.of(
      this.get('group_id'),
      BigInt(this.raw.epoch),
      member(SENDER),
      new Uint8Array(0),
      this.body(kind),
    );
    const key = this.get('signature_priv');
    const signature = signContent(this.suite, key, wire, content, this.context);
    const tag = new Uint8Array(kind === 'commit' ? this.suite.hashLength : 0).fill(0x74);
    return new AuthenticatedContent(wire, content, signature, tag);
  }

  verify(message: AuthenticatedContent): void {
    const checks = new SignatureChecks();
    verifyContent(this.suite, checks, this.get('signature_pub'), message, this.context);
    expect(checks.count).toBe(1);
    checks.settleNow();
  }
}

test.each(VECTOR_SUITES)('public messages of suite %i open', (id) => {
  const item = Case.of(id);
  for (const kind of PUBLIC_KINDS) {
    const message = parsePublicMessage(item.get(`${kind}_pub`));
    expect(message.toMessage()).toEqual(item.get(`${kind}_pub`));
    checkMembershipTag(item.suite, item.get('membership_key'), message, item.context);
    item.verify(message.authenticated);
    expect(bodyBytes(message.authenticated.content.body)).toEqual(item.get(kind));
  }
});

test.each(VECTOR_SUITES)('private messages of suite %i open', (id) => {
  const item = Case.of(id);
  for (const kind of PRIVATE_KINDS) {
    const sealed = parsePrivateMessage(item.get(`${kind}_priv`));
    expect(sealed.toMessage()).toEqual(item.get(`${kind}_priv`));
    const secret = item.get('sender_data_secret');
    const [message] = openPrivate(item.suite, secret, item.tree(), sealed);
    item.verify(message);
    const { body } = message.content;
    expect(toHex(body instanceof Uint8Array ? body : bodyBytes(body))).toBe(item.raw[kind]);
  }
});

test.each(VECTOR_SUITES)('public messages of suite %i are made', (id) => {
  const item = Case.of(id);
  for (const kind of PUBLIC_KINDS) {
    const made = item.make(kind, WireFormat.PUBLIC_MESSAGE);
    const key = item.get('membership_key');
    const raw = protectPublic(item.suite, key, made, item.context).toMessage();
    const message = parsePublicMessage(raw);
    expect(message.authenticated.equals(made)).toBe(true);
    checkMembershipTag(item.suite, key, message, item.context);
    item.verify(made);
  }
});

test.each(VECTOR_SUITES)('private messages of suite %i are made', (id) => {
  const item = Case.of(id);
  for (const kind of PRIVATE_KINDS) {
    const made = item.make(kind, WireFormat.PRIVATE_MESSAGE);
    const secret = item.get('sender_data_secret');
    const sealed = protectPrivate(item.suite, secret, item.tree(), made);
    const again = parsePrivateMessage(sealed.toMessage());
    const [message] = openPrivate(item.suite, secret, item.tree(), again);
    expect(message.equals(made)).toBe(true);
    item.verify(message);
  }
});
