/** Welcomes: becoming a member of a conversation that somebody else added us to. */

import { RemoteError } from '../base/errors.ts';
import { type AccountAddress, ConversationId, type MessageId } from '../base/ids.ts';
import { type Group, join, KeyPackageBundle, type StagedJoin } from '../mls/group.ts';
import { welcomeReferences } from '../mls/welcome_header.ts';
import type { Write } from '../platform/database.ts';
import { Turns } from '../platform/turns.ts';
import { KeptConversation } from '../vault/conversations.ts';
import type { KeptKeyPackage } from '../vault/key_packages.ts';
import { understood } from '../vault/row.ts';
import { KEY_PACKAGE } from '../vault/schema.ts';
import { type Core, Live } from './core.ts';
import type { Event } from './events.ts';
import { lastLine } from './last_line.ts';
import { devicesOf } from './membership.ts';
import { eventRow } from './receive.ts';
import { adminsIn } from './roles.ts';
import type { MailboxItem } from './server.ts';

/**
 * The last epoch that this device enters by a Welcome: those after it fit on the wire and into the
 * vault, whoever counts them up.
 */
export const LAST_EPOCH = BigInt(Math.floor(Number.MAX_SAFE_INTEGER / 2));

interface Joined {
  readonly kept: KeptConversation;
  readonly group: Group;
  readonly writes: readonly Write[];
  readonly events: readonly Event[];
}

/**
 * How a Welcome comes. Of a conversation that this device is in, the log was read up to the item's
 * Commit; `isAnew`: it says that this device is in only after that. `isLeft`: the server may not
 * forget it yet.
 */
export interface Coming {
  readonly isAnew: boolean;
  readonly isLeft: boolean;
}

/** Takes Welcomes from the mailbox, in order; each exactly once. */
export class Joining {
  readonly #core: Core;
  readonly #turns = new Turns();

  constructor(core: Core) {
    this.#core = core;
  }

  /** One look into the mailbox at a time: two would join the same conversation twice. */
  inTurn(step: () => Promise<void>): Promise<void> {
    return this.#turns.run(step);
  }

  /**
   * Join, or note why not; either way the item is done. The new conversation, if any.
   *
   * An item that seems to be taken already is tried all the same: the number of an earlier one may
   * have been a lie. Throws Unreachable when an account cannot be looked up now: the item stays.
   */
  async take(item: MailboxItem, coming: Coming): Promise<Live | undefined> {
    const core = this.#core;
    const before = core.live(ConversationId.of(item.conversation));
    const step = (): Promise<Live | undefined> => this.#take(item, before, coming);
    // Whoever still holds the conversation that was left goes on with the one joined again.
    const live = await (before === undefined ? step() : core.changing(before, step));
    if (live !== undefined) {
      await lastLine(core, live);
    }
    return live;
  }

