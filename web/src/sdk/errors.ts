/** What can go wrong for someone who uses the SDK. Every text is one sentence that helps. */

import {
  type ErrorOptions,
  type Fault,
  LocalError,
  OperatorError,
  PlauschError,
  RemoteError,
} from '../base/errors.ts';
import type { AccountAddress } from '../base/ids.ts';
import { type ConnectionView, MAINTENANCE } from '../base/maintenance.ts';

/** A call that cannot be carried out in the present state. */
export class SdkError extends LocalError {
  static override readonly code: string = 'sdk';
}

/** What is known of a missing connection beside the sentence. */
export interface Absence extends ErrorOptions {
  readonly closingCode?: string;
  readonly retryAfterMs?: number;
}

/**
 * No connection to the server right now; what was sent waits in the outbox.
 *
 * When the server closed it, `closingCode` is its word for the reason (spec/wire.md), e.g.
 * `device_removed`, and it wants to be left alone for `retryAfterMs`; else they are "" and 0.
 */
export class Unreachable extends OperatorError {
  static override readonly code: string = 'unreachable';

  readonly closingCode: string;
  readonly retryAfterMs: number;

  constructor(sentence: string, absence: Absence = {}) {
    super(sentence, absence);
    this.closingCode = absence.closingCode ?? '';
    this.retryAfterMs = absence.retryAfterMs ?? 0;
  }
}

/**
 * The word for why there is no connection: the server's own if it closed it, what it broke if this
 * side did; "" when there is nothing to explain.
 */
function absenceCode(failure: PlauschError | undefined): string {
  if (!(failure instanceof Unreachable)) {
    return failure?.code ?? '';
  }
  const { cause, closingCode, code } = failure;
  return closingCode || (cause instanceof PlauschError ? cause.code : code);
}

/** Whether there is a connection, and why not, or what the server refuses on it. */
export function connectionView(
  isOnline: boolean,
  failure: PlauschError | undefined,
): ConnectionView {
  const code = absenceCode(failure);
  const sentence = code === MAINTENANCE ? (failure?.message ?? '') : '';
  return { isOnline, code, ...(sentence === '' ? {} : { sentence }) };
}

/** What a refusal says beside its sentence; `epoch` and `head` are -1 when it says nothing. */
export interface Refusal extends ErrorOptions {
  readonly code: string;
  readonly fault: Fault;
  readonly retryAfterMs?: number;
  readonly epoch?: number;
  readonly head?: number;
}

/**
 * The server refused a request. `code` is the server's word (spec/wire.md), save `server_internal`
 * and `server_unavailable`, which it says without `server_` and with `storage_`.
 */
export class ServerRefused extends RemoteError {
  static override readonly code: string = 'refused';

  readonly retryAfterMs: number;
  readonly epoch: number;
  readonly head: number;

  constructor(sentence: string, refusal: Refusal) {
    super(sentence, refusal);
    this.retryAfterMs = refusal.retryAfterMs ?? 0;
    this.epoch = refusal.epoch ?? -1;
    this.head = refusal.head ?? -1;
  }
}

/** The server sent what an honest server never sends; nothing of it was believed. */
export class ServerMisbehaved extends RemoteError {
  static override readonly code: string = 'server_misbehaved';
}

/** A device or account failed the identity checks; nothing is encrypted to it. */
export class TrustRefused extends RemoteError {
  static override readonly code: string = 'trust_refused';
}

/**
 * An account shows another identity key than the one known; sending waits for a decision.
 *
 * `address` is the account. Compare safety numbers, then accept the new identity or reject it.
 */
export class IdentityChanged extends TrustRefused {
  static override readonly code: string = 'identity_changed';

  constructor(readonly address: AccountAddress) {
    super(
      `${address.toString()} has a new identity key: it may be a new beginning on a new device, ` +
        'or somebody in between; compare safety numbers, then accept the new identity or do not ' +
        'write.',
    );
  }
}

/** No conversation with this id or address in the vault. */
export class UnknownConversation extends SdkError {
  static override readonly code: string = 'unknown_conversation';
}

/** This account has left the conversation or was removed from it. */
export class NotParticipant extends SdkError {
  static override readonly code: string = 'not_participant';
}

/** Only an admin of the group may do this. */
export class NotAdmin extends SdkError {
  static override readonly code: string = 'not_admin';
}

/** This device is one of staff: it does not have the account's identity key. */
export class NotOwner extends SdkError {
  static override readonly code: string = 'not_owner';

  constructor() {
    super(
      "This device belongs to staff and does not hold the account's identity key: only a device " +
        'of an owner can do that.',
    );
  }
}

/** The log does not continue from what this device knows; it has to be added again. */
export class ConversationBroken extends RemoteError {
  static override readonly code: string = 'conversation_broken';
}

/** The server was set back and has forgotten a change that this device has seen. */
export class ChangeForgotten extends ConversationBroken {
  static override readonly code: string = 'change_forgotten';
}
