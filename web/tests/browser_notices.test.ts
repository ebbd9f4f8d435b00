import 'fake-indexeddb/auto';

import { afterEach, expect, test, vi } from 'vitest';

import type { Notice } from '../src/base/notices.ts';
import { keptChoices, RESERVED } from '../src/platform/notice_choices.ts';
import { UnreadCounts } from '../src/platform/unread_counts.ts';
import { browserNotices } from '../src/browser_notices.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

function browser(window: object, navigator: object, visibilityState = 'hidden'): void {
  for (const [name, value] of Object.entries(window)) {
    vi.stubGlobal(name, value);
  }
  vi.stubGlobal('window', window);
  vi.stubGlobal('navigator', navigator);
  vi.stubGlobal('document', { visibilityState });
}

const COUNTS = new UnreadCounts(indexedDB, { onmessage: null, postMessage: () => undefined });

const NOTICE: Notice = {
  slot: 'device-2',
  tag: 'aa',
  title: 'Ben',
  body: 'Hello',
  isSilent: false,
};

test('a browser that has everything shows, rings and counts', async () => {
  const shown: string[] = [];
  const badges: number[] = [];
  const registration = {
    getNotifications: () => Promise.resolve([]),
    showNotification: (title: string) => {
      shown.push(title);
      return Promise.resolve();
    },
  };
  const requestPermission = vi.fn(() => Promise.resolve('granted'));
  browser(
    { Notification: { permission: 'granted', requestPermission }, AudioContext: vi.fn() },
    {
      serviceWorker: { getRegistration: () => Promise.resolve(registration) },
      setAppBadge: (count: number) => {
        badges.push(count);
        return Promise.resolve();
      },
    },
  );
  const { board, isHidden, chime, keep, drop, tally } = browserNotices('device-2', COUNTS);
  expect(board.permission).toBe('granted');
  expect(await board.ask()).toBe('granted');
  expect(requestPermission).toHaveBeenCalledTimes(1);
  await board.show(NOTICE);
  expect(shown).toEqual(['Ben']);
  board.badge(2);
  await vi.waitFor(() => {
    expect(badges).toEqual([2]);
  });
  expect(isHidden()).toBe(true);
  chime();
  const choices = { language: 'de', showsText: true, notifies: true, address: 'linde@example.org' };
  await keep(choices);
  expect(await keptChoices(indexedDB)).toEqual([{ ...choices, slot: 'device-2' }]);
  await tally(2);
  expect(await COUNTS.get('device-2')).toBe(2);
  await drop();
  expect(await COUNTS.get('device-2')).toBe(0);
  expect(await keptChoices(indexedDB)).toEqual([RESERVED]);
});

test('a browser that has nothing does nothing', async () => {
  browser({}, {}, 'visible');
  const { board, isHidden, chime } = browserNotices('device-2', COUNTS);
  expect(board.permission).toBe('unsupported');
  await board.show(NOTICE);
  board.badge(1);
  chime();
  expect(isHidden()).toBe(false);
});
