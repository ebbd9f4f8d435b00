/** The first page: from what somebody writes as their name to an account. */

import type { PlauschError } from '../base/errors.ts';
import type { OwnView } from '../sdk/protocol.ts';
import { accountName, alternatives } from './account_name.ts';
import { attempt } from './attempt.ts';
import type { Messenger } from './messenger.ts';

const MOST_SUGGESTIONS = 3;

export class Start {
  written = $state('');
  invitation = $state('');
  needsInvitation = $state(false);
  /** The account is to be a business's. */
  isBusiness = $state(false);
  isWorking = $state(false);
  failure = $state.raw<PlauschError | undefined>(undefined);
  /** The name that turned out to be taken. */
  taken = $state('');
  #tried = $state.raw<readonly string[]>([]);
  /** What the account will be called; empty: nothing usable was written. */
  readonly name = $derived(accountName(this.written));
  readonly suggestions: readonly string[] = $derived.by(() =>
    this.taken === ''
      ? []
      : alternatives(this.taken, this.written, this.#year)
          .filter((name) => !this.#tried.includes(name))
          .slice(0, MOST_SUGGESTIONS),
  );
  readonly canStart = $derived(
    this.name !== '' &&
      !this.isWorking &&
      this.name !== this.taken &&
      (!this.needsInvitation || this.invitation.trim() !== ''),
  );
  readonly #messenger: Messenger;
  readonly #year: number;

  constructor(messenger: Messenger, year: number) {
    this.#messenger = messenger;
    this.#year = year;
  }

  write(text: string): void {
    this.written = text;
    if (this.name !== this.taken) {
      this.taken = '';
    }
    this.failure = undefined;
  }

  /** An account for a business, or for a person after all. */
  turn(isBusiness: boolean): void {
    this.isBusiness = isBusiness;
    this.failure = undefined;
  }

  /** Make the account; undefined when that needs something else of the person first. */
  async register(name = this.name): Promise<OwnView | undefined> {
    if (this.isWorking || name === '') {
      return undefined;
    }
    this.isWorking = true;
    this.failure = undefined;
    const invitation = this.invitation.trim();
    try {
      const asked = {
        name,
        ...(invitation === '' ? {} : { invitation }),
        ...(this.isBusiness ? ({ kind: 'business' } as const) : {}),
      };
      return await attempt(
        () => this.#messenger.ask('register', asked),
        (error) => {
          this.#refused(error, name);
        },
      );
    } finally {
      this.isWorking = false;
    }
  }

  #refused(error: PlauschError, name: string): void {
    if (error.code === 'name_taken') {
      this.#tried = [...this.#tried, name];
      this.taken = this.name;
      return;
    }
    const isFirstRequest = error.code === 'invitation_required' && !this.needsInvitation;
    this.needsInvitation ||= error.code === 'invitation_required';
    this.failure = isFirstRequest ? undefined : error;
  }
}
