/**
 * A device's operations: prepare, write, then tell.
 *
 * One operation runs at a time, because WebCrypto and IndexedDB make all of them asynchronous. What
 * follows from an operation is sealed first and then written in one transaction; only then is it
 * answered. A crash before that has done nothing, a crash after it can be asked again.
 */

import { concatAll, equalBytes, utf8 } from '../base/bytes.ts';
import { LocalError } from '../base/errors.ts';
import { opaque, u32 } from '../mls/codec.ts';
import { Credential, type CredentialJudge } from '../mls/credential.ts';
import { Group, join, KeyPackageBundle, type PendingCommit } from '../mls/group.ts';
import { suite } from '../mls/suite.ts';
import { welcomeReferences } from '../mls/welcome_header.ts';
import type { Clock } from '../platform/clock.ts';
import { WebCryptoVerifier } from '../platform/signature_verifier.ts';
import { VaultUsageError } from '../vault/errors.ts';
import { KeyPackages } from '../vault/key_packages.ts';
import { type Entry, type EntryKind, ID_LIMIT, OutboxTable } from '../vault/outbox.ts';
import { type Identity, Own } from '../vault/own.ts';
import { type MemberView, type Received, ReceivedTable } from '../vault/received.ts';
import { type Platform, Vault } from '../vault/vault.ts';
import { type Live, Lives } from './lives.ts';
import { judgeOf } from './policy.ts';
import type {
  Answered,
  Asked,
  Change,
  GroupView,
  IdentityView,
  KeyPackageView,
  Policy,
} from './protocol.ts';
import { type Around, Taking, viewOf } from './taking.ts';

const EMPTY = new Uint8Array(0);

/** Key packages made by one request. */
export const KEY_PACKAGES_LIMIT = 1_000;

/** One device with its open vault. The caller asks for one thing at a time (`Turns`). */
export class Device {
  readonly #vault: Vault;
  readonly #clock: Clock;
  readonly #verifier: WebCryptoVerifier;
  readonly #own: Own;
  readonly #keyPackages: KeyPackages;
  readonly #received: ReceivedTable;
  readonly #outbox: OutboxTable;
  readonly #lives: Lives;
  #identity: Identity | undefined;
  #policy: Policy;

  private constructor(vault: Vault, platform: Platform, clock: Clock, policy: Policy) {
    this.#vault = vault;
    this.#clock = clock;
    this.#verifier = new WebCryptoVerifier(platform.subtle);
    this.#own = new Own(vault);
    this.#keyPackages = new KeyPackages(vault);
    this.#received = new ReceivedTable(vault);
    this.#outbox = new OutboxTable(vault);
    this.#lives = new Lives(vault);
    this.#policy = policy;
  }

  /** Throws VaultBusy, VaultDamaged, StorageUnavailable. */
  static async open(platform: Platform, clock: Clock, asked: Asked<'open'>): Promise<Device> {
    const vault = await Vault.open(platform, asked.vault, asked.wait);
    const device = new Device(vault, platform, clock, asked.policy);
    try {
      device.#identity = await device.#own.get();
    } catch (error) {
      await vault.close();
      throw error;
    }
    return device;
  }

  /** Let another tab have the vault. */
  async close(): Promise<void> {
    await this.#vault.close();
  }

  // -- who this is

  /** This device as others see it, once `makeIdentity` was called. */
  get identity(): IdentityView | undefined {
    return this.#identity && identityView(this.#identity);
  }

  /** Replace the policy. */
  judgeBy(policy: Policy): Promise<undefined> {
    this.#policy = policy;
    return Promise.resolve(undefined);
  }

  /** Throws VaultUsageError `identity_exists`, UnsupportedSuite, StorageUnavailable. */
  async makeIdentity(asked: Asked<'makeIdentity'>): Promise<IdentityView> {
    const { credentialType, credential } = asked;
    const known = this.#identity;
    if (known !== undefined) {
      if (
        known.suite === asked.suite &&
        known.credentialType === credentialType &&
        equalBytes(known.credential, credential)
      ) {
        return identityView(known);
      }
      throw new VaultUsageError('This vault is another device already: use another vault.', {
        code: 'identity_exists',
      });
    }
    const [signerPrivate, signatureKey] = suite(asked.suite).signatureGenerate();
    const identity: Identity = {
      suite: asked.suite,
      credentialType,
      credential,
      signerPrivate,
      signatureKey,
    };
    await this.#vault.write([await this.#own.put(identity)]);
    this.#identity = identity;
    return identityView(identity);
  }

