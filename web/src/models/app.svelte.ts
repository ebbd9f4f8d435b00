/**
 * The whole app without its face: who this is, where they are, what is told by the device.
 *
 * What the device tells is gathered for a moment and taken in at once, so that fifty messages a
 * second cost no more than a few (`gathering.ts`).
 */

import { SvelteMap } from 'svelte/reactivity';

import type { PlauschError } from '../base/errors.ts';
import type {
  ContactView,
  ConversationView,
  MessageView,
  OwnView,
  Settings,
  Told,
} from '../sdk/protocol.ts';
import { words } from '../words/words.svelte.ts';
import { AccountSwitch, ONE_ACCOUNT } from './account_switch.svelte.ts';
import { Announcer } from './announcer.svelte.ts';
import { attempt } from './attempt.ts';
import type { Business } from './business.svelte.ts';
import { Composer } from './composer.svelte.ts';
import { ConnectionNews } from './connection_news.svelte.ts';
import { OpenConversation } from './conversation.svelte.ts';
import { Gathering } from './gathering.ts';
import { Inbox } from './inbox.svelte.ts';
import { Linking } from './linking.svelte.ts';
import type { Messenger } from './messenger.ts';
import { NO_NOTICES, Notifier } from './notifier.svelte.ts';
import { domainOf, nameIn, nameOf, titleOf } from './people.ts';
import type { Preferences } from './preferences.svelte.ts';
import { BusinessProfiles } from './profiles.svelte.ts';
import { hashOf, type Route, routeOf } from './route.ts';
import type { Place, Surroundings } from './surroundings.ts';
import { Transfers } from './transfers.svelte.ts';

const NOTE_MS = 6000;

/** A sentence at the edge of the page, for a moment: a failure's, or our own. */
export interface Note {
  readonly id: number;
  readonly code?: string;
  readonly sentence: string;
  readonly undo?: () => void;
}

export class App {
  phase = $state<'opening' | 'new' | 'ready' | 'broken'>('opening');
  own = $state.raw<OwnView | undefined>(undefined);
  failure = $state.raw<PlauschError | undefined>(undefined);
  route = $state.raw<Route>({ page: 'list' });
  open = $state.raw<OpenConversation | undefined>(undefined);
  composer = $state.raw<Composer | undefined>(undefined);
  notes = $state.raw<readonly Note[]>([]);
  nowMs = $state(0);
  business = $state.raw<Business | undefined>(undefined);
  readonly inbox: Inbox;
  readonly transfers: Transfers;
  readonly linking: Linking;
  readonly announcer: Announcer;
  readonly connection: ConnectionNews;
  readonly notifier: Notifier;
  readonly preferences: Preferences;
  readonly accounts: AccountSwitch;
  readonly messenger: Messenger;
  readonly timers: Surroundings['timers'];
  readonly contacts = new SvelteMap<string, ContactView>();
  readonly profiles: BusinessProfiles;
  readonly #place: Place;
  readonly #reload: () => void;
  readonly #toClipboard: (text: string) => Promise<void>;
  readonly #gathering: Gathering<Told>;
  readonly #asked = new Set<string>();
  #lastNote = 0;
  /** The open conversation as the list has it now. */
  readonly view: ConversationView | undefined = $derived.by(() => {
    const { open, inbox } = this;
    return open === undefined ? undefined : inbox.all.find((view) => view.id === open.id);
  });

