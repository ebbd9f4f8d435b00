/**
 * Commits: taking those of others, recognising our own, and tidying what a Commit should fix.
 *
 * A Commit of ours is not accepted when the server answers, but when it is met in the log, at its
 * place. So it does not matter whether the answer arrived, and a Commit of somebody else that was
 * first simply wins: ours is dropped, and its intent tried again.
 */

import { EMPTY, equalBytes } from '../base/bytes.ts';
import { RemoteError } from '../base/errors.ts';
import { AccountAddress, DeviceAddress, NameRefused, parseName } from '../base/ids.ts';
import { CredentialRefused } from '../mls/credential.ts';
import type { Group } from '../mls/group.ts';
import type { AllowExternal } from '../mls/process.ts';
import { Remove } from '../mls/proposal.ts';
import type { StagedCommit, StagedProposal } from '../mls/staged.ts';
import { ListedProposal } from '../mls/validation.ts';
import { newIdempotencyId } from '../vault/debts.ts';
import type { Core, Live } from './core.ts';
import { ServerRefused, TrustRefused, Unreachable } from './errors.ts';
import {
  bundleFromBytes,
  devicesOf,
  Intent,
  leavers,
  membersOf,
  missingDevices,
  outdatedLeaves,
  rememberedLeavers,
} from './membership.ts';
import type { EventView } from './protocol.ts';
import { eventRow, ordinalMs, type Outcome } from './receive.ts';
import { adminsIn, demandAllowed } from './roles.ts';
import type { Envelope } from './server.ts';

/** How long a member waits for each one before it to commit what waits, and jitter on top. */
export const TURN_MS = 2_000;
export const LONGEST_TURN_MS = 30_000;

/** The epochs of all conversations. `kick` starts the outbox of a conversation. */
export class Epochs {
  readonly #core: Core;
  readonly #kick: (live: Live) => void;
  readonly #tidying = new Set<string>();

  constructor(core: Core, kick: (live: Live) => void) {
    this.#core = core;
    this.#kick = kick;
  }

  // -- met in the log

