import { expect, test } from 'vitest';

import { attempt } from '../../src/models/attempt.ts';
import { Finding } from '../../src/models/finding.svelte.ts';
import { FakeDevice } from '../stage/fake.ts';

function open() {
  const device = new FakeDevice();
  const refused: string[] = [];
  const finding = new Finding({
    messenger: device,
    attempt: (action) => attempt(action, ({ code }) => refused.push(code)),
  });
  return { device, finding, refused };
}

test('nothing is asked before a person says so', async () => {
  const { device, finding } = open();
  finding.words = ' lin ';
  finding.place = 'Augsburg';
  expect([device.asked, finding.found]).toEqual([[], undefined]);
  await finding.search();
  expect(device.asked).toEqual([
    { operation: 'searchDirectory', asked: { words: 'lin', kind: '', place: 'Augsburg' } },
  ]);
  expect(finding.found?.map(({ title }) => title)).toEqual(['Zur Linde', 'Lindners Backstube']);
  finding.kind = 'cafe';
  await finding.search();
  expect(finding.found).toHaveLength(1);
});

test('the next page comes behind the first', async () => {
  const { device, finding } = open();
  await finding.search();
  await finding.more();
  expect(finding.found).toHaveLength(6);
  expect(device.asked.at(-1)?.asked).toMatchObject({ after: 'schnitt@plausch.example' });
});

test('a refusal is said, and what was found stays', async () => {
  const { device, finding, refused } = open();
  await finding.search();
  device.refusing.set('searchDirectory', 'rate_limited');
  await finding.search();
  expect([refused, finding.isSearching]).toEqual([['rate_limited'], false]);
  expect(finding.found).toHaveLength(3);
});

test('of two searches the later one counts', async () => {
  const { finding } = open();
  const first = finding.search();
  finding.words = 'niemand';
  await Promise.all([finding.search(), first]);
  expect([finding.found, finding.isSearching]).toEqual([[], false]);
});
