/** What sort of debt an entry of the outbox is, and what an error means for it. */

import type { PlauschError } from '../base/errors.ts';
import { equalBytes } from '../base/bytes.ts';
import type { Debt } from '../vault/debts.ts';
import type { Live } from './core.ts';
import { SdkError, ServerRefused } from './errors.ts';
import { Intent } from './membership.ts';

/** Refusals as stale without anything new in the log, after which the log counts as torn. */
export const STALE_ATTEMPTS = 4;

/** Whether a log has moved since we last looked; patient a few times. */
export class Progress {
  readonly #live: Live;
  #cursor: number;
  #left = STALE_ATTEMPTS;

  constructor(live: Live) {
    this.#live = live;
    this.#cursor = live.kept.cursor;
  }

  /** False when nothing new was seen too often. */
  made(): boolean {
    const { cursor } = this.#live.kept;
    if (cursor > this.#cursor) {
      this.#cursor = cursor;
      this.#left = STALE_ATTEMPTS;
    } else {
      this.#left -= 1;
    }
    return this.#left > 0;
  }
}

/** What shall change; nothing, unless it is a change. */
export function intentOf(debt: Debt): Intent {
  return debt.kind === 'change' ? Intent.fromBytes(debt.intent) : new Intent();
}

/** Whether what waits before this debt may be sent in the epoch that it leads to. */
export function onlyTidies(debt: Debt): boolean {
  return debt.kind === 'change' && intentOf(debt).onlyTidies;
}

/**
 * The next debt behind this one that only removes somebody. It may be what a blocked message waits
 * for, and nothing is read by more people when it goes first. None goes before a beginning.
 */
export function removalBehind(debt: Debt, debts: readonly Debt[]): Debt | undefined {
  if (debt.kind === 'create' || intentOf(debt).opening) {
    return undefined;
  }
  const place = debts.findIndex((one) => equalBytes(one.idempotencyId, debt.idempotencyId));
  return debts.slice(place + 1).find((one) => {
    const { add, remove } = intentOf(one);
    return remove.length > 0 && add.length === 0;
  });
}

/**
 * Whether a debt that met this error is struck, and whoever waits for it is told why.
 *
 * An addition, or a change of admins, that cannot be made now is not kept: nobody's message shall
 * wait for a key package that may never come. It is asked for again by whoever wants it.
 */
export function isForGood(debt: Debt, error: PlauschError): boolean {
  if (error instanceof SdkError) {
    return true;
  }
  if (error.fault === 'operator') {
    return false;
  }
  const { add, opening, promote, demote } = intentOf(debt);
  if (add.length + promote.length + demote.length > 0 && !opening) {
    return true;
  }
  return error instanceof ServerRefused && error.retryAfterMs === 0;
}