  /** Whether this envelope is our pending Commit; then its epoch begins here. */
  async ownCommitCameBack(
    live: Live,
    group: Group,
    envelope: Envelope,
    outcome: Outcome,
  ): Promise<boolean> {
    const { pending } = group;
    if (pending === undefined || !equalBytes(pending.commit, envelope.message)) {
      return false;
    }
    const invited = new Set(live.kept.invited.map(String));
    const before = live.kept.participants.filter((one) => !invited.has(one.toString()));
    this.#markLeaving(live, group);
    pending.accept();
    outcome.epochMoved = true;
    for (const debt of await this.#core.debts.of(live.id)) {
      if (
        debt.kind === 'change' &&
        debt.payload.length > 0 &&
        equalBytes(bundleFromBytes(debt.payload).commit, envelope.message)
      ) {
        outcome.writes.push(this.#core.debts.remove(debt.idempotencyId));
        outcome.paid.push([debt.idempotencyId, envelope.seq]);
      }
    }
    await this.#moved(live, group, before, this.#core.address, envelope, outcome);
    return true;
  }

  /** A verified Commit of another member. Throws RemoteError when policy forbids it. */
  async takeCommit(
    live: Live,
    group: Group,
    staged: StagedCommit,
    envelope: Envelope,
    outcome: Outcome,
  ): Promise<void> {
    const { trust } = this.#core;
    const before = live.kept.participants;
    const by = trust.device(staged.sender.credential).account;
    for (const [old, fresh] of staged.updated) {
      const device = trust.device(old.credential);
      if (!device.equals(trust.device(fresh.credential))) {
        throw new RemoteError(`${device.uri} tried to become another device; refused.`, {
          code: 'device_replaced',
        });
      }
    }
    await demandAllowed(this.#core, group, by, staged.proposals);
    adminsIn(staged.extensions); // they can be read
    const isRemovedHere = staged.isSelfRemoved;
    this.#markLeaving(live, group);
    staged.accept();
    outcome.epochMoved = true;
    await this.#dropOwn(live, outcome);
    if (isRemovedHere) {
      await this.#out(live, 'left', by, envelope, outcome);
      return;
    }
    await this.#moved(live, group, before, by, envelope, outcome);
  }

  /**
   * A proposal of another member, which this device may have to commit. Throws RemoteError when it is
   * not theirs to make.
   *
   * MLS lets a device outside ask to be added: whoever commits what waits would let in a stranger,
   * without anybody's wish.
   */
  async takeProposal(group: Group, staged: StagedProposal): Promise<void> {
    if (staged.member === undefined) {
      throw new RemoteError(
        'Somebody who is not in a conversation proposed to change it; ignored. Whoever is in it ' +
          'adds them, or nobody.',
        { code: 'asked_from_outside' },
      );
    }
    const by = this.#core.trust.device(staged.member.credential).account;
    const listed = [new ListedProposal(staged.proposal, staged.sender)];
    await demandAllowed(this.#core, group, by, listed);
  }

  /** Who may come in by an external commit: another device of a participant, no stranger. */
  allowExternal(live: Live): AllowExternal {
    const { trust } = this.#core;
    return ({ newcomer, replaces }) => {
      const device = trust.device(newcomer.credential);
      if (!live.kept.has(device.account)) {
        throw new CredentialRefused(
          `${device.uri} tried to enter a conversation that ${device.account.toString()} is not ` +
            'in; refused.',
        );
      }
      if (replaces !== undefined && !trust.device(replaces.credential).equals(device)) {
        throw new CredentialRefused(
          `${device.uri} tried to take the place of another device; refused.`,
        );
      }
    };
  }

  #markLeaving(live: Live, group: Group): void {
    for (const uri of leavers(this.#core, group)) {
      live.leaving.add(uri);
    }
  }

  /** Another Commit won: what ours should have changed is tried again from its intent. */
  async #dropOwn(live: Live, outcome: Outcome): Promise<void> {
    const { debts } = this.#core;
    for (const debt of await debts.of(live.id)) {
      if (debt.kind === 'change' && debt.payload.length > 0) {
        outcome.writes.push(await debts.setPayload(debt, undefined, EMPTY));
      }
    }
  }

  async #moved(
    live: Live,
    group: Group,
    before: readonly AccountAddress[],
    by: AccountAddress,
    envelope: Envelope,
    outcome: Outcome,
  ): Promise<void> {
    if (group.hasEnded) {
      await this.#out(live, 'ended', by, envelope, outcome);
      return;
    }
    const { kept } = live;
    const isFirst = kept.state === 'opening';
    kept.setMembers(devicesOf(this.#core, group));
    // Who wants to go is not held by a Commit that was made before it was said.
    const here = new Set(kept.members.map(({ uri }) => uri));
    const went = new Set<string>();
    for (const uri of live.leaving) {
      if (!here.has(uri)) {
        went.add(DeviceAddress.parseUri(uri).account.toString());
      }
      if (!here.has(uri) || uri === this.#core.device.uri) {
        live.leaving.delete(uri);
      }
    }
    kept.state = 'open';
    kept.epoch = group.epoch;
    outcome.isListChanged = true;
    const named = kept.admins ?? [];
    kept.admins = adminsIn(group.extensions);
    const joined = without(kept.participants, before).map(String);
    const left = without(before, kept.participants);
    if (isFirst) {
      return; // the beginning is a line of its own, written when it was begun
    }
    if (joined.length > 0) {
      await this.#line(live, envelope, by, { what: 'joined', by: '', who: joined }, outcome);
    }
    for (const account of left) {
      const who = account.toString();
      // Who asked to go has left, whoever committed it.
      const whose = went.has(who) ? account : by;
      await this.#line(live, envelope, whose, { what: 'left', by: '', who: [who] }, outcome);
    }
    const present = kept.admins?.filter((admin) => kept.has(admin)) ?? [];
    const made = without(present, named).map(String);
    const dismissed = without(named, kept.admins ?? []).filter((admin) => kept.has(admin));
    if (made.length > 0) {
      await this.#line(live, envelope, by, { what: 'promoted', by: '', who: made }, outcome);
    }
    if (dismissed.length > 0) {
      const who = dismissed.map(String);
      await this.#line(live, envelope, by, { what: 'demoted', by: '', who }, outcome);
    }
  }

  async #line(
    live: Live,
    envelope: Envelope,
    by: AccountAddress,
    event: EventView,
    outcome: Outcome,
  ): Promise<void> {
    const atMs = ordinalMs(live, envelope.acceptedAtMs);
    const [write, message] = await eventRow(this.#core, live, envelope.seq, atMs, by, {
      ...event,
      by: by.toString(),
    });
    outcome.writes.push(write);
    outcome.touch(live, message);
  }

  /**
   * This device was removed, or a ReInit has ended the group (RFC 9420, 11.2): its keys go, its
   * history stays.
   */
  async #out(
    live: Live,
    state: 'left' | 'ended',
    by: AccountAddress,
    envelope: Envelope,
    outcome: Outcome,
  ): Promise<void> {
    live.kept.state = state;
    live.group = undefined;
    outcome.epochMoved = false;
    outcome.writes.push(...this.#core.groups.remove(live.id.bytes));
    outcome.isListChanged = true;
    const what = state === 'ended' ? 'ended' : 'out';
    await this.#line(live, envelope, by, { what, by: '', who: [] }, outcome);
  }

  // -- looking after what waits

  /**
   * Proposals of others wait for a Commit: make one when it is this member's turn. `moved`: there
   * is a new epoch, in which something that was stuck may go out.
   */
  lookAfter(live: Live, moved: boolean): void {
    if (moved) {
      this.#kick(live);
    }
    const { group } = live;
    if (
      group === undefined ||
      !isUntidy(this.#core, live, group) ||
      this.#tidying.has(live.id.hex)
    ) {
      return;
    }
    this.#tidying.add(live.id.hex);
    if (leavers(this.#core, group).includes(this.#core.device.uri)) {
      this.#core.spawn(() => this.#leaveAsWell(live));
      return;
    }
    this.#core.spawn(() => this.#tidyInTurn(live, this.#turnMs(group)));
  }

  /** Another device of this account has left: this one does not stay behind. */
  async #leaveAsWell(live: Live): Promise<void> {
    try {
      await this.#owe(live, 'leave', EMPTY);
    } finally {
      this.#tidying.delete(live.id.hex);
    }
  }

  /** The lowest leaf goes first and at once; the others wait, so that one Commit is made. */
  #turnMs(group: Group, outdated: readonly number[] = []): number {
    const leaving = new Set(leavers(this.#core, group));
    const going = new Set(outdated);
    for (const [uri, { leaf }] of membersOf(this.#core, group)) {
      if (leaving.has(uri)) {
        going.add(leaf);
      }
    }
    for (const { proposal } of group.proposals.values()) {
      if (proposal instanceof Remove) {
        going.add(proposal.removed);
      }
    }
    const staying = group
      .members()
      .map(({ leafIndex }) => leafIndex)
      .filter((leaf) => !going.has(leaf))
      .sort((one, other) => one - other);
    const place = staying.indexOf(group.ownLeaf);
    const turn = place === -1 ? staying.length : place;
    return turn === 0
      ? 0
      : Math.min(LONGEST_TURN_MS, turn * TURN_MS + this.#core.random() * TURN_MS);
  }

  async #tidyInTurn(live: Live, delayMs: number): Promise<void> {
    try {
      await this.#core.pause(delayMs);
      const { group } = live;
      if (group !== undefined && isUntidy(this.#core, live, group) && live.kept.state === 'open') {
        await this.#owe(live, 'change', new Intent().toBytes());
      }
    } finally {
      this.#tidying.delete(live.id.hex);
    }
  }

  /** Owe it, unless there is one of its kind. */
  async #owe(live: Live, kind: 'change' | 'leave', intent: Uint8Array): Promise<void> {
    const { debts, vault } = this.#core;
    if (!(await debts.of(live.id)).some((debt) => debt.kind === kind)) {
      const idempotencyId = newIdempotencyId();
      await vault.write([await debts.add({ conversation: live.id, kind, intent, idempotencyId })]);
    }
    this.#kick(live);
  }

  /** An account has a new device list: bring its conversations in line with it. */
  async deviceListMoved(name: string): Promise<void> {
    const core = this.#core;
    let address: AccountAddress;
    try {
      address = new AccountAddress(parseName(name), core.address.domain);
      if (core.trust.account(address) === undefined) {
        return; // nobody we have to do with
      }
      await core.trust.refresh(address);
    } catch (error) {
      if (error instanceof NameRefused || error instanceof Unreachable) {
        return; // looked up again before the next message is sent
      }
      if (error instanceof ServerRefused || error instanceof TrustRefused) {
        await core.report(undefined, undefined, error);
        return;
      }
      throw error;
    }
    for (const live of [...core.lives.values()]) {
      if (live.kept.has(address) && live.kept.state === 'open') {
        live.tryAgain(address); // a new device is told of once more when it can be added
        core.spawn(() => this.#followList(live, address));
      }
    }
  }

  async #followList(live: Live, address: AccountAddress): Promise<void> {
    const core = this.#core;
    let delayMs = 0;
    const look = async (): Promise<readonly [missing: readonly string[], outdated: number]> =>
      core.changing(live, async () => {
        const group = await core.group(live);
        const outdated = outdatedLeaves(core, live, group);
        delayMs = this.#turnMs(group, outdated); // nobody waits for a device that is gone
        const missing = [...missingDevices(core, group, [address]).keys()];
        return [missing, outdated.length] as const;
      });
    try {
      const [missing, outdated] = await look();
      if (missing.length === 0 && outdated === 0) {
        return;
      }
      await core.pause(delayMs);
      const [still, stillOutdated] = await look();
      if (stillOutdated > 0 || still.some((uri) => missing.includes(uri))) {
        await this.#owe(live, 'change', new Intent().toBytes());
      }
    } catch (error) {
      if (error instanceof TrustRefused) {
        await core.report(live.id, undefined, error);
        return;
      }
      throw error;
    }
  }
}

/** Whether a Commit has to be made before anything is said. */
function isUntidy(core: Core, live: Live, group: Group): boolean {
  return group.mustCommit || rememberedLeavers(core, live).size > 0;
}

function without(
  these: readonly AccountAddress[],
  those: readonly AccountAddress[],
): readonly AccountAddress[] {
  const known = new Set(those.map(String));
  return these.filter((address) => !known.has(address.toString()));
}
