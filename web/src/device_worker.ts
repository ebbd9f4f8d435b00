/**
 * The device's worker, begun before the rest of the page is evaluated: it has a vault to open
 * meanwhile. Which one is settled here, once in a page's life: no page ever holds two accounts.
 */

import { AccountShelf } from './platform/account_shelf.ts';
import { trustOwnScripts } from './platform/trusted_types.ts';

trustOwnScripts(window);

export const accountShelf = new AccountShelf(
  () => localStorage,
  () => sessionStorage,
);

/** The slot whose account this page shows. */
export const accountSlot = accountShelf.slot(new URLSearchParams(location.search).get('account'));

let early: Worker | undefined = begin();

/**
 * The worker that runs already, and whenever it is asked for again a new one. What the first one
 * says before anybody listens is not lost: nothing is delivered while the page's modules are being
 * evaluated.
 */
export function startDevice(): Worker {
  const worker = early ?? begin();
  early = undefined;
  return worker;
}

function begin(): Worker {
  // In one expression: that is how the bundler recognises a worker.
  return new Worker(new URL('./sdk/worker.ts', import.meta.url), {
    type: 'module',
    name: accountSlot,
  });
}
