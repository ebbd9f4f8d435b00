import { expect, test } from 'vitest';

import { type Event, Feed } from '../../src/sdk/events.ts';

const EVENT: Event = { what: 'connection', isOnline: true, code: '' };

test('every listener hears everything from when it began until it stops', () => {
  const feed = new Feed();
  const heard: string[] = [];
  feed.tell(EVENT);
  const stop = feed.listen(() => heard.push('one'));
  feed.listen(() => heard.push('two'));
  feed.tell(EVENT);
  stop();
  stop();
  feed.tell(EVENT);
  expect(heard).toEqual(['one', 'two', 'two']);
});

test('who stops while it is told does not disturb the others', () => {
  const feed = new Feed();
  const heard: string[] = [];
  const stop = feed.listen(() => {
    stop();
  });
  feed.listen(() => {
    feed.listen(() => heard.push('late'));
    heard.push('second');
  });
  feed.tell(EVENT);
  expect(heard).toEqual(['second']);
});
