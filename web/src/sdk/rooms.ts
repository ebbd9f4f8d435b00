/** What a person does with conversations and the people in them. */

import { EMPTY } from '../base/bytes.ts';
import { AccountAddress, ConversationId, DeviceAddress } from '../base/ids.ts';
import { type Facts, factsMessage, titleMessage } from '../content/conversation.ts';
import type { Write } from '../platform/database.ts';
import { type DebtKind, newIdempotencyId } from '../vault/debts.ts';
import { begin } from './beginning.ts';
import { compose, newSalt, sendable } from './composing.ts';
import { BusinessNames } from './business_names.ts';
import type { Core, Live } from './core.ts';
import type { Device } from './device.ts';
import { SdkError, UnknownConversation } from './errors.ts';
import { LONGEST_EXPIRY_S } from './expiry.ts';
import { allFacts } from './facts.ts';
import { lastLine } from './last_line.ts';
import { demandParticipant, Intent } from './membership.ts';
import { identityOf, type ListKeeper, removeDevice } from './own_devices.ts';
import type { Answered, Asked, ContactView, ConversationView, SafetyView } from './protocol.ts';
import { Profiles } from './profiles.ts';
import { demandAdmin, heirOf } from './roles.ts';
import { contactView, conversationView } from './views.ts';
import { Turns } from '../platform/turns.ts';

/** One device's conversations. The names are those of the operations in protocol.ts. */
export class Rooms {
  readonly #device: Device;
  readonly #beginning = new Turns();
  readonly profiles: Profiles;
  readonly #names: BusinessNames;

  constructor(device: Device) {
    const { core, directory } = device;
    this.#device = device;
    this.profiles = new Profiles(core);
    this.#names = new BusinessNames(core, directory, this.profiles);
  }

  /** With what this device knows of businesses' names. Throws VaultDamaged, StorageUnavailable. */
  static async open(device: Device): Promise<Rooms> {
    const rooms = new Rooms(device);
    await rooms.#names.load();
    return rooms;
  }

  /** What all of it is done with. */
  get core(): Core {
    return this.#device.core;
  }

  /** The conversation of an id. Throws UnknownConversation, NameRefused. */
  live(hex: string): Live {
    const live = this.#device.core.live(ConversationId.fromHex(hex));
    if (live === undefined) {
      throw new UnknownConversation('There is no such conversation on this device.');
    }
    return live;
  }

