/**
 * The service worker: the app as it was built, kept on the device, so that it opens without a
 * network. A newer one is fetched whole beside it and takes over when the person says so. It keeps
 * the app's own files and nothing else.
 *
 * An empty web push wakes it; then it loads the device (waker.ts), which fetches and shows what is
 * new. Only here, so that every other start stays as small as it is.
 */

import { factsOf } from './platform/notice_board.ts';
import { trustOwnScripts } from './platform/trusted_types.ts';

interface Scope {
  readonly location: Location;
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
  addEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void;
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
  focus(): Promise<unknown>;
  postMessage(said: { readonly go: string }): void;
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

scope.addEventListener('message', ({ data: said }) => {
  if (said === 'take over') {
    void scope.skipWaiting();
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
  const { conversation } = factsOf(event.notification.data);
  event.waitUntil(goTo(conversation === undefined ? '#/' : `#/c/${conversation}`));
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

/** To a tab that is open, else to a new one. */
async function goTo(hash: string): Promise<void> {
  const [page] = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (page === undefined) {
    await scope.clients.openWindow(`/${hash}`);
  } else {
    page.postMessage({ go: hash });
    await page.focus();
  }
}

async function kept(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}
