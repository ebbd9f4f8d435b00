/**
 * The outbox's Commits and proposals: beginning a conversation, changing who is in it, tidying it,
 * leaving it.
 *
 * A Commit is made, saved, and only then sent; it takes effect when it is met in the log.
 */

import type { PlauschError } from '../base/errors.ts';
import { DeviceAddress } from '../base/ids.ts';
import type { Write } from '../platform/database.ts';
import { type Debt, newIdempotencyId } from '../vault/debts.ts';
import type { Core, Live } from './core.ts';
import { isForGood, onlyTidies, Progress } from './debts.ts';
import { ChangeForgotten, ConversationBroken, NotParticipant, ServerRefused } from './errors.ts';
import { lastLine } from './last_line.ts';
import {
  bundleBytes,
  bundleFromBytes,
  demandParticipant,
  Intent,
  makePlan,
  triedInVain,
} from './membership.ts';
import type { Sync } from './sync.ts';

/** Commits lost to others in a row, after which an intent is given up for now. */
export const COMMIT_ATTEMPTS = 50;

type GiveUp = (live: Live, debt: Debt, error: PlauschError) => Promise<void>;

/** Pays the debts that are no messages. */
export class Changes {
  readonly #core: Core;
  readonly #sync: () => Sync;
  readonly #giveUp: GiveUp;

  constructor(core: Core, sync: () => Sync, giveUp: GiveUp) {
    this.#core = core;
    this.#sync = sync;
    this.#giveUp = giveUp;
  }

  /** The conversation comes to be on the server. */
  async create(live: Live, debt: Debt): Promise<void> {
    await this.#core.server.createConversation(live.id, debt.payload);
    await this.#core.vault.write([this.#core.debts.remove(debt.idempotencyId)]);
    this.#core.fulfil(debt.idempotencyId, 0);
  }

  /** Commit what waits before anything is encrypted: not to somebody who is leaving. */
  async tidy(live: Live): Promise<void> {
    const { debts, vault } = this.#core;
    let owed = (await debts.of(live.id)).find(onlyTidies);
    if (owed === undefined) {
      const idempotencyId = newIdempotencyId();
      const intent = new Intent().toBytes();
      const write = await debts.add({
        conversation: live.id,
        kind: 'change',
        intent,
        idempotencyId,
      });
      await vault.write([write]);
      owed = await debts.get(idempotencyId);
    }
    if (owed === undefined) {
      return; // paid meanwhile
    }
    try {
      await this.change(live, owed);
    } catch (error) {
      if (!(error instanceof ServerRefused) || !isForGood(owed, error)) {
        throw error;
      }
      await this.#tidyWithout(live, owed, error);
    }
  }

