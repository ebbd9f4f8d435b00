/** Players for the tests of groups: named devices, a judge who knows them, and their group. */

import { expect } from 'vitest';

import { equalBytes, toHex, utf8 } from '../../src/base/bytes.ts';
import { Identity } from '../../src/mls/commit.ts';
import { Credential, type CredentialJudge, PLAUSCH, type Role } from '../../src/mls/credential.ts';
import { Circumstances } from '../../src/mls/epoch.ts';
import { CredentialRefused, ProtocolError, ValidationError } from '../../src/mls/errors.ts';
import type { Extensions } from '../../src/mls/extension.ts';
import { externalJoin, type PendingExternalJoin } from '../../src/mls/external.ts';
import {
  AuthenticatedContent,
  type Body,
  FramedContent,
  member,
  type Sender,
  WireFormat,
} from '../../src/mls/framing.ts';
import {
  type CommitOptions,
  type ExternalJoinOptions,
  Group,
  join,
  type JoinOptions,
  type PendingCommit,
  type ProcessOptions,
} from '../../src/mls/group.ts';
import { type BundleOptions, KeyPackageBundle } from '../../src/mls/joiner.ts';
import { Commit, type Proposal, type ProposalRef } from '../../src/mls/proposal.ts';
import { protectPublic, signContent } from '../../src/mls/protection.ts';
import type { KnownPsks } from '../../src/mls/psk.ts';
import type { Staged } from '../../src/mls/receive.ts';
import type { SavedGroup } from '../../src/mls/saved.ts';
import {
  type ReceivedMessage,
  StagedCommit,
  StagedMessage,
  StagedProposal,
} from '../../src/mls/staged.ts';
import { suite } from '../../src/mls/suite.ts';
import type { UpdatePath } from '../../src/mls/update_path.ts';
import { there } from './tree_players.ts';

export const NOW_S = 1_800_000_000;
export const DAY_S = 86_400;
export const GROUP_ID = utf8('sixteen byte grp');

const EMPTY = new Uint8Array(0);

/** What happens inside changes nobody's state, not by a byte. */
export function untouched(players: readonly Player[], inside: () => void): void {
  const saved = (): string[] =>
    players.flatMap(({ group }) => [
      toHex(group.save().epochState),
      toHex(group.save().ratchetState),
    ]);
  const before = saved();
  inside();
  expect(saved()).toEqual(before);
}

/** `step` fails by the named check. */
export function refused(check: string, step: () => unknown): void {
  let failed = '';
  try {
    step();
  } catch (error) {
    if (!(error instanceof ValidationError)) {
      throw error;
    }
    failed = error.check;
  }
  expect(failed).toBe(check);
}

/** `step` fails by an error of the protocol, whichever. */
export function refusedSomehow(step: () => unknown): void {
  expect(step).toThrow(ProtocolError);
}

/** Whether `part` stands somewhere in `whole`. */
export function holds(whole: Uint8Array, part: Uint8Array): boolean {
  return toHex(whole).includes(toHex(part));
}

/** `raw` with the first place where `part` stands replaced by `other`. */
export function replaced(raw: Uint8Array, part: Uint8Array, other: Uint8Array): Uint8Array {
  for (let at = 0; at + part.length <= raw.length; at += 1) {
    if (equalBytes(raw.subarray(at, at + part.length), part)) {
      return Uint8Array.from([...raw.subarray(0, at), ...other, ...raw.subarray(at + part.length)]);
    }
  }
  throw new Error('The test expected these bytes.');
}

/** `raw` with one byte changed; a negative place counts from the end. */
export function flipped(raw: Uint8Array, at: number, bits = 1): Uint8Array {
  const changed = raw.slice();
  const place = at < 0 ? raw.length + at : at;
  changed[place] = (changed[place] ?? 0) ^ bits;
  return changed;
}

/** The name that a credential of these tests carries. */
export function nameOf({ credential }: { readonly credential: Credential }): string {
  return new TextDecoder().decode(credential.body);
}

/** Accepts exactly the credentials it was told of, with exactly their keys. */
export class Judge {
  readonly asked: [name: string, role: Role][] = [];

  constructor(readonly known = new Map<string, Set<string>>()) {}

  learn(credential: Credential, signatureKey: Uint8Array): void {
    const name = nameOf({ credential });
    this.known.set(name, (this.known.get(name) ?? new Set()).add(toHex(signatureKey)));
  }

  forget(name: string): void {
    this.known.delete(name);
  }

  copy(): Judge {
    return new Judge(new Map([...this.known].map(([name, keys]) => [name, new Set(keys)])));
  }

  readonly ask: CredentialJudge = (credential, signatureKey, role) => {
    const name = nameOf({ credential });
    this.asked.push([name, role]);
    if (this.known.get(name)?.has(toHex(signatureKey)) !== true) {
      throw new CredentialRefused(`${name} does not have this key.`);
    }
  };
}

