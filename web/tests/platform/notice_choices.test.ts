import 'fake-indexeddb/auto';

import { IDBFactory } from 'fake-indexeddb';
import { expect, test } from 'vitest';

import { Database } from '../../src/platform/database.ts';
import {
  dropChoices,
  keepChoices,
  keptChoices,
  RESERVED,
} from '../../src/platform/notice_choices.ts';

const CHOICES = { language: 'en', showsText: true, notifies: true, address: 'anna@example.org' };

test('without a choice everything is reserved', async () => {
  expect(await keptChoices(new IDBFactory())).toEqual([RESERVED]);
  expect(RESERVED).toMatchObject({ language: '', showsText: false, slot: 'device' });
});

test('the last choice counts', async () => {
  const factory = new IDBFactory();
  await keepChoices(factory, 'device', CHOICES);
  const last = { ...CHOICES, language: 'de', showsText: false, notifies: false };
  await keepChoices(factory, 'device', last);
  expect(await keptChoices(factory)).toEqual([{ ...last, slot: 'device' }]);
});

test('each account has its own, and dropping one leaves the other', async () => {
  const factory = new IDBFactory();
  const linde = { ...CHOICES, address: 'linde@example.org' };
  await keepChoices(factory, 'device-2', linde);
  await keepChoices(factory, 'device', CHOICES);
  expect(await keptChoices(factory)).toEqual([
    { ...CHOICES, slot: 'device' },
    { ...linde, slot: 'device-2' },
  ]);
  await dropChoices(factory, 'device');
  expect(await keptChoices(factory)).toEqual([{ ...linde, slot: 'device-2' }]);
  await dropChoices(factory, 'device-2');
  await dropChoices(factory, 'device-2');
  expect(await keptChoices(factory)).toEqual([RESERVED]);
});

test.each(['slot', 'device', 'device-3'])('what is no choice is none: %s', async (slot) => {
  const factory = new IDBFactory();
  const shape = [{ name: 'choices', keyPath: 'slot' }];
  const database = await Database.open(factory, 'plausch notices', 1, shape);
  const put = { slot, language: 7, showsText: 'yes', notifies: 'no', address: {} };
  await database.write([{ store: 'choices', put }]);
  database.close();
  expect(await keptChoices(factory)).toEqual([RESERVED]);
});

test('what was kept before there were slots goes with the next choice', async () => {
  const factory = new IDBFactory();
  const shape = [{ name: 'choices', keyPath: 'slot' }];
  const rows = async (puts: readonly object[]): Promise<readonly unknown[]> => {
    const database = await Database.open(factory, 'plausch notices', 1, shape);
    if (puts.length > 0) {
      await database.write(puts.map((put) => ({ store: 'choices', put })));
    }
    const found = await database.select('choices');
    database.close();
    return found;
  };
  await rows([
    { slot: 'slot', ...CHOICES },
    { slot: 'device-2', ...CHOICES },
  ]);
  await keepChoices(factory, 'device', CHOICES);
  expect(await rows([])).toEqual([
    { ...CHOICES, slot: 'device' },
    { ...CHOICES, slot: 'device-2' },
  ]);
});

test('a browser that keeps nothing is reserved too', async () => {
  const refusing = {
    open: () => {
      throw new DOMException('private', 'SecurityError');
    },
  } as unknown as IDBFactory;
  expect(await keptChoices(refusing)).toEqual([RESERVED]);
});