  async #take(
    item: MailboxItem,
    before: Live | undefined,
    { isAnew, isLeft }: Coming,
  ): Promise<Live | undefined> {
    const core = this.#core;
    const isAgain = item.item <= core.own.mailbox;
    let joined: Joined | undefined;
    const writes: Write[] = [];
    const events: Event[] = [];
    try {
      joined = await this.#join(item, before, isAnew);
      writes.push(...joined.writes);
      events.push(...joined.events);
    } catch (error) {
      if (!(error instanceof RemoteError)) {
        throw error;
      }
      if (!isAgain) {
        const id = ConversationId.of(item.conversation);
        const [noted, event] = await core.problem(id, item.seq, error);
        writes.push(...noted);
        events.push(event);
      }
    }
    const place = isAgain && joined === undefined ? core.own.mailbox : item.item;
    await core.vault.write([...writes, await core.ownTable.setMailbox(place)]);
    core.own = { ...core.own, mailbox: place };
    const live = joined && enter(core, joined, before);
    if (!isLeft) {
      core.server.acknowledgeMailbox(item.item);
    }
    events.forEach((event) => {
      core.feed.tell(event);
    });
    return live;
  }

  async #join(item: MailboxItem, before: Live | undefined, isAnew: boolean): Promise<Joined> {
    const core = this.#core;
    const conversation = ConversationId.of(item.conversation);
    const isIn = before !== undefined && !before.kept.isOver && before.kept.state !== 'broken';
    if (isIn && !isAnew) {
      throw new RemoteError(
        'A Welcome came for a conversation that this device is already in; ignored.',
        { code: 'welcome_repeated' },
      );
    }
    const [kept, staged] = await this.#open(item);
    const { epoch } = staged.context;
    if (!ConversationId.of(staged.groupId).equals(conversation)) {
      throw new RemoteError(
        'A Welcome was delivered as one for another conversation than it is for; ignored.',
        { code: 'welcome_misplaced' },
      );
    }
    if (before !== undefined && epoch <= before.kept.epoch) {
      throw new RemoteError('A Welcome came for an epoch that is over; going back is refused.', {
        code: 'welcome_outdated',
      });
    }
    if (epoch > LAST_EPOCH) {
      throw new RemoteError(
        `A Welcome came for epoch ${epoch.toString()}, which no conversation reaches; ignored.`,
        { code: 'welcome_epoch' },
      );
    }
    const inviter = core.trust.device(staged.sender.credential).account;
    if (isIn && !before.kept.participants.some((one) => one.equals(inviter))) {
      throw stranger(inviter);
    }
    const admins = adminsIn(staged.context.extensions);
    const group = staged.accept();
    const live = new Live(this.#row(conversation, item, inviter, before));
    live.group = group;
    live.kept.setMembers(devicesOf(core, group));
    live.kept.epoch = group.epoch;
    live.kept.admins = admins;
    // Where this account takes part already, nobody has invited it: this device is new to it.
    const isLinked = live.kept.members.some(
      (device) => device.account.equals(core.address) && !device.equals(core.device),
    );
    if (isLinked) {
      live.kept.isRequest = before?.kept.isRequest === true;
    }
    const lines = isLinked ? [] : await this.#lines(live, item, inviter);
    const writes = [
      await core.conversations.put(live.kept),
      ...(await core.saveGroup(live, true)),
      core.keyPackages.use(kept),
      ...lines.map(([write]) => write),
    ];
    const events = lines.map(([, message]) => ({
      what: 'message' as const,
      conversation,
      message,
    }));
    return { kept: live.kept, group, writes, events };
  }

  /** Who has brought us into a group; between two there is nothing to say. */
  async #lines(
    live: Live,
    item: MailboxItem,
    inviter: AccountAddress,
  ): Promise<readonly (readonly [write: Write, message: MessageId])[]> {
    const who = live.kept.participants.map(String);
    if (who.length <= 2) {
      return [];
    }
    const event = { what: 'created' as const, by: inviter.toString(), who };
    return [await eventRow(this.#core, live, item.seq, item.acceptedAtMs, inviter, event)];
  }

  async #open(item: MailboxItem): Promise<readonly [kept: KeptKeyPackage, staged: StagedJoin]> {
    const core = this.#core;
    const kept = await core.keyPackages.find(welcomeReferences(item.welcome));
    if (kept === undefined) {
      throw new RemoteError(
        'A Welcome came for a key package that this device does not hold (any more).',
        { code: 'welcome_unknown_key_package' },
      );
    }
    const bundle = understood(KEY_PACKAGE, () => KeyPackageBundle.load(kept.bundle));
    try {
      const staged = await core.judged((judge) =>
        join(item.welcome, bundle, judge, core.nowS).settle(core.verifier),
      );
      return [kept, staged];
    } finally {
      bundle.erase();
      kept.bundle.fill(0);
    }
  }

  #row(
    id: ConversationId,
    item: MailboxItem,
    inviter: AccountAddress,
    before: Live | undefined,
  ): KeptConversation {
    const core = this.#core;
    const account = core.trust.account(inviter);
    const isKnown = account !== undefined && (account.isKnown || inviter.equals(core.address));
    const row = new KeptConversation(id);
    row.state = 'open';
    row.isRequest = !isKnown;
    row.cursor = item.seq;
    row.activeAtMs = item.acceptedAtMs;
    row.ordinalMs = item.acceptedAtMs;
    if (before !== undefined) {
      const { kept } = before;
      row.title = kept.title;
      row.picture = kept.picture;
      row.readSeq = kept.readSeq;
      row.unread = kept.unread;
      row.isPinned = kept.isPinned;
      row.isArchived = kept.isArchived;
      row.mutedUntilMs = kept.mutedUntilMs;
      row.isMentionsOnly = kept.isMentionsOnly;
      row.draft = kept.draft;
      row.expiresAfterS = kept.expiresAfterS;
      row.last = kept.last;
      row.ordinalMs = Math.max(row.ordinalMs, kept.ordinalMs);
    }
    return row;
  }
}

/**
 * Only the server says that this device was removed; it must not be able to hand the conversation to
 * whom it likes.
 */
function stranger(inviter: AccountAddress): RemoteError {
  return new RemoteError(
    `A Welcome of ${inviter.toString()} came for a conversation that this device is in and ` +
      `${inviter.toString()} is not; ignored. Ask a participant to remove this device and to add ` +
      'it again.',
    { code: 'welcome_stranger' },
  );
}

/** The conversation in memory, as it was joined. */
function enter(core: Core, { kept, group }: Joined, before: Live | undefined): Live {
  const live = before ?? new Live(kept);
  live.kept = kept;
  live.group = group;
  live.head = Math.max(live.head, kept.cursor);
  live.authenticators.clear();
  live.leaving.clear();
  live.rememberEpoch(group);
  core.lives.set(kept.id.hex, live);
  return live;
}
