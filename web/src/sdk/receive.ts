/** What a decrypted message means: rows to write and events to tell, nothing done yet. */

import { sha256 } from '@noble/hashes/sha2.js';
import { concat, toHex, utf8 } from '../base/bytes.ts';
import { type PlauschError, RemoteError } from '../base/errors.ts';
import { type AccountAddress, type DeviceAddress, MessageId } from '../base/ids.ts';
import { type Facts, factsOf } from '../content/conversation.ts';
import { EpochMark, isFork, markOf } from '../content/fork.ts';
import { messageId } from '../content/message_id.ts';
import { checkOrigin, decode, type MimiContent } from '../content/mimi.ts';
import { purposeOf } from '../content/purpose.ts';
import { rpcOf } from '../content/rpc.ts';
import { Status, statusesOf } from '../content/status.ts';
import { factOf } from '../content/team.ts';
import type { Write } from '../platform/database.ts';
import { isCounted, type MessageRow } from '../vault/messages.ts';
import type { Core, Live } from './core.ts';
import type { Event } from './events.ts';
import { applyFacts, demandSayable, newsIn } from './facts.ts';
import { checkFrank, checkSender, markIn, stampedBy, unstamped } from './franked.ts';
import { kindOf, rootOf, stateOf, targetOf } from './history.ts';
import { expiryOf } from './expiry.ts';
import type { EventView } from './protocol.ts';
import type { Envelope } from './server.ts';

export const MS = 1000;

/**
 * What follows from a stretch of the log: written in one transaction, then told.
 *
 * `paid`: debts found in the log, with their seq. `lines`: the newest rows, of which the last one
 * is shown in the list of conversations. `touched`: messages of which something has changed.
 * `fresh`: messages of others; `readElsewhere`: those that another device of this account has read.
 */
export class Outcome {
  readonly writes: Write[] = [];
  readonly events: Event[] = [];
  readonly paid: (readonly [idempotencyId: Uint8Array, seq: number])[] = [];
  readonly seen = new Set<string>();
  readonly fresh = new Map<string, MessageRow>();
  readonly readElsewhere = new Map<string, MessageId>();
  epochMoved = false;
  isListChanged = false;

  /** Junk must not wedge the log: note it and go on. */
  async notBelieved(core: Core, live: Live, seq: number, error: PlauschError): Promise<void> {
    const [writes, event] = await core.problem(live.id, seq, error);
    this.writes.push(...writes);
    this.events.push(event);
  }

  /** A message is new or has changed. */
  touch(live: Live, message: MessageId): void {
    this.events.push({ what: 'message', conversation: live.id, message });
    this.isListChanged = true;
  }
}

/** A decrypted application message: which device wrote it, what, and the mark beside it. */
export interface Opened {
  readonly device: DeviceAddress;
  readonly sender: AccountAddress;
  readonly epoch: bigint;
  readonly plaintext: Uint8Array;
  readonly authenticated: Uint8Array;
}

/** By which our own ciphertext is recognised in the log. */
export function envelopeHash(ciphertext: Uint8Array): Uint8Array {
  return sha256(ciphertext);
}

/** The server's time, never running backwards within one log. */
export function ordinalMs(live: Live, acceptedAtMs: number): number {
  live.kept.ordinalMs = Math.max(live.kept.ordinalMs, acceptedAtMs);
  return live.kept.ordinalMs;
}

/** Recognise a message of ours in the log: then it is sent, whatever became of the answer. */
export async function ownCameBack(
  core: Core,
  live: Live,
  envelope: Envelope,
  outcome: Outcome,
): Promise<boolean> {
  const row = await core.messages.sentAs(envelopeHash(envelope.message));
  if (!row?.conversation.equals(live.id)) {
    return false;
  }
  const atMs = ordinalMs(live, envelope.acceptedAtMs);
  outcome.writes.push(core.messages.accepted(row.messageId, envelope.seq, atMs));
  const debt = await core.debts.forMessage(row.messageId);
  if (debt !== undefined) {
    outcome.writes.push(core.debts.remove(debt.idempotencyId));
    outcome.paid.push([debt.idempotencyId, envelope.seq]);
  }
  if (row.seq === undefined) {
    outcome.touch(live, row.messageId);
  }
  return true;
}

