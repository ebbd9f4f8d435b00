import { expect, test } from 'vitest';

import { MlsClient, WorkerGone } from '../../src/sync/mls_client.ts';
import { HereWorker } from './here_worker.ts';

test('a worker that ends disappoints all who wait, and all who come later', async () => {
  const worker = new HereWorker();
  const client = new MlsClient(worker);
  const waiting = client.ask('groups', {});
  client.terminate();
  await expect(waiting).rejects.toThrow(WorkerGone);
  await expect(client.ask('groups', {})).rejects.toThrow(WorkerGone);
  expect(worker.isTerminated).toBe(true);
});

test('a worker that does not start disappoints too', async () => {
  const worker = new HereWorker();
  const client = new MlsClient(worker);
  const waiting = client.ask('groups', {});
  worker.onerror?.(undefined as unknown as ErrorEvent);
  await expect(waiting).rejects.toThrow(/ended before it answered/);
});
