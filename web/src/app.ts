/** Where the page begins: the device in its worker, and the app before it. */

// First of all, before the page's own code is evaluated.
import { startDevice } from './device_worker.ts';

import { browserNotices } from './browser_notices.ts';
import { MessengerClient } from './models/messenger.ts';
import { mountApp } from './views/mount.svelte.ts';

const messenger = new MessengerClient(startDevice);

const target = document.getElementById('app');
if (target !== null) {
  const update = mountApp(messenger, target, browserNotices());
  void watch(update);
}

/** Keep the app for days without a network, and tell when a newer one has been fetched. */
async function watch(update: { isReady: boolean; take: () => void }): Promise<void> {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) {
    return;
  }
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
