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
import type { Failure, LinkingView, Told } from './protocol.ts';

/** How often the digits of one linking may be mistyped. */
export const DIGIT_ATTEMPTS = 3;

/** One linking under way. `digits`: what has to be typed before the yes counts. */
interface Current {
  readonly side: NewSide | ExistingSide;
  readonly agreed: PromiseWithResolvers<undefined>;
  digits: string | undefined;
  attempts: number;
  view: LinkingView;
}

/** At most one at a time: another one ends the one before. */
export class Linkings {
  readonly #reach: Reach;
  readonly #tell: (told: Told) => void;
  readonly #clock: Clock;
  #current: Current | undefined;
  #last = 0;

  constructor(reach: Reach, tell: (told: Told) => void, clock: Clock) {
    this.#reach = reach;
    this.#tell = tell;
    this.#clock = clock;
  }

  /**
   * This device is to be linked; `link`: to the one whose code this is, else by a code of its own.
   * `onLinked` is called when its account is in the vault.
   *
   * Throws SdkError.
   */
  async beginNew(
    vault: Vault,
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
    return this.#run(side, async (tell, agreed) => {
      const linked = await side.run(tell, () => Math.floor(this.#clock.nowMs() / 1000), agreed);
      await keep(vault, linked, this.#clock.nowMs());
      // It is this device's account now, also when the other one does not hear of it.
      void side.finish().catch(() => undefined);
      await onLinked(linked);
    });
  }

  /**
   * Another device is to be linked to this one's account. `isScanned`: this one's camera has read
   * the link from its screen. `onLinked` is called when it has its keys.
   *
   * Throws SdkError.
   */
  async beginExisting(
    giver: Giver,
    asked: { readonly link?: string; readonly isScanned?: boolean },
    onLinked: (enrolled: Enrolled) => Promise<void>,
  ): Promise<LinkingView> {
    const code = asked.link === undefined ? undefined : this.#parsed(asked.link);
    await this.cancel();
    const side = new ExistingSide(this.#reach, giver, code, asked.isScanned === true);
    return this.#run(side, async (tell, agreed) => {
      await onLinked(await side.run(tell, agreed));
    });
  }

  /**
   * The person's yes to linking number `id`, with the digits that the other device shows if they are
   * asked for.
   *
   * Throws SdkError `nothing_to_link` when this linking asks nothing, `link_digits_differ`; after
   * the third time it is over.
   */
  confirm(id: number, digits: string): void {
    const current = this.#current;
    if (current?.view.stage !== 'asking' || current.view.id !== id) {
      throw new SdkError('No device is waiting to be linked: begin again.', {
        code: 'nothing_to_link',
      });
    }
    if (current.digits !== undefined && digits.replace(/\s/g, '') !== current.digits) {
      const error = digitsDiffer();
      current.attempts += 1;
      if (current.attempts >= DIGIT_ATTEMPTS) {
        current.agreed.reject(error);
      }
      throw error;
    }
    current.agreed.resolve(undefined);
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
    step: (tell: (told: SideTold) => void, agreed: Promise<undefined>) => Promise<void>,
  ): LinkingView {
    this.#last += 1;
    const of = { id: this.#last, side: side instanceof NewSide ? 'new' : 'existing' } as const;
    const agreed = Promise.withResolvers<undefined>();
    agreed.promise.catch(() => undefined); // the side may have failed before
    const view = { ...of, stage: 'connecting' } as const;
    const current: Current = { side, agreed, digits: undefined, attempts: 0, view };
    this.#current = current;
    void step((told) => {
      if (told.stage === 'asking') {
        current.digits = told.digits;
      }
      this.#show(current, { ...of, ...this.#shown(told) });
    }, agreed.promise)
      .then(
        () => {
          this.#show(current, { ...of, stage: 'done' });
        },
        async (error: unknown) => {
          const failure = failureOf(error);
          this.#show(current, { ...of, stage: 'failed', failure });
          this.#tellUnfinished(current, failure);
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

  /** What the page is shown of it: the digits that a person has to type, only the other device's. */
  #shown(told: SideTold): Omit<LinkingView, 'id' | 'side'> {
    switch (told.stage) {
      case 'showing':
        return { stage: told.stage, link: linkText(this.#reach.serverUrl, told.code) };
      case 'asking':
        return { stage: told.stage, name: told.name, asksDigits: told.digits !== undefined };
      case 'joining':
        return { stage: 'asking', name: told.account };
      case 'comparing':
      case 'working':
        return told;
    }
  }

  /** A device that was listed stays listed when it is cancelled then: that is not passed over. */
  #tellUnfinished(current: Current, { code, sentence }: Failure): void {
    if (this.#current !== current && code === 'link_unfinished') {
      const atMs = this.#clock.nowMs();
      this.#tell({ what: 'problem', problem: { code, sentence, atMs } });
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

function digitsDiffer(): SdkError {
  return new SdkError(
    'These are not the digits that belong to this linking: type those that the new device shows, ' +
      'and if it shows these, say no, because somebody is in between.',
    { code: 'link_digits_differ' },
  );
}