/**
 * Sort a decrypted message into the vault.
 *
 * Throws ContentError, RemoteError (a replay; a message that could not be reported).
 */
export async function takeContent(
  core: Core,
  live: Live,
  envelope: Envelope,
  opened: Opened,
  outcome: Outcome,
): Promise<void> {
  checkFrank(opened.authenticated, opened.plaintext);
  checkSender(envelope, opened.sender);
  const content = decode(opened.plaintext);
  const room = core.roomUri(live.id);
  checkOrigin(content, opened.sender.uri, room);
  const identifier = messageId(opened.plaintext, opened.sender.uri, room);
  const purpose = purposeOf(content);
  if (purpose === 'nothing') {
    return;
  }
  if (purpose === 'status') {
    await takeStatus(core, live, opened.sender, content, envelope, outcome);
    return;
  }
  if ((purpose === 'rpc' || purpose === 'team') && !isMachinery(core, live, opened)) {
    return;
  }
  if (purpose === 'rpc') {
    takeRpc(core, envelope, opened, content, outcome);
    return;
  }
  const fact = factOf(content); // before anything is kept: it may be malformed
  if (fact?.fact === 'staff_name' && !isOwners(core, opened)) {
    return; // nobody of the staff says who is who
  }
  if (outcome.seen.has(identifier.hex) || (await core.messages.has(identifier))) {
    throw new RemoteError(
      `A message of ${opened.sender.toString()} came a second time and is shown once.`,
      { code: 'replayed_content' },
    );
  }
  const facts = factsOf(content); // before anything is kept: it may be malformed
  const news = facts && newsIn(live.kept, facts);
  if (facts !== undefined && news === undefined) {
    return; // said again for somebody who has come
  }
  if (news !== undefined) {
    demandSayable(live.kept, news, opened.sender);
  }
  outcome.seen.add(identifier.hex);
  const isForked = forked(live, content, opened);
  const row = await rowOf(core, live, envelope, opened, content, identifier, isForked);
  if (row.stamped === undefined && !row.isOutgoing) {
    await outcome.notBelieved(core, live, envelope.seq, unstamped());
  }
  outcome.writes.push(await core.messages.add(row));
  const isQuiet = core.trust.account(opened.sender)?.isBlocked === true;
  tell(live, row, news, expiryOf(content), isQuiet, outcome);
}

async function rowOf(
  core: Core,
  live: Live,
  envelope: Envelope,
  opened: Opened,
  content: MimiContent,
  identifier: MessageId,
  isForkSuspected: boolean,
): Promise<MessageRow> {
  const atMs = ordinalMs(live, envelope.acceptedAtMs);
  const { expires } = content;
  return {
    conversation: live.id,
    messageId: identifier,
    seq: envelope.seq,
    sender: opened.sender,
    isOutgoing: opened.sender.equals(core.address),
    kind: kindOf(content),
    target: await rootOf(core.messages, targetOf(content)),
    content: opened.plaintext,
    ordinalMs: atMs,
    sentAtMs: atMs,
    expiresAtMs: expires?.relative === false ? expires.timeS * MS : undefined,
    failure: '',
    isForkSuspected,
    stamped: stampedBy(envelope),
    position: 0,
  };
}

/** `isQuiet`: somebody who was blocked wrote it: it is kept and asks for no attention. */
function tell(
  live: Live,
  row: MessageRow,
  news: Facts | undefined,
  expiresAfterS: number,
  isQuiet: boolean,
  outcome: Outcome,
): void {
  const { kept } = live;
  if (news !== undefined) {
    applyFacts(kept, news);
  }
  if (isCounted(row.kind)) {
    kept.expiresAfterS = expiresAfterS;
  }
  if (row.kind === 'team') {
    outcome.events.push({ what: 'team' });
    return;
  }
  if (!isQuiet) {
    kept.activeAtMs = Math.max(kept.activeAtMs, row.sentAtMs);
  }
  if (isCounted(row.kind) && !row.isOutgoing) {
    outcome.fresh.set(row.messageId.hex, row);
    const before = (row.seq ?? 0) - 1;
    if (before < kept.known) {
      kept.readSeq = Math.min(kept.readSeq, before); // the server was set back: read was another one
    }
  }
  if (isCounted(row.kind) && !isQuiet) {
    kept.isArchived = false;
    kept.unread += row.isOutgoing ? 0 : 1;
  }
  outcome.touch(live, row.target ?? row.messageId);
}

