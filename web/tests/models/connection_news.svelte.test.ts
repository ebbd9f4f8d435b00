import { expect, test } from 'vitest';

import type { ConnectionView } from '../../src/base/maintenance.ts';
import { ConnectionNews } from '../../src/models/connection_news.svelte.ts';
import { de } from '../../src/words/de.ts';
import { en } from '../../src/words/en.ts';
import { timeOf } from '../../src/words/format.ts';
import { Clock } from './clock.ts';

const SAID = en.connection.maintenance;

function begun(): { clock: Clock; news: ConnectionNews } {
  const clock = new Clock(Date.UTC(2027, 0, 15, 7, 59));
  return { clock, news: new ConnectionNews(clock) };
}

const refusing = (sentence: string): ConnectionView => ({
  isOnline: true,
  code: 'maintenance',
  sentence,
});

test('whether there is a connection, and why not', () => {
  const { news } = begun();
  expect([news.isOnline, news.code]).toEqual([true, '']);
  news.hear({ isOnline: false, code: 'account_suspended' });
  expect([news.isOnline, news.code, news.maintenance]).toEqual([false, 'account_suspended', '']);
});

test.each([
  ['device_removed', en.failure.device_removed],
  ['account_suspended', en.failure.account_suspended],
  ['bad_version', en.failure.bad_version],
  ['unknown_device', en.connection.unknown],
  ['unreachable', ''],
  ['server_unavailable', ''],
])('what waiting does not mend is said as such: %s', (code, sentence) => {
  const { news } = begun();
  news.hear({ isOnline: false, code });
  expect(news.lasting).toBe(sentence);
  news.hear({ isOnline: true, code: '' });
  expect(news.lasting).toBe('');
});

test('nobody is told of a removal by a server that was set up anew', () => {
  for (const words of [en, de]) {
    expect(words.connection.unknown).not.toMatch(/removed|entfernt/);
  }
});

test('it is said until the server takes something, or is gone', () => {
  const { news } = begun();
  expect(news.maintenance).toBe('');
  news.hear(refusing('This server takes nothing new at the moment. New disks.'));
  expect(news.maintenance).toBe(`${SAID} New disks.`);
  news.hear({ isOnline: true, code: '' });
  expect(news.maintenance).toBe('');
});

test('that a server takes nothing is said without its own words, and only while it is there', () => {
  const { news } = begun();
  news.hear({ isOnline: true, code: 'server_unavailable' });
  expect(news.maintenance).toBe(en.connection.refusing);
  news.hear({ isOnline: true, code: '' });
  expect(news.maintenance).toBe('');
  news.hear({ isOnline: false, code: 'server_unavailable' });
  expect([news.maintenance, news.lasting]).toEqual(['', '']);
});

test('when the time is over that was said, it is not said any more', async () => {
  const { clock, news } = begun();
  const until = Date.UTC(2027, 0, 15, 8);
  news.hear(refusing('This server takes nothing new at the moment. (until 2027-01-15T08:00Z)'));
  expect(news.maintenance).toBe(`${SAID} Until ${timeOf(until, 'en')}.`);
  await clock.pass(60_000);
  expect(news.maintenance).toBe(SAID);
  news.hear({ isOnline: true, code: '' });
  await clock.pass(60_000);
  expect(news.maintenance).toBe('');
});
