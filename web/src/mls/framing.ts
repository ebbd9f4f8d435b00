/**
 * Message framing: the public outside of every MLS message (RFC 9420 section 6).
 *
 * This is all that a delivery service may look at. Nothing here holds or needs a secret.
 */

import { concat, EMPTY, equalBytes } from '../base/bytes.ts';
import { opaque, parseWhole, Reader, u16, u32, u64, u8 } from './codec.ts';
import { CodecError, codePoint } from './errors.ts';
import { GROUP_ID_LIMIT, readVersion } from './group_context.ts';
import { MLS10 } from './leaf_node.ts';
import { Commit, nameOf, type Proposal, proposalBytes, readProposal } from './proposal.ts';
import type { Suite } from './suite.ts';

/** Bytes of authenticated data beside a message: 64 KiB. */
const AUTHENTICATED_LIMIT = 2 ** 16;

/** Bytes of one ciphertext: 16 MiB, room for the commit of a very large group. */
export const MESSAGE_LIMIT = 2 ** 24;

export const SIGNATURE_LIMIT = 2 ** 12;
export const MAC_LIMIT = 64;

/** What an MLSMessage contains. */
export const WireFormat = {
  PUBLIC_MESSAGE: 1,
  PRIVATE_MESSAGE: 2,
  WELCOME: 3,
  GROUP_INFO: 4,
  KEY_PACKAGE: 5,
} as const;
export type WireFormat = (typeof WireFormat)[keyof typeof WireFormat];

/** What a framed message is for. */
export const ContentType = { APPLICATION: 1, PROPOSAL: 2, COMMIT: 3 } as const;
export type ContentType = (typeof ContentType)[keyof typeof ContentType];

/** In which capacity a message was sent. */
export const SenderType = {
  MEMBER: 1,
  EXTERNAL: 2,
  NEW_MEMBER_PROPOSAL: 3,
  NEW_MEMBER_COMMIT: 4,
} as const;
export type SenderType = (typeof SenderType)[keyof typeof SenderType];

/** Who sent it: a leaf index for MEMBER, an index into external_senders for EXTERNAL, else 0. */
export class Sender {
  constructor(
    readonly type: SenderType,
    readonly index = 0,
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): Sender {
    const kind = reader.u8();
    switch (kind) {
      case SenderType.MEMBER:
      case SenderType.EXTERNAL:
        return new Sender(kind, reader.u32());
      case SenderType.NEW_MEMBER_PROPOSAL:
      case SenderType.NEW_MEMBER_COMMIT:
        return new Sender(kind);
      default:
        throw new CodecError(`Sender type ${kind} does not exist.`);
    }
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return this.type <= SenderType.EXTERNAL
      ? concat(u8(this.type), u32(this.index))
      : u8(this.type);
  }

  equals(other: unknown): boolean {
    return other instanceof Sender && this.type === other.type && this.index === other.index;
  }
}

/** The member at `leafIndex`. */
export function member(leafIndex: number): Sender {
  return new Sender(SenderType.MEMBER, leafIndex);
}

function readContentType(reader: Reader): ContentType {
  const kind = reader.u8();
  if (
    kind !== ContentType.APPLICATION &&
    kind !== ContentType.PROPOSAL &&
    kind !== ContentType.COMMIT
  ) {
    throw new CodecError(`Content type ${kind} does not exist.`);
  }
  return kind;
}

export type Body = Uint8Array | Proposal | Commit;

/** Application bytes, a proposal or a Commit. */
export function contentTypeOf(body: Body): ContentType {
  if (body instanceof Uint8Array) {
    return ContentType.APPLICATION;
  }
  return body instanceof Commit ? ContentType.COMMIT : ContentType.PROPOSAL;
}

/** The TLS encoding of a message's body as both framings carry it. */
export function bodyBytes(body: Body): Uint8Array {
  if (body instanceof Uint8Array) {
    return opaque(body);
  }
  return body instanceof Commit ? body.toBytes() : proposalBytes(body);
}

/** Throws CodecError. */
export function readBody(reader: Reader, kind: ContentType): Body {
  if (kind === ContentType.APPLICATION) {
    return reader.opaque(MESSAGE_LIMIT);
  }
  return kind === ContentType.COMMIT ? Commit.read(reader) : readProposal(reader);
}

/** A message's content with the addresses on it; `encoded` is exactly what was signed. */
export class FramedContent {
  constructor(
    readonly groupId: Uint8Array,
    readonly epoch: bigint,
    readonly sender: Sender,
    readonly authenticated: Uint8Array,
    readonly body: Body,
    readonly encoded: Uint8Array,
  ) {}

