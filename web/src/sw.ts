/**
 * The service worker: the app as it was built, kept on the device, so that it opens without a
 * network. A newer one is fetched whole beside it and takes over when the person says so. It keeps
 * the app's own files and nothing else.
 *
 * An empty web push wakes it; then it loads the device (waker.ts), which fetches and shows what is
 * new. Only here, so that every other start stays as small as it is.
 */

import { type AccountSlot, FIRST_SLOT } from './base/account_slots.ts';
import { factsOf } from './platform/notice_board.ts';
import { pagesOf, WHO_AM_I } from './platform/page_names.ts';
import { trustOwnScripts } from './platform/trusted_types.ts';

interface Scope {
  readonly location: Location;
  readonly navigator: Navigator;
  readonly clients: {
    claim(): Promise<void>;
    matchAll(filter: {
      readonly type: 'window';
      readonly includeUncontrolled: boolean;
    }): Promise<readonly Page[]>;
    openWindow(url: string): Promise<unknown>;
  };
  readonly registration: {
    showNotification(title: string, options: NotificationOptions): Promise<void>;
  };
  importScripts(url: string): void;
  /** What waker.ts leaves here. */
  plauschWake?: () => Promise<void>;
  addEventListener(type: 'notificationclick', listener: (event: Tapped) => void): void;
  addEventListener(
    type: 'install' | 'activate' | 'push',
    listener: (event: Extendable) => void,
  ): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
  addEventListener(type: 'message', listener: (event: Said) => void): void;
  skipWaiting(): Promise<void>;
}

interface Extendable {
  waitUntil(done: Promise<unknown>): void;
}

interface Fetching {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

/** A tab of this app. */
interface Page {
  readonly id: string;
  focus(): Promise<unknown>;
  postMessage(said: { readonly go: string; readonly slot: AccountSlot }): void;
}

/** What a page has said. */
interface Said {
  readonly data: unknown;
  readonly source: {
    readonly id: string;
    postMessage(said: { readonly you: string }): void;
  } | null;
}

interface Tapped extends Extendable {
  readonly notification: { readonly data: unknown; close(): void };
}

/** Written by the build (build/precached.ts): the files of this version, its name, the device. */
declare const PRECACHED: {
  readonly version: string;
  readonly paths: readonly string[];
  readonly device: string;
};

const scope = globalThis as unknown as Scope;
const PREFIX = 'plausch ';
const CACHE = PREFIX + PRECACHED.version;

trustOwnScripts(globalThis);

scope.addEventListener('install', (event) => {
  // A script that was imported by now may be imported again later, also without a network.
  scope.importScripts(PRECACHED.device);
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) =>
        cache.addAll(PRECACHED.paths.map((path) => new Request(path, { cache: 'no-cache' }))),
      ),
  );
});

scope.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(
          names
            .filter((name) => name.startsWith(PREFIX) && name !== CACHE)
            .map((name) => caches.delete(name)),
        ),
      )
      .then(() => scope.clients.claim()),
  );
});

scope.addEventListener('message', ({ data: said, source }) => {
  if (said === 'take over') {
    void scope.skipWaiting();
  } else if (said === WHO_AM_I) {
    source?.postMessage({ you: source.id });
  }
});

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== scope.location.origin) {
    return;
  }
  // The forms of a business's public page are the server's.
  if (/^\?(?:card|vcard|jsonld)=?$/.test(url.search)) {
    return;
  }
  const isPage = request.mode === 'navigate';
  if (isPage || PRECACHED.paths.includes(url.pathname)) {
    event.respondWith(kept(isPage ? '/' : url.pathname, request));
  }
});

scope.addEventListener('push', (event) => {
  event.waitUntil(woken());
});

scope.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { slot, conversation } = factsOf(event.notification.data);
  event.waitUntil(goTo(slot, conversation === undefined ? '#/' : `#/c/${conversation}`));
});

/** Whatever fails: browsers end the subscription of who shows nothing. */
async function woken(): Promise<void> {
  try {
    if (scope.plauschWake === undefined) {
      scope.importScripts(PRECACHED.device);
    }
    await scope.plauschWake?.();
  } catch {
    await scope.registration.showNotification('Plausch', { tag: 'plausch' });
  }
}

/** To a tab that shows this account, else to a new one. */
async function goTo(slot: AccountSlot, hash: string): Promise<void> {
  const pages = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const [page] = await pagesOf(scope.navigator.locks, pages, slot);
  if (page === undefined) {
    await scope.clients.openWindow(`/${slot === FIRST_SLOT ? '' : `?account=${slot}`}${hash}`);
  } else {
    page.postMessage({ go: hash, slot });
    await page.focus();
  }
}

async function kept(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}
