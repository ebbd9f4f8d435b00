/** Sending: content becomes a message in the history and a debt in the outbox, at once. */

import type { MessageId } from '../base/ids.ts';
import { randomBytes } from '../base/random.ts';
import { factsOf } from '../content/conversation.ts';
import { ContentError } from '../content/errors.ts';
import { withMark } from '../content/fork.ts';
import { messageId } from '../content/message_id.ts';
import { type MimiContent, SALT_BYTES } from '../content/mimi.ts';
import { purposeOf } from '../content/purpose.ts';
import type { Write } from '../platform/database.ts';
import { newIdempotencyId } from '../vault/debts.ts';
import type { Core, Live } from './core.ts';
import { SdkError } from './errors.ts';
import { applyFacts, newsIn } from './facts.ts';
import { kindOf, rootOf, targetOf } from './history.ts';
import { lastLine } from './last_line.ts';
import { demandParticipant } from './membership.ts';
import type { Outbox } from './outbox.ts';
import { MS } from './receive.ts';

/** A message on its way; it is in the vault before the caller gets this. */
export interface Sent {
  readonly messageId: MessageId;

  /** The debt's name, for `Core.waiter`. */
  readonly idempotencyId: Uint8Array;
}

/** 16 random bytes: no two messages have the same id. */
export function newSalt(): Uint8Array {
  return randomBytes(SALT_BYTES);
}

/** What content refuses is for the caller to change. Throws SdkError instead. */
export function sendable<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof ContentError) {
      throw new SdkError(error.message, { code: error.code, cause: error });
    }
    throw error;
  }
}

/**
 * Put a message into history and outbox in one transaction, and start sending.
 *
 * `together`: what else is written in that transaction. Throws NotParticipant, IdentityChanged,
 * SdkError (content beyond the limits).
 */
export async function compose(
  core: Core,
  outbox: Outbox,
  live: Live,
  content: MimiContent,
  together: (message: MessageId) => Promise<readonly Write[]> = () => Promise.resolve([]),
): Promise<Sent> {
  demandParticipant(live);
  const purpose = purposeOf(content);
  const isStatus = purpose === 'status' || purpose === 'rpc';
  const facts = factsOf(content);
  /** What is so already is said again for somebody who has come: nothing new for the history. */
  const isShown = !isStatus && (facts === undefined || newsIn(live.kept, facts) !== undefined);
  if (!isStatus) {
    core.trust.demandUnchanged(live.others(core.address));
    await core.trust.setKnown(live.others(core.address));
  }
  const sent = await core.changing(live, async () => {
    // Before this device is in it, there is no epoch that it could have seen.
    const mark = live.isAwaited ? undefined : core.mark(await core.group(live));
    const raw = sendable(() => (mark === undefined ? content : withMark(content, mark)).encode());
    const identifier = messageId(raw, core.address.uri, core.roomUri(live.id));
    const idempotencyId = newIdempotencyId();
    const writes: Write[] = [
      await core.debts.add({
        conversation: live.id,
        kind: 'message',
        intent: raw,
        idempotencyId,
        messageId: isShown ? identifier : undefined,
      }),
    ];
    if (isShown) {
      writes.push(...(await inHistory(core, live, content, raw, identifier)));
    }
    writes.push(...(await together(identifier)));
    await core.vault.write(writes);
    return { messageId: identifier, idempotencyId };
  });
  if (purpose === 'team') {
    core.feed.tell({ what: 'team' });
  } else if (isShown) {
    const target = await rootOf(core.messages, targetOf(content));
    const message = target ?? sent.messageId;
    core.feed.tell({ what: 'message', conversation: live.id, message });
    await lastLine(core, live);
  }
  outbox.kick(live);
  return sent;
}

async function inHistory(
  core: Core,
  live: Live,
  content: MimiContent,
  raw: Uint8Array,
  identifier: MessageId,
): Promise<readonly Write[]> {
  const { kept } = live;
  const nowMs = core.clock.nowMs();
  const { expires } = content;
  const row = {
    conversation: live.id,
    messageId: identifier,
    seq: undefined,
    sender: core.address,
    isOutgoing: true,
    kind: kindOf(content),
    target: await rootOf(core.messages, targetOf(content)),
    content: raw,
    ordinalMs: Math.max(nowMs, kept.ordinalMs),
    sentAtMs: nowMs,
    // One's own words count as read when they are written.
    expiresAtMs: expires === null ? undefined : expires.timeS * MS + (expires.relative ? nowMs : 0),
    failure: '',
    isForkSuspected: false,
    position: 0,
  };
  kept.activeAtMs = Math.max(kept.activeAtMs, nowMs);
  kept.isRequest = false;
  kept.isArchived = false;
  applyFacts(kept, factsOf(content) ?? {});
  return [await core.messages.add(row), await core.conversations.put(kept)];
}

/** Throws SdkError when there is nothing to say. */
export function checkText(text: string): string {
  if (text.trim() === '') {
    throw new SdkError('An empty message cannot be sent.', { code: 'empty' });
  }
  return text;
}
