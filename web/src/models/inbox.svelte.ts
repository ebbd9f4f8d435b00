/**
 * All conversations, sorted: pinned first, then by what happened last. A change takes its row out
 * and puts it in where it belongs, by halving; nothing is sorted anew.
 */

import { compared, holds } from '../base/letters.ts';
import type { ConversationView, HitView } from '../sdk/protocol.ts';
import type { Messenger } from './messenger.ts';
import { isCounted } from './notices.ts';
import { titleOf } from './people.ts';
import { Later, type PageTimers } from './timing.ts';

export const FILTERS = ['all', 'unread', 'groups', 'archived'] as const;
export type Filter = (typeof FILTERS)[number];

const SEARCH_DELAY_MS = 120;

/** Does something; undefined when it was refused, which is said. */
type Attempt = <T>(action: () => Promise<T>) => Promise<T | undefined>;

export class Inbox {
  isLoaded = $state(false);
  filter = $state<Filter>('all');
  query = $state('');
  /** The one conversation that is searched, if not everything. */
  within = $state<string | undefined>();
  /** Counts up when the search is to be written in. */
  searches = $state(0);
  /** What the search found in messages; undefined while it looks. */
  hits = $state.raw<readonly HitView[] | undefined>(undefined);
  #sorted = $state.raw<readonly ConversationView[]>([]);
  readonly #byId = new Map<string, ConversationView>();
  readonly #messenger: Messenger;
  readonly #own: () => string;
  readonly #timers: PageTimers;
  readonly #attempt: Attempt;
  readonly #search: Later;
  #searches = 0;

  /** Which conversations a team's own filter takes besides. */
  narrowing = $state.raw<(id: string) => boolean>(() => true);
  /** What the list shows under its filter. */
  readonly rows = $derived.by(() =>
    this.#sorted.filter((view) => passes(view, this.filter) && this.narrowing(view.id)),
  );
  /** Conversations with something new that is not muted or put away. */
  readonly unreadCount = $derived.by(() => {
    const nowMs = this.#timers.now();
    return this.#sorted.filter((view) => isCounted(view, nowMs)).length;
  });
  /** Conversations whose name or people match the search. */
  readonly named = $derived.by(() => {
    const wanted = compared(this.query.trim());
    return wanted.short === '' || this.within !== undefined
      ? []
      : this.#sorted.filter((view) =>
          namesOf(view, this.#own()).some((name) => holds(compared(name), wanted)),
        );
  });

  /** `attempt`: does what may be refused, and says why it was. */
  constructor(messenger: Messenger, own: () => string, timers: PageTimers, attempt: Attempt) {
    this.#messenger = messenger;
    this.#attempt = attempt;
    this.#own = own;
    this.#timers = timers;
    this.#search = new Later(timers, SEARCH_DELAY_MS, true, () => void this.#look());
  }

  /** Every conversation, in order. */
  get all(): readonly ConversationView[] {
    return this.#sorted;
  }

  /** Not reactive by itself: read `all` too where a change must be seen. */
  get(id: string): ConversationView | undefined {
    return this.#byId.get(id);
  }

  async load(): Promise<void> {
    const views = await this.#messenger.ask('conversations', {});
    this.#byId.clear();
    for (const view of views) {
      this.#byId.set(view.id, view);
    }
    this.#sorted = [...views].sort(compare);
    this.isLoaded = true;
  }

  /** Take changes and losses into the list, all at once; what another one stands for goes. */
  apply(changed: Iterable<ConversationView>, gone: Iterable<string> = []): void {
    const sorted = [...this.#sorted];
    for (const id of gone) {
      this.#takeOut(sorted, id);
      this.within = this.within === id ? undefined : this.within;
    }
    for (const view of changed) {
      for (const id of view.insteadOf ?? []) {
        this.#takeOut(sorted, id);
        this.within = this.within === id ? view.id : this.within;
      }
      const at = this.#takeOut(sorted, view.id);
      const same = sorted[at];
      const fits =
        at >= 0 &&
        (same === undefined || compare(view, same) <= 0) &&
        (at === 0 || compare(sorted[at - 1] ?? view, view) <= 0);
      sorted.splice(fits ? at : placeFor(sorted, view), 0, view);
      this.#byId.set(view.id, view);
    }
    this.#sorted = sorted;
  }

  /** Somebody wants to look for something, everywhere or in one conversation. */
  beginSearch(within?: string): void {
    this.within = within;
    this.search(within === undefined ? this.query : '');
    this.searches += 1;
  }

  /** Look for this, here and in the messages. */
  search(query: string): void {
    this.query = query;
    this.#searches += 1;
    this.hits = undefined;
    if (query.trim() === '') {
      this.#search.cancel();
    } else {
      this.#search.cause();
    }
  }

  /** The conversation before (-1) or after (1) this one in the list. */
  neighbour(id: string | undefined, step: -1 | 1): string | undefined {
    const { rows } = this;
    const at = rows.findIndex((view) => view.id === id);
    return at === -1 ? rows[0]?.id : rows[at + step]?.id;
  }

  async #look(): Promise<void> {
    const number = this.#searches;
    const { within } = this;
    const asked = {
      query: this.query.trim(),
      ...(within === undefined ? {} : { conversation: within }),
    };
    const hits = await this.#attempt(() => this.#messenger.ask('search', asked));
    if (number === this.#searches) {
      this.hits = hits ?? [];
    }
  }

  #takeOut(sorted: ConversationView[], id: string): number {
    const old = this.#byId.get(id);
    if (old === undefined) {
      return -1;
    }
    this.#byId.delete(id);
    let at = placeFor(sorted, old);
    if (sorted[at] !== old) {
      at = sorted.indexOf(old);
    }
    if (at >= 0) {
      sorted.splice(at, 1);
    }
    return at;
  }
}

/** A total order: what happened at the same time stays in one order, by id. */
function compare(one: ConversationView, other: ConversationView): number {
  return (
    Number(other.isPinned) - Number(one.isPinned) ||
    other.activeAtMs - one.activeAtMs ||
    (one.id < other.id ? -1 : one.id > other.id ? 1 : 0)
  );
}

function placeFor(sorted: readonly ConversationView[], view: ConversationView): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = sorted[middle];
    if (there !== undefined && compare(there, view) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** By what a conversation is found: also by the account's name, where it is titled otherwise. */
function namesOf(view: ConversationView, own: string): readonly string[] {
  const account = view.businessName === undefined ? undefined : view.peer;
  return [titleOf(view, own), ...(account === undefined ? [] : [account])];
}

function passes(view: ConversationView, filter: Filter): boolean {
  switch (filter) {
    case 'all':
      return !view.isArchived;
    case 'unread':
      return view.unread > 0 && !view.isArchived;
    case 'groups':
      return view.kind === 'group' && !view.isArchived;
    case 'archived':
      return view.isArchived;
  }
}
