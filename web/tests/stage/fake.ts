/**
 * A device in memory, for developing and testing the page without the real one: it keeps no secret
 * and sends nothing. What it promises is the form of the answers and the order of what is told.
 */

import { toHex, utf8 } from '../../src/base/bytes.ts';
import { fileKindOf } from '../../src/base/file_kind.ts';
import type { Messenger } from '../../src/models/messenger.ts';
import type {
  Answered,
  Asked,
  ContactView,
  ConversationView,
  HistoryView,
  LastView,
  MessageView,
  Operation,
  Operations,
  OwnView,
  Told,
} from '../../src/sdk/protocol.ts';
import { PlayedAgent } from './agent.ts';
import { backups } from './backups.ts';
import { groupOperations } from './groups.ts';
import { blankConversation } from './blank.ts';
import { devices } from './devices.ts';
import { DOMAIN } from './people.ts';
import { PlayedProfiles } from './profiles.ts';
import { searchIn, stretchOf } from './reading.ts';
import { refusal } from './refusal.ts';

export { refusal };

export const SAFETY_NUMBER = Array.from({ length: 12 }, (_, at) => String(10_007 + at * 7321))
  .map((group) => group.slice(0, 5))
  .join(' ');

type Parts<K extends Operation> = (asked: Asked<K>) => Answered<K>;

/** Everything that a scene may look at and change. */
export class FakeDevice implements Messenger {
  own: OwnView | undefined;
  isOnline = true;
  offlineCode = '';
  reports: Asked<'report'>[] = [];
  taken = new Set<string>();
  invitation = '';
  delayMs = 0;
  history: HistoryView | undefined;
  readonly asked: { operation: Operation; asked: unknown }[] = [];
  readonly conversations = new Map<string, ConversationView>();
  readonly messages = new Map<string, MessageView[]>();
  readonly settled = new Set<string>();
  readonly contacts = new Map<string, ContactView>();
  readonly files = new Map<string, Blob>();
  readonly profiles = new Map<string, Answered<'profile'>>();
  /** What is refused, and with which code. */
  readonly refusing = new Map<Operation, string>();
  /** Called after a message or card of ours was taken, so that somebody may answer. */
  onsent: (message: MessageView) => void = () => undefined;
  nowMs: () => number;
  readonly agent = new PlayedAgent(this);
  readonly ownProfile = new PlayedProfiles(this);
  readonly #listeners = new Set<(told: Told) => void>();
  readonly #restarted = new Set<() => void>();
  #seq = 1_000_000;

  constructor(nowMs: () => number = () => Date.now()) {
    this.nowMs = nowMs;
  }

  async ask<K extends Operation>(operation: K, asked: Asked<K>): Promise<Answered<K>> {
    this.asked.push({ operation, asked });
    if (this.delayMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    } else {
      await Promise.resolve();
    }
    const code = this.refusing.get(operation);
    if (code !== undefined) {
      throw refusal(code);
    }
    const play = this.#operations[operation] as unknown as Parts<K>;
    return play(asked);
  }

