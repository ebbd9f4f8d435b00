/**
 * The two places for an account in one browser (docs/decisions/0018). A place has a vault of its
 * own, and from its name follow key, database, lock and channel: two of them share nothing.
 */

/** The names of the vaults. The first is what it was when there was only one. */
export const ACCOUNT_SLOTS = ['device', 'device-2'] as const;
export type AccountSlot = (typeof ACCOUNT_SLOTS)[number];

export const FIRST_SLOT: AccountSlot = 'device';

/** An account of this browser, as it is listed; no secret of a browser whose screen shows it. */
export interface ListedAccount {
  readonly slot: AccountSlot;
  readonly address: string;
}

/** The slot of this name, if there is one. */
export function slotIn(name: unknown): AccountSlot | undefined {
  return ACCOUNT_SLOTS.find((slot) => slot === name);
}

/** A key for what each slot has of its own: the first one's is bare, as it always was. */
export function keyIn(slot: AccountSlot, key: string): string {
  return slot === FIRST_SLOT ? key : `${key} ${slot}`;
}

/** Accounts out of what was kept or may have been altered, one for each slot, in their order. */
export function accountsIn(kept: unknown): readonly ListedAccount[] {
  const rows: readonly unknown[] = Array.isArray(kept) ? kept : [];
  return ACCOUNT_SLOTS.flatMap((slot) => {
    const addresses = rows.flatMap((row) => {
      const { slot: name, address } =
        typeof row === 'object' && row !== null ? (row as Record<string, unknown>) : {};
      return name === slot && typeof address === 'string' && address !== '' ? [address] : [];
    });
    return addresses.slice(0, 1).map((address) => ({ slot, address }));
  });
}
