/** Lines of a log as they were written: whether something is one. */

import type { EventView } from './protocol.ts';

const WHATS: ReadonlySet<unknown> = new Set<EventView['what']>([
  'created',
  'joined',
  'left',
  'titled',
  'expiry',
  'identity',
  'promoted',
  'pictured',
  'unpictured',
  'linked',
  'unlinked',
  'demoted',
  'out',
  'ended',
]);

/** Whether a value has the shape of a line. */
export function isEvent(value: unknown): value is EventView {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const { what, by, who, title, expiresAfterS } = value as Readonly<Record<string, unknown>>;
  return (
    WHATS.has(what) &&
    typeof by === 'string' &&
    Array.isArray(who) &&
    who.every((one) => typeof one === 'string') &&
    (title === undefined || typeof title === 'string') &&
    (expiresAfterS === undefined || Number.isSafeInteger(expiresAfterS))
  );
}