/** How `Player.bundle` makes a key package. */
export interface BundleChanges extends BundleOptions {
  readonly nowS?: number;
  readonly lifetimeS?: number;
}

/** What a forged message pretends. */
export interface FrameChanges {
  readonly signer?: Uint8Array;
  readonly tag?: Uint8Array;
  readonly epoch?: bigint;
  readonly groupId?: Uint8Array;
}

/** What `Player.stage` is told beside the message. */
export interface StageOptions extends ProcessOptions {
  readonly nowS?: number;
}

/** One device: its name, keys, key packages, and its group once it is in one. */
export class Player {
  #group: Group | undefined;

  constructor(
    readonly name: string,
    readonly suiteId: number,
    readonly judge: Judge,
    readonly credential: Credential,
    public signer: Uint8Array,
    public signatureKey: Uint8Array,
    group?: Group,
  ) {
    this.#group = group;
  }

  static make(name: string, suiteId: number, judge: Judge): Player {
    const [signer, signatureKey] = suite(suiteId).signatureGenerate();
    const credential = new Credential(PLAUSCH, utf8(name));
    judge.learn(credential, signatureKey);
    return new Player(name, suiteId, judge, credential, signer, signatureKey);
  }

  get group(): Group {
    return there(this.#group);
  }

  set group(group: Group) {
    this.#group = group;
  }

  bundle({
    nowS = NOW_S,
    lifetimeS = 30 * DAY_S,
    ...options
  }: BundleChanges = {}): KeyPackageBundle {
    return KeyPackageBundle.create(
      this.suiteId,
      this.credential,
      this.signer,
      nowS,
      lifetimeS,
      options,
    );
  }

  found(extensions: Extensions = [], groupId = GROUP_ID): Group {
    this.group = Group.create(
      this.suiteId,
      groupId,
      this.credential,
      this.signer,
      this.judge.ask,
      NOW_S,
      { extensions },
    );
    return this.group;
  }

  join(welcome: Uint8Array, bundle: KeyPackageBundle, options: JoinOptions = {}): Group {
    this.group = join(welcome, bundle, this.judge.ask, NOW_S, options).settleNow().accept();
    return this.group;
  }

  commit(options: CommitOptions = {}): PendingCommit {
    return this.group.commit(this.judge.ask, NOW_S, options).settleNow();
  }

  stage(raw: Uint8Array, { nowS = NOW_S, ...options }: StageOptions = {}): Staged {
    return this.group.process(raw, this.judge.ask, nowS, options).settleNow();
  }

  stageCommit(raw: Uint8Array, options: StageOptions = {}): StagedCommit {
    const staged = this.stage(raw, options);
    expect(staged).toBeInstanceOf(StagedCommit);
    return staged as StagedCommit;
  }

  stageMessage(raw: Uint8Array): StagedMessage {
    const staged = this.stage(raw);
    expect(staged).toBeInstanceOf(StagedMessage);
    return staged as StagedMessage;
  }

  stageProposal(raw: Uint8Array): StagedProposal {
    const staged = this.stage(raw);
    expect(staged).toBeInstanceOf(StagedProposal);
    return staged as StagedProposal;
  }

  follow(raw: Uint8Array, options: StageOptions = {}): void {
    const staged = this.stage(raw, options);
    expect(staged).not.toBeInstanceOf(StagedMessage);
    staged.accept();
  }

  read(raw: Uint8Array): ReceivedMessage {
    return this.stageMessage(raw).accept();
  }

  /** Ask to come into the group of a GroupInfo, from outside. */
  knock(groupInfo: Uint8Array, options: ExternalJoinOptions = {}): PendingExternalJoin {
    const { credential, signer, judge } = this;
    return externalJoin(groupInfo, credential, signer, judge.ask, NOW_S, options).settleNow();
  }

  newIdentity(): Identity {
    const [signer, signatureKey] = suite(this.suiteId).signatureGenerate();
    this.judge.learn(this.credential, signatureKey);
    return new Identity(signer, this.credential);
  }

  restart(saved?: SavedGroup): void {
    const { epochState, ratchetState } = saved ?? this.group.save();
    this.group = Group.load(epochState, ratchetState);
  }

  /** A second one of the same device, at what was saved. */
  twin(saved: SavedGroup): Player {
    const { name, suiteId, judge, credential, signer, signatureKey } = this;
    const group = Group.load(saved.epochState, saved.ratchetState);
    return new Player(name, suiteId, judge, credential, signer, signatureKey, group);
  }

  // -- forging: what a modified client could send with this device's real keys

  /** A PublicMessage with any content; signature and membership tag are right. */
  frame(body: Body, sender?: Sender, changes: FrameChanges = {}): Uint8Array {
    const { epoch } = this.group.state;
    const content = FramedContent.of(
      changes.groupId ?? this.group.groupId,
      changes.epoch ?? this.group.epoch,
      sender ?? member(this.group.ownLeaf),
      EMPTY,
      body,
    );
    const context = epoch.context.encoded;
    const wire = WireFormat.PUBLIC_MESSAGE;
    const signer = changes.signer ?? this.signer;
    const signature = signContent(epoch.suite, signer, wire, content, context);
    const message = new AuthenticatedContent(wire, content, signature, changes.tag ?? EMPTY);
    return protectPublic(epoch.suite, epoch.secrets.membershipKey, message, context).toMessage();
  }

  /** A Commit of any proposals; its confirmation tag is wrong, so earlier checks matter. */
  forge(
    proposals: readonly (Proposal | ProposalRef)[],
    path?: UpdatePath,
    sender?: Sender,
  ): Uint8Array {
    const tag = new Uint8Array(suite(this.suiteId).hashLength);
    return this.frame(new Commit(proposals, path), sender, { tag });
  }

  around(psks?: KnownPsks): Circumstances {
    return new Circumstances(this.judge.ask, NOW_S, psks);
  }
}

/** The policy that lets every external commit pass. */
export const welcomeAnybody = (): void => undefined;

/** How `Scene.of` begins. */
export interface SceneOptions {
  readonly suiteId?: number;
  readonly extensions?: Extensions;
}

/** Players in one group; what one commits, all others follow. */
export class Scene {
  readonly players = new Map<string, Player>();
  readonly judge = new Judge();

