/** What the app finds around it in a browser, and in a test. */

import type { AccountSide } from './account_switch.svelte.ts';
import type { Messenger } from './messenger.ts';
import type { NoticeSide } from './notifier.svelte.ts';
import type { Preferences } from './preferences.svelte.ts';
import type { PageTimers } from './timing.ts';

/** What is used here of the browser's address and history. */
export interface Place {
  readonly hash: string;
  readonly host: string;
  /** Go to a hash as a new step, or in place of this one. */
  go(hash: string, replaces: boolean): void;
}

export interface Surroundings {
  readonly messenger: Messenger;
  readonly preferences: Preferences;
  readonly place: Place;
  readonly timers: PageTimers;
  /** Erased, or another device now: begin anew. */
  readonly reload: () => void;
  /** Without it nothing is notified. */
  readonly notices?: NoticeSide;
  /** Without it there is room for one account. */
  readonly accounts?: AccountSide;
  /** What this browser says it is called. */
  readonly deviceName?: string;
  /** Puts a text where it can be pasted from; rejects when the browser does not let it. */
  readonly toClipboard?: (text: string) => Promise<void>;
}
