/**
 * What a guest is told when a business does not answer: from what the guest's own device knows, its
 * messages and how far they came. The server is asked nothing and learns nothing.
 */

import type { MessageView } from '../sdk/protocol.ts';

/** Whoever is there, an assistant above all, answers sooner. */
export const PATIENCE_MS = 30_000;

/** So long a conversation is looked at before anything is said: what comes in may still be on its way. */
export const SETTLE_MS = 10_000;

/** An answer that was never owed is not waited for longer. */
const DAY_MS = 86_400_000;

/**
 * `away`: the message has reached no device of the business. `silent`: it has, but the assistant does
 * not answer, as it did before. `lastMs`: when the last answer came, 0 if there was none.
 */
export interface Absence {
  readonly kind: 'away' | 'silent';
  readonly lastMs: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Undefined while there is nothing to wait for; `isAtEnd`: these are the newest messages. */
export function absenceIn(messages: readonly MessageView[], isAtEnd: boolean): Absence | undefined {
  const said = messages.filter(({ kind, isDeleted }) => kind !== 'event' && !isDeleted);
  const asked = said.at(-1);
  if (!isAtEnd || asked?.isOutgoing !== true) {
    return undefined;
  }
  const answers = said.filter(({ isOutgoing }) => !isOutgoing);
  const lastMs = answers.at(-1)?.sentAtMs ?? 0;
  const fromMs = asked.sentAtMs + PATIENCE_MS;
  if (asked.state === 'sent') {
    return { kind: 'away', lastMs, fromMs, untilMs: Number.POSITIVE_INFINITY };
  }
  const isRead = asked.state === 'delivered' || asked.state === 'read';
  const isForAssistant = asked.kind === 'text' || asked.kind === 'card';
  if (!isRead || !isForAssistant || !answers.some(isOfAssistant)) {
    return undefined;
  }
  return { kind: 'silent', lastMs, fromMs, untilMs: asked.sentAtMs + DAY_MS };
}

/** People send no such cards. */
function isOfAssistant({ card }: MessageView): boolean {
  return card?.kind === 'choices' || card?.kind === 'slot_offer' || card?.kind === 'booking';
}