  // -- key packages

  /** Throws VaultUsageError, UnsupportedSuite, StorageUnavailable. */
  async makeKeyPackages(asked: Asked<'makeKeyPackages'>): Promise<readonly KeyPackageView[]> {
    const { count, lifetimeS, lastResort = false } = asked;
    const identity = this.#demandIdentity();
    if (!Number.isInteger(count) || count < 1 || count > KEY_PACKAGES_LIMIT) {
      throw new VaultUsageError(`1 to ${KEY_PACKAGES_LIMIT} key packages are made at a time.`);
    }
    const madeAtMs = this.#clock.nowMs();
    const bundles = Array.from({ length: count }, () =>
      KeyPackageBundle.create(
        asked.suite ?? identity.suite,
        credentialOf(identity),
        identity.signerPrivate,
        Math.floor(madeAtMs / 1000),
        lifetimeS,
        { lastResort },
      ),
    );
    const writes = await Promise.all(
      bundles.map(async (bundle) => {
        const saved = bundle.save();
        const write = await this.#keyPackages.put({ ref: bundle.ref, bundle: saved, madeAtMs });
        saved.fill(0);
        return write;
      }),
    );
    await this.#vault.write(writes);
    return bundles.map(keyPackageView);
  }

  /** Those that wait to be used. Throws VaultDamaged, StorageUnavailable. */
  async keyPackages(): Promise<readonly KeyPackageView[]> {
    const kept = await this.#keyPackages.all();
    return kept.map(({ bundle }) => keyPackageView(loaded(bundle)));
  }

  /** Throws StorageUnavailable. */
  async dropKeyPackages(refs: readonly Uint8Array[]): Promise<undefined> {
    await this.#vault.write(refs.map((ref) => this.#keyPackages.spend(ref)));
    return undefined;
  }

  // -- groups

