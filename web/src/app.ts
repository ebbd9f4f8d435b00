/** Where the page begins: the device in its worker, and the app before it. */

// First of all, before the page's own code is evaluated.
import { accountShelf, accountSlot, startDevice } from './device_worker.ts';

import { browserAccounts } from './browser_accounts.ts';
import { browserNotices } from './browser_notices.ts';
import { MessengerClient } from './models/messenger.ts';
import { namePage } from './platform/page_names.ts';
import { type CountChannel, UNREAD_CHANNEL, UnreadCounts } from './platform/unread_counts.ts';
import { mountApp } from './views/mount.svelte.ts';

const channel: BroadcastChannel & CountChannel = new BroadcastChannel(UNREAD_CHANNEL);
const counts = new UnreadCounts(indexedDB, channel);
const messenger = new MessengerClient(startDevice);

const target = document.getElementById('app');
if (target !== null) {
  const update = mountApp(messenger, target, {
    notices: browserNotices(accountSlot, counts),
    accounts: browserAccounts(accountShelf, accountSlot, counts),
  });
  void watch(update);
}

/** Keep the app for days without a network, and tell when a newer one has been fetched. */
async function watch(update: { isReady: boolean; take: () => void }): Promise<void> {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) {
    return;
  }
  namePage(navigator.serviceWorker, navigator.locks, accountSlot);
  const registration = await navigator.serviceWorker.register('/sw.js').catch(() => undefined);
  if (registration === undefined) {
    return; // Private windows refuse; everything else works without.
  }
  const offer = (): void => {
    const { waiting } = registration;
    if (waiting !== null && navigator.serviceWorker.controller !== null) {
      update.take = (): void => {
        navigator.serviceWorker.addEventListener('controllerchange', () => {
          location.reload();
        });
        waiting.postMessage('take over');
      };
      update.isReady = true;
    }
  };
  offer();
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', offer);
  });
}
