/**
 * Which of the browser's accounts a tab shows, and which there are. sessionStorage chooses, so that
 * a reload stays where it was and two tabs may show two accounts; localStorage lists.
 */

import {
  accountsIn,
  type AccountSlot,
  FIRST_SLOT,
  type ListedAccount,
  slotIn,
} from '../base/account_slots.ts';

/** What is used here of a Storage. */
export type Shelf = Pick<Storage, 'getItem' | 'setItem'>;

const LIST = 'plausch.accounts';
const CHOICE = 'plausch.account';
const MEANT = 'plausch.meant';

/** Private windows may refuse everything: then there is the first slot and no list. */
export class AccountShelf {
  readonly #local: () => Shelf;
  readonly #session: () => Shelf;

  constructor(local: () => Shelf, session: () => Shelf) {
    this.#local = local;
    this.#session = session;
  }

  /** What this tab was told to show; undefined: nothing yet. */
  get chosen(): AccountSlot | undefined {
    return slotIn(read(this.#session, CHOICE));
  }

  /** The slot to open. `asked`: the one that the address names, as that of a notification does. */
  slot(asked: string | null): AccountSlot {
    return slotIn(asked) ?? this.chosen ?? this.listed()[0]?.slot ?? FIRST_SLOT;
  }

  choose(slot: AccountSlot): void {
    write(this.#session, CHOICE, slot);
  }

  listed(): readonly ListedAccount[] {
    try {
      return accountsIn(JSON.parse(read(this.#local, LIST) ?? '[]'));
    } catch {
      return [];
    }
  }

  list(accounts: readonly ListedAccount[]): void {
    write(this.#local, LIST, JSON.stringify(accounts));
  }

  /** The person has said for which account the link at this address is. */
  mean(address: string): void {
    write(this.#session, MEANT, address);
  }

  isMeant(address: string): boolean {
    return read(this.#session, MEANT) === address;
  }
}

function read(shelf: () => Shelf, key: string): string | null {
  try {
    return shelf().getItem(key);
  } catch {
    return null;
  }
}

function write(shelf: () => Shelf, key: string, value: string): void {
  try {
    shelf().setItem(key, value);
  } catch {
    // It holds until the page is closed.
  }
}