  /** Throws VaultUsageError `group_exists`, UnsupportedSuite, GroupUsageError. */
  async createGroup(asked: Asked<'createGroup'>): Promise<GroupView> {
    const identity = this.#demandIdentity();
    await this.#demandNew(asked.group);
    const group = Group.create(
      asked.suite ?? identity.suite,
      asked.group,
      credentialOf(identity),
      identity.signerPrivate,
      this.#judge,
      this.#nowS,
    );
    return groupView(await this.#lives.begin(group, []));
  }

  /** Throws VaultUsageError `key_package_unknown`, `group_exists`; ProtocolError. */
  async join({ welcome }: Asked<'join'>): Promise<GroupView> {
    const envelope = await this.#vault.seal.digest(welcome);
    const before = await this.#keyPackages.joined(envelope);
    if (before !== undefined) {
      return groupView(await this.#lives.get(before));
    }
    const kept = await this.#keyPackages.find(welcomeReferences(welcome));
    if (kept === undefined) {
      throw new VaultUsageError(
        'This Welcome is for a key package that this device does not have (any more): ask to be ' +
          'added again.',
        { code: 'key_package_unknown' },
      );
    }
    const bundle = loaded(kept.bundle);
    const { judge, verifier, nowS } = this.#around;
    const staged = await join(welcome, bundle, judge, nowS).settle(verifier);
    await this.#demandNew(staged.groupId);
    const writes = [await this.#keyPackages.putJoined(envelope, staged.groupId)];
    if (!bundle.lastResort) {
      writes.push(this.#keyPackages.spend(kept.ref));
    }
    return groupView(await this.#lives.begin(staged.accept(), writes));
  }

  /** All of them. Throws VaultDamaged, StorageUnavailable. */
  async groups(): Promise<readonly GroupView[]> {
    const views: GroupView[] = [];
    for (const id of await this.#lives.all()) {
      views.push(groupView(await this.#lives.get(id)));
    }
    return views;
  }

  /** Throws VaultUsageError `unknown_group`. */
  async members(group: Uint8Array): Promise<readonly MemberView[]> {
    return (await this.#lives.get(group)).group.members().map(viewOf);
  }

  /** Throws VaultUsageError `unknown_group`, GroupUsageError. */
  async exportSecret(asked: Asked<'exportSecret'>): Promise<Uint8Array> {
    const { group } = await this.#lives.get(asked.group);
    return group.exportSecret(asked.label, asked.context, asked.length);
  }

  // -- receiving

  /** Throws VaultUsageError `unknown_group`, VaultDamaged, StorageUnavailable. */
  async process({ group: id, envelopes }: Asked<'process'>): Promise<Answered<'process'>> {
    return this.#lives.changing(id, async (live) => {
      const tables = { seal: this.#vault.seal, received: this.#received, outbox: this.#outbox };
      const last = await this.#received.last();
      const taking = new Taking(live.group, this.#around, tables, last);
      const outcomes = [];
      for (const raw of envelopes) {
        outcomes.push(await taking.take(raw));
      }
      if (taking.hasChanged) {
        await this.#lives.save(live, taking.writes);
      }
      return outcomes;
    });
  }

  /** Throws VaultUsageError, VaultDamaged, StorageUnavailable. */
  async received({ after, limit, group }: Asked<'received'>): Promise<readonly Received[]> {
    if (!Number.isInteger(limit) || limit < 1) {
      throw new VaultUsageError('At least one message has to be asked for.');
    }
    return this.#received.after(after, limit, group);
  }

  // -- sending

  /** Throws VaultUsageError `id_taken`, `unknown_group`; GroupUsageError; StorageUnavailable. */
  async encrypt(asked: Asked<'encrypt'>): Promise<Entry> {
    const { plaintext, authenticated = EMPTY } = asked;
    const wanted = [utf8('message'), plaintext, authenticated];
    return this.#sending(asked, 'message', wanted, ({ group }) =>
      Promise.resolve({ payload: group.encrypt(plaintext, authenticated) }),
    );
  }

  /** As `encrypt`; and ValidationError. */
  async propose(asked: Asked<'propose'>): Promise<Entry> {
    const { change } = asked;
    const wanted = [utf8('proposal'), ...wantedOf(change)];
    return this.#sending(asked, 'proposal', wanted, ({ group }) =>
      Promise.resolve({ payload: propose(group, change) }),
    );
  }

  /** As `encrypt`; and ValidationError, CredentialRefused. */
  async commit(asked: Asked<'commit'>): Promise<Entry> {
    const { adds = [], removes = [] } = asked;
    const wanted = [utf8('commit'), ...adds, utf8('removes'), ...removes.map(u32)];
    return this.#sending(asked, 'commit', wanted, async ({ group }) => {
      const { judge, verifier, nowS } = this.#around;
      const made = await group.commit(judge, nowS, { adds, removes }).settle(verifier);
      return { payload: made.commit, welcome: made.welcome, groupInfo: made.groupInfo };
    });
  }

  /** Throws VaultUsageError `unknown_entry`, GroupUsageError, StorageUnavailable. */
  async acceptCommit(asked: Asked<'acceptCommit'>): Promise<GroupView> {
    return this.#ending(asked, (pending) => {
      pending.accept();
    });
  }

  /** Throws VaultUsageError `unknown_entry`, GroupUsageError, StorageUnavailable. */
  async dropCommit(asked: Asked<'dropCommit'>): Promise<GroupView> {
    return this.#ending(asked, (pending) => {
      pending.drop();
    });
  }

  /** Throws VaultDamaged, StorageUnavailable. */
  async outbox(group?: Uint8Array): Promise<readonly Entry[]> {
    return this.#outbox.all(group);
  }

