import { flushSync } from 'svelte';
import { expect, test } from 'vitest';

import { PlauschError } from '../../src/base/errors.ts';
import { Inbox } from '../../src/models/inbox.svelte.ts';
import type { ConversationView } from '../../src/sdk/protocol.ts';
import { FakeDevice, refusal } from '../stage/fake.ts';
import { Clock, settled } from './clock.ts';
import { ANNA, conversation, MINUTE_MS, NOON_MS } from './writing.ts';

/** What was refused is said elsewhere; here it only stops nothing. */
async function attempted<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof PlauschError) {
      return undefined;
    }
    throw error;
  }
}

async function loaded(
  ...views: readonly ConversationView[]
): Promise<{ inbox: Inbox; device: FakeDevice; clock: Clock }> {
  const clock = new Clock();
  const device = new FakeDevice(() => clock.now());
  for (const view of views) {
    device.add(view);
  }
  const inbox = new Inbox(device, () => ANNA, clock, attempted);
  await inbox.load();
  return { inbox, device, clock };
}

const at = (minutes: number): { activeAtMs: number } => ({
  activeAtMs: NOON_MS + minutes * MINUTE_MS,
});
const ids = (views: readonly ConversationView[]): readonly string[] => views.map(({ id }) => id);

test('the newest come first, the pinned before all', async () => {
  const { inbox } = await loaded(
    conversation({ id: 'a', ...at(1) }),
    conversation({ id: 'b', ...at(3) }),
    conversation({ id: 'p', ...at(0), isPinned: true }),
    conversation({ id: 'c', ...at(2) }),
  );
  expect(ids(inbox.all)).toEqual(['p', 'b', 'c', 'a']);
  expect(inbox.isLoaded).toBe(true);
});

test('what another one stands for goes, and a search in it goes on there', async () => {
  const { inbox } = await loaded(
    conversation({ id: 'a', ...at(1) }),
    conversation({ id: 'b', ...at(3) }),
  );
  inbox.beginSearch('a');
  inbox.apply([conversation({ id: 'c', insteadOf: ['a', 'x'], ...at(4) })]);
  expect(ids(inbox.all)).toEqual(['c', 'b']);
  expect([inbox.get('a'), inbox.within]).toEqual([undefined, 'c']);
});

test('a change moves a row to where it belongs', async () => {
  const { inbox } = await loaded(
    conversation({ id: 'a', ...at(1) }),
    conversation({ id: 'b', ...at(2) }),
    conversation({ id: 'c', ...at(3) }),
  );
  inbox.apply([conversation({ id: 'a', ...at(4) })]);
  expect(ids(inbox.all)).toEqual(['a', 'c', 'b']);
  inbox.apply([conversation({ id: 'b', ...at(2), isPinned: true })]);
  expect(ids(inbox.all)).toEqual(['b', 'a', 'c']);
  inbox.apply([conversation({ id: 'b', ...at(2) })]);
  expect(ids(inbox.all)).toEqual(['a', 'c', 'b']);
});

test('one that is gone is gone, and what is not there does not matter', async () => {
  const { inbox } = await loaded(conversation({ id: 'a' }), conversation({ id: 'b' }));
  inbox.apply([], ['a', 'nobody']);
  expect(ids(inbox.all)).toEqual(['b']);
  expect(inbox.get('a')).toBeUndefined();
});

test('many changes in any order leave the same list as loading it anew', async () => {
  const { inbox, device, clock } = await loaded();
  let state = 7;
  const random = (limit: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state % limit;
  };
  for (let round = 0; round < 400; round += 1) {
    const changed = Array.from({ length: 1 + random(4) }, () =>
      conversation({
        id: `c${random(60)}`,
        ...at(random(30)),
        isPinned: random(9) === 0,
        unread: random(3),
      }),
    );
    const gone = random(5) === 0 ? [`c${random(60)}`] : [];
    inbox.apply(changed, gone);
    for (const id of gone) {
      device.conversations.delete(id);
    }
    for (const view of changed) {
      device.add(view);
    }
  }
  const fresh = new Inbox(device, () => ANNA, clock, attempted);
  await fresh.load();
  expect(inbox.all).toEqual(fresh.all);
});

test('filters show their own', async () => {
  const { inbox } = await loaded(
    conversation({ id: 'plain', ...at(4) }),
    conversation({ id: 'new', ...at(3), unread: 2 }),
    conversation({ id: 'group', ...at(2), kind: 'group', title: 'Chor' }),
    conversation({ id: 'old', ...at(1), isArchived: true, unread: 1 }),
  );
  const shown = (filter: typeof inbox.filter): readonly string[] => {
    inbox.filter = filter;
    return ids(inbox.rows);
  };
  expect(shown('all')).toEqual(['plain', 'new', 'group']);
  expect(shown('unread')).toEqual(['new']);
  expect(shown('groups')).toEqual(['group']);
  expect(shown('archived')).toEqual(['old']);
  expect(inbox.unreadCount).toBe(1);
});

test('who looks at the rows is told once for many changes', async () => {
  const { inbox } = await loaded(conversation({ id: 'a' }));
  let told = 0;
  const stop = $effect.root(() => {
    $effect(() => {
      told += inbox.rows.length > 0 ? 1 : 0;
    });
  });
  flushSync();
  inbox.apply(Array.from({ length: 50 }, (_, one) => conversation({ id: `n${one}` })));
  flushSync();
  expect(told).toBe(2);
  stop();
});

