/**
 * The accounts of this browser, and the way from one to the other. A page shows one of them; to
 * show the other it is loaded anew. What counts is what is in the vaults: the list is only what the
 * pages have found in them, and every page mends it.
 */

import {
  ACCOUNT_SLOTS,
  type AccountSlot,
  FIRST_SLOT,
  type ListedAccount,
} from '../base/account_slots.ts';

/** What the browser does for it. */
export interface AccountSide {
  /** The slot that this page has opened. */
  readonly slot: AccountSlot;
  /** This tab was told to show it; else it is only where one begins. */
  readonly isChosen: boolean;
  listed(): readonly ListedAccount[];
  list(accounts: readonly ListedAccount[]): void;
  /** A reload of this tab shows this slot again. */
  stay(): void;
  /** Whether there is something of an account in a slot's vault. */
  isTaken(slot: AccountSlot): Promise<boolean>;
  /** Load the page anew with another slot, at this path; without one where it is. */
  show(slot: AccountSlot, path?: string): void;
  /** The person has said for which account the link at this address is. */
  mean(): void;
  isMeant(): boolean;
  /** In how many conversations of a slot's account something is new, as it was said last. */
  unread(slot: AccountSlot): Promise<number>;
  /** Hear each number that is said from now on. */
  onUnread(tell: (slot: AccountSlot, unread: number) => void): void;
}

/** A browser that has room for one account. */
export const ONE_ACCOUNT: AccountSide = {
  slot: FIRST_SLOT,
  isChosen: true,
  listed: () => [],
  list: () => undefined,
  stay: () => undefined,
  isTaken: () => Promise.resolve(false),
  show: () => undefined,
  mean: () => undefined,
  isMeant: () => true,
  unread: () => Promise.resolve(0),
  onUnread: () => undefined,
};

export class AccountSwitch {
  /** Those whose addresses are known, in the order of their slots. */
  all = $state.raw<readonly ListedAccount[]>([]);
  /** In the other slot there is an account that no page has shown yet. */
  hasUnknown = $state(false);
  /** A link was opened, and nobody has said for which account. */
  isAsked = $state(false);
  /** Conversations of the other account with something new, as far as is known. */
  otherUnread = $state(0);
  readonly #side: AccountSide;

  constructor(side: AccountSide) {
    this.#side = side;
    this.all = side.listed();
    side.onUnread((slot, unread) => {
      if (slot === this.other?.slot) {
        this.otherUnread = unread;
      }
    });
  }

  get slot(): AccountSlot {
    return this.#side.slot;
  }

  /** The one in the other slot. */
  get other(): ListedAccount | undefined {
    return this.all.find(({ slot }) => slot !== this.slot);
  }

  /** How it stands with the other account: what was said while nobody listened is read. */
  async count(): Promise<void> {
    const { other } = this;
    this.otherUnread = other === undefined ? 0 : await this.#side.unread(other.slot);
  }

  /** This page's account is this one. */
  here(address: string): void {
    const { slot } = this;
    this.#side.stay();
    this.#list([...this.#others(), { slot, address }]);
    void this.count();
  }

  /**
   * There is no account in this slot. True when the page goes to the other one: whoever was not
   * sent here wants the account that there is.
   */
  async nobody(): Promise<boolean> {
    this.#list(this.#others());
    await this.lookAround();
    const isLost = !this.#side.isChosen && (this.other !== undefined || this.hasUnknown);
    if (isLost) {
      this.#side.show(this.#next);
    }
    return isLost;
  }

  /** Find an account whose page was closed before it was listed, or whose list was lost. */
  async lookAround(): Promise<void> {
    this.hasUnknown = this.other === undefined && (await this.#side.isTaken(this.#next));
  }

  /** To the other account, or into the free slot to add one. */
  change(): void {
    this.#side.show(this.#next, '/');
  }

  /** Another tab has erased the account of this slot, and has left the browser to the other one. */
  get isLeft(): boolean {
    const listed = this.#side.listed();
    return listed.length > 0 && listed.every(({ slot }) => slot !== this.slot);
  }

  /** The account of this slot was erased. False: there is no other to go to. */
  erased(): boolean {
    const hasOther = this.other !== undefined;
    this.#list(this.#others());
    if (hasOther) {
      this.change();
    }
    return hasOther;
  }

  /** A link was opened: with two accounts the person says for which. */
  opened(): void {
    this.isAsked = this.other !== undefined && !this.#side.isMeant();
  }

  /** The link is for the account in this slot. */
  mean(slot: AccountSlot): void {
    this.#side.mean();
    this.isAsked = false;
    if (slot !== this.slot) {
      this.#side.show(slot);
    }
  }

  get #next(): AccountSlot {
    return ACCOUNT_SLOTS.find((slot) => slot !== this.slot) ?? FIRST_SLOT;
  }

  /** As the list is now: another tab may have changed it. */
  #others(): readonly ListedAccount[] {
    return this.#side.listed().filter(({ slot }) => slot !== this.slot);
  }

  #list(accounts: readonly ListedAccount[]): void {
    this.all = ACCOUNT_SLOTS.flatMap((slot) => accounts.filter((one) => one.slot === slot));
    this.#side.list(this.all);
  }
}
