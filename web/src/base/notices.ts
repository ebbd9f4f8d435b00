/** What a notification is, and what a person has chosen about them: the words that all rooms share. */

import type { AccountSlot } from './account_slots.ts';

/** What a person has allowed; `unsupported`: the browser has no notifications here. */
export type Permission = 'unsupported' | 'default' | 'granted' | 'denied';

/** One notification. A later one with the same tag takes its place. */
export interface Notice {
  readonly tag: string;
  readonly title: string;
  readonly body: string;
  readonly isSilent: boolean;
  /** Of which account it is. */
  readonly slot: AccountSlot;
  /** What a tap opens, and the message that it is about. */
  readonly conversation?: string;
  readonly message?: string;
}

/** How an account's notifications are to be. `language`: empty when none was chosen. */
export interface NoticeChoices {
  readonly language: string;
  readonly showsText: boolean;
  /** Whether there are any. */
  readonly notifies: boolean;
  /** The account's address. */
  readonly address: string;
}

/** The choices of the account in a slot. */
export interface SlotChoices extends NoticeChoices {
  readonly slot: AccountSlot;
}
