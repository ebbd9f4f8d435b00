import { expect, test } from 'vitest';

import { Transfers } from '../../src/models/transfers.svelte.ts';
import { FakeDevice } from '../stage/fake.ts';
import { ANNA, conversation } from './writing.ts';

function sending(): { transfers: Transfers; device: FakeDevice } {
  const device = new FakeDevice();
  device.own = { address: ANNA, device: '00', kind: 'person' };
  device.isOnline = false;
  device.add(conversation({ id: 'c1' }));
  return { transfers: new Transfers(device), device };
}

const FILE = { file: new Blob(['12345678']), name: 'a.txt', mediaType: 'text/plain' };

test('a file that is sent shows how far it is', async () => {
  const { transfers, device } = sending();
  const message = await transfers.send('c1', FILE);
  expect(transfers.progressOf(message.id)).toBeUndefined();
  const { transfer } = device.asked[0]!.asked as { transfer: string };
  transfers.told(transfer, { doneBytes: 3, totalBytes: 8 });
  expect(transfers.progressOf(message.id)).toEqual({ doneBytes: 3, totalBytes: 8 });
  transfers.told(transfer, { doneBytes: 8, totalBytes: 8 });
  expect(transfers.progressOf(message.id)).toBeUndefined();
});

test('every transfer has a name of its own', async () => {
  const { transfers, device } = sending();
  await Promise.all([transfers.send('c1', FILE), transfers.send('c1', FILE)]);
  const names = device.asked.map(({ asked }) => (asked as { transfer: string }).transfer);
  expect(new Set(names).size).toBe(2);
});

test('a file is fetched once, however often it is shown', async () => {
  const { transfers, device } = sending();
  const message = await transfers.send('c1', FILE);
  const [one, other] = await Promise.all([transfers.fetch(message), transfers.fetch(message)]);
  expect(one).toBe(other);
  expect(device.asked.filter(({ operation }) => operation === 'fetchFile')).toHaveLength(1);
  transfers.forget();
  await transfers.fetch(message);
  expect(device.asked.filter(({ operation }) => operation === 'fetchFile')).toHaveLength(2);
});

test('while it is fetched it is on its way', async () => {
  const { transfers } = sending();
  const message = await transfers.send('c1', FILE);
  const fetching = transfers.fetch(message);
  expect(transfers.progressOf(message.id)).toEqual({ doneBytes: 0, totalBytes: 8 });
  await fetching;
  expect(transfers.progressOf(message.id)).toBeUndefined();
});

test('a failed fetch can be tried again', async () => {
  const { transfers, device } = sending();
  const message = await transfers.send('c1', FILE);
  device.files.clear();
  await expect(transfers.fetch(message)).rejects.toMatchObject({ code: 'unreachable' });
  device.files.set(message.id, FILE.file);
  expect(await transfers.fetch(message)).toBe(FILE.file);
});

test('a transfer is stopped by its message', async () => {
  const { transfers, device } = sending();
  const message = await transfers.send('c1', FILE);
  const { transfer } = device.asked[0]!.asked as { transfer: string };
  transfers.told(transfer, { doneBytes: 3, totalBytes: 8 });
  await transfers.cancel(message.id);
  expect(device.asked.at(-1)).toEqual({ operation: 'cancelTransfer', asked: { transfer } });
  expect(transfers.progressOf(message.id)).toBeUndefined();
  const count = device.asked.length;
  await transfers.cancel('nobody');
  expect(device.asked).toHaveLength(count);
});