  /** Content to be sent. */
  static of(
    groupId: Uint8Array,
    epoch: bigint,
    sender: Sender,
    authenticated: Uint8Array,
    body: Body,
  ): FramedContent {
    const encoded = concat(
      opaque(groupId),
      u64(epoch),
      sender.toBytes(),
      opaque(authenticated),
      u8(contentTypeOf(body)),
      bodyBytes(body),
    );
    return new FramedContent(groupId, epoch, sender, authenticated, body, encoded);
  }

  /** Throws CodecError. */
  static read(reader: Reader): FramedContent {
    const start = reader.position;
    const groupId = reader.opaque(GROUP_ID_LIMIT);
    const epoch = reader.u64();
    const sender = Sender.read(reader);
    const authenticated = reader.opaque(AUTHENTICATED_LIMIT);
    const body = readBody(reader, readContentType(reader));
    return new FramedContent(groupId, epoch, sender, authenticated, body, reader.since(start));
  }

  /** The application's bytes; empty for a proposal or Commit. */
  get application(): Uint8Array {
    return this.body instanceof Uint8Array ? this.body : EMPTY;
  }

  /** What the body is. */
  get contentType(): ContentType {
    return contentTypeOf(this.body);
  }
}

/** Content, how it was framed, its signature, and for Commits the confirmation tag. */
export class AuthenticatedContent {
  constructor(
    readonly wireFormat: WireFormat,
    readonly content: FramedContent,
    readonly signature: Uint8Array,
    readonly confirmationTag: Uint8Array = EMPTY,
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): AuthenticatedContent {
    const wireFormat = readWireFormat(reader);
    const content = FramedContent.read(reader);
    return new AuthenticatedContent(wireFormat, content, ...readAuth(reader, content.contentType));
  }

  /** Throws CodecError. */
  static fromBytes(raw: Uint8Array): AuthenticatedContent {
    return parseWhole((reader) => AuthenticatedContent.read(reader), raw);
  }

  /** FramedContentAuthData. */
  authBytes(): Uint8Array {
    const signature = opaque(this.signature);
    return this.content.body instanceof Commit
      ? concat(signature, opaque(this.confirmationTag))
      : signature;
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return concat(u16(this.wireFormat), this.content.encoded, this.authBytes());
  }

  equals(other: unknown): boolean {
    return other instanceof AuthenticatedContent && equalBytes(this.toBytes(), other.toBytes());
  }

  /** FramedContentTBS; `context` is the encoded GroupContext. */
  toBeSigned(context: Uint8Array): Uint8Array {
    return toBeSigned(this.wireFormat, this.content, context);
  }

  /** ProposalRef of this proposal (RFC 9420 section 5.2). */
  reference(suite: Suite): Uint8Array {
    return suite.refHash('MLS 1.0 Proposal Reference', this.toBytes());
  }

  /** The same with the confirmation tag of its Commit. */
  withConfirmationTag(confirmationTag: Uint8Array): AuthenticatedContent {
    return new AuthenticatedContent(this.wireFormat, this.content, this.signature, confirmationTag);
  }
}

/** FramedContentTBS: senders inside the group, and joiners, also sign the GroupContext. */
export function toBeSigned(
  wireFormat: WireFormat,
  content: FramedContent,
  context: Uint8Array,
): Uint8Array {
  const { type } = content.sender;
  const knows = type === SenderType.MEMBER || type === SenderType.NEW_MEMBER_COMMIT;
  return concat(u16(MLS10), u16(wireFormat), content.encoded, knows ? context : EMPTY);
}

/** Signature and confirmation tag (empty unless a Commit). Throws CodecError. */
export function readAuth(
  reader: Reader,
  kind: ContentType,
): readonly [signature: Uint8Array, confirmationTag: Uint8Array] {
  const signature = reader.opaque(SIGNATURE_LIMIT);
  return [signature, kind === ContentType.COMMIT ? reader.opaque(MAC_LIMIT) : EMPTY];
}

/** Signed but not encrypted; the membership tag proves to members that a member sent it. */
export class PublicMessage {
  constructor(
    readonly authenticated: AuthenticatedContent,
    readonly membershipTag: Uint8Array = EMPTY,
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): PublicMessage {
    const content = FramedContent.read(reader);
    const auth = readAuth(reader, content.contentType);
    const isMember = content.sender.type === SenderType.MEMBER;
    const tag = isMember ? reader.opaque(MAC_LIMIT) : EMPTY;
    const message = new AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, content, ...auth);
    return new PublicMessage(message, tag);
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    const { content } = this.authenticated;
    const isMember = content.sender.type === SenderType.MEMBER;
    const tag = isMember ? opaque(this.membershipTag) : EMPTY;
    return concat(content.encoded, this.authenticated.authBytes(), tag);
  }

  /** The encoded MLSMessage. */
  toMessage(): Uint8Array {
    return mlsMessage(WireFormat.PUBLIC_MESSAGE, this.toBytes());
  }

  equals(other: unknown): boolean {
    return other instanceof PublicMessage && equalBytes(this.toBytes(), other.toBytes());
  }
}

