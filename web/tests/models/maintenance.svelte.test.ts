import { expect, test } from 'vitest';

import { MaintenanceNews } from '../../src/models/maintenance.svelte.ts';
import { en } from '../../src/words/en.ts';
import { timeOf } from '../../src/words/format.ts';
import { FakeDevice } from '../stage/fake.ts';
import { Clock } from './clock.ts';

const SAID = en.connection.maintenance;

function begun(): { clock: Clock; device: FakeDevice; news: MaintenanceNews } {
  const clock = new Clock(Date.UTC(2027, 0, 15, 7, 59));
  const device = new FakeDevice(() => clock.now());
  return { clock, device, news: new MaintenanceNews(device, clock) };
}

function told(sentence?: string): Parameters<FakeDevice['tell']>[0] {
  const code = sentence === undefined ? '' : 'maintenance';
  return { what: 'connection', isOnline: true, code, ...(sentence && { sentence }) };
}

test('it is said until the server takes something, or is gone', () => {
  const { device, news } = begun();
  expect(news.sentence).toBe('');
  device.tell(told('This server takes nothing new at the moment. New disks.'));
  expect(news.sentence).toBe(`${SAID} New disks.`);
  device.tell({ what: 'caught_up' });
  expect(news.sentence).toBe(`${SAID} New disks.`);
  device.tell(told());
  expect(news.sentence).toBe('');
});

test('when the time is over that was said, it is not said any more', async () => {
  const { clock, device, news } = begun();
  const until = Date.UTC(2027, 0, 15, 8);
  device.tell(told('This server takes nothing new at the moment. (until 2027-01-15T08:00Z)'));
  expect(news.sentence).toBe(`${SAID} Until ${timeOf(until, 'en')}.`);
  await clock.pass(60_000);
  expect(news.sentence).toBe(SAID);
  device.tell(told());
  await clock.pass(60_000);
  expect(news.sentence).toBe('');
});