  onTold(listener: (told: Told) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onRestarted(listener: () => void): () => void {
    this.#restarted.add(listener);
    return () => this.#restarted.delete(listener);
  }

  /** The device is started anew, as when the tab that had it is closed. */
  restart(): void {
    for (const listener of this.#restarted) {
      listener();
    }
  }

  hurry(): void {
    this.asked.push({ operation: 'open', asked: 'hurry' });
  }

  tell(told: Told): void {
    for (const listener of this.#listeners) {
      listener(told);
    }
  }

  /** A conversation, with what is not said filled in. */
  add(fields: Partial<ConversationView> & { readonly id: string }): ConversationView {
    const view: ConversationView = { ...blankConversation(this.nowMs()), ...fields };
    this.conversations.set(view.id, view);
    this.messages.set(view.id, this.messages.get(view.id) ?? []);
    return view;
  }

  /** A message at the end, with what is not said filled in; told to nobody. */
  write(conversation: string, fields: Partial<MessageView> = {}): MessageView {
    this.#seq += 1;
    const sender = fields.sender ?? this.own?.address ?? '';
    const isOutgoing = sender === this.own?.address;
    const sentAtMs = fields.sentAtMs ?? this.nowMs();
    const message: MessageView = {
      id: `01${this.#seq.toString(16).padStart(62, '0')}`,
      conversation,
      place: [sentAtMs, this.#seq, 0],
      sender,
      isOutgoing,
      kind: 'text',
      text: '',
      isMarkdown: false,
      mentions: [],
      reactions: [],
      isEdited: false,
      isDeleted: false,
      isForwarded: false,
      state: isOutgoing ? 'sent' : 'received',
      sentAtMs,
      isForkSuspected: false,
      ...fields,
    };
    this.messages.get(conversation)?.push(message);
    this.#touch(conversation, message);
    return message;
  }

  /** A message that comes in now, and is told. */
  receive(conversation: string, fields: Partial<MessageView>): MessageView {
    const message = this.write(conversation, fields);
    if (!message.isOutgoing && message.kind !== 'event') {
      const view = this.#view(conversation);
      this.conversations.set(conversation, { ...view, unread: view.unread + 1 });
    }
    this.tell({ what: 'message', message });
    this.tell({ what: 'conversation', conversation: this.#view(conversation) });
    return message;
  }

  /** Change a message, and tell. */
  alter(message: MessageView, fields: Partial<MessageView>): void {
    const list = this.messages.get(message.conversation) ?? [];
    const at = list.findIndex(({ id }) => id === message.id);
    const old = list[at];
    if (old !== undefined) {
      const changed = { ...old, ...fields };
      list[at] = changed;
      this.tell({ what: 'message', message: changed });
      if (at === list.length - 1) {
        this.#touch(message.conversation, changed);
        this.tell({ what: 'conversation', conversation: this.#view(message.conversation) });
      }
    }
  }

  /** Change a conversation, and tell. */
  turn(id: string, fields: Partial<ConversationView>): ConversationView {
    const changed = { ...this.#view(id), ...fields };
    this.conversations.set(id, changed);
    this.tell({ what: 'conversation', conversation: changed });
    return changed;
  }

  #touch(conversation: string, message: MessageView): void {
    const view = this.conversations.get(conversation);
    if (view !== undefined) {
      const last: LastView = {
        text: message.text,
        kind: message.kind,
        ...(message.attachment === undefined ? {} : { file: fileKindOf(message.attachment) }),
        ...(message.event === undefined ? {} : { event: message.event }),
        sender: message.sender,
        isOutgoing: message.isOutgoing,
        isDeleted: message.isDeleted,
        state: message.state,
        atMs: message.sentAtMs,
      };
      this.conversations.set(conversation, { ...view, last, activeAtMs: message.sentAtMs });
    }
  }

  #view(id: string): ConversationView {
    const view = this.conversations.get(id);
    if (view === undefined) {
      throw refusal('unknown_conversation');
    }
    return view;
  }

  #message(conversation: string, id: string): MessageView {
    const found = this.messages.get(conversation)?.find((message) => message.id === id);
    if (found === undefined) {
      throw refusal('unknown_message');
    }
    return found;
  }

  #contact(address: string): ContactView {
    if (address === this.own?.address) {
      throw refusal('own_account');
    }
    const known = this.contacts.get(address);
    if (known !== undefined) {
      return known;
    }
    const contact: ContactView = { address, kind: 'person', state: 'pinned', isBlocked: false };
    this.contacts.set(address, contact);
    return contact;
  }

  #changeContact(address: string, fields: Partial<ContactView>): ContactView {
    const contact = { ...this.#contact(address), ...fields };
    this.contacts.set(address, contact);
    this.tell({ what: 'contact', contact });
    for (const view of this.conversations.values()) {
      if (view.peer === address || view.changed.includes(address)) {
        const changed =
          contact.state === 'changed'
            ? view.changed
            : view.changed.filter((one) => one !== address);
        const isBlocked = view.peer === address ? contact.isBlocked : view.isBlocked;
        this.turn(view.id, { changed, isBlocked });
      }
    }
    return contact;
  }

  #send(conversation: string, fields: Partial<MessageView>): MessageView {
    const message = this.write(conversation, { state: 'waiting', ...fields });
    const view = this.#view(conversation);
    this.tell({ what: 'conversation', conversation: { ...view, draft: '' } });
    if (this.isOnline) {
      setTimeout(() => {
        this.alter(message, { state: 'sent' });
        this.onsent(message);
      }, 30);
      setTimeout(() => {
        this.alter(message, { state: 'delivered' });
      }, 400);
    }
    return message;
  }

  #quote(conversation: string, id: string | undefined): Pick<MessageView, 'answers'> {
    if (id === undefined) {
      return {};
    }
    const { sender, text } = this.#message(conversation, id);
    return { answers: { id, sender, text } };
  }

  #react(conversation: string, id: string, sign: string, isGiven: boolean): void {
    const message = this.#message(conversation, id);
    const own = this.own?.address ?? '';
    const others = message.reactions
      .map((one) => ({ ...one, by: one.by.filter((by) => by !== own || one.sign !== sign) }))
      .filter(({ by }) => by.length > 0);
    const same = others.find((one) => one.sign === sign);
    const reactions = !isGiven
      ? others
      : same === undefined
        ? [...others, { sign, by: [own] }]
        : others.map((one) => (one === same ? { sign, by: [...one.by, own] } : one));
    this.alter(message, { reactions });
  }

