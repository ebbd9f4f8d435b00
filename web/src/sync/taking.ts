/**
 * From envelopes to rows: what one stretch of a log does to a group, before any of it is written.
 */

import { toHex } from '../base/bytes.ts';
import { PlauschError } from '../base/errors.ts';
import type { CredentialJudge } from '../mls/credential.ts';
import type { Member } from '../mls/epoch.ts';
import { GroupUsageError, ProtocolError } from '../mls/errors.ts';
import type { Group } from '../mls/group.ts';
import type { Staged } from '../mls/receive.ts';
import type { SignatureVerifier } from '../mls/signature_checks.ts';
import { StagedCommit, StagedMessage } from '../mls/staged.ts';
import type { Write } from '../platform/database.ts';
import type { OutboxTable } from '../vault/outbox.ts';
import type { MemberView, Received, ReceivedTable, Taken } from '../vault/received.ts';
import type { Seal } from '../vault/seal.ts';
import type { Failure, Outcome } from './protocol.ts';

/** What an operation knows beside the group. */
export interface Around {
  readonly judge: CredentialJudge;
  readonly verifier: SignatureVerifier;
  readonly nowS: number;
}

/** One stretch of a log on its way into the vault. */
export class Taking {
  /** What follows from the stretch, to be written with the group's new state. */
  readonly writes: Write[] = [];

  /** The position of the last row. */
  position: number;

  /** Whether the group was changed. */
  hasChanged = false;

  readonly #group: Group;
  readonly #around: Around;
  readonly #seal: Seal;
  readonly #received: ReceivedTable;
  readonly #outbox: OutboxTable;
  readonly #seen = new Map<string, Outcome>();

  constructor(
    group: Group,
    around: Around,
    tables: {
      readonly seal: Seal;
      readonly received: ReceivedTable;
      readonly outbox: OutboxTable;
    },
    position: number,
  ) {
    this.#group = group;
    this.#around = around;
    this.#seal = tables.seal;
    this.#received = tables.received;
    this.#outbox = tables.outbox;
    this.position = position;
  }

  /** One envelope; what is wrong with it is its outcome. Throws VaultDamaged, StorageUnavailable. */
  async take(raw: Uint8Array): Promise<Outcome> {
    const envelope = await this.#seal.digest(raw);
    const name = toHex(envelope);
    const outcome =
      this.#seen.get(name) ?? (await this.#known(envelope)) ?? (await this.#process(raw, envelope));
    this.#seen.set(name, outcome);
    return outcome;
  }

  /** What the vault knows of it: it was taken before, or is our own. */
  async #known(envelope: Uint8Array): Promise<Outcome | undefined> {
    const { groupId } = this.#group;
    const received = await this.#received.byEnvelope(groupId, envelope);
    if (received !== undefined) {
      return { kind: 'received', ...received };
    }
    const entry = await this.#outbox.byEnvelope(groupId, envelope);
    return entry === undefined || entry.kind === 'commit'
      ? undefined
      : { kind: 'own', id: entry.id };
  }

  async #process(raw: Uint8Array, envelope: Uint8Array): Promise<Outcome> {
    const { judge, verifier, nowS } = this.#around;
    let taken: Taken;
    try {
      const staged = await this.#group.process(raw, judge, nowS).settle(verifier);
      taken = this.#accept(staged);
    } catch (error) {
      if (error instanceof ProtocolError || error instanceof GroupUsageError) {
        return { kind: 'refused', ...failureOf(error) };
      }
      throw error;
    }
    this.hasChanged = true;
    if (taken.kind === 'commit') {
      await this.#dropOwnCommit();
    }
    this.position += 1;
    const received: Received = { position: this.position, group: this.#group.groupId, taken };
    this.writes.push(await this.#received.add(received, envelope));
    return { kind: 'received', ...received };
  }

  #accept(staged: Staged): Taken {
    const { epoch } = this.#group;
    if (staged instanceof StagedMessage) {
      const { plaintext, authenticated, ...message } = staged.accept();
      const sender = viewOf(staged.sender);
      return { kind: 'message', epoch: message.epoch, sender, authenticated, plaintext };
    }
    staged.accept();
    if (staged instanceof StagedCommit) {
      return commitOf(staged);
    }
    const { proposal, member, reference } = staged;
    const sender = member && viewOf(member);
    return { kind: 'proposal', epoch, sender, type: proposal.type, reference };
  }

  /** A Commit was accepted, ours or another: none is pending any more. */
  async #dropOwnCommit(): Promise<void> {
    const { groupId } = this.#group;
    for (const id of await this.#outbox.commitsOf(groupId)) {
      this.writes.push(this.#outbox.remove(groupId, id));
    }
  }
}

function commitOf(staged: StagedCommit): Taken {
  const { epoch, isOwn, isSelfRemoved, endsGroup } = staged;
  return {
    kind: 'commit',
    epoch,
    sender: viewOf(staged.sender),
    added: staged.added.map(viewOf),
    removed: staged.removed.map(viewOf),
    isOwn,
    isSelfRemoved,
    endsGroup,
  };
}

/** A member as the page sees it, in buffers of its own. */
export function viewOf({ leafIndex, credential, signatureKey }: Member): MemberView {
  return {
    leafIndex,
    credentialType: credential.type,
    credential: credential.body.slice(),
    signatureKey: signatureKey.slice(),
  };
}

/** An error as it travels. What is no PlauschError is a fault of this program. */
export function failureOf(error: unknown): Failure {
  if (error instanceof PlauschError) {
    return { code: error.code, fault: error.fault, sentence: error.message };
  }
  return {
    code: 'internal',
    fault: 'local',
    sentence: 'The program made a mistake and has undone the operation: reload the page.',
  };
}
