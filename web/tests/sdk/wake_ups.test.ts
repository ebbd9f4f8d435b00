/** The page's wishes to be woken go to the server. */

import { expect, test } from 'vitest';

import type { Server } from '../../src/sdk/server.ts';
import { wakeUps } from '../../src/sdk/wake_ups.ts';

test('a key is asked for, and a place to wake is set and dropped', async () => {
  const done: string[] = [];
  const server = {
    wakeUpKey: () => Promise.resolve(new Uint8Array([7])),
    setWakeUp: (endpoint: string) => Promise.resolve(done.push(endpoint)),
    dropWakeUp: () => Promise.resolve(done.push('dropped')),
  } as unknown as Server;
  const { dropWakeUp, setWakeUp, wakeUpKey } = wakeUps(() => server);
  expect(await wakeUpKey({})).toEqual(new Uint8Array([7]));
  await setWakeUp({ endpoint: 'https://push.example' });
  await dropWakeUp({});
  expect(done).toEqual(['https://push.example', 'dropped']);
});
