import { expect, test } from 'vitest';

import { mergingOf } from '../../src/models/merging.ts';
import type { CustomerView } from '../../src/sdk/protocol.ts';

function guest(id: string, fields: Partial<CustomerView> = {}): CustomerView {
  const counts = { visits: 2, noShows: 1, upcoming: 1, firstSeenS: 100, lastSeenS: 900 };
  return { id, name: '', conversation: '', language: '', note: '', ...counts, ...fields };
}

test('all of both is in the one that stays', () => {
  const kept = guest('a', { name: 'Anna', note: 'Window', firstSeenS: 500 });
  const gone = guest('b', { name: 'A. Berger', language: 'de', note: 'Nuts!', visits: 5 });
  expect(mergingOf(kept, gone)).toEqual({
    ...{ kept, gone },
    result: {
      ...{ id: 'a', name: 'Anna', conversation: '', language: 'de', note: 'Window\nNuts!' },
      ...{ visits: 7, noShows: 2, upcoming: 2, firstSeenS: 100, lastSeenS: 900 },
    },
  });
});

test('who has a conversation stays, whichever was chosen first', () => {
  const [rang, writes] = [guest('a', { name: 'Anna' }), guest('b', { conversation: '0b' })];
  for (const merging of [mergingOf(rang, writes), mergingOf(writes, rang)]) {
    expect(merging).toMatchObject({ kept: { id: 'b' }, gone: { id: 'a' } });
    expect(merging).toMatchObject({ result: { name: 'Anna', conversation: '0b' } });
  }
});

test('what the agent might refuse is said before', () => {
  const [one, two] = [guest('a', { conversation: '0a' }), guest('b', { conversation: '0b' })];
  expect(mergingOf(one, one)).toBe('same');
  expect(mergingOf(one, two)).toBe('two_conversations');
  const long = guest('c', { note: 'x'.repeat(1957) });
  expect(mergingOf(long, guest('d', { note: '12' }))).toBe('note_too_long');
  expect(mergingOf(long, guest('d', { note: '1' }))).toMatchObject({ kept: { id: 'c' } });
});
