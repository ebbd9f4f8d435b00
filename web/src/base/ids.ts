/**
 * Names of accounts, devices, conversations and messages (draft-ietf-mimi-protocol, URIs).
 *
 * Every name that arrives from outside is parsed here into a type; what is not exactly in the
 * grammar is refused with a sentence. The values never change, and each has one canonical text
 * (`toString`) under which a Map may keep it.
 */

import { fromHex, toHex } from './bytes.ts';
import { PlauschError } from './errors.ts';

export const CONVERSATION_ID_BYTES = 16;
export const MESSAGE_ID_BYTES = 32;

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?$/;
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*(?::[0-9]{1,5})?$`);
const DEVICE = /^[0-9a-f]{16}$/;

/** A name, address or URI is not in the grammar. */
export class NameRefused extends PlauschError {
  static override readonly code: string = 'bad_name';
}

/** The beginning of a text that was refused, as a sentence quotes it. */
function quoted(text: string, most = 64): string {
  return JSON.stringify(text.slice(0, most));
}

/**
 * An account's local name: 1 to 32 of a-z 0-9 . _ -, with a letter or digit at both ends.
 *
 * Throws NameRefused.
 */
export function parseName(text: string): string {
  if (!NAME.test(text)) {
    throw new NameRefused(
      `${quoted(text)} is not a name: use 1 to 32 of the characters a-z, 0-9, '.', '_', '-', ` +
        'beginning and ending with a letter or digit.',
    );
  }
  return text;
}

/** A server's domain, optionally with a port, in lower case. Throws NameRefused. */
export function parseDomain(text: string): string {
  if (text.length > 255 || !DOMAIN.test(text)) {
    throw new NameRefused(
      `${quoted(text)} is not a domain: expected something like 'example.org' or 'localhost'.`,
    );
  }
  return text;
}

/** The two texts' order by their characters, as `Array.sort` wants it. */
function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** A person or a business: shown as `name@domain`, on the wire `mimi://domain/u/name`. */
export class AccountAddress {
  /** Throws NameRefused. */
  constructor(
    readonly name: string,
    readonly domain: string,
  ) {
    parseName(name);
    parseDomain(domain);
  }

  /** From `name@domain`. Throws NameRefused. */
  static parse(text: string): AccountAddress {
    const at = text.indexOf('@');
    if (at === -1) {
      throw new NameRefused(`${quoted(text)} is not an address: expected name@domain.`);
    }
    return new AccountAddress(text.slice(0, at), text.slice(at + 1));
  }

  /** From `mimi://domain/u/name`. Throws NameRefused. */
  static parseUri(uri: string): AccountAddress {
    const [scheme, empty, domain, kind, name, ...more] = uri.split('/', 6);
    if (
      scheme !== 'mimi:' ||
      empty !== '' ||
      domain === undefined ||
      kind !== 'u' ||
      name === undefined ||
      more.length > 0
    ) {
      throw new NameRefused(
        `${quoted(uri, 96)} is not an account URI: expected mimi://DOMAIN/u/NAME.`,
      );
    }
    return new AccountAddress(name, domain);
  }

  /** Less than 0 when `one` comes first in a list, 0 when they are equal. */
  static compare(one: AccountAddress, other: AccountAddress): number {
    return order(one.name, other.name) || order(one.domain, other.domain);
  }

  /** `mimi://domain/u/name`. */
  get uri(): string {
    return `mimi://${this.domain}/u/${this.name}`;
  }

  equals(other: AccountAddress): boolean {
    return this.name === other.name && this.domain === other.domain;
  }

  /** `name@domain`, also the key for a Map. */
  toString(): string {
    return `${this.name}@${this.domain}`;
  }
}

/** One MLS client of an account, one leaf: `mimi://domain/d/name/0123456789abcdef`. */
export class DeviceAddress {
  /** `device` are 16 hex digits. Throws NameRefused. */
  constructor(
    readonly account: AccountAddress,
    readonly device: string,
  ) {
    if (!DEVICE.test(device)) {
      throw new NameRefused(`${quoted(device, 32)} is not a device id: expected 16 hex digits.`);
    }
  }

