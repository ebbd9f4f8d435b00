/** Message protection: signatures, membership tags, encryption (RFC 9420 sections 6.1 to 6.3). */

import { concat, EMPTY } from '../base/bytes.ts';
import { randomBytes } from '../base/random.ts';
import { encodeVarint, Reader, u32 } from './codec.ts';
import { require as ensure, ValidationError } from './errors.ts';
import {
  AuthenticatedContent,
  bodyBytes,
  ContentType,
  FramedContent,
  member,
  PrivateMessage,
  PublicMessage,
  readAuth,
  readBody,
  SenderType,
  toBeSigned,
  WireFormat,
} from './framing.ts';
import { MessageKey, type Opening, RatchetKind, type SecretTree } from './secret_tree.ts';
import type { SignatureChecks } from './signature_checks.ts';
import type { Suite } from './suite.ts';

const REUSE_GUARD_BYTES = 4;
const SMALLEST_BYTES = 256;

/** Sizes of a whole PrivateMessage: 256 doubling up to 8 KiB, then multiples of 8 KiB. */
const DOUBLING_UP_TO_BYTES = 8192;

const LABEL = 'FramedContentTBS';

/** The padded size of a message that would have `length` bytes without padding. */
export function bucketBytes(length: number): number {
  if (length > DOUBLING_UP_TO_BYTES) {
    return Math.ceil(length / DOUBLING_UP_TO_BYTES) * DOUBLING_UP_TO_BYTES;
  }
  let bucket = SMALLEST_BYTES;
  while (bucket < length) {
    bucket *= 2;
  }
  return bucket;
}

/**
 * The signature over FramedContentTBS; `context` is the encoded GroupContext. Throws KeyRefused.
 */
export function signContent(
  suite: Suite,
  privateKey: Uint8Array,
  wireFormat: WireFormat,
  content: FramedContent,
  context: Uint8Array,
): Uint8Array {
  return suite.signWithLabel(privateKey, LABEL, toBeSigned(wireFormat, content, context));
}

/**
 * The check fails with ValidationError `message-signature`; `context` as in `signContent`.
 * Throws KeyRefused at once.
 */
export function verifyContent(
  suite: Suite,
  checks: SignatureChecks,
  publicKey: Uint8Array,
  message: AuthenticatedContent,
  context: Uint8Array,
): void {
  const failure = (): ValidationError =>
    new ValidationError('message-signature', "The signature of a message is not its sender's.");
  const signed = message.toBeSigned(context);
  suite.verifyWithLabel(checks, publicKey, LABEL, signed, message.signature, failure);
}

/** A PublicMessage, with its membership tag when a member sends it. */
export function protectPublic(
  suite: Suite,
  membershipKey: Uint8Array,
  message: AuthenticatedContent,
  context: Uint8Array,
): PublicMessage {
  if (message.content.sender.type !== SenderType.MEMBER) {
    return new PublicMessage(message);
  }
  return new PublicMessage(message, suite.mac(membershipKey, tagged(message, context)));
}

/** Throws ValidationError `membership-tag` for a member's message without a right tag. */
export function checkMembershipTag(
  suite: Suite,
  membershipKey: Uint8Array,
  message: PublicMessage,
  context: Uint8Array,
): void {
  if (message.authenticated.content.sender.type === SenderType.MEMBER) {
    ensure(
      suite.checkMac(membershipKey, tagged(message.authenticated, context), message.membershipTag),
      'membership-tag',
      'A public message does not prove that a member of this epoch sent it.',
    );
  }
}

function tagged(message: AuthenticatedContent, context: Uint8Array): Uint8Array {
  return concat(message.toBeSigned(context), message.authBytes());
}

/** Application messages have a ratchet of their own. */
export function ratchetKind(kind: ContentType): RatchetKind {
  return kind === ContentType.APPLICATION ? RatchetKind.APPLICATION : RatchetKind.HANDSHAKE;
}

/**
 * Encrypt a member's message and move its ratchet on; the whole is padded to a bucket.
 *
 * The caller saves the ratchet before the result leaves the device: two messages under one
 * generation would give both plaintexts away.
 */
