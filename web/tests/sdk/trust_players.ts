/** A device's trust, and a server that shows what it likes. */

import type { PlauschError } from '../../src/base/errors.ts';
import type { AccountAddress } from '../../src/base/ids.ts';
import type { Credential, Role } from '../../src/mls/credential.ts';
import { ServerRefused, TrustRefused } from '../../src/sdk/errors.ts';
import type { Event } from '../../src/sdk/events.ts';
import { NeedsAccount, type Shown, Trust } from '../../src/sdk/trust.ts';
import type { KeptAccount } from '../../src/vault/accounts.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { freshVault } from '../vault/vault_players.ts';
import { ManualClock, Person } from './identities.ts';

/** What the server shows for each name, and how often it was asked. */
export class Server {
  readonly answers = new Map<string, Shown>();
  readonly asked: string[] = [];

  ask = (name: string): Promise<Shown> => {
    this.asked.push(name);
    const answer = this.answers.get(name);
    return answer === undefined
      ? Promise.reject(
          new ServerRefused('No such account.', { code: 'unknown_account', fault: 'local' }),
        )
      : Promise.resolve(answer);
  };

  /** From now on it shows this. */
  show(person: Person, shown: Shown = person.shown()): void {
    this.answers.set(person.name, shown);
  }
}

/** Anna's device, which knows nobody yet. */
export class Scene {
  readonly anna = new Person('anna');
  readonly server = new Server();
  readonly clock = new ManualClock();
  readonly events: Event[] = [];
  readonly trust: Trust;

  private constructor(readonly vault: Vault) {
    this.trust = this.again();
  }

  static async begin(): Promise<Scene> {
    const scene = new Scene(await freshVault());
    await scene.trust.pinOwn('person', scene.anna.list);
    return scene;
  }

  /** Trust over the same vault, as after a restart; not loaded yet. */
  again(): Trust {
    const tell = (event: Event): void => {
      this.events.push(event);
    };
    return new Trust(this.vault, this.anna.address, this.server.ask, tell, this.clock);
  }

  /** The server shows somebody, and Anna looks. */
  async meet(person: Person): Promise<void> {
    this.server.show(person);
    await this.trust.refresh(person.address);
  }

  kept(person: Person): KeptAccount {
    return this.trust.account(person.address)!;
  }

  /** How often it was told that something about somebody changed. */
  told(person: Person): number {
    return this.events.filter(
      (event) => event.what === 'contact' && event.address.equals(person.address),
    ).length;
  }

  /** As sync does it: look up what is missing, then judge. */
  async judge(credential: Credential, key: Uint8Array, role: Role = 'member'): Promise<void> {
    const lookedUp = new Set<string>();
    for (;;) {
      try {
        this.trust.judge(lookedUp)(credential, key, role);
        return;
      } catch (error) {
        if (!(error instanceof NeedsAccount)) {
          throw error;
        }
        await this.lookUp(error.address);
        lookedUp.add(error.address.toString());
      }
    }
  }

  private async lookUp(address: AccountAddress): Promise<void> {
    try {
      await this.trust.refresh(address);
    } catch (error) {
      if (!(error instanceof TrustRefused || error instanceof ServerRefused)) {
        throw error;
      }
    }
  }
}

/** The error that a step ends with. */
export async function refusalOf(step: Promise<unknown>): Promise<PlauschError> {
  try {
    await step;
  } catch (error) {
    return error as PlauschError;
  }
  throw new Error('It was not refused.');
}
