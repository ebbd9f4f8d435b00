import 'fake-indexeddb/auto';

import { IDBFactory } from 'fake-indexeddb';
import { expect, test } from 'vitest';

import { type CountChannel, UnreadCounts } from '../../src/platform/unread_counts.ts';

/** Two pages of one browser. */
class Ether {
  readonly ends: CountChannel[] = [];

  end(): CountChannel {
    const end: CountChannel = {
      onmessage: null,
      postMessage: (said) => {
        for (const other of this.ends) {
          if (other !== end) {
            other.onmessage?.({ data: said } as MessageEvent);
          }
        }
      },
    };
    this.ends.push(end);
    return end;
  }
}

function two(): readonly [UnreadCounts, UnreadCounts, Ether] {
  const [factory, ether] = [new IDBFactory(), new Ether()];
  return [new UnreadCounts(factory, ether.end()), new UnreadCounts(factory, ether.end()), ether];
}

test('what one page says the other one hears, and whoever comes later reads', async () => {
  const [anna, linde] = two();
  const heard: unknown[] = [];
  anna.watch((...said) => heard.push(said));
  expect(await anna.get('device-2')).toBe(0);
  await linde.put('device-2', 3);
  await anna.put('device', 1);
  expect(heard).toEqual([['device-2', 3]]);
  expect(await anna.get('device-2')).toBe(3);
  expect(await linde.get('device')).toBe(1);
  await linde.drop('device-2');
  expect(heard.at(-1)).toEqual(['device-2', 0]);
  expect(await anna.get('device-2')).toBe(0);
  expect(await anna.get('device')).toBe(1);
});

test.each([
  undefined,
  null,
  'device',
  { slot: 'device-3', unread: 1 },
  { slot: 'device', unread: -1 },
  { slot: 'device', unread: 0.5 },
  { slot: 'device', unread: '7' },
])('%j is no count', (said) => {
  const [counts, , ether] = two();
  const heard: unknown[] = [];
  counts.watch((...one) => heard.push(one));
  ether.ends[0]?.onmessage?.({ data: said } as MessageEvent);
  expect(heard).toEqual([]);
});

test('a browser that keeps nothing still tells', async () => {
  const factory = {
    open: () => {
      throw new DOMException('no', 'SecurityError');
    },
  } as unknown as IDBFactory;
  const ether = new Ether();
  const [anna, linde] = [
    new UnreadCounts(factory, ether.end()),
    new UnreadCounts(factory, ether.end()),
  ];
  const heard: unknown[] = [];
  anna.watch((...said) => heard.push(said));
  await linde.put('device-2', 2);
  expect(heard).toEqual([['device-2', 2]]);
  expect(await anna.get('device-2')).toBe(0);
});
