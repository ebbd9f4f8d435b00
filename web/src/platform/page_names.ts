/**
 * Which open pages show which account, for the service worker, which sees only pages. A page asks
 * it for its id among its clients and holds a lock with the slot and that id for as long as it
 * lives: nothing has to be cleared away, and a page that sleeps need not answer.
 */

import { type AccountSlot, FIRST_SLOT } from '../base/account_slots.ts';

/** A page's question, and the field of the answer. */
export const WHO_AM_I = 'who am I';

const PREFIX = 'plausch page ';

/** The lock of a page. */
export function pageName(slot: AccountSlot, id: string): string {
  return `${PREFIX}${slot} ${id}`;
}

/** What is used here of a page's ServiceWorkerContainer. */
export interface Container {
  readonly ready: Promise<{ readonly active: { postMessage(said: string): void } | null }>;
  addEventListener(
    type: 'controllerchange' | 'message',
    listener: (event: { readonly data?: unknown }) => void,
  ): void;
}

/** A page says which account it shows, now and when another service worker is there. */
export function namePage(container: Container, locks: LockManager, slot: AccountSlot): void {
  const ask = (): void => {
    void container.ready.then(({ active }) => {
      active?.postMessage(WHO_AM_I);
    });
  };
  let named = '';
  container.addEventListener('message', ({ data: said }) => {
    if (typeof said === 'object' && said !== null && 'you' in said) {
      const name = pageName(slot, String(said.you));
      if (name !== named) {
        named = name;
        locks
          .request(name, { mode: 'shared' }, () => new Promise(() => undefined))
          .catch(() => {
            named = ''; // The page is being left, or locks are refused here.
          });
      }
    }
  });
  container.addEventListener('controllerchange', ask);
  ask();
}

/** Those of the pages that show this account; a page without a name counts as the first one's. */
export async function pagesOf<Page extends { readonly id: string }>(
  locks: Pick<LockManager, 'query'>,
  pages: readonly Page[],
  slot: AccountSlot,
): Promise<readonly Page[]> {
  const { held = [] } = await locks.query().catch(() => ({ held: [] }));
  const names = held.map(({ name = '' }) => name).filter((name) => name.startsWith(PREFIX));
  return pages.filter(({ id }) => {
    const isNamed = names.some((name) => name.endsWith(` ${id}`));
    return isNamed ? names.includes(pageName(slot, id)) : slot === FIRST_SLOT;
  });
}
