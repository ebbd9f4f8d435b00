/**
 * Public profiles of businesses: publishing our own, and reading others' without believing the server.
 *
 * A profile counts when the account's pinned identity key signed it and it is not older than the
 * one that this device has seen. The newest ones stay in the vault: for that comparison, and so
 * that an imprint can be read without a network.
 */

import { EMPTY, equalBytes, textFrom, utf8 } from '../base/bytes.ts';
import { AccountAddress } from '../base/ids.ts';
import { IdentityRefused } from '../identity/errors.ts';
import { issueProfile, parseProfile, type SignedProfile, supersedes } from '../identity/profile.ts';
import { encodeProfile, parseProfileBody } from '../identity/profile_body.ts';
import { missingIn } from '../identity/profile_missing.ts';
import { opaque, type Reader, vector } from '../mls/codec.ts';
import type { Write } from '../platform/database.ts';
import { Turns } from '../platform/turns.ts';
import { PROFILE_DRAFT_SLOT, PROFILES_SLOT } from '../vault/schema.ts';
import { Slot } from '../vault/slots.ts';
import type { Core } from './core.ts';
import { SdkError, ServerRefused, TrustRefused, Unreachable } from './errors.ts';
import { identityOf } from './own_devices.ts';
import { draftOf, type KeptDraft, KEPT_DRAFT, pictureView, profileIn } from './profile_draft.ts';
import type { OwnProfileView, ProfileDraft, ProfileView, PublishedView } from './profile_shapes.ts';

/** Profiles that stay in the vault; of those whom this person does not know, the oldest goes first. */
export const MOST_KEPT = 100;

/** How often a number is tried when other devices of the business publish at the same moment. */
const ATTEMPTS = 3;

/** By account URI, the one used last at the end. */
export type KeptProfiles = ReadonlyMap<string, Uint8Array>;

export class Profiles {
  readonly #core: Core;
  readonly #slot: Slot<KeptProfiles>;
  readonly #draft: Slot<KeptDraft>;
  readonly #turns = new Turns();
  #seen: KeptProfiles | undefined;
  #tell: (kept: KeptProfiles) => void = () => undefined;

  constructor(core: Core) {
    this.#core = core;
    this.#draft = new Slot(core.vault, PROFILE_DRAFT_SLOT, KEPT_DRAFT);
    this.#slot = new Slot(core.vault, PROFILES_SLOT, { toBytes, read });
  }

