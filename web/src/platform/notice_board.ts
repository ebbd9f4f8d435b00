/**
 * Notifications, the app's badge and web push, as the browser has them; each of them may be absent.
 *
 * What is shown goes through the service worker's registration: telephones have no other way, and
 * so a page and the service worker see, replace and close what the other has shown.
 */

import { type AccountSlot, FIRST_SLOT, slotIn } from '../base/account_slots.ts';
import { equalBytes } from '../base/bytes.ts';
import type { Notice, Permission } from '../base/notices.ts';

/** What is kept beside a notification that is shown. */
export interface NoticeFacts {
  readonly slot: AccountSlot;
  readonly conversation?: string | undefined;
  readonly message?: string | undefined;
}

/** `renotify` is not in TypeScript's DOM: a new message makes itself felt, as the first did. */
interface Options extends NotificationOptions {
  readonly renotify: boolean;
}

/** What is used here of a ServiceWorkerRegistration. */
export interface Registration {
  readonly pushManager?: Pick<PushManager, 'getSubscription' | 'subscribe'>;
  showNotification(title: string, options: NotificationOptions): Promise<void>;
  getNotifications(filter?: { readonly tag: string }): Promise<readonly Shown[]>;
}

/** A notification that is there. */
export interface Shown {
  readonly tag: string;
  readonly data: unknown;
  close(): void;
}

/** What is used here of a browser. */
export interface NoticeSurroundings {
  readonly notification:
    | { readonly permission: NotificationPermission; ask(): Promise<NotificationPermission> }
    | undefined;
  registration(): Promise<Registration | undefined>;
  /** Show a number at the app's icon; 0: none. */
  badge(count: number): Promise<void>;
}

const ICON = '/icons/icon-192.png';

/** Notifications of this origin. */
export class NoticeBoard {
  readonly #around: NoticeSurroundings;

  constructor(around: NoticeSurroundings) {
    this.#around = around;
  }

  get permission(): Permission {
    return this.#around.notification?.permission ?? 'unsupported';
  }

  /** Let the browser ask the person. Call it when the person wants it, never by itself. */
  async ask(): Promise<Permission> {
    await this.#around.notification?.ask();
    return this.permission;
  }

  /** Show a notification, unless there is one of this message already. */
  async show(notice: Notice): Promise<void> {
    const registration = await this.#around.registration();
    if (registration === undefined || this.permission !== 'granted') {
      return;
    }
    await showOn(registration, notice);
  }

  /** Take away what is shown of a tag. */
  async close(tag: string): Promise<void> {
    const registration = await this.#around.registration();
    for (const shown of (await registration?.getNotifications({ tag })) ?? []) {
      shown.close();
    }
  }

  badge(count: number): void {
    this.#around.badge(count).catch(() => undefined); // It adorns, no more.
  }

  /**
   * Where a push service reaches this browser, for the server with this key; undefined: nowhere.
   * Without a network it may take for ever.
   */
  async subscribe(key: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
    const pushes = (await this.#around.registration())?.pushManager;
    if (pushes === undefined) {
      return undefined;
    }
    try {
      const before = await pushes.getSubscription();
      if (before !== null) {
        if (isFor(before, key)) {
          return before.endpoint;
        }
        await before.unsubscribe();
      }
      const options = { userVisibleOnly: true, applicationServerKey: key };
      return (await pushes.subscribe(options)).endpoint;
    } catch {
      return undefined; // Refused by the person, the browser or its push service.
    }
  }

  /** The push service is to forget this browser. */
  async unsubscribe(): Promise<void> {
    try {
      const pushes = (await this.#around.registration())?.pushManager;
      await (await pushes?.getSubscription())?.unsubscribe();
    } catch {
      // The server is told anyway; a wake-up that comes all the same finds nothing to show.
    }
  }
}

/** Show a notification, unless there is one of this message already. */
export async function showOn(registration: Registration, notice: Notice): Promise<void> {
  const { slot, tag, title, body, isSilent, conversation, message } = notice;
  const there = await registration.getNotifications({ tag });
  if (message !== undefined && there.some(({ data }) => factsOf(data).message === message)) {
    return; // another tab was faster
  }
  const facts: NoticeFacts = { slot, conversation, message };
  const options: Options = {
    tag,
    body,
    icon: ICON,
    silent: isSilent,
    renotify: !isSilent,
    data: facts,
  };
  await registration.showNotification(title, options);
}

/** What is kept beside a notification, which an older version may have shown. */
export function factsOf(data: unknown): NoticeFacts {
  const { slot, conversation, message } =
    typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  return {
    slot: slotIn(slot) ?? FIRST_SLOT,
    conversation: typeof conversation === 'string' ? conversation : undefined,
    message: typeof message === 'string' ? message : undefined,
  };
}

function isFor(subscription: PushSubscription, key: Uint8Array): boolean {
  const own = subscription.options.applicationServerKey;
  return own !== null && equalBytes(new Uint8Array(own), key);
}
