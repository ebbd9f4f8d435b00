import 'fake-indexeddb/auto';

import { IDBFactory } from 'fake-indexeddb';
import { expect, test } from 'vitest';

import { Database } from '../../src/platform/database.ts';
import { keepChoices, keptChoices, RESERVED } from '../../src/platform/notice_choices.ts';

test('without a choice everything is reserved', async () => {
  expect(await keptChoices(new IDBFactory())).toEqual({ language: '', showsText: false });
});

test('the last choice counts', async () => {
  const factory = new IDBFactory();
  await keepChoices(factory, { language: 'en', showsText: true });
  await keepChoices(factory, { language: 'de', showsText: false });
  expect(await keptChoices(factory)).toEqual({ language: 'de', showsText: false });
  await keepChoices(factory, { language: 'de', showsText: true });
  expect(await keptChoices(factory)).toEqual({ language: 'de', showsText: true });
});

test('what is no choice is none', async () => {
  const factory = new IDBFactory();
  const shape = [{ name: 'choices', keyPath: 'slot' }];
  const database = await Database.open(factory, 'plausch notices', 1, shape);
  const put = { slot: 'slot', language: 7, showsText: 'yes' };
  await database.write([{ store: 'choices', put }]);
  database.close();
  expect(await keptChoices(factory)).toEqual(RESERVED);
});

test('a browser that keeps nothing is reserved too', async () => {
  const refusing = {
    open: () => {
      throw new DOMException('private', 'SecurityError');
    },
  } as unknown as IDBFactory;
  expect(await keptChoices(refusing)).toEqual(RESERVED);
});
