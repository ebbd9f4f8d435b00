/**
 * What the service worker has to know before the vault is open, and when it cannot be opened: the
 * language, and whether notifications may show who wrote what. Nothing here is secret.
 */

import type { NoticeChoices } from '../base/notices.ts';
import { Database } from './database.ts';

const NAME = 'plausch notices';
const STORE = 'choices';
const SLOT = 'slot';
const SHAPE = [{ name: STORE, keyPath: SLOT }] as const;

/** Without a choice nothing is shown that somebody else could read over a shoulder. */
export const RESERVED: NoticeChoices = { language: '', showsText: false };

/** Throws StorageUnavailable. */
export async function keepChoices(factory: IDBFactory, choices: NoticeChoices): Promise<void> {
  const database = await Database.open(factory, NAME, 1, SHAPE);
  try {
    await database.write([{ store: STORE, put: { slot: SLOT, ...choices } }]);
  } finally {
    database.close();
  }
}

/** Never throws: what cannot be read is as reserved as can be. */
export async function keptChoices(factory: IDBFactory): Promise<NoticeChoices> {
  try {
    const database = await Database.open(factory, NAME, 1, SHAPE);
    try {
      return choicesIn(await database.get(STORE, SLOT));
    } finally {
      database.close();
    }
  } catch {
    return RESERVED;
  }
}

function choicesIn(row: unknown): NoticeChoices {
  const { language, showsText } =
    typeof row === 'object' && row !== null ? (row as Record<string, unknown>) : {};
  return {
    language: typeof language === 'string' ? language : RESERVED.language,
    showsText: showsText === true,
  };
}
