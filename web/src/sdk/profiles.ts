/**
 * Public profiles of businesses, read without believing the server.
 *
 * A profile counts when the account's pinned identity key signed it and it is not older than the
 * one that this device has seen. The newest ones stay in the vault: for that comparison, and so
 * that an imprint can be read without a network.
 */

import { EMPTY, equalBytes, textFrom, utf8 } from '../base/bytes.ts';
import type { AccountAddress } from '../base/ids.ts';
import { IdentityRefused } from '../identity/errors.ts';
import { parseProfile, type SignedProfile, supersedes } from '../identity/profile.ts';
import { parseProfileBody } from '../identity/profile_body.ts';
import { opaque, type Reader, vector } from '../mls/codec.ts';
import { Turns } from '../platform/turns.ts';
import { PROFILES_SLOT } from '../vault/schema.ts';
import { Slot } from '../vault/slots.ts';
import type { Core } from './core.ts';
import { TrustRefused, Unreachable } from './errors.ts';
import type { ProfileView } from './profile_shapes.ts';

/** Profiles that stay in the vault; the one unused for longest goes first. */
export const MOST_KEPT = 100;

/** By account URI, the one used last at the end. */
type Kept = ReadonlyMap<string, Uint8Array>;

export class Profiles {
  readonly #core: Core;
  readonly #slot: Slot<Kept>;
  readonly #turns = new Turns();

  constructor(core: Core) {
    this.#core = core;
    this.#slot = new Slot(core.vault, PROFILES_SLOT, { toBytes, read });
  }

  /**
   * The newest profile of an account, undefined when it has none; without a network the one that
   * was seen last.
   *
   * Throws TrustRefused (forged, rolled back, two of one number, withheld), ServerRefused.
   */
  async get(address: AccountAddress): Promise<ProfileView | undefined> {
    return this.#turns.run(async () => {
      const kept = (await this.#slot.get()) ?? new Map<string, Uint8Array>();
      const known = kept.get(address.uri) ?? EMPTY;
      const signed = await this.#newest(address, known);
      if (signed !== undefined && !equalBytes(signed.raw, known)) {
        await this.#core.vault.write([await this.#slot.put(withNewest(kept, address, signed))]);
      }
      return signed === undefined || signed.body.length === 0 ? undefined : viewOf(signed);
    });
  }

  async #newest(address: AccountAddress, known: Uint8Array): Promise<SignedProfile | undefined> {
    const shown = await this.#shown(address, known);
    if (shown.length === 0) {
      if (known.length > 0) {
        throw new TrustRefused(
          `The server withholds the profile of ${address.toString()}, which this device has seen.`,
          { code: 'profile_withheld' },
        );
      }
      return undefined;
    }
    try {
      return this.#believed(address, shown, known);
    } catch (error) {
      if (error instanceof IdentityRefused) {
        const sentence = `The profile of ${address.toString()} is not believed: ${error.message}`;
        throw new TrustRefused(sentence, { code: error.code, cause: error });
      }
      throw error;
    }
  }

  /** What the server shows now; without it, what was seen. */
  async #shown(address: AccountAddress, known: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.#core.server.profile(address.name);
    } catch (error) {
      if (error instanceof Unreachable && known.length > 0) {
        return known;
      }
      throw error;
    }
  }

  #believed(address: AccountAddress, shown: Uint8Array, known: Uint8Array): SignedProfile {
    const signed = parseProfile(shown);
    const { identityKey } = this.#core.trust.deviceList(address);
    if (!signed.account.equals(address) || !equalBytes(signed.identityKey, identityKey)) {
      throw new TrustRefused(
        `The server shows a profile of ${address.toString()} that it did not sign.`,
        { code: 'profile_forged' },
      );
    }
    if (known.length > 0) {
      supersedes(signed, known);
    }
    return signed;
  }
}

/** As the page is told it. Throws IdentityRefused. */
function viewOf({ account, body, issuedAtS, seq }: SignedProfile): ProfileView {
  const { calendar, ...said } = parseProfileBody(body);
  const { address, description, email, imprint, kind, links, name } = said;
  const { privacy, privacyUrl, spoken, telephone } = said;
  return {
    ...{ address, description, email, imprint, kind, links, name },
    ...{ privacy, privacyUrl, spoken, telephone },
    account: account.toString(),
    seq,
    issuedAtMs: issuedAtS * 1_000,
    weekly: calendar.weekly,
    specialDays: calendar.specialDays,
    holidayState: calendar.openOnHolidays ? '' : (calendar.region?.state ?? ''),
  };
}

function withNewest(kept: Kept, address: AccountAddress, { raw }: SignedProfile): Kept {
  const others = [...kept].filter(([uri]) => uri !== address.uri);
  return new Map([...others.slice(1 - MOST_KEPT), [address.uri, raw]]);
}

function toBytes(kept: Kept): Uint8Array {
  return vector([...kept].flatMap(([uri, raw]) => [opaque(utf8(uri)), opaque(raw)]));
}

function read(reader: Reader): Kept {
  return new Map(reader.vector((one) => [textFrom(one.opaque()), one.opaque()] as const));
}
