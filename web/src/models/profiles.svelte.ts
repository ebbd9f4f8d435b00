/** Public profiles of businesses as the page knows them: asked for once, shown when they are there. */

import { SvelteMap, SvelteSet } from 'svelte/reactivity';

import type { PlauschError } from '../base/errors.ts';
import type { ProfileView } from '../sdk/protocol.ts';
import { attempt } from './attempt.ts';
import type { Messenger } from './messenger.ts';

export class BusinessProfiles {
  readonly #messenger: Messenger;
  readonly #known = new SvelteMap<string, ProfileView>();
  readonly #failures = new SvelteMap<string, PlauschError>();
  readonly #asked = new SvelteSet<string>();

  constructor(messenger: Messenger) {
    this.#messenger = messenger;
  }

  /** What was learnt of an account so far. */
  of(address: string): ProfileView | undefined {
    return this.#known.get(address);
  }

  /** Why its profile is not shown: the server forged it, say. */
  failure(address: string): PlauschError | undefined {
    return this.#failures.get(address);
  }

  /** Ask the device, unless it was asked already and could answer. */
  async ask(address: string): Promise<void> {
    if (this.#asked.has(address)) {
      return;
    }
    this.#asked.add(address);
    const profile = await attempt(
      () => this.#messenger.ask('profile', { address }),
      (refusal) => {
        this.#asked.delete(address);
        // Without a network there is nothing to say: it is asked for again.
        if (refusal.fault === 'remote') {
          this.#failures.set(address, refusal);
        }
      },
    );
    if (profile !== undefined) {
      this.#known.set(address, profile);
      this.#failures.delete(address);
    }
  }
}