  /** The row of a conversation, of whatever stands for it. */
  view(live: Live): ConversationView {
    const { core, directory } = this.#device;
    return conversationView(core, directory, this.#names, directory.together(live));
  }

  conversations(): readonly ConversationView[] {
    const { core, directory } = this.#device;
    return directory
      .shown()
      .map((together) => conversationView(core, directory, this.#names, together));
  }

  conversation({ conversation }: Asked<'conversation'>): ConversationView {
    return this.view(this.live(conversation));
  }

  async conversationWith({ address }: Asked<'conversationWith'>): Promise<ConversationView> {
    const { core, directory, outbox } = this.#device;
    const peer = this.#device.parseOther(address);
    await this.#meet([peer]);
    // Two callers at once get the same conversation.
    return this.#beginning.run(async () => {
      let live = directory.current(peer);
      if (live === undefined) {
        [live] = await begin(core, [peer], false);
        outbox.kick(live);
      }
      return this.view(live);
    });
  }

  async createGroup({ title, addresses }: Asked<'createGroup'>): Promise<ConversationView> {
    const { core, outbox } = this.#device;
    const others = new Map(
      addresses.map((address) => {
        const parsed = this.#device.parseOther(address);
        return [parsed.toString(), parsed] as const;
      }),
    );
    const content = sendable(() => titleMessage(title, { salt: newSalt() }));
    await this.#meet([...others.values()]);
    const [live] = await begin(core, [...others.values()], true);
    await compose(core, outbox, live, content);
    return this.view(live);
  }

  async setDraft({ conversation, draft }: Asked<'setDraft'>): Promise<undefined> {
    await this.#keep(this.#preferred(conversation), (live) => {
      live.kept.draft = draft;
    });
    return undefined;
  }

  async change(asked: Asked<'change'>): Promise<ConversationView> {
    const live = this.#preferred(asked.conversation);
    await this.#keep(live, ({ kept }) => {
      kept.isPinned = asked.isPinned ?? kept.isPinned;
      kept.isArchived = asked.isArchived ?? kept.isArchived;
      kept.mutedUntilMs = asked.mutedUntilMs ?? kept.mutedUntilMs;
      kept.isMentionsOnly = asked.isMentionsOnly ?? kept.isMentionsOnly;
    });
    return this.view(live);
  }

  async setExpiry({ conversation, expiresAfterS }: Asked<'setExpiry'>): Promise<undefined> {
    if (!Number.isInteger(expiresAfterS) || expiresAfterS < 0 || expiresAfterS > LONGEST_EXPIRY_S) {
      throw new SdkError(`Messages expire after 1 to ${LONGEST_EXPIRY_S} seconds, or never (0).`);
    }
    await this.#keep(this.#preferred(conversation), ({ kept }) => {
      kept.expiresAfterS = expiresAfterS;
    });
    return undefined;
  }

  /** Whichever of those that are shown as one stands for them later. */
  async accept({ conversation }: Asked<'accept'>): Promise<undefined> {
    const { core, directory } = this.#device;
    const live = this.live(conversation);
    for (const one of directory.together(live)) {
      await this.#keep(one, ({ kept }) => {
        kept.isRequest = false;
      });
    }
    await core.trust.setKnown(live.others(core.address));
    return undefined;
  }

  async rename({ conversation, title }: Asked<'rename'>): Promise<undefined> {
    const { core, outbox } = this.#device;
    const content = sendable(() => titleMessage(title, { salt: newSalt() }));
    await compose(core, outbox, this.live(conversation), content);
    return undefined;
  }

  async setPicture({ conversation, picture }: Asked<'setPicture'>): Promise<undefined> {
    await this.#say(this.live(conversation), { picture });
    return undefined;
  }

  async add({ conversation, address }: Asked<'add'>): Promise<undefined> {
    const account = this.#device.parseOther(address);
    const live = this.live(conversation);
    demandAdmin(this.#device.core, live.kept);
    await this.#meet([account]);
    await this.#owe(live, 'change', new Intent([account]).toBytes());
    if (live.kept.title !== '') {
      await this.#say(live, allFacts(live.kept)); // who came has not read it yet
    }
    return undefined;
  }

  async expel({ conversation, address }: Asked<'expel'>): Promise<undefined> {
    const account = this.#device.parseOther(address);
    const live = this.live(conversation);
    if (!live.kept.has(account)) {
      throw new SdkError(`${account.toString()} is not in this conversation.`, {
        code: 'not_in_it',
      });
    }
    demandAdmin(this.#device.core, live.kept);
    await this.#owe(live, 'change', new Intent([], [account]).toBytes());
    return undefined;
  }

  async appoint({ conversation, address, isAdmin }: Asked<'appoint'>): Promise<undefined> {
    const account = AccountAddress.parse(address);
    const live = this.live(conversation);
    if (!live.kept.has(account)) {
      throw new SdkError(`${account.toString()} is not in this conversation.`, {
        code: 'not_in_it',
      });
    }
    if (live.kept.admins === undefined) {
      throw new SdkError('This conversation has no admins: everybody may.', { code: 'no_roles' });
    }
    demandAdmin(this.#device.core, live.kept);
    const named = [account];
    const intent = new Intent([], [], false, isAdmin ? named : [], isAdmin ? [] : named);
    await this.#owe(live, 'change', intent.toBytes());
    return undefined;
  }

  /** The only admin makes another one first. */
  async leave({ conversation }: Asked<'leave'>): Promise<undefined> {
    const { core } = this.#device;
    const live = this.live(conversation);
    if (live.kept.isOver) {
      return undefined;
    }
    if (live.kept.state === 'open') {
      const heir = await core.changing(live, async () =>
        heirOf(core, live.kept, await core.group(live)),
      );
      if (heir !== undefined) {
        const intent = new Intent([], [], false, [heir]).toBytes();
        await core.vault.write([await this.#debt(live, 'change', intent)]);
      }
    }
    await this.#owe(live, 'leave', EMPTY);
    return undefined;
  }

  async forget({ conversation }: Asked<'forget'>): Promise<undefined> {
    const { core } = this.#device;
    const live = this.live(conversation);
    if (!live.kept.isOver && live.kept.state !== 'failed') {
      throw new SdkError('Leave the conversation first, then it can be forgotten.', {
        code: 'still_in',
      });
    }
    await core.changing(live, async () => {
      await core.vault.write([
        ...(await core.messages.removals(live.id)),
        core.conversations.remove(live.id),
        ...core.groups.remove(live.id.bytes),
      ]);
      core.lives.delete(live.id.hex);
    });
    core.feed.tell({ what: 'gone', conversation: live.id });
    return undefined;
  }

  // -- people

  async contact({ address }: Asked<'contact'>): Promise<ContactView> {
    const known = await this.#known(address);
    return contactView(this.#device.core, known);
  }

  contacts(): readonly ContactView[] {
    const { core } = this.#device;
    return core.trust.contacts().map(({ address }) => contactView(core, address));
  }

  async profile({ address }: Asked<'profile'>): Promise<Answered<'profile'>> {
    return this.profiles.get(await this.#known(address));
  }

  async safety({ address }: Asked<'safety'>): Promise<SafetyView> {
    const { core } = this.#device;
    const known = await this.#known(address);
    return {
      number: core.trust.safetyNumber(known),
      qr: core.trust.safetyQr(known),
      contact: contactView(core, known),
    };
  }

  async markVerified({ address, compared }: Asked<'markVerified'>): Promise<ContactView> {
    const known = await this.#known(address);
    await this.#device.core.trust.markVerified(known, compared);
    return contactView(this.#device.core, known);
  }

  async acceptIdentity({ address, compared }: Asked<'acceptIdentity'>): Promise<ContactView> {
    const known = await this.#known(address);
    await this.#device.core.trust.acceptIdentity(known, compared);
    await this.#device.outbox.kickAll(); // what had waited for the decision
    return contactView(this.#device.core, known);
  }

  async rejectIdentity({ address }: Asked<'rejectIdentity'>): Promise<ContactView> {
    const known = await this.#known(address);
    await this.#device.core.trust.rejectIdentity(known);
    await this.#device.outbox.kickAll(); // what had waited for the decision
    return contactView(this.#device.core, known);
  }

  async block({ address, isBlocked }: Asked<'block'>): Promise<ContactView> {
    const known = await this.#known(address);
    await this.#device.core.trust.setBlocked(known, isBlocked);
    await this.#device.outbox.kickAll(); // what had waited for the decision
    return contactView(this.#device.core, known);
  }

  // -- this account's devices

  devices(): Answered<'devices'> {
    const { core } = this.#device;
    const list = core.trust.deviceList(core.address);
    return list.addresses().map((device) => ({
      device: device.uri,
      name: core.naming.of(device),
      isThis: device.equals(core.device),
      isStaff: list.isStaff(device),
      listedAtMs: 0,
    }));
  }

  async removeDevice({ device }: Asked<'removeDevice'>): Promise<undefined> {
    await removeDevice(this.keeper(), DeviceAddress.parseUri(device));
    return undefined;
  }

  async nameDevice({ device, name }: Asked<'nameDevice'>): Promise<undefined> {
    const { core } = this.#device;
    identityOf(core.own);
    await core.naming.set(DeviceAddress.parseUri(device), name);
    return undefined;
  }

  /** What changes this account's list of devices. */
  keeper(): ListKeeper {
    const { core } = this.#device;
    return {
      get own() {
        return core.own;
      },
      trust: core.trust,
      nowS: core.nowS,
      waitOnline: () => core.server.waitOnline(),
      publish: (list, certificates) => core.server.publishDeviceList(list, certificates),
      keepOwn: async ({ deviceList }) => {
        core.own = { ...core.own, deviceList };
        await core.vault.write(await core.ownTable.put(core.own));
      },
      takeOut: (removed) => this.#takeOut(removed),
    };
  }

  // -- inside

  /** The conversation that stands for this one, to which what is set belongs. */
  #preferred(hex: string): Live {
    return this.#device.directory.preferred(this.live(hex));
  }

  async #say(live: Live, facts: Facts): Promise<void> {
    const { core, outbox } = this.#device;
    const words = live.kept.title || 'Group';
    const content = sendable(() => factsMessage(facts, words, { salt: newSalt() }));
    await compose(core, outbox, live, content);
  }

  async #takeOut(removed: DeviceAddress): Promise<void> {
    const { core, outbox } = this.#device;
    for (const live of core.lives.values()) {
      const { members, state } = live.kept;
      if (state === 'open' && members.some((member) => member.equals(removed))) {
        await core.vault.write([await this.#debt(live, 'change', new Intent().toBytes())]);
        outbox.kick(live);
      }
    }
  }

  async #keep(live: Live, step: (live: Live) => void): Promise<void> {
    const { core } = this.#device;
    await core.changing(live, async () => {
      step(live);
      await core.vault.write([await core.conversations.put(live.kept)]);
    });
    core.feed.tell({ what: 'conversation', conversation: live.id });
  }

  #debt(live: Live, kind: DebtKind, intent: Uint8Array): Promise<Write> {
    const idempotencyId = newIdempotencyId();
    return this.#device.core.debts.add({ conversation: live.id, kind, intent, idempotencyId });
  }

  /** Put a debt in the outbox and wait until it is paid. */
  async #owe(live: Live, kind: DebtKind, intent: Uint8Array): Promise<void> {
    const { core, outbox } = this.#device;
    demandParticipant(live);
    const idempotencyId = newIdempotencyId();
    const paid = core.waiter(idempotencyId);
    await core.vault.write([
      await core.debts.add({ conversation: live.id, kind, intent, idempotencyId }),
    ]);
    outbox.kick(live);
    await paid;
    await lastLine(core, live);
  }

  /** Look up who is not known yet. */
  async #meet(addresses: readonly AccountAddress[]): Promise<void> {
    const { core } = this.#device;
    if (addresses.some((address) => core.trust.account(address) === undefined)) {
      await core.server.waitOnline();
    }
    for (const address of addresses) {
      await core.trust.ensure(address);
    }
    core.trust.demandUnchanged(addresses);
  }

  async #known(text: string): Promise<AccountAddress> {
    const { core } = this.#device;
    const address = this.#device.parseOther(text);
    if (core.trust.account(address) === undefined) {
      await core.server.waitOnline();
      await core.trust.ensure(address);
    }
    return address;
  }
}
