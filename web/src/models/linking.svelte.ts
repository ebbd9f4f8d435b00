/** A device being linked, as this page shows it. */

import type { LinkingView } from '../sdk/protocol.ts';
import { attempt } from './attempt.ts';
import type { Messenger } from './messenger.ts';

/** Before the device has said anything of it. */
const NOT_BEGUN: LinkingView = { id: 0, side: 'new', stage: 'connecting' };

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

  /** Show a code. `staff`: whose device it is to be, if it is one of staff. */
  async begin(staff?: string): Promise<void> {
    const asked = { name: this.#name, ...(staff === undefined ? {} : { staff }) };
    await this.#start(() => this.#messenger.ask('beginLinking', asked));
  }

  /** Answer the other device's code. `isScanned`: this one's camera has read it. */
  async answer(link: string, isScanned = false, staff?: string): Promise<void> {
    const asked = {
      link,
      isScanned,
      name: this.#name,
      ...(staff === undefined ? {} : { staff }),
    };
    await this.#start(() => this.#messenger.ask('linkWith', asked));
  }

  /** Yes to what is shown, with the other device's digits if they are asked for. */
  async agree(digits?: string): Promise<void> {
    const { view } = this;
    if (view === undefined) {
      return;
    }
    const asked = { id: view.id, ...(digits === undefined ? {} : { digits }) };
    await this.#attempt(() => this.#messenger.ask('confirmLinking', asked));
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
    this.view = NOT_BEGUN;
    await this.#attempt(async () => {
      const begun = await step();
      if (this.view?.stage === 'connecting') {
        this.view = begun; // what was told meanwhile is newer
      }
    });
  }

  async #attempt(step: () => Promise<unknown>): Promise<void> {
    await attempt(step, ({ code, fault, message: sentence }) => {
      const failure = { code, fault, sentence };
      const view = this.view ?? NOT_BEGUN;
      if (code !== 'link_digits_differ') {
        this.view = { id: view.id, side: view.side, stage: 'failed', failure };
      } else if (view.stage === 'asking') {
        this.view = { ...view, failure }; // who mistyped may type again
      }
    });
  }
}
