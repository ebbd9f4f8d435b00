/** The app before a device in memory: what Playwright looks at, and a page to develop with. */

import { type AccountSide, ONE_ACCOUNT } from '../../src/models/account_switch.svelte.ts';
import { trustOwnScripts } from '../../src/platform/trusted_types.ts';
import { mountApp } from '../../src/views/mount.svelte.ts';
import { cast, IDS } from './cast.ts';
import evening from './evening.jpg';
import { FakeDevice } from './fake.ts';
import { LINDE } from './people.ts';
import { salon } from './salon.ts';

declare global {
  interface Window {
    /** For the tests: what the device has, and the update prompt. */
    stage: { device: FakeDevice; update: { isReady: boolean } };
  }
}

trustOwnScripts(window);

const wishes = new URLSearchParams(location.search);

/** A file: hundreds of pages are looked at, and none of them is about drawing it. */
async function picture(): Promise<Blob> {
  return (await fetch(evening)).blob();
}

async function device(): Promise<FakeDevice> {
  const now = (): number => Date.now();
  if (wishes.has('new')) {
    const fresh = new FakeDevice(now);
    fresh.taken.add('anna.mueller');
    fresh.invitation = wishes.get('new') ?? '';
    return fresh;
  }
  if (wishes.has('empty')) {
    const empty = new FakeDevice(now);
    empty.own = { address: 'anna@plausch.example', device: '0123456789abcdef', kind: 'person' };
    return empty;
  }
  const full = cast(
    {
      conversations: Number(wishes.get('conversations') ?? 60),
      longMessages: Number(wishes.get('messages') ?? 300),
    },
    now,
  );
  const file = await picture();
  for (const messages of full.messages.values()) {
    for (const { id, attachment } of messages) {
      if (attachment?.mediaType === 'image/jpeg') {
        full.files.set(id, file);
      }
    }
  }
  full.isOnline = !wishes.has('offline');
  const history = wishes.get('history');
  full.history = history === 'file' || history === 'failed' ? history : undefined;
  if (wishes.has('business')) {
    const kind = wishes.get('business');
    const isStaff = kind === 'staff';
    full.own = { address: LINDE, device: '0123456789abcdef', kind: 'business', isStaff };
    full.conversations.delete(IDS.linde);
    full.agent.open(kind === 'new');
    if (kind === 'salon' && full.agent.view !== undefined) {
      full.agent.view = salon(full.agent.view);
    }
    if (kind === 'away') {
      full.agent.turn(false);
    }
    if (kind !== 'new') {
      full.ownProfile.stage(kind === 'public' || kind === 'staff' ? kind : 'draft');
    }
  }
  return full;
}

/** A second account beside the device's; the way there is none. */
function accounts(address: string): AccountSide {
  const listed = [
    { slot: 'device', address } as const,
    { slot: 'device-2', address: 'gasthaus.zur.alten.linde@plausch.example' } as const,
  ];
  const isTwo = wishes.has('accounts');
  return {
    ...ONE_ACCOUNT,
    listed: () => (isTwo ? listed : []),
    isMeant: () => wishes.get('accounts') !== 'asked',
    unread: () => Promise.resolve(3),
  };
}

const target = document.getElementById('app');
if (target !== null) {
  const playing = await device();
  playing.delayMs = Number(wishes.get('delay') ?? 0);
  playing.contacts.set(LINDE, {
    address: LINDE,
    kind: 'business',
    state: 'pinned',
    isBlocked: false,
  });
  window.stage = {
    device: playing,
    update: mountApp(playing, target, { accounts: accounts(playing.own?.address ?? '') }),
  };
}
