/**
 * What a device does so that messages can be reported: franks what it sends, and looks at the frank
 * of what it receives before anybody sees it (spec/franking.md).
 *
 * A frank is the sender's commitment to a content, under the salt that is in it. The server, which
 * cannot read the content, stamps the frank with what it knows itself: who, where and when.
 */

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';

import { concat, equalBytes } from '../base/bytes.ts';
import { RemoteError } from '../base/errors.ts';
import { type AccountAddress, DeviceAddress, NameRefused } from '../base/ids.ts';
import type { EpochMark } from '../content/fork.ts';
import { DIGEST_BYTES as MARK_BYTES } from '../content/fork.ts';
import { saltOf } from '../content/mimi.ts';
import type { Stamped } from '../vault/messages.ts';
import type { Envelope } from './server.ts';

export const FRANK_BYTES = 32;
export const STAMP_BYTES = 32;

/** The sender's commitment to exactly this content; `key` is the content's salt. */
export function frank(key: Uint8Array, content: Uint8Array): Uint8Array {
  return hmac(sha256, key, content);
}

/** What travels readable beside an encrypted message: the mark of the epoch and the frank. */
export function authenticatedWith(mark: EpochMark, content: Uint8Array): Uint8Array {
  return concat(mark.digest, frank(saltOf(content), content));
}

/** The digest of the epoch's mark in it; empty if nothing is there. */
export function markIn(authenticated: Uint8Array): Uint8Array {
  return authenticated.slice(0, MARK_BYTES);
}

/**
 * Refuse what its sender has not committed to: somebody could send what cannot be reported.
 *
 * Throws RemoteError (`not_franked`), ContentError.
 */
export function checkFrank(authenticated: Uint8Array, content: Uint8Array): void {
  const isWhole = authenticated.length === MARK_BYTES + FRANK_BYTES;
  const given = authenticated.subarray(MARK_BYTES);
  if (!isWhole || !equalBytes(given, frank(saltOf(content), content))) {
    throw new RemoteError(
      "A message came without its sender's commitment to it, so that it could never be reported: " +
        'it is not shown.',
      { code: 'not_franked' },
    );
  }
}

/**
 * Refuse a message that another account handed in than wrote it: a report of it would be about the
 * wrong one. Throws RemoteError (`false_sender`).
 */
export function checkSender(envelope: Envelope, sender: AccountAddress): void {
  if (accountOf(envelope.sender)?.equals(sender) !== true) {
    throw new RemoteError(
      `A message of ${sender.toString()} came as one of another account: it is not shown.`,
      { code: 'false_sender' },
    );
  }
}

function accountOf(device: string): AccountAddress | undefined {
  try {
    return DeviceAddress.parseUri(device).account;
  } catch (error) {
    if (error instanceof NameRefused) {
      return undefined;
    }
    throw error;
  }
}

/** What to keep for a report; undefined when the server has left the stamp out. */
export function stampedBy({ sender, acceptedAtMs, stamp }: Envelope): Stamped | undefined {
  return stamp.length === STAMP_BYTES ? { device: sender, acceptedAtMs, stamp } : undefined;
}

/** The server's fault: the message is shown, but cannot be reported. */
export function unstamped(): RemoteError {
  return new RemoteError('The server left out its stamp: this message cannot be reported.', {
    code: 'no_stamp',
  });
}