  /** The server refuses to tidy: perhaps not without the devices that were to be added. */
  async #tidyWithout(live: Live, debt: Debt, error: ServerRefused): Promise<void> {
    const refused = await this.#core.debts.get(debt.idempotencyId);
    await this.#giveUp(live, debt, error);
    const made = refused?.payload ?? new Uint8Array(0);
    const added = made.length > 0 ? bundleFromBytes(made).welcomeTo : [];
    if (added.length === 0) {
      throw new ConversationBroken(
        'The server does not take the change that has to come before the next message: ' +
          error.message,
        { cause: error },
      );
    }
    await this.#core.report(live.id, undefined, error);
    triedInVain(
      this.#core,
      live,
      added.map((uri) => DeviceAddress.parseUri(uri).uri),
    );
  }

  /** A Commit, made anew as often as others were first. */
  async change(live: Live, debt: Debt): Promise<void> {
    const core = this.#core;
    const progress = new Progress(live);
    let current: Debt | undefined = debt;
    for (let attempt = 0; attempt < COMMIT_ATTEMPTS; attempt += 1) {
      if (current === undefined) {
        return; // met in the log
      }
      if (current.payload.length === 0 || current.epoch === undefined) {
        current = await this.#prepared(live, current);
        if (current?.epoch === undefined) {
          return;
        }
      }
      try {
        const bundle = bundleFromBytes(current.payload);
        const answer = await core.server.appendCommit(
          live.id,
          current.epoch,
          bundle,
          current.idempotencyId,
        );
        await this.#sync().catchUp(live, answer.seq);
      } catch (error) {
        if (!(error instanceof ServerRefused)) {
          throw error;
        }
        await this.catchUpAfter(live, error, progress);
      }
      current = await core.debts.get(debt.idempotencyId);
    }
    throw new ConversationBroken(
      'Others changed this conversation each time before this change came through: it is tried ' +
        'again later.',
    );
  }

  /** The debt with a Commit, saved before it is sent; undefined: nothing is left to change. */
  async #prepared(live: Live, debt: Debt): Promise<Debt | undefined> {
    const core = this.#core;
    const intent = Intent.fromBytes(debt.intent);
    for (;;) {
      const group = await core.changing(live, () => core.group(live));
      const { epoch } = group;
      const plan = await makePlan(core, live, group, intent);
      const made = await core.changing(live, async () => {
        const now = await core.group(live);
        if (now.epoch !== epoch) {
          return 'over'; // planned for an epoch that is over
        }
        const { adds, removes, extensions } = plan;
        if (!plan.isNeeded && !now.mustCommit) {
          await this.#nothingLeft(live, debt);
          return undefined;
        }
        const welcomeTo = [...adds.keys()];
        const lookedUp = [
          ...welcomeTo.map((uri) => DeviceAddress.parseUri(uri).account),
          ...live.kept.participants,
        ].map(String);
        const changes = { adds: [...adds.values()], removes, extensions };
        // What waits may be about somebody else, who has to be looked up.
        const pending = await core.judged(
          (judge) => now.commit(judge, core.nowS, changes).settle(core.verifier),
          lookedUp,
        );
        const { commit, welcome, groupInfo } = pending;
        const payload = bundleBytes({ commit, welcome, groupInfo, welcomeTo });
        const writes = [...(await core.saveGroup(live, true))];
        writes.push(await core.debts.setPayload(debt, epoch, payload));
        await core.vault.write(writes);
        return { ...debt, epoch, payload };
      });
      if (made !== 'over') {
        return made;
      }
    }
  }

  async #nothingLeft(live: Live, debt: Debt): Promise<void> {
    const core = this.#core;
    live.kept.setMembers(live.kept.members);
    if (live.kept.state === 'opening') {
      live.kept.state = 'open';
    }
    await core.vault.write([
      core.debts.remove(debt.idempotencyId),
      await core.conversations.put(live.kept),
    ]);
    core.fulfil(debt.idempotencyId, live.kept.cursor);
  }

  /** Propose to be removed; others carry it out. */
  async leave(live: Live, debt: Debt): Promise<void> {
    const core = this.#core;
    const progress = new Progress(live);
    let current = debt;
    while (!live.kept.isOver) {
      current = await this.#proposed(live, current);
      try {
        await core.server.append(
          live.id,
          current.epoch ?? 0n,
          'proposal',
          current.payload,
          current.idempotencyId,
        );
        break;
      } catch (error) {
        if (!(error instanceof ServerRefused)) {
          throw error;
        }
        if (error.code === 'unknown_conversation') {
          break; // somebody else has removed this device: there is nothing to leave
        }
        await this.#catchUpQuietly(live, error, progress);
      }
    }
    await this.#left(live, current);
  }

  async #proposed(live: Live, debt: Debt): Promise<Debt> {
    const core = this.#core;
    return core.changing(live, async () => {
      const group = await core.group(live);
      const { epoch } = group;
      if (debt.payload.length > 0 && debt.epoch === epoch) {
        return debt;
      }
      const payload = group.proposeRemove(group.ownLeaf);
      const writes = [...(await core.saveGroup(live, true))];
      writes.push(await core.debts.setPayload(debt, epoch, payload));
      await core.vault.write(writes);
      return { ...debt, epoch, payload };
    });
  }

  async #catchUpQuietly(live: Live, refusal: ServerRefused, progress: Progress): Promise<void> {
    try {
      await this.catchUpAfter(live, refusal, progress);
    } catch (error) {
      if (!(error instanceof NotParticipant)) {
        throw error;
      }
    }
  }

  /** The proposal is in the log, or needless: from here on nothing is sent or read. */
  async #left(live: Live, debt: Debt): Promise<void> {
    const core = this.#core;
    await core.changing(live, async () => {
      if (live.kept.state !== 'ended') {
        live.kept.state = 'left';
      }
      live.group = undefined;
      const writes: Write[] = [
        core.debts.remove(debt.idempotencyId),
        await core.conversations.put(live.kept),
        ...core.groups.remove(live.id.bytes),
      ];
      await core.vault.write(writes);
    });
    core.fulfil(debt.idempotencyId, live.kept.cursor);
    await lastLine(core, live);
  }

  // -- when the log has moved on

  /**
   * Stale: read on, to try again. Throws the refusal if it is another one, NotParticipant when the
   * log says so, ChangeForgotten or ConversationBroken when it holds nothing that explains it.
   */
  async catchUpAfter(live: Live, error: ServerRefused, progress: Progress): Promise<void> {
    if (error.code === 'unknown_conversation') {
      await this.#sync().catchUp(live, live.kept.cursor + 1); // perhaps we were removed
    } else if (error.code === 'stale_epoch') {
      await this.#sync().catchUp(live, Math.max(error.head, live.head));
    }
    demandParticipant(live);
    if (error.code !== 'stale_epoch') {
      throw error;
    }
    if (!progress.made()) {
      live.kept.state = 'broken';
      await this.#core.vault.write([await this.#core.conversations.put(live.kept)]);
      await lastLine(this.#core, live);
      throw broken(live, error);
    }
  }
}

function broken({ kept }: Live, { epoch }: ServerRefused): ConversationBroken {
  if (epoch >= 0 && BigInt(epoch) < kept.epoch) {
    return new ChangeForgotten(
      'The server has forgotten the last change to this conversation; it was probably restored ' +
        'from a backup. Nothing can be sent in it until a participant who has not seen that ' +
        'change adds this device again: begin a new conversation.',
    );
  }
  return new ConversationBroken(
    'The server says that this conversation has moved on, but does not deliver the change: ' +
      'nothing can be sent until it does, or until another participant adds this device again.',
  );
}
