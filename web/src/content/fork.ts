/**
 * A mark of the MLS epoch inside messages: a fork made by a server is noticed.
 *
 * A server could show different Commits to different members. Each branch then has its own epoch
 * secrets; members of both see the same epoch number with different epoch authenticators (RFC 9420
 * section 8.7). The mark is a hash of it, so that it may also travel where others see it.
 */

import { sha256 } from '@noble/hashes/sha2.js';

import { concat, equalBytes, utf8 } from '../base/bytes.ts';
import { expect, expectArray, narrowed } from './cbor.ts';
import { ContentError } from './errors.ts';
import type { MimiContent } from './mimi.ts';

/** Extension key of our own; negative integers are for private use (section 8.2.1). */
export const EPOCH_MARK = -0xf0a1;

export const DIGEST_BYTES = 16;
const CONTEXT = utf8('Plausch 1.0 epoch mark\0');
const MAX_EPOCH = (1n << 64n) - 1n;

/** The epoch in which a message was written, and 16 bytes that name its branch. */
export class EpochMark {
  constructor(
    readonly epoch: bigint,
    readonly digest: Uint8Array,
  ) {}

  /** From the group's epoch and its epoch authenticator. */
  static of(epoch: bigint, authenticator: Uint8Array): EpochMark {
    return new EpochMark(epoch, sha256(concat(CONTEXT, authenticator)).slice(0, DIGEST_BYTES));
  }

  equals(other: EpochMark): boolean {
    return this.epoch === other.epoch && equalBytes(this.digest, other.digest);
  }
}

/** The same message, marked. */
export function withMark(content: MimiContent, mark: EpochMark): MimiContent {
  const value = [narrowed(mark.epoch), mark.digest];
  return content.withExtensions(new Map([...content.extensions, [EPOCH_MARK, value]]));
}

/** The mark, null when there is none. Throws ContentError when it is malformed. */
export function markOf(content: MimiContent): EpochMark | null {
  const value = content.extensions.get(EPOCH_MARK);
  if (value === undefined) {
    return null;
  }
  const [first, second, ...more] = expectArray(value, 'An epoch mark');
  if (first === undefined || second === undefined || more.length > 0) {
    throw new ContentError('An epoch mark is [epoch, digest].');
  }
  const epoch = BigInt(expect(first, 'integer', 'The epoch of a mark'));
  const digest = expect(second, 'bytes', 'The digest of a mark');
  if (epoch < 0n || epoch > MAX_EPOCH || digest.length !== DIGEST_BYTES) {
    throw new ContentError('An epoch mark is [epoch, digest of 16 bytes].');
  }
  return new EpochMark(epoch, digest);
}

/**
 * Whether the mark names another branch than this device's.
 *
 * `known` are the epoch authenticators that this device still has, by epoch; of an epoch that is
 * not among them nothing can be said.
 */
export function isFork(mark: EpochMark, known: ReadonlyMap<bigint, Uint8Array>): boolean {
  const authenticator = known.get(mark.epoch);
  return authenticator !== undefined && !EpochMark.of(mark.epoch, authenticator).equals(mark);
}
