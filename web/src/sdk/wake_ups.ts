/** Where this browser is woken while it is not connected, as the page asks for it. */

import type { Answered, Asked } from './protocol.ts';
import type { Server } from './server.ts';

type Woken = 'wakeUpKey' | 'setWakeUp' | 'dropWakeUp';
type Table = { readonly [K in Woken]: (asked: Asked<K>) => Promise<Answered<K>> };

/** The operations; `server` is asked for when one of them is. */
export function wakeUps(server: () => Server): Table {
  return {
    wakeUpKey: () => server().wakeUpKey(),
    setWakeUp: async ({ endpoint }) => {
      await server().setWakeUp(endpoint);
      return undefined;
    },
    dropWakeUp: async () => {
      await server().dropWakeUp();
      return undefined;
    },
  };
}