/**
 * Whether it may be machinery at all: of this account's own devices, among themselves. From anybody
 * else, or anywhere else, it is nothing: neither obeyed nor shown.
 */
function isMachinery(core: Core, { kept }: Live, { sender }: Opened): boolean {
  const own = core.address;
  return sender.equals(own) && kept.participants.every((account) => account.equals(own));
}

/** Whether a device wrote it that is on this account's list, and not as one of staff. */
function isOwners(core: Core, { device }: Opened): boolean {
  const list = core.trust.deviceList(core.address);
  return list.addresses().some((one) => one.equals(device)) && !list.isStaff(device);
}

/** Told to whoever waits for it; no entry of a history. */
function takeRpc(
  core: Core,
  envelope: Envelope,
  { device }: Opened,
  content: MimiContent,
  outcome: Outcome,
): void {
  const rpc = rpcOf(content);
  if (rpc !== undefined && !device.equals(core.device)) {
    outcome.events.push({ what: 'rpc', device: device.uri, atMs: envelope.acceptedAtMs, rpc });
  }
}

/** Whether the sender's mark names another branch of the group than this device's. */
function forked(live: Live, content: MimiContent, opened: Opened): boolean {
  const marks = [markOf(content)];
  if (opened.authenticated.length > 0) {
    marks.push(new EpochMark(opened.epoch, markIn(opened.authenticated)));
  }
  return marks.some((mark) => mark !== null && isFork(mark, live.authenticators));
}

/**
 * Note what another participant says of messages; told where a state changes by it. What another
 * device of this account has read waits until the stretch of the log is taken (unread.ts).
 */
async function takeStatus(
  core: Core,
  live: Live,
  sender: AccountAddress,
  content: MimiContent,
  envelope: Envelope,
  outcome: Outcome,
): Promise<void> {
  for (const [identifier, status] of statusesOf(content) ?? []) {
    if (sender.equals(core.address)) {
      if (status === Status.READ) {
        outcome.readElsewhere.set(identifier.hex, identifier);
      }
      continue;
    }
    if (status !== Status.DELIVERED && status !== Status.READ) {
      continue;
    }
    const row = await core.messages.get(identifier);
    if (!row?.conversation.equals(live.id) || !row.isOutgoing || row.seq === undefined) {
      continue;
    }
    outcome.writes.push(await core.marks.report(identifier, sender, status, envelope.acceptedAtMs));
    const reports =
      (await core.marks.reports([identifier])).get(identifier.hex) ?? new Map<string, number>();
    const reached = await core.marks.reached(live.id);
    const others = live.others(core.address);
    const before = stateOf(row, others, reached, reports);
    const told = Math.max(status, reports.get(sender.uri) ?? 0); // nobody unreads
    const after = stateOf(row, others, reached, new Map([...reports, [sender.uri, told]]));
    if (before !== after) {
      outcome.touch(live, identifier);
    }
  }
}

/** A line of the log that says who did what, as a row that is there once. */
export async function eventRow(
  core: Core,
  live: Live,
  seq: number,
  atMs: number,
  by: AccountAddress,
  event: EventView,
): Promise<readonly [row: Write, message: MessageId]> {
  const name = utf8(`Plausch event ${event.what} ${String(seq)}`);
  const message = MessageId.of(
    sha256(concat(name, live.id.bytes, utf8(toHex(utf8(event.who.join()))))),
  );
  const row: MessageRow = {
    conversation: live.id,
    messageId: message,
    seq,
    sender: by,
    isOutgoing: false,
    kind: 'event',
    target: undefined,
    content: utf8(JSON.stringify(event)),
    ordinalMs: atMs,
    sentAtMs: atMs,
    failure: '',
    isForkSuspected: false,
    position: 0,
  };
  return [await core.messages.add(row), message];
}
