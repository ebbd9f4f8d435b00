/** Puts the app into a page: the same for the real device and for the one of the tests. */
import { mount } from 'svelte';

import './tokens.css';
import './theme.css';

import { FIRST_SLOT } from '../base/account_slots.ts';
import { App } from '../models/app.svelte.ts';
import type { Messenger } from '../models/messenger.ts';
import { deviceName } from '../models/device_name.ts';
import { Preferences } from '../models/preferences.svelte.ts';
import { isLink, linkedName, linkedText, routeOf } from '../models/route.ts';
import type { Surroundings } from '../models/surroundings.ts';
import type { PageTimers } from '../models/timing.ts';
import { domainOf } from '../models/people.ts';
import AppView from './AppView.svelte';

/** What a newer version of the app is taken by. */
export interface Update {
  isReady: boolean;
  take: () => void;
}

/**
 * Shows the app in `target`, with notifications and room for a second account if there are any; what
 * comes back is told when there is a newer version.
 */
export function mountApp(
  messenger: Messenger,
  target: HTMLElement,
  sides: Pick<Surroundings, 'notices' | 'accounts'> = {},
): Update {
  const timers: PageTimers = {
    setTimeout: (callback, delayMs) => window.setTimeout(callback, delayMs),
    clearTimeout: (timer) => {
      window.clearTimeout(timer);
    },
    afterPaint: (callback) => {
      requestAnimationFrame(() => setTimeout(callback));
    },
    now: () => Date.now(),
  };
  const preferences = new Preferences(
    shelf(),
    { wishes: navigator.languages, isTouch: matchMedia('(pointer: coarse)').matches },
    sides.accounts?.slot ?? FIRST_SLOT,
  );
  const place = {
    get hash(): string {
      return location.hash;
    },
    get host(): string {
      return location.host;
    },
    go(hash: string, replaces: boolean): void {
      if (hash !== location.hash) {
        history[replaces ? 'replaceState' : 'pushState'](null, '', `/${hash}`);
      }
    },
  };
  const reload = (): void => {
    location.replace('/');
  };
  const name = deviceName(navigator.userAgent);
  const app = new App({
    ...{ messenger, preferences, place, timers, reload, ...sides },
    deviceName: name,
    toClipboard: async (text) => navigator.clipboard.writeText(text), // none in a page without TLS
  });
  const update = $state<Update>({ isReady: false, take: () => undefined });
  const linked = linkedName(location.pathname);
  const text = linkedText(location.search, location.hash);
  // The server may have put the business's public page here, for who has no JavaScript.
  const card = target.firstElementChild?.querySelector('h1')?.textContent;
  target.replaceChildren();
  mount(AppView, { target, props: { app, linked, card, update } });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') {
      messenger.hurry();
      app.notifier.seen();
      void app.accounts.count();
    }
  });
  hearServiceWorker(messenger, app);
  for (const change of ['online', 'offline']) {
    window.addEventListener(change, () => {
      messenger.hurry();
    });
  }
  if (isLink(location.pathname, location.hash)) {
    app.accounts.opened();
  }
  void begin(app, linked, text);
  return update;
}

/** Open the device; whoever came by a link ends in that conversation, now or after the start. */
async function begin(app: App, linked: string | undefined, text: string): Promise<void> {
  await app.begin();
  if (linked === undefined) {
    return;
  }
  const stop = $effect.root(() => {
    $effect(() => {
      const { own, phase, accounts } = app;
      if (phase === 'ready' && own !== undefined && !accounts.isAsked) {
        const address = `${linked}@${domainOf(own.address)}`;
        queueMicrotask(() => {
          stop();
          void (address === own.address ? app.follow() : app.write(address, true, text));
        });
      }
    });
  });
}

/** What the service worker asks of a page: to look for news, or to show a conversation. */
function hearServiceWorker(messenger: Messenger, app: App): void {
  if (!('serviceWorker' in navigator)) {
    return;
  }
  navigator.serviceWorker.addEventListener('message', ({ data: said }: MessageEvent<unknown>) => {
    if (said === 'woken') {
      messenger.hurry();
    } else if (typeof said === 'object' && said !== null && 'go' in said && 'slot' in said) {
      if (said.slot === app.accounts.slot) {
        app.go(routeOf(String(said.go)));
      }
    }
  });
}

/** Private windows may have no storage at all. */
function shelf(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}
