import { expect, test } from 'vitest';

import { Announcer } from '../../src/models/announcer.svelte.ts';
import { Clock } from './clock.ts';
import { message } from './writing.ts';

function announcing(): { announcer: Announcer; clock: Clock } {
  const clock = new Clock();
  return { announcer: new Announcer(clock), clock };
}

test('a message in the open conversation is read out', async () => {
  const { announcer, clock } = announcing();
  announcer.arrived(message({ id: 'a', text: 'Hello' }), 'ben', true);
  expect(announcer.sentence).toBe('');
  await clock.pass(1000);
  expect(announcer.sentence).toBe('ben: Hello');
});

test('elsewhere only that there is one', async () => {
  const { announcer, clock } = announcing();
  announcer.arrived(message({ id: 'a', text: 'Secret' }), 'ben', false);
  await clock.pass(1000);
  expect(announcer.sentence).toBe('New message from ben');
});

test('one without words too, and a long one is cut', async () => {
  const { announcer, clock } = announcing();
  announcer.arrived(message({ id: 'a', text: '' }), 'ben', true);
  announcer.arrived(message({ id: 'b', text: 'x'.repeat(9999) }), 'ida', true);
  await clock.pass(1000);
  expect(announcer.sentence).toMatch(/^New message from ben ida: x{300}$/);
});

test('many at once are a number', async () => {
  const { announcer, clock } = announcing();
  for (let at = 0; at < 50; at += 1) {
    announcer.arrived(message({ id: `${at}` }), 'ben', true);
  }
  await clock.pass(1000);
  expect(announcer.sentence).toBe('50 new messages');
});

test('what comes later is said later', async () => {
  const { announcer, clock } = announcing();
  announcer.say('one');
  await clock.pass(1000);
  announcer.say('two');
  await clock.pass(1000);
  expect(announcer.sentence).toBe('two');
});

test('marks of Markdown are not read out', async () => {
  const { announcer, clock } = announcing();
  const text = 'Hi [@anna](mimi://x/u/anna), **now**';
  announcer.arrived(message({ id: 'a', text, isMarkdown: true }), 'ben', true);
  await clock.pass(1000);
  expect(announcer.sentence).toBe('ben: Hi @anna, now');
});