  /** Throws VaultDamaged, StorageUnavailable. */
  async forget({ group, ids }: Asked<'forget'>): Promise<undefined> {
    const entries = await Promise.all(ids.map((id) => this.#outbox.get(group, id)));
    const arrived = entries.flatMap((entry) =>
      entry === undefined || entry.kind === 'commit' ? [] : [entry],
    );
    await this.#vault.write(arrived.map(({ id }) => this.#outbox.remove(group, id)));
    return undefined;
  }

  // -- the common ways

  /** The entry of this id: the vault's, or a new one that is written with the group's state. */
  async #sending(
    { group: groupId, id }: { readonly group: Uint8Array; readonly id: Uint8Array },
    kind: EntryKind,
    wantedParts: readonly Uint8Array[],
    make: (live: Live) => Promise<Partial<Entry> & Pick<Entry, 'payload'>>,
  ): Promise<Entry> {
    if (id.length < 1 || id.length > ID_LIMIT) {
      throw new VaultUsageError(`The id of what is sent has 1 to ${ID_LIMIT} bytes.`);
    }
    const wanted = await this.#vault.seal.digest(concatAll(wantedParts.map(opaque)));
    const before = await this.#outbox.get(groupId, id, wanted);
    if (before !== undefined) {
      return before;
    }
    return this.#lives.changing(groupId, async (live) => {
      const { epoch } = live.group;
      const number = (await this.#outbox.last()) + 1;
      const place = { group: groupId, id, number, kind, epoch };
      const entry = { ...place, welcome: EMPTY, groupInfo: EMPTY, ...(await make(live)) };
      await this.#lives.save(live, [await this.#outbox.add(entry, wanted)]);
      return entry;
    });
  }

  /** A Commit is not pending any more; its entry goes with the new state. */
  async #ending(
    { group: groupId, id }: Asked<'acceptCommit'>,
    end: (pending: PendingCommit) => void,
  ): Promise<GroupView> {
    return this.#lives.changing(groupId, async (live) => {
      const entry = await this.#outbox.get(groupId, id);
      const { pending } = live.group;
      if (entry?.kind !== 'commit' || pending === undefined) {
        throw new VaultUsageError(
          'No commit of this id is pending: it was accepted or dropped, or another one came first.',
          { code: 'unknown_entry' },
        );
      }
      end(pending);
      await this.#lives.save(live, [this.#outbox.remove(groupId, id)]);
      return groupView(live);
    });
  }

  get #nowS(): number {
    return Math.floor(this.#clock.nowMs() / 1000);
  }

  get #judge(): CredentialJudge {
    return judgeOf(this.#policy, this.identity);
  }

  get #around(): Around {
    return { judge: this.#judge, verifier: this.#verifier, nowS: this.#nowS };
  }

  #demandIdentity(): Identity {
    if (this.#identity === undefined) {
      throw new LocalError('This device has no identity yet: make one first.', {
        code: 'identity_missing',
      });
    }
    return this.#identity;
  }

  /** A group that this device was removed from may be joined again. */
  async #demandNew(id: Uint8Array): Promise<void> {
    const live = await this.#lives.find(id);
    if (live?.group.isActive === true) {
      throw new VaultUsageError('This device is in a group of this id already.', {
        code: 'group_exists',
      });
    }
  }
}

function propose(group: Group, change: Change): Uint8Array {
  switch (change.kind) {
    case 'add':
      return group.proposeAdd(change.keyPackage);
    case 'remove':
      return group.proposeRemove(change.leafIndex);
    case 'update':
      return group.proposeUpdate();
  }
}

function wantedOf(change: Change): readonly Uint8Array[] {
  switch (change.kind) {
    case 'add':
      return [utf8('add'), change.keyPackage];
    case 'remove':
      return [utf8('remove'), u32(change.leafIndex)];
    case 'update':
      return [utf8('update')];
  }
}

function credentialOf({ credentialType, credential }: Identity): Credential {
  return new Credential(credentialType, credential);
}

function identityView(identity: Identity): IdentityView {
  const { suite: suiteId, credentialType, credential, signatureKey } = identity;
  return { suite: suiteId, credentialType, credential, signatureKey };
}

/** The key package of its saved form, which is overwritten. */
function loaded(saved: Uint8Array): KeyPackageBundle {
  const bundle = KeyPackageBundle.load(saved);
  saved.fill(0);
  return bundle;
}

function keyPackageView(bundle: KeyPackageBundle): KeyPackageView {
  const { ref, suiteId, lastResort, message } = bundle;
  return { ref, suite: suiteId, lastResort, message };
}

function groupView({ group }: Live): GroupView {
  return {
    group: group.groupId,
    suite: group.suiteId,
    epoch: group.epoch,
    epochAuthenticator: group.epochAuthenticator,
    ownLeaf: group.ownLeaf,
    isActive: group.isActive,
    hasEnded: group.hasEnded,
    hasPending: group.pending !== undefined,
    mustCommit: group.mustCommit,
  };
}
