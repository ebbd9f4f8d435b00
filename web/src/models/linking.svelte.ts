/** A device being linked, as this page shows it. */

import { PlauschError } from '../base/errors.ts';
import type { LinkingView } from '../sdk/protocol.ts';
import type { Messenger } from './messenger.ts';

export class Linking {
  view = $state.raw<LinkingView | undefined>(undefined);
  readonly #messenger: Messenger;
  readonly #name: string;

  /** `name`: what this browser says it is called. */
  constructor(messenger: Messenger, name: string) {
    this.#messenger = messenger;
    this.#name = name;
  }

  /** The device tells how it stands; what is over already is not heard of again. */
  hear(view: LinkingView): void {
    if (this.view !== undefined && !this.isOver) {
      this.view = view;
    }
  }

  get isOver(): boolean {
    return this.view?.stage === 'done' || this.view?.stage === 'failed';
  }

  /** Show a code. */
  async begin(): Promise<void> {
    await this.#start(() => this.#messenger.ask('beginLinking', { name: this.#name }));
  }

  /** Answer the other device's code. */
  async answer(link: string): Promise<void> {
    await this.#start(() => this.#messenger.ask('linkWith', { link, name: this.#name }));
  }

  /** Yes, link it. */
  async agree(): Promise<void> {
    await this.#attempt(() => this.#messenger.ask('confirmLinking', {}));
  }

  /** End it, whatever it has come to, and show nothing any more. */
  async end(): Promise<void> {
    const wasUnderWay = this.view !== undefined && !this.isOver;
    this.view = undefined;
    if (wasUnderWay) {
      await this.#messenger.ask('cancelLinking', {}).catch(() => undefined);
    }
  }

  async #start(step: () => Promise<LinkingView>): Promise<void> {
    this.view = { side: 'new', stage: 'connecting' };
    await this.#attempt(async () => {
      const begun = await step();
      if (this.view?.stage === 'connecting') {
        this.view = begun; // what was told meanwhile is newer
      }
    });
  }

  async #attempt(step: () => Promise<unknown>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof PlauschError)) {
        throw error;
      }
      const { code, fault, message: sentence } = error;
      const side = this.view?.side ?? 'new';
      this.view = { side, stage: 'failed', failure: { code, fault, sentence } };
    }
  }
}