  constructor(surroundings: Surroundings) {
    const { messenger, preferences, place, timers, reload, notices = NO_NOTICES } = surroundings;
    this.accounts = new AccountSwitch(surroundings.accounts ?? ONE_ACCOUNT);
    const { deviceName = '', toClipboard = () => Promise.reject(new Error()) } = surroundings;
    this.messenger = messenger;
    this.profiles = new BusinessProfiles(this.messenger);
    this.preferences = preferences;
    this.timers = timers;
    this.#place = place;
    this.#reload = reload;
    this.#toClipboard = toClipboard;
    this.nowMs = timers.now();
    this.inbox = new Inbox(
      messenger,
      () => this.own?.address ?? '',
      timers,
      (action) => this.attempt(action),
    );
    this.transfers = new Transfers(messenger);
    this.linking = new Linking(messenger, deviceName);
    this.announcer = new Announcer(timers);
    this.connection = new ConnectionNews(timers);
    this.notifier = new Notifier({
      ...notices,
      messenger,
      preferences,
      own: () => this.own?.address ?? '',
      timers,
      viewOf: (conversation) => this.inbox.get(conversation),
      isTended: () => this.business?.isAway === false,
      slot: this.accounts.slot,
      isOneOfTwo: () => this.accounts.other !== undefined,
    });
    this.#gathering = new Gathering(timers, (told) => {
      this.#takeIn(told);
    });
    messenger.onTold((told) => {
      this.#gathering.add(told);
    });
    messenger.onRestarted(() => void this.attempt(() => this.#again()));
  }

  /** The domain of our own account. */
  get domain(): string {
    return domainOf(this.own?.address ?? '');
  }

  get host(): string {
    return this.#place.host;
  }

  nameOf(address: string): string {
    return nameOf(address, this.domain);
  }

  /** How somebody is called in a conversation, of the open one unless another is meant. */
  nameIn(address: string, view = this.view): string {
    return nameIn(view, address, this.own?.address ?? '');
  }

  titleOf(view: ConversationView): string {
    return titleOf(view, this.own?.address ?? '');
  }

  /** Ask the device who this is, and load the list. */
  async begin(): Promise<void> {
    this.phase = 'opening';
    await attempt(
      () => this.#begin(),
      (error) => {
        this.failure = error;
        this.phase = 'broken';
      },
    );
  }

  async #begin(): Promise<void> {
    const { own, ...connection } = await this.messenger.ask('open', {});
    this.connection.hear(connection);
    if (own === undefined) {
      if (!(await this.accounts.nobody())) {
        this.phase = 'new';
      }
      return;
    }
    await this.become(own);
    await this.follow();
    if (connection.isOnline) {
      void this.notifier.online();
    }
  }

  /** This is who we are now. Throws Refused. */
  async become(own: OwnView): Promise<void> {
    this.own = own;
    this.accounts.here(own.address);
    await this.inbox.load();
    this.phase = 'ready';
  }

  /** Go somewhere. */
  go(route: Route, replaces = false): void {
    this.#place.go(hashOf(route), replaces);
    void this.follow();
  }

  /** Show what the address says. */
  async follow(): Promise<void> {
    const { hash } = this.#place;
    const route = routeOf(hash);
    if (route.page === 'conversation' && this.inbox.get(route.id) === undefined) {
      const learnt = await this.#learn(route.id);
      if (this.#place.hash !== hash) {
        return; // somebody went elsewhere meanwhile
      }
      if (learnt !== undefined && learnt !== route.id) {
        this.go({ ...route, id: learnt }, true);
        return;
      }
    }
    const isKnown =
      route.page === 'business'
        ? this.own?.kind === 'business'
        : route.page !== 'conversation' || this.inbox.get(route.id) !== undefined;
    this.route = isKnown ? route : { page: 'list' };
    if (this.route.page === 'conversation') {
      await this.#openConversation(this.route.id);
    } else if (this.route.page === 'list') {
      this.#close();
    }
  }

  /** To the conversation with an account, begun if there is none. True when it is open. */
  async write(address: string, replaces = false, text = ''): Promise<boolean> {
    const view = await this.attempt(() => this.messenger.ask('conversationWith', { address }));
    if (view !== undefined) {
      // What somebody had begun to write goes before what a link brings along.
      this.inbox.apply([view.draft === '' ? { ...view, draft: text } : view]);
      this.go({ page: 'conversation', id: view.id, side: 'none' }, replaces);
    }
    return view !== undefined;
  }

  /**
   * What the device knows of another account; asked for once, shown when it is there. Of our own
   * there is nothing to know.
   */
  contact(address: string): ContactView | undefined {
    const known = this.contacts.get(address);
    const isOther = address !== this.own?.address;
    if (known === undefined && isOther && !this.#asked.has(address)) {
      this.#asked.add(address);
      this.messenger.ask('contact', { address }).then(
        (contact) => this.contacts.set(address, contact),
        () => this.#asked.delete(address),
      );
    }
    return known;
  }

  /**
   * Do something that may be refused; then say why, and give undefined. `isSaid`: the refusal is
   * said in a better place already.
   */
  async attempt<T>(
    action: () => Promise<T>,
    isSaid: (refusal: PlauschError) => boolean = () => false,
  ): Promise<T | undefined> {
    return attempt(action, (refusal) => {
      if (!isSaid(refusal)) {
        this.note({ code: refusal.code, sentence: refusal.message });
      }
    });
  }

  /** Put a text where it can be pasted from, and say whether it is there. */
  async copy(text: string): Promise<void> {
    const { common, failure } = words();
    await this.#toClipboard(text).then(
      () => {
        this.note({ sentence: common.copied });
      },
      () => {
        this.note({ code: 'not_copied', sentence: failure.not_copied });
      },
    );
  }

  note(note: Omit<Note, 'id'>): void {
    this.#lastNote += 1;
    const id = this.#lastNote;
    this.notes = [
      ...this.notes.filter(({ sentence }) => sentence !== note.sentence),
      { ...note, id },
    ];
    this.timers.setTimeout(() => {
      this.dismiss(id);
    }, NOTE_MS);
  }

  dismiss(id: number): void {
    this.notes = this.notes.filter((note) => note.id !== id);
  }

  /** Change a conversation's settings; the list shows the answer. */
  async change(conversation: string, settings: Settings): Promise<void> {
    const view = await this.attempt(() =>
      this.messenger.ask('change', { conversation, ...settings }),
    );
    if (view !== undefined) {
      this.inbox.apply([view]);
    }
  }

  /** Take a message that we know of before it is told. */
  take(message: MessageView | undefined): void {
    if (message !== undefined && message.conversation === this.open?.id) {
      this.open.apply([message]);
    }
  }

  /** A letter was typed, anywhere: what is being told can be drawn right after it. */
  typed(): void {
    this.#gathering.typed();
  }

  #takeIn(told: readonly Told[]): void {
    const conversations = new Map<string, ConversationView>();
    const gone: string[] = [];
    const messages = new Map<string, MessageView>();
    const arrived: MessageView[] = [];
    const hidden = new Set<string>();
    for (const one of told) {
      switch (one.what) {
        case 'conversation':
          conversations.delete(one.conversation.id); // so that the newest comes last
          conversations.set(one.conversation.id, one.conversation);
          break;
        case 'gone':
          conversations.delete(one.conversation);
          gone.push(one.conversation);
          break;
        case 'message':
          this.#announce(one.message);
          arrived.push(one.message);
          if (one.message.conversation === this.open?.id) {
            messages.set(one.message.id, one.message);
          }
          break;
        case 'hidden':
          messages.delete(one.message);
          hidden.add(one.message);
          break;
        case 'contact':
        case 'problem':
        case 'connection':
        case 'transfer':
        case 'linking':
        case 'caught_up':
        case 'moved':
        case 'agent_changed':
        case 'team':
        case 'reset':
          this.#hear(one);
      }
    }
    this.nowMs = this.timers.now();
    if (conversations.size > 0 || gone.length > 0) {
      this.inbox.apply(conversations.values(), gone);
    }
    this.#notify(arrived, [...conversations.values()]);
    this.#goOn([...conversations.values()]);
    if (messages.size > 0) {
      this.open?.apply([...messages.values()]);
    }
    if (hidden.size > 0) {
      this.open?.drop(hidden);
    }
    if (this.open !== undefined && gone.includes(this.open.id)) {
      this.go({ page: 'list' }, true);
    }
  }

  #hear(told: Exclude<Told, { what: 'conversation' | 'gone' | 'message' | 'hidden' }>): void {
    switch (told.what) {
      case 'contact':
        this.contacts.set(told.contact.address, told.contact);
        break;
      case 'problem':
        this.note({ code: told.problem.code, sentence: told.problem.sentence });
        break;
      case 'connection':
        this.connection.hear(told);
        if (told.isOnline && this.phase === 'ready') {
          void this.notifier.online();
        }
        break;
      case 'transfer':
        this.transfers.told(told.transfer, told);
        break;
      case 'linking':
        this.linking.hear(told.linking);
        if (told.linking.stage === 'done' && this.phase === 'new') {
          void this.begin();
        }
        break;
      case 'caught_up':
      case 'moved':
      case 'agent_changed':
      case 'team':
        break; // the messenger has said so already; business.svelte.ts hears for itself
      case 'reset':
        void this.#leave();
    }
  }

  /** The account is erased here. A tab that hears it late does not spoil what the other one has. */
  async #leave(): Promise<void> {
    try {
      if (!this.accounts.isLeft) {
        await this.notifier.forget();
      }
    } finally {
      if (!this.accounts.erased()) {
        this.#reload();
      }
    }
  }

  /** Two people began at the same moment: another conversation stands for the open one now. */
  #goOn(changed: readonly ConversationView[]): void {
    const { open, composer, route } = this;
    const view = changed.findLast(({ insteadOf = [] }) => insteadOf.includes(open?.id ?? ''));
    if (view !== undefined && route.page === 'conversation' && this.inbox.get(view.id) === view) {
      const written = composer?.editing === undefined && composer?.isEmpty === false;
      const text = written ? composer.text : view.draft;
      this.go({ ...route, id: view.id }, true);
      this.composer?.write(text);
    }
  }

  #notify(arrived: readonly MessageView[], changed: readonly ConversationView[]): void {
    for (const message of arrived) {
      const isOpen = this.inbox.get(message.conversation)?.id === this.open?.id;
      const isBlocked = this.contact(message.sender)?.isBlocked === true;
      this.notifier.arrived(message, isOpen, isBlocked);
    }
    for (const { id, unread } of changed) {
      if (unread === 0) {
        this.notifier.read(id);
      }
    }
  }

  #announce(message: MessageView): void {
    const isNew = message.sentAtMs > this.nowMs - 60_000 && !message.isEdited && !message.isDeleted;
    const view = this.inbox.get(message.conversation);
    const isMuted = (view?.mutedUntilMs ?? 0) > this.nowMs;
    const isKnown = this.open?.find(message.id) !== undefined;
    if (isNew && !isMuted && !isKnown && !message.isOutgoing && message.kind !== 'event') {
      const isSeen = this.route.page === 'conversation' && this.route.side === 'none';
      const isOpen = message.conversation === this.open?.id && isSeen;
      this.announcer.arrived(message, this.nameIn(message.sender, view), isOpen);
    }
  }

  /**
   * A notification may lead to a conversation before the list has heard of it, or to one that
   * another stands for. The id of the one that is shown, if there is one.
   */
  async #learn(conversation: string): Promise<string | undefined> {
    const view = await attempt(
      () => this.messenger.ask('conversation', { conversation }),
      () => undefined, // there is none: the list is shown
    );
    if (view !== undefined) {
      this.inbox.apply([view]);
    }
    return view?.id;
  }

  async #openConversation(id: string): Promise<void> {
    if (this.open?.id === id) {
      return;
    }
    this.#close();
    const composer = new Composer(id, this.messenger, this.domain, this.timers);
    composer.text = this.inbox.get(id)?.draft ?? '';
    composer.caret = composer.text.length;
    this.composer = composer;
    await this.#load(id);
  }

  async #load(id: string): Promise<void> {
    const open = new OpenConversation(id, this.messenger);
    this.open = open;
    await this.attempt(() => open.open(this.inbox.get(id)?.unread ?? 0));
  }

  #close(): void {
    this.composer?.close();
    this.open = undefined;
    this.composer = undefined;
    this.transfers.forget();
  }

  async #again(): Promise<void> {
    if (this.phase === 'ready') {
      await this.inbox.load();
      const { open } = this; // The same one: its field keeps the caret, the log its place.
      if (open !== undefined) {
        const unread = this.inbox.get(open.id)?.unread ?? 0;
        await (open.isLoaded ? open.readAgain() : open.open(unread));
      }
    }
  }
}
