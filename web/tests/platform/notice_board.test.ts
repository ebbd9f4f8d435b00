import { expect, test, vi } from 'vitest';

import type { Notice } from '../../src/base/notices.ts';
import {
  factsOf,
  NoticeBoard,
  type NoticeSurroundings,
  type Registration,
  type Shown,
  showOn,
} from '../../src/platform/notice_board.ts';

const KEY = new Uint8Array(65).fill(4);
const NOTICE: Notice = {
  slot: 'device',
  tag: 'aa',
  title: 'Ben',
  body: 'Hello',
  isSilent: false,
  conversation: 'aa',
  message: 'm1',
};

interface Kept extends Shown {
  readonly title: string;
  readonly options: NotificationOptions;
}

/** A registration that remembers what it shows, and replaces by tag as browsers do. */
class Board implements Registration {
  shown: Kept[] = [];
  subscription: { endpoint: string; key: Uint8Array; isGone: boolean } | undefined;
  readonly asked: PushSubscriptionOptionsInit[] = [];
  refuses = false;

  showNotification(title: string, options: NotificationOptions): Promise<void> {
    const tag = options.tag ?? '';
    const one: Kept = {
      title,
      tag,
      options,
      data: options.data as unknown,
      close: () => {
        this.shown = this.shown.filter((other) => other !== one);
      },
    };
    this.shown = [...this.shown.filter((other) => other.tag !== tag), one];
    return Promise.resolve();
  }

  getNotifications(filter?: { readonly tag: string }): Promise<readonly Shown[]> {
    return Promise.resolve(
      this.shown.filter(({ tag }) => filter === undefined || tag === filter.tag),
    );
  }