export function protectPrivate(
  suite: Suite,
  senderData: Uint8Array,
  tree: SecretTree,
  message: AuthenticatedContent,
): PrivateMessage {
  const { content } = message;
  const { groupId, epoch, authenticated, contentType } = content;
  const leafIndex = content.sender.index;
  const [generation, key] = tree.nextKey(leafIndex, ratchetKind(contentType));
  const guard = randomBytes(REUSE_GUARD_BYTES);
  const shell = new PrivateMessage(groupId, epoch, contentType, authenticated, EMPTY, EMPTY);
  const aad = shell.contentAad();
  const body = bodyBytes(content.body);
  const auth = message.authBytes();
  const padding = new Uint8Array(paddingBytes(aad.length, body.length + auth.length));
  const plain = concat(body, auth, padding);
  const ciphertext = suite.aeadSeal(key.key, guarded(key.nonce, guard), aad, plain);
  key.erase();
  plain.fill(0);
  const sender = concat(u32(leafIndex), u32(generation), guard);
  const outer = senderKey(suite, senderData, ciphertext);
  const encrypted = suite.aeadSeal(outer.key, outer.nonce, shell.senderAad(), sender);
  outer.erase();
  return new PrivateMessage(groupId, epoch, contentType, authenticated, encrypted, ciphertext);
}

/** Length of the authentication tag of every supported AEAD. */
const TAG_BYTES = 16;

/** Version and wire format, and the encrypted sender data with its length. */
const OUTSIDE_BYTES = 4 + 1 + 12 + TAG_BYTES;

/**
 * Zeros after `length` bytes of content so that the whole MLSMessage fills its bucket; `aadLength`
 * are the bytes of PrivateContentAAD.
 */
function paddingBytes(aadLength: number, length: number): number {
  const outside = OUTSIDE_BYTES + aadLength;
  const sealed = length + TAG_BYTES;
  const total = outside + encodeVarint(sealed).length + sealed;
  const room = bucketBytes(total) - outside;
  for (const headerBytes of [1, 2, 4]) {
    const fitting = room - headerBytes;
    if (encodeVarint(fitting).length === headerBytes) {
      return fitting - sealed;
    }
  }
  return bucketBytes(total) - total;
}

/**
 * Decrypt; the key is only looked up, the caller consumes the Opening after its checks.
 *
 * Throws DecryptionFailed, CodecError, ValidationError.
 */
export function openPrivate(
  suite: Suite,
  senderData: Uint8Array,
  tree: SecretTree,
  message: PrivateMessage,
): readonly [message: AuthenticatedContent, opening: Opening] {
  const { contentType, ciphertext, encryptedSender } = message;
  const outer = senderKey(suite, senderData, ciphertext);
  const sender = new Reader(
    suite.aeadOpen(outer.key, outer.nonce, message.senderAad(), encryptedSender),
  );
  outer.erase();
  const leafIndex = sender.u32();
  const generation = sender.u32();
  const guard = sender.fixed(REUSE_GUARD_BYTES);
  sender.finish();
  const opening = tree.peek(leafIndex, ratchetKind(contentType), generation);
  try {
    return [openContent(suite, opening, guard, message), opening];
  } catch (error) {
    opening.erase();
    throw error;
  }
}

/** Decrypt under the key that was looked up. Throws as `openPrivate`. */
function openContent(
  suite: Suite,
  { leafIndex, key }: Opening,
  guard: Uint8Array,
  message: PrivateMessage,
): AuthenticatedContent {
  const { groupId, epoch, contentType, authenticated, ciphertext } = message;
  const plain = suite.aeadOpen(
    key.key,
    guarded(key.nonce, guard),
    message.contentAad(),
    ciphertext,
  );
  try {
    const reader = new Reader(plain);
    const body = readBody(reader, contentType);
    const auth = readAuth(reader, contentType);
    ensure(
      isZero(plain.subarray(reader.position)),
      'padding-zero',
      'The padding of an encrypted message is not zero.',
    );
    const content = FramedContent.of(groupId, epoch, member(leafIndex), authenticated, body);
    return new AuthenticatedContent(WireFormat.PRIVATE_MESSAGE, content, ...auth);
  } finally {
    plain.fill(0);
  }
}

function isZero(padding: Uint8Array): boolean {
  let bits = 0;
  for (const byte of padding) {
    bits |= byte;
  }
  return bits === 0;
}

/** The key of a message's sender data, from a sample of its ciphertext; erase it after use. */
export function senderKey(
  suite: Suite,
  senderData: Uint8Array,
  ciphertext: Uint8Array,
): MessageKey {
  const sample = ciphertext.subarray(0, suite.hashLength);
  return new MessageKey(
    suite.expandWithLabel(senderData, 'key', sample, suite.keyLength),
    suite.expandWithLabel(senderData, 'nonce', sample, suite.nonceLength),
  );
}

/** The nonce with its first four bytes hidden, in case a generation is ever used twice. */
export function guarded(nonce: Uint8Array, guard: Uint8Array): Uint8Array {
  const hidden = nonce.slice();
  for (const [at, byte] of guard.entries()) {
    hidden[at] = (hidden[at] ?? 0) ^ byte;
  }
  return hidden;
}
