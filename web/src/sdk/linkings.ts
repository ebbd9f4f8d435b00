/** Linking as the page asks for it: one at a time, on whichever side this device is. */

import type { Clock } from '../platform/clock.ts';
import { AccountOwnTable } from '../vault/account_own.ts';
import type { Vault } from '../vault/vault.ts';
import { arrivingSlot, awaited } from './arrival.ts';
import { backupSlot, takenOver } from './backups.ts';
import { SdkError } from './errors.ts';
import { failureOf } from './failure.ts';
import {
  callOff,
  ExistingSide,
  type Giver,
  type Linked,
  NewSide,
  type Reach,
  type Told as SideTold,
} from './linking.ts';
import type { Enrolled } from './own_devices.ts';
import { linkText, parseLink } from './pairing.ts';
import type { LinkingView, Told } from './protocol.ts';

/** One linking under way. */
interface Current {
  readonly side: NewSide | ExistingSide;
  readonly agree: (() => void) | undefined;
  view: LinkingView;
}

/** At most one at a time: another one ends the one before. */
export class Linkings {
  readonly #reach: Reach;
  readonly #tell: (told: Told) => void;
  #current: Current | undefined;

  constructor(reach: Reach, tell: (told: Told) => void) {
    this.#reach = reach;
    this.#tell = tell;
  }

  /**
   * This device is to be linked; `link`: to the one whose code this is, else by a code of its own.
   * `onLinked` is called when its account is in the vault.
   *
   * Throws SdkError.
   */
  async beginNew(
    vault: Vault,
    clock: Clock,
    asked: { readonly name?: string; readonly link?: string },
    onLinked: (linked: Linked) => Promise<void>,
  ): Promise<LinkingView> {
    const code = asked.link === undefined ? undefined : this.#parsed(asked.link);
    if (code?.shownBy === 'new') {
      throw new SdkError(
        'This code was made by a device without an account, as this one is: open it on the device ' +
          'that has your account.',
        { code: 'link_same_side' },
      );
    }
    await this.cancel();
    const side = new NewSide(this.#reach, asked.name ?? '', code);
    return this.#run(side, undefined, async (tell) => {
      const linked = await side.run(tell, () => Math.floor(clock.nowMs() / 1000));
      await keep(vault, linked, clock.nowMs());
      await side.finish();
      await onLinked(linked);
    });
  }

  /**
   * Another device is to be linked to this one's account. `onLinked` is called when it has its keys.
   *
   * Throws SdkError.
   */
  async beginExisting(
    giver: Giver,
    asked: { readonly link?: string },
    onLinked: (enrolled: Enrolled) => Promise<void>,
  ): Promise<LinkingView> {
    const code = asked.link === undefined ? undefined : this.#parsed(asked.link);
    await this.cancel();
    const side = new ExistingSide(this.#reach, giver, code);
    const agreed = Promise.withResolvers<undefined>();
    const agree = (): void => {
      agreed.resolve(undefined);
    };
    return this.#run(side, agree, async (tell) => {
      await onLinked(await side.run(tell, agreed.promise));
    });
  }

  /** The person's yes. Throws SdkError when nothing is asked. */
  confirm(): void {
    if (this.#current?.view.stage !== 'asking' || this.#current.agree === undefined) {
      throw new SdkError('No device is waiting to be linked: begin again.', {
        code: 'nothing_to_link',
      });
    }
    this.#current.agree();
  }

  /** End what is under way, and tell the other device so. */
  async cancel(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined) {
      await callOff(current.side.line);
    }
  }

  #parsed(link: string): ReturnType<typeof parseLink> {
    return parseLink(link, this.#reach.serverUrl);
  }

  #run(
    side: NewSide | ExistingSide,
    agree: (() => void) | undefined,
    step: (tell: (told: SideTold) => void) => Promise<void>,
  ): LinkingView {
    const name = side instanceof NewSide ? 'new' : 'existing';
    const current: Current = { side, agree, view: { side: name, stage: 'connecting' } };
    this.#current = current;
    void step((told) => {
      this.#show(current, this.#viewOf(name, told));
    })
      .then(
        () => {
          this.#show(current, { side: name, stage: 'done' });
        },
        async (error: unknown) => {
          this.#show(current, { side: name, stage: 'failed', failure: failureOf(error) });
          await callOff(side.line);
        },
      )
      .finally(() => {
        if (this.#current === current) {
          this.#current = undefined;
        }
      });
    return current.view;
  }

  #viewOf(side: LinkingView['side'], told: SideTold): LinkingView {
    switch (told.stage) {
      case 'showing': {
        const link = linkText(this.#reach.serverUrl, told.code);
        return { side, stage: told.stage, link };
      }
      case 'asking': {
        const { digits, name, stage } = told;
        return { side, stage, name, ...(digits === undefined ? {} : { digits }) };
      }
      case 'comparing':
      case 'working':
        return { side, ...told };
    }
  }

  /** What was cancelled tells nothing more. */
  #show(current: Current, view: LinkingView): void {
    if (this.#current === current) {
      current.view = view;
      this.#tell({ what: 'linking', linking: view });
    }
  }
}

/** The new device's account, and what it waits for, in one transaction. */
async function keep(vault: Vault, { note, own, recovery }: Linked, nowMs: number): Promise<void> {
  const table = new AccountOwnTable(vault);
  if ((await table.get())?.isRegistered === true) {
    throw new SdkError('There is an account in this browser already.', { code: 'vault_exists' });
  }
  await vault.write([
    ...(await table.put(own)),
    ...(note === undefined ? [] : [await arrivingSlot(vault).put(awaited(note, nowMs))]),
    ...(recovery === undefined ? [] : [await backupSlot(vault).put(takenOver(recovery, nowMs))]),
  ]);
}
