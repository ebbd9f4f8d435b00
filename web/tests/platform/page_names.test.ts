import { expect, test } from 'vitest';

import { type Container, namePage, pageName, pagesOf } from '../../src/platform/page_names.ts';
import { settled } from '../models/clock.ts';

const PAGES = [{ id: 'p1' }, { id: 'p2' }, { id: 'p3' }];

/** Locks as the browser has them, of one page after the other. */
class Locks {
  readonly held: string[] = [];

  readonly manager = {
    query: () => Promise.resolve({ held: this.held.map((name) => ({ name })) }),
    request: (name: string, _: object, hold: () => Promise<unknown>) => {
      this.held.push(name);
      return hold();
    },
  } as unknown as LockManager;
}

class Workers implements Container {
  asked = 0;
  readonly #listeners = new Map<string, (event: { readonly data?: unknown }) => void>();
  readonly ready = Promise.resolve({
    active: {
      postMessage: () => {
        this.asked += 1;
      },
    },
  });

  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void {
    this.#listeners.set(type, listener);
  }

  happens(type: string, data?: unknown): void {
    this.#listeners.get(type)?.({ data });
  }
}

test('pages are found by the account that they show; without a name by the first one', async () => {
  const { held, manager } = new Locks();
  held.push(pageName('device', 'p1'), pageName('device-2', 'p2'), 'plausch vault device-2');
  expect(await pagesOf(manager, PAGES, 'device')).toEqual([{ id: 'p1' }, { id: 'p3' }]);
  expect(await pagesOf(manager, PAGES, 'device-2')).toEqual([{ id: 'p2' }]);
});

test('where locks cannot be looked at, all pages are of the first account', async () => {
  const refusing = { query: () => Promise.reject(new DOMException('', 'SecurityError')) };
  expect(await pagesOf(refusing, PAGES, 'device')).toEqual(PAGES);
  expect(await pagesOf(refusing, PAGES, 'device-2')).toEqual([]);
});

test('a page asks who it is, and holds its name once', async () => {
  const [locks, container] = [new Locks(), new Workers()];
  namePage(container, locks.manager, 'device-2');
  await settled();
  expect(container.asked).toBe(1);
  container.happens('message', 'woken');
  container.happens('message', { go: '#/' });
  expect(locks.held).toEqual([]);
  container.happens('message', { you: 'p2' });
  container.happens('controllerchange');
  await settled();
  expect(container.asked).toBe(2);
  container.happens('message', { you: 'p2' });
  expect(locks.held).toEqual([pageName('device-2', 'p2')]);
  expect(await pagesOf(locks.manager, PAGES, 'device-2')).toEqual([{ id: 'p2' }]);
});
