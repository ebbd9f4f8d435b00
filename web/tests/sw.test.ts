import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const ORIGIN = 'https://plausch.example';
const PRECACHED = { version: 'v2', paths: ['/', '/assets/a-1.js'], device: '/assets/waker-1.js' };

type Listener = (event: object) => void;

interface Page {
  readonly id: string;
  readonly said: unknown[];
  focused: number;
}

/** The globals of a service worker, and what was done with them. */
interface Scope {
  readonly listeners: Map<string, Listener>;
  readonly imported: string[];
  readonly caches: Map<string, Set<string>>;
  readonly shown: [string, NotificationOptions][];
  readonly windows: string[];
  readonly pages: Page[];
  /** Names of locks that are held. */
  readonly locks: string[];
  readonly fetched: string[];
  tookOver: number;
  wakes: number;
  importFails: boolean;
  wakeFails: boolean;
}

let scope: Scope;

beforeEach(async () => {
  vi.resetModules();
  scope = {
    listeners: new Map(),
    imported: [],
    caches: new Map([
      ['plausch v1', new Set(['/'])],
      ['somebody else', new Set(['/'])],
    ]),
    shown: [],
    windows: [],
    pages: [],
    locks: [],
    fetched: [],
    tookOver: 0,
    wakes: 0,
    importFails: false,
    wakeFails: false,
  };
  const globals = {
    PRECACHED,
    location: new URL(`${ORIGIN}/sw.js`),
    addEventListener: (type: string, listener: Listener) => scope.listeners.set(type, listener),
    skipWaiting: () => {
      scope.tookOver += 1;
      return Promise.resolve();
    },
    importScripts: (url: string) => {
      if (scope.importFails) {
        throw new DOMException('gone', 'NetworkError');
      }
      scope.imported.push(url);
      vi.stubGlobal('plauschWake', () => {
        scope.wakes += 1;
        return scope.wakeFails ? Promise.reject(new Error('a defect')) : Promise.resolve();
      });
    },
    caches: storage(),
    clients: {
      claim: () => Promise.resolve(),
      matchAll: () =>
        Promise.resolve(
          scope.pages.map((page) => ({
            id: page.id,
            postMessage: (said: unknown) => page.said.push(said),
            focus: () => {
              page.focused += 1;
              return Promise.resolve();
            },
          })),
        ),
      openWindow: (url: string) => {
        scope.windows.push(url);
        return Promise.resolve();
      },
    },
    navigator: {
      locks: { query: () => Promise.resolve({ held: scope.locks.map((name) => ({ name })) }) },
    },
    registration: {
      showNotification: (title: string, options: NotificationOptions) => {
        scope.shown.push([title, options]);
        return Promise.resolve();
      },
    },
    fetch: (request: Request) => {
      scope.fetched.push(request.url);
      return Promise.resolve(new Response('from the network'));
    },
    Request: class extends Request {
      constructor(path: string | URL, options?: RequestInit) {
        super(new URL(path, ORIGIN), options);
      }
    },
    plauschWake: undefined,
  };
  for (const [name, value] of Object.entries(globals)) {
    vi.stubGlobal(name, value);
  }
  await import('../src/sw.ts');
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function storage(): object {
  return {
    keys: () => Promise.resolve([...scope.caches.keys()]),
    delete: (name: string) => Promise.resolve(scope.caches.delete(name)),
    open: (name: string) => {
      const kept = scope.caches.get(name) ?? new Set<string>();
      scope.caches.set(name, kept);
      return Promise.resolve({
        addAll: (requests: Request[]) => {
          for (const { url } of requests) {
            kept.add(new URL(url).pathname);
          }
          return Promise.resolve();
        },
        match: (path: string) =>
          Promise.resolve(kept.has(path) ? new Response(`kept ${path}`) : undefined),
      });
    },
  };
}

/** Let an event happen, and wait for what it waits for. */
async function happens(type: string, fields: object = {}): Promise<unknown> {
  const waited: Promise<unknown>[] = [];
  const wait = (done: Promise<unknown>): number => waited.push(done);
  scope.listeners.get(type)?.({ waitUntil: wait, respondWith: wait, ...fields });
  const [first] = await Promise.all(waited);
  return first;
}

async function asksFor(path: string, mode = 'no-cors', method = 'GET'): Promise<string> {
  const request = { url: new URL(path, ORIGIN).href, mode, method };
  const answer = await happens('fetch', { request });
  return answer instanceof Response ? answer.text() : 'left to the browser';
}

test('it keeps the whole version, and imports the device while that is allowed', async () => {
  await happens('install');
  expect(scope.caches.get('plausch v2')).toEqual(new Set(PRECACHED.paths));
  expect(scope.imported).toEqual([PRECACHED.device]);
});

test('the version before goes, and what is not ours stays', async () => {
  await happens('install');
  await happens('activate');
  expect([...scope.caches.keys()]).toEqual(['somebody else', 'plausch v2']);
});

test('a page and its files come from here, everything else from the network', async () => {
  await happens('install');
  expect(await asksFor('/anna', 'navigate')).toBe('kept /');
  expect(await asksFor('/assets/a-1.js')).toBe('kept /assets/a-1.js');
  expect(await asksFor('/build.json')).toBe('left to the browser');
  expect(await asksFor('https://other.example/assets/a-1.js')).toBe('left to the browser');
  expect(await asksFor('/', 'navigate', 'POST')).toBe('left to the browser');
  for (const form of ['card', 'vcard', 'jsonld']) {
    expect(await asksFor(`/linde?${form}`, 'navigate')).toBe('left to the browser');
  }
  expect(await asksFor('/linde?text=card', 'navigate')).toBe('kept /');
  scope.caches.clear();
  expect(await asksFor('/', 'navigate')).toBe('from the network');
});

test('it takes over when the person says so', async () => {
  await happens('message', { data: 'something else' });
  expect(scope.tookOver).toBe(0);
  await happens('message', { data: 'take over' });
  expect(scope.tookOver).toBe(1);
});

test('a wake-up loads the device, once', async () => {
  await happens('push');
  await happens('push');
  expect(scope.imported).toEqual([PRECACHED.device]);
  expect(scope.wakes).toBe(2);
  expect(scope.shown).toEqual([]);
});

test('whatever fails, something is shown', async () => {
  scope.importFails = true;
  await happens('push');
  expect(scope.shown).toEqual([['Plausch', { tag: 'plausch' }]]);
  scope.importFails = false;
  scope.wakeFails = true;
  await happens('push');
  expect(scope.shown).toHaveLength(2);
});

test('a tap opens the conversation in a new tab', async () => {
  const close = vi.fn();
  await happens('notificationclick', { notification: { data: { conversation: 'aa' }, close } });
  await happens('notificationclick', { notification: { data: null, close } });
  expect(scope.windows).toEqual(['/#/c/aa', '/#/']);
  expect(close).toHaveBeenCalledTimes(2);
});

test('or in the one that is there', async () => {
  const page: Page = { id: 'p1', said: [], focused: 0 };
  scope.pages.push(page);
  const notification = { data: { conversation: 'aa' }, close: () => undefined };
  await happens('notificationclick', { notification });
  expect(page).toEqual({ id: 'p1', said: [{ go: '#/c/aa', slot: 'device' }], focused: 1 });
  expect(scope.windows).toEqual([]);
});

test('a tap leads to a tab that shows the account, else to a new one that does', async () => {
  const private_: Page = { id: 'p1', said: [], focused: 0 };
  const business: Page = { id: 'p2', said: [], focused: 0 };
  scope.pages.push(private_, business);
  scope.locks.push('plausch vault device', 'plausch page device p1', 'plausch page device-2 p2');
  const close = (): undefined => undefined;
  const tap = { notification: { data: { conversation: 'aa', slot: 'device-2' }, close } };
  await happens('notificationclick', tap);
  expect(business).toMatchObject({ said: [{ go: '#/c/aa', slot: 'device-2' }], focused: 1 });
  scope.pages.pop();
  await happens('notificationclick', tap);
  expect(private_).toMatchObject({ said: [], focused: 0 });
  expect(scope.windows).toEqual(['/?account=device-2#/c/aa']);
});

test('a page that asks is told its id', async () => {
  const said: unknown[] = [];
  const source = { id: 'p7', postMessage: (one: unknown) => said.push(one) };
  await happens('message', { data: 'who am I', source });
  await happens('message', { data: 'something else', source });
  expect(said).toEqual([{ you: 'p7' }]);
});