  /** From `mimi://domain/d/name/16 hex digits`. Throws NameRefused. */
  static parseUri(uri: string): DeviceAddress {
    const [scheme, empty, domain, kind, name, device, ...more] = uri.split('/', 7);
    if (
      scheme !== 'mimi:' ||
      empty !== '' ||
      domain === undefined ||
      kind !== 'd' ||
      name === undefined ||
      device === undefined ||
      more.length > 0
    ) {
      throw new NameRefused(
        `${quoted(uri, 96)} is not a device URI: expected mimi://DOMAIN/d/NAME/ID.`,
      );
    }
    return new DeviceAddress(new AccountAddress(name, domain), device);
  }

  /** Less than 0 when `one` comes first in a list, 0 when they are equal. */
  static compare(one: DeviceAddress, other: DeviceAddress): number {
    return AccountAddress.compare(one.account, other.account) || order(one.device, other.device);
  }

  /** `mimi://domain/d/name/id`. */
  get uri(): string {
    return `mimi://${this.account.domain}/d/${this.account.name}/${this.device}`;
  }

  equals(other: DeviceAddress): boolean {
    return this.device === other.device && this.account.equals(other.account);
  }

  /** The URI, also the key for a Map. */
  toString(): string {
    return this.uri;
  }
}

/** Bytes that name something; `hex` are their digits in lower case. */
abstract class OpaqueId {
  constructor(readonly hex: string) {}

  /** A copy of the bytes. */
  get bytes(): Uint8Array {
    return fromHex(this.hex);
  }

  equals(other: this): boolean {
    return this.hex === other.hex;
  }

  /** The hex digits, also the key for a Map. */
  toString(): string {
    return this.hex;
  }
}

/** 16 random bytes, chosen by the creating device; also the MLS group id. */
export class ConversationId extends OpaqueId {
  /** Keeps the compiler from taking one id for another. */
  declare protected readonly names: 'a conversation';

  private constructor(hex: string) {
    super(hex);
  }

  /** From 16 bytes. Throws NameRefused. */
  static of(raw: Uint8Array): ConversationId {
    return new ConversationId(sized(raw, CONVERSATION_ID_BYTES, 'conversation'));
  }

  /** From 32 hex digits in lower case. Throws NameRefused. */
  static fromHex(hex: string): ConversationId {
    return new ConversationId(digits(hex, CONVERSATION_ID_BYTES, 'conversation'));
  }
}

/** 32 bytes: 0x01 and the truncated SHA-256 of draft-ietf-mimi-content section 3.3. */
export class MessageId extends OpaqueId {
  declare protected readonly names: 'a message';

  private constructor(hex: string) {
    super(hex);
  }

  /** From 32 bytes. Throws NameRefused. */
  static of(raw: Uint8Array): MessageId {
    return new MessageId(sized(raw, MESSAGE_ID_BYTES, 'message'));
  }

  /** From 64 hex digits in lower case. Throws NameRefused. */
  static fromHex(hex: string): MessageId {
    return new MessageId(digits(hex, MESSAGE_ID_BYTES, 'message'));
  }
}

/** `mimi://domain/r/hex`: a MIMI room. */
export function conversationUri(domain: string, conversation: ConversationId): string {
  return `mimi://${domain}/r/${conversation.hex}`;
}

function sized(raw: Uint8Array, bytes: number, name: string): string {
  if (raw.length !== bytes) {
    throw new NameRefused(`A ${name} id has ${bytes} bytes, not ${raw.length}.`);
  }
  return toHex(raw);
}

function digits(hex: string, bytes: number, name: string): string {
  if (hex.length !== 2 * bytes || !/^[0-9a-f]*$/.test(hex)) {
    throw new NameRefused(
      `${quoted(hex)} is not a ${name} id: expected ${2 * bytes} hex digits in lower case.`,
    );
  }
  return hex;
}
