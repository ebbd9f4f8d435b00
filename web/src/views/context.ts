/** The app's model for every view below it. */
import { getContext, setContext } from 'svelte';

import type { App } from '../models/app.svelte.ts';

const KEY = Symbol('app');

export function provideApp(app: App): void {
  setContext(KEY, app);
}

export function useApp(): App {
  return getContext<App>(KEY);
}

/** Where the panes stand side by side; narrower, one of them fills the page. */
const WIDE_PX = 760;

/** To the search, everywhere or in one conversation. */
export function beginSearch(app: App, within?: string): void {
  if (app.route.page !== 'list' && innerWidth < WIDE_PX) {
    app.go({ page: 'list' });
  }
  app.inbox.beginSearch(within);
}