  /** What this device has seen, now and whenever it has seen more. Throws as a vault does. */
  async watch(tell: (kept: KeptProfiles) => void): Promise<void> {
    this.#tell = tell;
    tell(await this.#turns.run(() => this.#kept()));
  }

  /**
   * The newest profile of an account, undefined when it has none; without a network the one that
   * was seen last.
   *
   * Throws TrustRefused (forged, rolled back, two of one number, withheld), ServerRefused.
   */
  async get(address: AccountAddress): Promise<ProfileView | undefined> {
    return this.#turns.run(async () => {
      const signed = await this.#read(address);
      return signed === undefined || signed.body.length === 0 ? undefined : viewOf(signed);
    });
  }

  /** Our own: what is public, and what is written. Throws as `get`, but not Unreachable. */
  async own(): Promise<OwnProfileView> {
    return this.#turns.run(async () => {
      const draft = (await this.#draft.get())?.draft;
      let isUnknown = false;
      const signed = await this.#read(this.#core.address).catch((error: unknown) => {
        if (error instanceof Unreachable) {
          isUnknown = true;
          return undefined;
        }
        throw error;
      });
      const isPublic = signed !== undefined && signed.body.length > 0;
      return {
        ...(isPublic ? { published: publishedOf(signed) } : {}),
        ...(draft === undefined ? {} : { draft }),
        canPublish: this.#core.own.identity !== undefined,
        isUnknown,
      };
    });
  }

  /** Keep what is written; undefined: nothing is. Throws StorageUnavailable. */
  async keepDraft(draft: ProfileDraft | undefined): Promise<void> {
    await this.#turns.run(async () => {
      const write = draft === undefined ? this.#draft.remove() : await this.#draft.put({ draft });
      await this.#core.vault.write([write]);
    });
  }

  /**
   * Sign a profile, and show it to everybody. What was written is forgotten with that.
   *
   * Throws NotOwner, SdkError (`not_a_business`, `incomplete_imprint`), IdentityRefused
   * (`bad_profile`), ServerRefused, TrustRefused, Unreachable, StorageUnavailable.
   */
  async publish(draft: ProfileDraft): Promise<PublishedView> {
    this.#demandBusiness();
    const profile = profileIn(draft);
    const missing = missingIn(profile);
    if (missing.length > 0) {
      throw new SdkError(
        `A profile without a complete imprint cannot go public; missing: ${missing.join(', ')}.`,
        { code: 'incomplete_imprint' },
      );
    }
    const body = encodeProfile(profile);
    return publishedOf(
      await this.#next(
        body,
        (raw) => this.#core.server.publishProfile(raw),
        () => Promise.resolve([this.#draft.remove()]),
      ),
    );
  }

  /** This account has no public profile any more; what it said stays here to be changed. */
  async withdraw(): Promise<void> {
    this.#demandBusiness();
    const handIn = (raw: Uint8Array): Promise<void> => this.#core.server.withdrawProfile(raw);
    await this.#next(EMPTY, handIn, async (newest) => {
      const isSaid = newest !== undefined && newest.body.length > 0;
      const hasDraft = (await this.#draft.get())?.draft !== undefined;
      return isSaid && !hasDraft
        ? [await this.#draft.put({ draft: publishedOf(newest).profile })]
        : [];
    });
  }

  /**
   * Sign and hand in the number after the newest one, and write it down once it was taken, with
   * what goes with it.
   */
  async #next(
    body: Uint8Array,
    handIn: (raw: Uint8Array) => Promise<void>,
    alongside: (newest: SignedProfile | undefined) => Promise<readonly Write[]>,
  ): Promise<SignedProfile> {
    const { address, nowS, own } = this.#core;
    const identity = identityOf(own);
    return this.#turns.run(async () => {
      for (let attempt = 1; ; attempt += 1) {
        const newest = await this.#read(address, true);
        const raw = issueProfile(identity, address, (newest?.seq ?? 0) + 1, nowS, body);
        try {
          await handIn(raw);
        } catch (error) {
          const isLate = error instanceof ServerRefused && error.code === 'stale_profile';
          if (!isLate || attempt === ATTEMPTS) {
            throw error;
          }
          continue; // another device of the business was faster
        }
        const signed = parseProfile(raw);
        await this.#keep(signed, await alongside(newest));
        return signed;
      }
    });
  }

  #demandBusiness(): void {
    if (this.#core.own.kind !== 'business') {
      throw new SdkError('Only a business has a public profile.', { code: 'not_a_business' });
    }
  }

  /** The newest one, verified and kept. `isCertain`: what was seen last is not enough. */
  async #read(address: AccountAddress, isCertain = false): Promise<SignedProfile | undefined> {
    const known = this.#pinned(address, (await this.#kept()).get(address.uri));
    const signed = await this.#newest(address, known, isCertain);
    if (signed !== undefined && !equalBytes(signed.raw, known)) {
      await this.#keep(signed);
    }
    return signed;
  }

  /** What was seen under the key that counts now: with another one that a person took, it begins anew. */
  #pinned(address: AccountAddress, known: Uint8Array = EMPTY): Uint8Array {
    const pinned = this.#core.trust.account(address)?.identityKey ?? EMPTY;
    const isSame = known.length > 0 && equalBytes(parseProfile(known).identityKey, pinned);
    return isSame ? known : EMPTY;
  }

  async #kept(): Promise<KeptProfiles> {
    this.#seen ??= (await this.#slot.get()) ?? new Map<string, Uint8Array>();
    return this.#seen;
  }

  /** Write it down, and what goes with it, before anybody hears of it. */
  async #keep(signed: SignedProfile, alongside: readonly Write[] = []): Promise<void> {
    const seen = withNewest(await this.#kept(), signed, (address) => {
      const account = this.#core.trust.account(address);
      return account?.isKnown === true || address.equals(this.#core.address);
    });
    await this.#core.vault.write([await this.#slot.put(seen), ...alongside]);
    this.#seen = seen;
    this.#tell(seen);
  }

  async #newest(
    address: AccountAddress,
    known: Uint8Array,
    isCertain: boolean,
  ): Promise<SignedProfile | undefined> {
    const shown = await this.#shown(address, known, isCertain);
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
  async #shown(
    address: AccountAddress,
    known: Uint8Array,
    isCertain: boolean,
  ): Promise<Uint8Array> {
    try {
      return await this.#core.server.profile(address.name);
    } catch (error) {
      if (error instanceof Unreachable && known.length > 0 && !isCertain) {
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
  const { calendar, pictures, ...said } = parseProfileBody(body);
  const { address, description, email, imprint, kind, links, name } = said;
  const { privacy, privacyUrl, spoken, telephone } = said;
  return {
    ...{ address, description, email, imprint, kind, links, name },
    ...{ privacy, privacyUrl, spoken, telephone },
    account: account.toString(),
    pictures: pictures.map(pictureView),
    seq,
    issuedAtMs: issuedAtS * 1_000,
    weekly: calendar.weekly,
    specialDays: calendar.specialDays,
    holidayState: calendar.openOnHolidays ? '' : (calendar.region?.state ?? ''),
  };
}

function publishedOf({ body, issuedAtS, seq }: SignedProfile): PublishedView {
  return { seq, issuedAtMs: issuedAtS * 1_000, profile: draftOf(parseProfileBody(body)) };
}

function withNewest(
  kept: KeptProfiles,
  { account, raw }: SignedProfile,
  isKnown: (address: AccountAddress) => boolean,
): KeptProfiles {
  const others = [...kept.keys()].filter((uri) => uri !== account.uri);
  const stranger = others.find((uri) => !isKnown(AccountAddress.parseUri(uri)));
  const dropped = others.length < MOST_KEPT ? undefined : (stranger ?? others[0]);
  const left = [...kept].filter(([uri]) => uri !== account.uri && uri !== dropped);
  return new Map([...left, [account.uri, raw]]);
}

function toBytes(kept: KeptProfiles): Uint8Array {
  return vector([...kept].flatMap(([uri, raw]) => [opaque(utf8(uri)), opaque(raw)]));
}

function read(reader: Reader): KeptProfiles {
  return new Map(reader.vector((one) => [textFrom(one.opaque()), one.opaque()] as const));
}
