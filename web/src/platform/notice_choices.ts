/**
 * What the service worker has to know before a vault is open, and when it cannot be opened: which
 * accounts want to be told, in which language, and whether notifications may show who wrote what.
 * Nothing here is secret.
 */

import { ACCOUNT_SLOTS, type AccountSlot, FIRST_SLOT, slotIn } from '../base/account_slots.ts';
import type { NoticeChoices, SlotChoices } from '../base/notices.ts';
import { Database } from './database.ts';

const NAME = 'plausch notices';
const STORE = 'choices';
const SLOT = 'slot';
const SHAPE = [{ name: STORE, keyPath: SLOT }] as const;

/** Without a choice nothing is shown that somebody else could read over a shoulder. */
export const RESERVED: SlotChoices = {
  slot: FIRST_SLOT,
  language: '',
  showsText: false,
  notifies: true,
  address: '',
};

/** Rows under names that are no slots, as there were before there were two, go. Throws StorageUnavailable. */
export async function keepChoices(
  factory: IDBFactory,
  slot: AccountSlot,
  choices: NoticeChoices,
): Promise<void> {
  await opened(factory, async (database) => {
    const names = (await database.select(STORE)).map((row) => field(row, SLOT));
    const former = names.filter((name) => typeof name === 'string' && slotIn(name) === undefined);
    await database.write([
      ...former.map((name) => ({ store: STORE, remove: name as string })),
      { store: STORE, put: { ...choices, slot } },
    ]);
  });
}

/** There is no account in this slot any more. Throws StorageUnavailable. */
export async function dropChoices(factory: IDBFactory, slot: AccountSlot): Promise<void> {
  await opened(factory, (database) => database.write([{ store: STORE, remove: slot }]));
}

/**
 * Those of the accounts that there are, at least one. Never throws: what cannot be read is as
 * reserved as can be.
 */
export async function keptChoices(factory: IDBFactory): Promise<readonly SlotChoices[]> {
  try {
    const rows = await opened(factory, (database) => database.select(STORE));
    const kept = ACCOUNT_SLOTS.flatMap((slot) => choicesIn(rows, slot));
    return kept.length === 0 ? [RESERVED] : kept;
  } catch {
    return [RESERVED];
  }
}

async function opened<T>(
  factory: IDBFactory,
  step: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await Database.open(factory, NAME, 1, SHAPE);
  try {
    return await step(database);
  } finally {
    database.close();
  }
}

function choicesIn(rows: readonly unknown[], slot: AccountSlot): readonly SlotChoices[] {
  const row = rows.find(
    (one) => typeof one === 'object' && one !== null && field(one, SLOT) === slot,
  );
  if (row === undefined) {
    return [];
  }
  const [language, address] = [field(row, 'language'), field(row, 'address')];
  return [
    {
      slot,
      language: typeof language === 'string' ? language : RESERVED.language,
      showsText: field(row, 'showsText') === true,
      notifies: field(row, 'notifies') !== false,
      address: typeof address === 'string' ? address : RESERVED.address,
    },
  ];
}

function field(row: unknown, name: string): unknown {
  return (row as Record<string, unknown>)[name];
}
