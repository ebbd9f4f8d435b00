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