  readonly pushManager = {
    getSubscription: (): Promise<PushSubscription | null> =>
      Promise.resolve(this.#asBrowsersHaveIt()),
    subscribe: (options?: PushSubscriptionOptionsInit): Promise<PushSubscription> => {
      this.asked.push(options ?? {});
      if (this.refuses) {
        return Promise.reject(new DOMException('no push service', 'AbortError'));
      }
      const key = options?.applicationServerKey as Uint8Array;
      this.subscription = { endpoint: 'https://push.example/new', key, isGone: false };
      return Promise.resolve(this.#asBrowsersHaveIt()!);
    },
  };

  #asBrowsersHaveIt(): PushSubscription | null {
    const kept = this.subscription;
    return kept === undefined
      ? null
      : ({
          endpoint: kept.endpoint,
          options: { applicationServerKey: kept.key.slice().buffer },
          unsubscribe: () => {
            this.subscription = undefined;
            return Promise.resolve(true);
          },
        } as unknown as PushSubscription);
  }
}

function around(
  registration: Registration | undefined,
  permission: NotificationPermission = 'granted',
): NoticeSurroundings & { readonly badges: number[] } {
  const badges: number[] = [];
  return {
    badges,
    notification: { permission, ask: () => Promise.resolve(permission) },
    registration: () => Promise.resolve(registration),
    badge: (count) => {
      badges.push(count);
      return Promise.resolve();
    },
  };
}

test('a notification says what it is about, and replaces the one before', async () => {
  const registration = new Board();
  const board = new NoticeBoard(around(registration));
  await board.show(NOTICE);
  await board.show({ ...NOTICE, body: 'Are you there?', message: 'm2' });
  expect(registration.shown).toHaveLength(1);
  expect(registration.shown[0]).toMatchObject({
    title: 'Ben',
    tag: 'aa',
    options: {
      body: 'Are you there?',
      silent: false,
      renotify: true,
      data: { slot: 'device', conversation: 'aa', message: 'm2' },
    },
  });
});

test('what another tab has shown is not shown again', async () => {
  const registration = new Board();
  const show = vi.spyOn(registration, 'showNotification');
  await showOn(registration, NOTICE);
  await showOn(registration, NOTICE);
  expect(show).toHaveBeenCalledTimes(1);
  const general = {
    slot: 'device' as const,
    tag: 'plausch',
    title: 'Plausch',
    body: 'New message',
    isSilent: true,
  };
  await showOn(registration, general);
  await showOn(registration, general);
  expect(show).toHaveBeenCalledTimes(3);
  expect(show.mock.lastCall?.[1]).toMatchObject({ silent: true, renotify: false });
});

test.each(['default', 'denied'] as const)('nothing is shown while it is %s', async (permission) => {
  const registration = new Board();
  await new NoticeBoard(around(registration, permission)).show(NOTICE);
  expect(registration.shown).toEqual([]);
});

test('a browser without any of it does nothing and fails at nothing', async () => {
  const board = new NoticeBoard({
    notification: undefined,
    registration: () => Promise.resolve(undefined),
    badge: () => Promise.reject(new TypeError('no badge')),
  });
  expect(board.permission).toBe('unsupported');
  expect(await board.ask()).toBe('unsupported');
  await board.show(NOTICE);
  await board.close('aa');
  board.badge(1);
  expect(await board.subscribe(KEY)).toBeUndefined();
  await board.unsubscribe();
});

test('the person is asked by the browser', async () => {
  const surroundings = around(new Board());
  const ask = vi.spyOn(surroundings.notification!, 'ask');
  expect(await new NoticeBoard(surroundings).ask()).toBe('granted');
  expect(ask).toHaveBeenCalledTimes(1);
});

test('closing takes away one tag only', async () => {
  const registration = new Board();
  const board = new NoticeBoard(around(registration));
  await board.show(NOTICE);
  await board.show({ ...NOTICE, tag: 'bb' });
  await board.close('aa');
  expect(registration.shown.map(({ tag }) => tag)).toEqual(['bb']);
});

test('the badge gets its number', () => {
  const surroundings = around(undefined);
  new NoticeBoard(surroundings).badge(3);
  expect(surroundings.badges).toEqual([3]);
});

test('a subscription is for this server, visible, and made once', async () => {
  const registration = new Board();
  const board = new NoticeBoard(around(registration));
  expect(await board.subscribe(KEY)).toBe('https://push.example/new');
  expect(await board.subscribe(KEY)).toBe('https://push.example/new');
  expect(registration.asked).toEqual([{ userVisibleOnly: true, applicationServerKey: KEY }]);
});

test('one for another key is given up first', async () => {
  const registration = new Board();
  const key = new Uint8Array(65).fill(5);
  registration.subscription = { endpoint: 'https://push.example/old', key, isGone: false };
  const board = new NoticeBoard(around(registration));
  expect(await board.subscribe(KEY)).toBe('https://push.example/new');
  expect(registration.asked).toHaveLength(1);
});

test('a push service that is out of reach is no failure', async () => {
  const registration = new Board();
  registration.refuses = true;
  expect(await new NoticeBoard(around(registration)).subscribe(KEY)).toBeUndefined();
});

test('a subscription is given up', async () => {
  const registration = new Board();
  const board = new NoticeBoard(around(registration));
  await board.subscribe(KEY);
  await board.unsubscribe();
  expect(registration.subscription).toBeUndefined();
  registration.pushManager.getSubscription = () => Promise.reject(new Error('gone'));
  await board.unsubscribe();
});

test.each([undefined, null, 'text', 7, {}, { slot: 'device-3', conversation: 7, message: [] }])(
  'facts are read from %o',
  (data) => {
    expect(factsOf(data)).toEqual({
      slot: 'device',
      conversation: undefined,
      message: undefined,
    });
  },
);

test('and from what was kept', () => {
  expect(factsOf({ slot: 'device-2', conversation: 'aa', message: 'm1', more: 1 })).toEqual({
    slot: 'device-2',
    conversation: 'aa',
    message: 'm1',
  });
});
