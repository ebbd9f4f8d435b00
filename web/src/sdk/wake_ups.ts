/** Where this browser is woken while it is not connected, as the page asks for it. */

import type { Table } from './protocol.ts';
import type { Server } from './server.ts';

type Woken = Pick<Table, 'wakeUpKey' | 'setWakeUp' | 'dropWakeUp'>;

/** The operations; `server` is asked for when one of them is. */
export function wakeUps(server: () => Server): Woken {
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
