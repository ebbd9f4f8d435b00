/**
 * From the vault's debts to the server: in order within a conversation, each exactly once.
 *
 * A message is encrypted only when it is its turn, in the group's present epoch; ciphertext and the
 * ratchet behind it are in the vault, in one transaction, before the ciphertext leaves. After a
 * crash or a lost answer the same bytes go out again with the same idempotency id. When the epoch
 * has moved on, the same content is encrypted anew: its message id stays, and receivers show it
 * once. Commits are the business of `changes.ts`.
 */

import { type PlauschError } from '../base/errors.ts';
import { ProtocolError } from '../mls/errors.ts';
import type { Write } from '../platform/database.ts';
import type { Debt } from '../vault/debts.ts';
import { isCounted } from '../vault/messages.ts';
import { Changes } from './changes.ts';
import type { Core, Live } from './core.ts';
import { intentOf, isForGood, Progress, removalBehind } from './debts.ts';
import {
  ConversationBroken,
  SdkError,
  ServerMisbehaved,
  ServerRefused,
  TrustRefused,
  Unreachable,
} from './errors.ts';
import { authenticatedWith } from './franked.ts';
import { lastLine } from './last_line.ts';
import { demandParticipant, outdatedLeaves, untried } from './membership.ts';
import { envelopeHash } from './receive.ts';
import type { Appended } from './server.ts';
import type { Sync } from './sync.ts';

/** Pays what this device owes. One worker for each conversation, while there is something. */
export class Outbox {
  readonly #core: Core;
  readonly #changes: Changes;
  readonly #working = new Set<string>();
  readonly #again = new Set<string>();

  constructor(core: Core, sync: () => Sync) {
    this.#core = core;
    this.#changes = new Changes(core, sync, (live, debt, error) => this.#giveUp(live, debt, error));
  }

  // -- workers

  /** There may be something to send. */
  kick(live: Live): void {
    const { hex } = live.id;
    if (this.#working.has(hex)) {
      this.#again.add(hex);
      return;
    }
    this.#working.add(hex);
    this.#core.spawn(() => this.#work(live));
  }

  /** There is a connection: everything that waits may go. */
  async kickAll(): Promise<void> {
    for (const conversation of await this.#core.debts.conversations()) {
      const live = this.#core.live(conversation);
      if (live !== undefined) {
        this.kick(live);
      }
    }
  }