  readonly #operations: Operations = {
    open: () => ({
      ...(this.own === undefined ? {} : { own: this.own }),
      isOnline: this.isOnline,
      code: this.offlineCode,
    }),
    register: ({ name, invitation, kind = 'person' }) => {
      if (this.invitation !== '' && invitation !== this.invitation) {
        throw refusal('invitation_required');
      }
      if (this.taken.has(name)) {
        throw refusal('name_taken');
      }
      this.own = { address: `${name}@${DOMAIN}`, device: '0123456789abcdef', kind };
      return this.own;
    },
    conversations: () => [...this.conversations.values()],
    conversation: ({ conversation }) => this.#view(conversation),
    conversationWith: ({ address }) => {
      if (address.startsWith('niemand')) {
        throw refusal('unknown_account');
      }
      const known = [...this.conversations.values()].find(({ peer }) => peer === address);
      const id = toHex(utf8(address)).padEnd(32, '0');
      const own = this.own?.address ?? '';
      return (
        known ?? this.add({ id: id.slice(0, 32), peer: address, participants: [own, address] })
      );
    },
    createGroup: ({ title, addresses }) => {
      const own = this.own?.address ?? '';
      const id = `9${String(this.conversations.size).padStart(31, '0')}`;
      const participants = [own, ...addresses];
      this.add({ id, kind: 'group', title, participants, admins: [own] });
      this.write(id, { kind: 'event', event: { what: 'created', by: own, who: [] } });
      return this.#view(id);
    },
    messages: (asked) =>
      stretchOf(
        this.messages.get(asked.conversation) ?? [],
        asked,
        this.#view(asked.conversation).unread,
      ),
    search: ({ query, conversation }) => searchIn(this.messages, query, conversation),
    sendText: ({ conversation, text, answers, mentions = [] }) =>
      this.#send(conversation, { text, mentions, ...this.#quote(conversation, answers) }),
    answerCard: ({ conversation, answer, text, answers }) =>
      this.#send(conversation, {
        kind: 'card',
        card: answer,
        text,
        ...this.#quote(conversation, answers),
      }),
    forward: ({ conversation, message, to }) => {
      const { text, kind, attachment } = this.#message(conversation, message);
      for (const other of to) {
        this.#send(other, {
          text,
          kind,
          isForwarded: true,
          ...(attachment === undefined ? {} : { attachment }),
        });
      }
      return undefined;
    },
    edit: ({ conversation, message, text }) => {
      this.alter(this.#message(conversation, message), { text, isEdited: true });
      return undefined;
    },
    remove: ({ conversation, message }) => {
      this.alter(this.#message(conversation, message), { text: '', isDeleted: true });
      return undefined;
    },
    isUnread: ({ message }) => !this.settled.has(message),
    hide: ({ conversation, message }) => {
      const list = this.messages.get(conversation) ?? [];
      this.messages.set(
        conversation,
        list.filter(({ id }) => id !== message),
      );
      this.tell({ what: 'hidden', conversation, message });
      return undefined;
    },
    react: ({ conversation, message, sign }) => {
      this.#react(conversation, message, sign, true);
      return undefined;
    },
    unreact: ({ conversation, message, sign }) => {
      this.#react(conversation, message, sign, false);
      return undefined;
    },
    markRead: ({ conversation }) => {
      this.turn(conversation, { unread: 0 });
      return undefined;
    },
    retry: ({ conversation, message }) => {
      this.alter(this.#message(conversation, message), { state: 'sent' });
      return undefined;
    },
    sendFile: ({ conversation, file, text = '', transfer, ...attachment }) => {
      const { name, mediaType, width, height, durationMs, waveform, preview } = attachment;
      const message = this.#send(conversation, {
        kind: 'file',
        text,
        attachment: {
          name,
          mediaType,
          sizeBytes: file.size,
          ...(width === undefined ? {} : { width }),
          ...(height === undefined ? {} : { height }),
          ...(durationMs === undefined ? {} : { durationMs }),
          ...(waveform === undefined ? {} : { waveform }),
          ...(preview === undefined ? {} : { preview }),
        },
      });
      this.files.set(message.id, file);
      for (const share of [0.2, 0.5, 0.8, 1]) {
        setTimeout(() => {
          const doneBytes = Math.round(file.size * share);
          this.tell({ what: 'transfer', transfer, doneBytes, totalBytes: file.size });
        }, share * 600);
      }
      return message;
    },
    fetchFile: ({ message }) => {
      const file = this.files.get(message);
      if (file === undefined) {
        throw refusal('unreachable');
      }
      return file;
    },
    cancelTransfer: () => undefined,
    setDraft: ({ conversation, draft }) => {
      this.turn(conversation, { draft });
      return undefined;
    },
    change: ({ conversation, ...settings }) => this.turn(conversation, settings),
    setExpiry: ({ conversation, expiresAfterS }) => {
      this.turn(conversation, { expiresAfterS });
      const by = this.own?.address ?? '';
      this.receive(conversation, {
        kind: 'event',
        event: { what: 'expiry', by, who: [], expiresAfterS },
      });
      return undefined;
    },
    accept: ({ conversation }) => {
      this.turn(conversation, { isRequest: false });
      return undefined;
    },
    rename: ({ conversation, title }) => {
      this.turn(conversation, { title });
      const by = this.own?.address ?? '';
      this.receive(conversation, { kind: 'event', event: { what: 'titled', by, who: [], title } });
      return undefined;
    },
    add: ({ conversation, address }) => {
      const { participants } = this.#view(conversation);
      this.turn(conversation, { participants: [...participants, address] });
      return undefined;
    },
    ...groupOperations(this),
    forget: ({ conversation }) => {
      this.conversations.delete(conversation);
      this.tell({ what: 'gone', conversation });
      return undefined;
    },
    contact: ({ address }) => this.#contact(address),
    contacts: () => [...this.contacts.values()],
    safety: ({ address }) => ({
      number: SAFETY_NUMBER,
      qr: `plausch-safety:${SAFETY_NUMBER.replaceAll(' ', '')}`,
      contact: this.#contact(address),
    }),
    markVerified: ({ address, compared }) => this.#compared(address, compared),
    acceptIdentity: ({ address, compared }) => this.#compared(address, compared),
    rejectIdentity: ({ address }) => this.#contact(address),
    block: ({ address, isBlocked }) => this.#changeContact(address, { isBlocked }),
    report: (asked) => {
      this.reports.push(asked);
      return asked.messages.length;
    },
    ...devices(this),
    ...this.agent.operations(),
    ...backups(this),
    saveBackupFile: alone,
    restore: alone,
    ...{ problems: () => [], ...this.ownProfile.operations() },
    erase: () => {
      this.tell({ what: 'reset' });
      return undefined;
    },
  };

  #compared(address: string, compared: string): ContactView {
    if (compared.replace(/\D/g, '') !== SAFETY_NUMBER.replaceAll(' ', '')) {
      throw refusal('safety_number_differs');
    }
    return this.#changeContact(address, { state: 'verified' });
  }
}

/** What takes two devices: nobody plays that. */
function alone(): never {
  throw refusal('unreachable');
}