  constructor(readonly suiteId: number) {}

  /** All of `names` in one group that the first one has made. */
  static of(names: readonly string[], { suiteId = 1, extensions = [] }: SceneOptions = {}): Scene {
    const scene = new Scene(suiteId);
    const [name, ...more] = names;
    const first = scene.newcomer(there(name));
    first.found(extensions);
    scene.players.set(first.name, first);
    if (more.length > 0) {
      scene.add(
        first,
        more.map((one) => scene.newcomer(one)),
      );
    }
    return scene;
  }

  player(name: string): Player {
    return there(this.players.get(name));
  }

  /** Several of them, in the order of `names`. */
  cast<N extends string>(...names: readonly N[]): Record<N, Player> {
    return Object.fromEntries(names.map((name) => [name, this.player(name)])) as Record<N, Player>;
  }

  /** A device the judge knows, in no group. */
  newcomer(name: string): Player {
    return Player.make(name, this.suiteId, this.judge);
  }

  others(player: Player): Player[] {
    return [...this.players.values()].filter((other) => other !== player);
  }

  /** A handshake message reaches all but its sender. */
  deliver(sender: Player, raw: Uint8Array, options: StageOptions = {}): void {
    for (const other of this.others(sender)) {
      other.follow(raw, options);
    }
  }

  /** Removed players leave the scene. */
  tidy(): void {
    for (const [name, player] of [...this.players]) {
      if (!player.group.isActive) {
        this.players.delete(name);
      }
    }
  }

  /** Commit, deliver, accept; removed players leave the scene. */
  commit(player: Player, options: CommitOptions = {}): PendingCommit {
    const pending = player.commit(options);
    this.deliver(player, pending.commit, { psks: options.psks });
    pending.accept();
    this.tidy();
    return pending;
  }

  /** Add devices by a commit and let them join by its Welcome. */
  add(by: Player, newcomers: readonly Player[], options: CommitOptions = {}): PendingCommit {
    const bundles = newcomers.map((one) => one.bundle());
    const pending = this.commit(by, { ...options, adds: bundles.map((item) => item.message) });
    const ratchetTree = options.treeInWelcome === false ? by.group.ratchetTree() : undefined;
    for (const [index, one] of newcomers.entries()) {
      one.join(pending.welcome, there(bundles[index]), { psks: options.psks, ratchetTree });
      this.players.set(one.name, one);
    }
    return pending;
  }

  /** Everybody is in the same epoch with the same secrets and members. */
  agree(): void {
    const groups = [...this.players.values()].map((player) => player.group);
    const views = new Set(
      groups.map((group) =>
        [
          group.epoch,
          toHex(group.epochAuthenticator),
          toHex(group.exportSecret('agree', utf8('test'), 32)),
          toHex(group.context.encoded),
          toHex(group.ratchetTree()),
        ].join(),
      ),
    );
    expect(views.size).toBe(1);
    expect(there(groups[0]).members().map(nameOf).sort()).toEqual([...this.players.keys()].sort());
  }

  /** Everybody says something that everybody else reads. */
  chat(): void {
    for (const player of this.players.values()) {
      const said = utf8(`${player.name} in ${player.group.epoch}`);
      const raw = player.group.encrypt(said);
      for (const other of this.others(player)) {
        const message = other.read(raw);
        expect(message.plaintext).toEqual(said);
        expect(message.credential.equals(player.credential)).toBe(true);
      }
    }
  }
}