  async #work(live: Live): Promise<void> {
    const { hex } = live.id;
    try {
      await this.#core.patiently(() => this.#payAll(live));
    } finally {
      this.#working.delete(hex);
      if (this.#again.delete(hex)) {
        this.kick(live); // asked for while this worker was about to end
      }
    }
  }

  async #payAll(live: Live): Promise<void> {
    if (live.isAwaited) {
      return; // goes on when this device is in it
    }
    let refusals = 0;
    let ahead: Debt | undefined;
    try {
      // First read, then write: somebody may have left while this device was away.
      while (this.#hasRead) {
        this.#again.delete(live.id.hex);
        const debt: Debt | undefined =
          ahead ?? (await this.#core.debts.first(live.id, this.#core.held));
        ahead = undefined;
        if (debt === undefined) {
          if (!this.#again.has(live.id.hex)) {
            return;
          }
          continue;
        }
        try {
          await this.#pay(live, debt);
          refusals = 0;
        } catch (error) {
          if (!isAnswer(error)) {
            throw error;
          }
          if (isForGood(debt, error)) {
            await this.#giveUp(live, debt, error);
          } else if (error instanceof ServerRefused) {
            const jitteredMs = this.#core.jitteredMs(refusals);
            refusals += 1;
            await this.#core.pause(Math.max(error.retryAfterMs, jitteredMs));
          } else {
            ahead = removalBehind(debt, await this.#core.debts.of(live.id));
            if (ahead === undefined) {
              throw error;
            }
          }
        }
      }
    } catch (error) {
      if (error instanceof Unreachable) {
        return; // goes on with the next connection
      }
      if (!isBlocking(error)) {
        throw error;
      }
      await this.#block(live, error);
    }
  }

  /** Whether there is a connection, and everything that had moved before it was read. */
  get #hasRead(): boolean {
    const { server, caughtUpOn, isClosed } = this.#core;
    return !isClosed && server.isOnline && caughtUpOn === server.generation;
  }

  async #pay(live: Live, debt: Debt): Promise<void> {
    if (debt.kind === 'leave' && live.kept.state !== 'failed') {
      await this.#changes.leave(live, debt);
      return;
    }
    demandParticipant(live);
    if (debt.kind === 'create') {
      await this.#changes.create(live, debt);
    } else if (debt.kind === 'change') {
      await this.#changes.change(live, debt);
    } else {
      await this.#send(live, debt);
    }
  }

  /** It waits for a decision or another server's behaviour; whoever waits is told why. */
  async #block(live: Live, error: PlauschError): Promise<void> {
    for (const { idempotencyId } of await this.#core.debts.of(live.id)) {
      this.#core.disappoint(idempotencyId, error);
    }
    await this.#core.report(live.id, undefined, error);
  }

  /** Refused for good. Without its first Commit a conversation cannot be. */
  async #giveUp(live: Live, debt: Debt, error: PlauschError): Promise<void> {
    const core = this.#core;
    const isOpening = debt.kind === 'create' || intentOf(debt).opening;
    const debts = isOpening ? await core.debts.of(live.id) : [debt];
    await core.changing(live, async () => {
      const writes: Write[] = [];
      const now = await core.debts.get(debt.idempotencyId); // its Commit was made meanwhile
      if (debt.kind === 'change' && now !== undefined && now.payload.length > 0) {
        writes.push(...(await this.#withoutPending(live)));
      }
      if (isOpening) {
        live.kept.state = 'failed';
      }
      for (const { idempotencyId, messageId } of debts) {
        writes.push(core.debts.remove(idempotencyId));
        if (messageId !== undefined) {
          writes.push(core.messages.fail(messageId, error.code));
        }
      }
      await core.vault.write([...writes, await core.conversations.put(live.kept)]);
    });
    for (const { idempotencyId, messageId } of debts) {
      core.disappoint(idempotencyId, error);
      if (messageId !== undefined) {
        core.feed.tell({ what: 'message', conversation: live.id, message: messageId });
      }
    }
    await lastLine(core, live);
  }

  async #withoutPending(live: Live): Promise<readonly Write[]> {
    const group = await this.#core.group(live);
    if (group.pending === undefined) {
      return [];
    }
    group.pending.drop();
    return this.#core.saveGroup(live, true);
  }

  // -- messages

  async #send(live: Live, debt: Debt): Promise<void> {
    const core = this.#core;
    const progress = new Progress(live);
    let current: Debt | undefined = debt;
    while (current !== undefined) {
      const others = live.others(core.address);
      await core.trust.freshen(others, core.server.generation);
      core.trust.demandUnchanged(others);
      // Another device of this account may have taken one off the list meanwhile.
      await core.trust.freshen([core.address], core.server.generation);
      const ready = await this.#encrypted(live, current);
      if (ready?.epoch === undefined) {
        await this.#changes.tidy(live);
        continue;
      }
      const kind = (await this.#isQuiet(ready)) ? 'quiet' : 'message';
      let answer: Appended;
      try {
        answer = await core.server.append(
          live.id,
          ready.epoch,
          kind,
          ready.payload,
          ready.idempotencyId,
        );
      } catch (error) {
        if (!(error instanceof ServerRefused)) {
          throw error;
        }
        await this.#changes.catchUpAfter(live, error, progress);
        current = await core.debts.get(debt.idempotencyId);
        continue;
      }
      live.accepted = Math.max(live.accepted, answer.seq);
      await this.#accepted(live, ready, answer);
      return;
    }
  }

  /** Whether nobody has to be woken: for a report of having read, a reaction, a change. */
  async #isQuiet({ messageId }: Debt): Promise<boolean> {
    const row = messageId === undefined ? undefined : await this.#core.messages.get(messageId);
    return row === undefined || !isCounted(row.kind);
  }

  /** The debt with a ciphertext of the present epoch; undefined: the group has to be tidied. */
  async #encrypted(live: Live, debt: Debt): Promise<Debt | undefined> {
    const core = this.#core;
    return core.changing(live, async () => {
      const group = await core.group(live);
      const { epoch } = group;
      if (debt.payload.length > 0 && debt.epoch === epoch) {
        return debt;
      }
      const isUntidy = group.mustCommit || outdatedLeaves(core, live, group).length > 0;
      if (isUntidy || untried(core, live, group).length > 0) {
        return undefined;
      }
      const payload = group.encrypt(debt.intent, authenticatedWith(core.mark(group), debt.intent));
      const writes = [...(await core.saveGroup(live, false))];
      writes.push(await core.debts.setPayload(debt, epoch, payload));
      if (debt.messageId !== undefined) {
        writes.push(core.messages.travelsAs(debt.messageId, envelopeHash(payload)));
      }
      await core.vault.write(writes);
      return { ...debt, epoch, payload };
    });
  }

  /** It is on the server's disk: note it, and pass it in the log if it is the next one. */
  async #accepted(live: Live, debt: Debt, answer: Appended): Promise<void> {
    const core = this.#core;
    const { messageId } = debt;
    await core.changing(live, async () => {
      const { kept } = live;
      const writes: Write[] = [core.debts.remove(debt.idempotencyId)];
      if (messageId !== undefined) {
        const atMs = Math.max(answer.acceptedAtMs, kept.ordinalMs);
        writes.push(core.messages.accepted(messageId, answer.seq, atMs));
        kept.activeAtMs = Math.max(kept.activeAtMs, atMs);
      }
      if (kept.cursor === answer.seq - 1) {
        kept.cursor = answer.seq;
        kept.ordinalMs = Math.max(kept.ordinalMs, answer.acceptedAtMs);
      }
      if (kept.state === 'broken') {
        kept.state = 'open'; // accepted in this epoch: it was not over after all
      }
      writes.push(await core.conversations.put(kept));
      await core.vault.write(writes);
    });
    if (live.kept.cursor === answer.seq) {
      core.server.acknowledge(live.id.bytes, answer.seq);
    }
    core.fulfil(debt.idempotencyId, answer.seq);
    if (messageId !== undefined) {
      core.feed.tell({ what: 'message', conversation: live.id, message: messageId });
      await lastLine(core, live);
    }
  }
}

/** Whether somebody has said no to a debt. */
function isAnswer(error: unknown): error is SdkError | ServerRefused | TrustRefused {
  return (
    error instanceof SdkError || error instanceof ServerRefused || error instanceof TrustRefused
  );
}

/** Whether the whole conversation has to wait. */
function isBlocking(error: unknown): error is PlauschError {
  return (
    error instanceof TrustRefused ||
    error instanceof ConversationBroken ||
    error instanceof ServerMisbehaved ||
    error instanceof ProtocolError
  );
}