/** Encrypted; only group, epoch, content type and authenticated data are visible. */
export class PrivateMessage {
  constructor(
    readonly groupId: Uint8Array,
    readonly epoch: bigint,
    readonly contentType: ContentType,
    readonly authenticated: Uint8Array,
    readonly encryptedSender: Uint8Array,
    readonly ciphertext: Uint8Array,
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): PrivateMessage {
    return new PrivateMessage(
      reader.opaque(GROUP_ID_LIMIT),
      reader.u64(),
      readContentType(reader),
      reader.opaque(AUTHENTICATED_LIMIT),
      reader.opaque(255),
      reader.opaque(MESSAGE_LIMIT),
    );
  }

  /** SenderDataAAD. */
  senderAad(): Uint8Array {
    return concat(opaque(this.groupId), u64(this.epoch), u8(this.contentType));
  }

  /** PrivateContentAAD. */
  contentAad(): Uint8Array {
    return concat(this.senderAad(), opaque(this.authenticated));
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return concat(this.contentAad(), opaque(this.encryptedSender), opaque(this.ciphertext));
  }

  /** The encoded MLSMessage. */
  toMessage(): Uint8Array {
    return mlsMessage(WireFormat.PRIVATE_MESSAGE, this.toBytes());
  }

  equals(other: unknown): boolean {
    return other instanceof PrivateMessage && equalBytes(this.toBytes(), other.toBytes());
  }
}

function readWireFormat(reader: Reader): WireFormat {
  const kind = reader.u16();
  const wireFormat = Object.values(WireFormat).find((known) => known === kind);
  if (wireFormat === undefined) {
    throw new CodecError(`Wire format ${codePoint(kind)} is unknown.`);
  }
  return wireFormat;
}

/** The encoded MLSMessage around an encoded body. */
export function mlsMessage(wireFormat: WireFormat, body: Uint8Array): Uint8Array {
  return concat(u16(MLS10), u16(wireFormat), body);
}

/**
 * The kind of an MLSMessage and a reader at its body; the caller must `finish()` it.
 *
 * Throws CodecError, also when the kind is none of `expected`; ValidationError `version`.
 */
export function openMessage(
  raw: Uint8Array,
  ...expected: readonly WireFormat[]
): readonly [wireFormat: WireFormat, reader: Reader] {
  const reader = new Reader(raw);
  readVersion(reader);
  const wireFormat = readWireFormat(reader);
  if (!expected.includes(wireFormat)) {
    const names = expected.map((item) => nameOf(WireFormat, item)).join(' or ');
    throw new CodecError(`The message is a ${nameOf(WireFormat, wireFormat)}; expected ${names}.`);
  }
  return [wireFormat, reader];
}

/** A whole MLSMessage that must be a PublicMessage. Throws CodecError, ValidationError. */
export function parsePublicMessage(raw: Uint8Array): PublicMessage {
  const [, reader] = openMessage(raw, WireFormat.PUBLIC_MESSAGE);
  const message = PublicMessage.read(reader);
  reader.finish();
  return message;
}

/** A whole MLSMessage that must be a PrivateMessage. Throws CodecError, ValidationError. */
export function parsePrivateMessage(raw: Uint8Array): PrivateMessage {
  const [, reader] = openMessage(raw, WireFormat.PRIVATE_MESSAGE);
  const message = PrivateMessage.read(reader);
  reader.finish();
  return message;
}

/** What everybody who carries a message sees; `sender` is undefined in a PrivateMessage. */
export class PublicHeader {
  constructor(
    readonly wireFormat: WireFormat,
    readonly groupId: Uint8Array,
    readonly epoch: bigint,
    readonly contentType: ContentType,
    readonly sender: Sender | undefined,
  ) {}
}

/**
 * The visible header of a Public- or PrivateMessage; the rest is not even parsed.
 *
 * Throws CodecError, ValidationError `version`.
 */
export function header(raw: Uint8Array): PublicHeader {
  const { PUBLIC_MESSAGE, PRIVATE_MESSAGE } = WireFormat;
  const [wireFormat, reader] = openMessage(raw, PUBLIC_MESSAGE, PRIVATE_MESSAGE);
  const groupId = reader.opaque(GROUP_ID_LIMIT);
  const epoch = reader.u64();
  if (wireFormat === PRIVATE_MESSAGE) {
    return new PublicHeader(wireFormat, groupId, epoch, readContentType(reader), undefined);
  }
  const sender = Sender.read(reader);
  reader.opaque(AUTHENTICATED_LIMIT);
  return new PublicHeader(wireFormat, groupId, epoch, readContentType(reader), sender);
}
