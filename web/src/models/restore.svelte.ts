/** Restoring an account: what a person enters, the backup that was found, and then the rest. */

import type { PlauschError } from '../base/errors.ts';
import type { FoundBackupView, OwnView } from '../sdk/protocol.ts';
import { attempt } from './attempt.ts';
import type { Messenger } from './messenger.ts';

export class Restore {
  name = $state('');
  recoveryKey = $state('');
  passphrase = $state('');
  file = $state.raw<Blob | undefined>(undefined);
  isAlone = $state(true);
  isWorking = $state(false);
  found = $state.raw<FoundBackupView | undefined>(undefined);
  failure = $state.raw<PlauschError | undefined>(undefined);
  readonly canLook = $derived(
    this.name.trim() !== '' && this.recoveryKey.trim() !== '' && !this.isWorking,
  );
  readonly #messenger: Messenger;

  constructor(messenger: Messenger) {
    this.#messenger = messenger;
  }

  /** Something else was entered: what was found does not count any more. */
  change(): void {
    this.found = undefined;
    this.failure = undefined;
  }

  /** Look for the backup. */
  async look(): Promise<void> {
    this.change();
    this.found = await this.#attempt(() => this.#messenger.ask('findBackup', this.#asked));
  }

  /** Become a device of the account; undefined when that did not work. */
  async restore(): Promise<OwnView | undefined> {
    const { isAlone } = this;
    const own = await this.#attempt(() =>
      this.#messenger.ask('restore', { ...this.#asked, isAlone }),
    );
    if (own !== undefined) {
      this.forget();
    }
    return own;
  }

  /** What was entered is not needed any more: nothing of it stays in this page. */
  forget(): void {
    [this.recoveryKey, this.passphrase, this.file] = ['', '', undefined];
    this.change();
  }

  get #asked() {
    const { file, passphrase } = this;
    return {
      name: this.name.trim().replace(/^@/, '').split('@', 1)[0] ?? '',
      recoveryKey: this.recoveryKey,
      ...(passphrase === '' ? {} : { passphrase }),
      ...(file === undefined ? {} : { file }),
    };
  }

  async #attempt<T>(step: () => Promise<T>): Promise<T | undefined> {
    this.isWorking = true;
    this.failure = undefined;
    try {
      return await attempt(step, (error) => {
        this.failure = error;
      });
    } finally {
      this.isWorking = false;
    }
  }
}
