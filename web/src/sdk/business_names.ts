/**
 * What businesses call themselves, as the conversations with them are titled.
 *
 * A name counts when it stands in a profile that the account's pinned key signed; whoever wrote it
 * may be anybody. So it is shown for nobody who looks by it like somebody else that this person
 * knows, and not before this person has answered or begun: until then, an account's own name says
 * who it is. The profiles are those of the vault, so that names are there offline and after a
 * restart; those that are not are asked for with each connection, one after the other.
 */

import { equalBytes } from '../base/bytes.ts';
import type { AccountAddress } from '../base/ids.ts';
import { looksOf } from '../base/lookalike.ts';
import { displayName } from '../base/names.ts';
import { IdentityRefused } from '../identity/errors.ts';
import { parseProfile } from '../identity/profile.ts';
import { parseProfileBody } from '../identity/profile_body.ts';
import { Chore } from './chore.ts';
import type { Core } from './core.ts';
import type { Directory } from './directory.ts';
import { ServerMisbehaved, ServerRefused, TrustRefused, Unreachable } from './errors.ts';
import type { Event } from './events.ts';
import { type KeptProfiles, MOST_KEPT, type Profiles } from './profiles.ts';

/** What one profile says. */
interface Named {
  readonly raw: Uint8Array;
  readonly identityKey: Uint8Array;
  readonly name: string;
}

export class BusinessNames {
  readonly #core: Core;
  readonly #directory: Directory;
  readonly #profiles: Profiles;
  readonly #chore: Chore;
  #kept: KeptProfiles = new Map();
  readonly #named = new Map<string, Named>();
  /** Who looks like what; made when it is needed, and anew when somebody comes or is renamed. */
  #bearers: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  /** What was shown of whom, to tell what becomes of it. */
  readonly #shown = new Map<string, readonly [AccountAddress, string]>();
  /** Of whom this device knows nothing, and whether it was asked already. */
  readonly #unseen = new Map<string, { readonly address: AccountAddress; isAsked: boolean }>();

  constructor(core: Core, directory: Directory, profiles: Profiles) {
    this.#core = core;
    this.#directory = directory;
    this.#profiles = profiles;
    this.#chore = new Chore(core, () => this.#learn());
    core.feed.listen((event) => {
      this.#hear(event);
    });
  }

  /** Read the profiles that are kept. Throws VaultDamaged, StorageUnavailable. */
  async load(): Promise<void> {
    await this.#profiles.watch((kept) => {
      this.#kept = kept;
      this.#changed();
    });
  }

  /**
   * Empty when it is to be called by its account's name, or nothing is known yet: then that is asked
   * for, and told.
   */
  of(address: AccountAddress): string {
    if (this.#core.trust.account(address)?.kind !== 'business') {
      return '';
    }
    if (!this.#kept.has(address.uri) && !this.#unseen.has(address.uri)) {
      this.#unseen.set(address.uri, { address, isAsked: false });
      this.#chore.kick();
    }
    const name = this.#nameIn(address);
    const shown = name === '' || this.#looksLikeAnother(address, name) ? '' : name;
    this.#shown.set(address.uri, [address, shown]);
    return shown;
  }

  #hear(event: Event): void {
    if (event.what === 'contact') {
      this.#changed();
    } else if (event.what === 'caught_up') {
      this.#chore.kick();
    }
  }

  /** Tell the rows of those that are called otherwise now. */
  #changed(): void {
    this.#bearers = undefined;
    for (const [address, before] of [...this.#shown.values()]) {
      if (this.of(address) !== before) {
        const [live] = this.#directory.withPeer(address);
        if (live !== undefined) {
          this.#core.feed.tell({ what: 'conversation', conversation: live.id });
        }
      }
    }
  }

  /** Ask for profiles that this device has not seen. What is not believed the page finds out. */
  async #learn(): Promise<void> {
    const unasked = [...this.#unseen.values()].filter(({ isAsked }) => !isAsked);
    for (const unseen of unasked.slice(0, MOST_KEPT / 2)) {
      try {
        await this.#profiles.get(unseen.address);
      } catch (error) {
        if (error instanceof Unreachable || error instanceof ServerRefused) {
          return; // the next connection's
        }
        if (!(error instanceof TrustRefused || error instanceof ServerMisbehaved)) {
          throw error;
        }
      }
      unseen.isAsked = true;
    }
  }

  /** What its profile says; empty without one, or when another key has signed it. */
  #nameIn(address: AccountAddress): string {
    const account = this.#core.trust.account(address);
    const raw = this.#kept.get(address.uri);
    if (raw === undefined || account?.kind !== 'business') {
      return '';
    }
    let named = this.#named.get(address.uri);
    if (named?.raw !== raw) {
      named = read(raw);
      this.#named.set(address.uri, named);
    }
    return equalBytes(named.identityKey, account.identityKey) ? named.name : '';
  }

  /** A name that cannot be compared, or one that looks like an address, is nobody's either. */
  #looksLikeAnother(address: AccountAddress, name: string): boolean {
    const looks = [...looksOf(name)];
    this.#bearers ??= this.#looks();
    const bearers = looks.flatMap((look) => [...(this.#bearers?.get(look) ?? [])]);
    const isAddress = name.normalize('NFKC').includes('@');
    return looks.length === 0 || isAddress || bearers.some((uri) => uri !== address.uri);
  }

  /** Of everybody whom this person knows, and of this account itself. */
  #looks(): ReadonlyMap<string, ReadonlySet<string>> {
    const looks = new Map<string, Set<string>>();
    const add = (name: string, { uri }: AccountAddress): void => {
      for (const look of looksOf(name)) {
        looks.set(look, (looks.get(look) ?? new Set()).add(uri));
      }
    };
    const { address: own, trust } = this.#core;
    add(own.name, own);
    for (const { address, isKnown } of trust.contacts()) {
      if (isKnown) {
        add(address.name, address);
        add(this.#nameIn(address), address);
      }
    }
    return looks;
  }
}

/** A profile was believed before it was kept; what its body says nobody has looked at. */
function read(raw: Uint8Array): Named {
  const { body, identityKey } = parseProfile(raw);
  try {
    const name = body.length === 0 ? '' : displayName(parseProfileBody(body).name);
    return { raw, identityKey, name };
  } catch (error) {
    if (error instanceof IdentityRefused) {
      return { raw, identityKey, name: '' };
    }
    throw error;
  }
}
