/** Businesses that are looked for in the server's directory; it is asked when a person says so. */

import type { FoundBusinessView } from '../sdk/protocol.ts';
import type { Messenger } from './messenger.ts';

/** What is used here of the app. */
export interface FindingSide {
  readonly messenger: Messenger;
  attempt<T>(action: () => Promise<T>): Promise<T | undefined>;
}

export class Finding {
  words = $state('');
  kind = $state('');
  place = $state('');
  isSearching = $state(false);
  /** Undefined before the first search. */
  found = $state.raw<readonly FoundBusinessView[] | undefined>();
  hasMore = $state(false);
  readonly #side: FindingSide;
  #asked = 0;

  constructor(side: FindingSide) {
    this.#side = side;
  }

  /** From the beginning, with what is written now. */
  async search(): Promise<void> {
    await this.#ask([]);
  }

  /** The next page, behind what is shown. */
  async more(): Promise<void> {
    await this.#ask(this.found ?? []);
  }

  async #ask(before: readonly FoundBusinessView[]): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    this.isSearching = true;
    const { messenger } = this.#side;
    const after = before.at(-1)?.address;
    const page = await this.#side.attempt(() =>
      messenger.ask('searchDirectory', {
        words: this.words.trim(),
        kind: this.kind,
        place: this.place.trim(),
        ...(after === undefined ? {} : { after }),
      }),
    );
    if (asked !== this.#asked) {
      return; // something else was looked for meanwhile
    }
    this.isSearching = false;
    if (page !== undefined) {
      this.found = [...before, ...page.found];
      this.hasMore = page.hasMore;
    }
  }
}