test('a search looks at names at once and at messages a moment later', async () => {
  const { inbox, device, clock } = await loaded(
    conversation({ id: 'g', kind: 'group', title: 'Müllers Garten' }),
    conversation({ id: 'b' }),
  );
  device.write('b', { text: 'Der Garten ist offen' });
  inbox.search('mull');
  expect(ids(inbox.named)).toEqual(['g']);
  inbox.search('garten');
  expect(inbox.hits).toBeUndefined();
  await clock.pass(200);
  expect(inbox.hits?.map(({ conversation: id }) => id)).toEqual(['b']);
  expect(device.asked.filter(({ operation }) => operation === 'search')).toHaveLength(1);
});

test('names are found however their umlauts are written', async () => {
  const { inbox } = await loaded(
    conversation({ id: 'g', kind: 'group', title: 'Müllers Straße' }),
    conversation({ id: 'h', kind: 'group', title: 'Mueller Gasse' }),
  );
  const found = (query: string): readonly string[] => {
    inbox.search(query);
    return [...ids(inbox.named)].sort();
  };
  expect(found('mueller')).toEqual(['g', 'h']);
  expect(found('Müller')).toEqual(['g', 'h']);
  expect(found('muller')).toEqual(['g']);
  expect(found('strasse')).toEqual(['g']);
});

test('a business is found by what it calls itself, and by its account', async () => {
  const [peer, businessName] = ['schmaus@example.org', 'Zur Linde'];
  const { inbox } = await loaded(conversation({ id: 'b', peer, businessName }));
  for (const query of ['linde', 'schmaus', 'maus@exam']) {
    inbox.search(query);
    expect(ids(inbox.named)).toEqual(['b']);
  }
  inbox.search('eiche');
  expect(inbox.named).toEqual([]);
});

test('one conversation is searched alone, until everything is again', async () => {
  const { inbox, device, clock } = await loaded(
    conversation({ id: 'g', kind: 'group', title: 'Garten' }),
    conversation({ id: 'b' }),
  );
  device.write('b', { text: 'Der Garten ist offen' });
  device.write('g', { text: 'Unser Garten' });
  inbox.search('something else');
  inbox.beginSearch('b');
  expect([inbox.within, inbox.query, inbox.searches]).toEqual(['b', '', 1]);
  inbox.search('garten');
  expect(inbox.named).toEqual([]);
  await clock.pass(200);
  expect(inbox.hits?.map(({ conversation: id }) => id)).toEqual(['b']);
  inbox.beginSearch();
  expect([inbox.within, inbox.query, inbox.searches]).toEqual([undefined, 'garten', 2]);
  expect(ids(inbox.named)).toEqual(['g']);
  await clock.pass(200);
  expect(inbox.hits).toHaveLength(2);
});

test('a search within a conversation that is gone is one of everything', async () => {
  const { inbox } = await loaded(conversation({ id: 'b' }), conversation({ id: 'c' }));
  inbox.beginSearch('b');
  inbox.apply([], ['c']);
  expect(inbox.within).toBe('b');
  inbox.apply([], ['b']);
  expect(inbox.within).toBeUndefined();
});

test('an older answer does not replace a newer question', async () => {
  const { inbox, device, clock } = await loaded(conversation({ id: 'b' }));
  device.write('b', { text: 'eins' });
  inbox.search('eins');
  await clock.pass(120);
  inbox.search('zwei');
  await settled();
  expect(inbox.hits).toBeUndefined();
  inbox.search('');
  await clock.pass(1000);
  expect(inbox.hits).toBeUndefined();
  expect(inbox.named).toEqual([]);
});

test('a search that is refused finds nothing', async () => {
  const { inbox, device, clock } = await loaded();
  device.ask = () => Promise.reject(refusal('unavailable'));
  inbox.search('x');
  await clock.pass(200);
  expect(inbox.hits).toEqual([]);
});

test('the neighbours of a conversation are those in the list', async () => {
  const { inbox } = await loaded(
    conversation({ id: 'a', ...at(3) }),
    conversation({ id: 'b', ...at(2) }),
    conversation({ id: 'c', ...at(1) }),
  );
  expect(inbox.neighbour('b', -1)).toBe('a');
  expect(inbox.neighbour('b', 1)).toBe('c');
  expect(inbox.neighbour('c', 1)).toBeUndefined();
  expect(inbox.neighbour(undefined, 1)).toBe('a');
});

test('two thousand conversations take fifty changes in a moment', async () => {
  const views = Array.from({ length: 2000 }, (_, one) =>
    conversation({ id: `c${one}`, ...at(one) }),
  );
  const { inbox } = await loaded(...views);
  for (let round = 0; round < 50; round += 1) {
    inbox.apply([conversation({ id: `c${round * 13}`, ...at(3000 + round) })]);
  }
  expect(ids(inbox.all).slice(0, 2)).toEqual(['c637', 'c624']);
  expect(inbox.all).toHaveLength(2000);
});

test('a team narrows the list further', async () => {
  const { inbox } = await loaded(
    conversation({ id: 'a', ...at(3) }),
    conversation({ id: 'b', ...at(2), isArchived: true }),
    conversation({ id: 'c', ...at(1) }),
  );
  inbox.narrowing = (id) => id !== 'a';
  expect(ids(inbox.rows)).toEqual(['c']);
  inbox.narrowing = () => true;
  expect(ids(inbox.rows)).toEqual(['a', 'c']);
});
