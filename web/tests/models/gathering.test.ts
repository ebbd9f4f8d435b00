import { expect, test } from 'vitest';

import { Gathering } from '../../src/models/gathering.ts';
import { Clock } from './clock.ts';

function gathered(): { clock: Clock; gathering: Gathering<string>; taken: string[] } {
  const clock = new Clock();
  const taken: string[] = [];
  const gathering = new Gathering<string>(clock, (all) => {
    taken.push(all.join(' '));
  });
  return { clock, gathering, taken };
}

test('what comes in quick succession is taken in at once', async () => {
  const { clock, gathering, taken } = gathered();
  gathering.add('one');
  await clock.pass(40);
  gathering.add('two');
  await clock.pass(10);
  expect(taken).toEqual([]);
  await clock.pass(10);
  expect(taken).toEqual(['one two']);
  gathering.add('three');
  await clock.pass(1000);
  expect(taken).toEqual(['one two', 'three']);
});

test('while somebody types it is taken in right after a letter was drawn', async () => {
  const { clock, gathering, taken } = gathered();
  gathering.typed();
  gathering.add('one');
  await clock.pass(80);
  expect(taken).toEqual([]);
  gathering.typed();
  expect(taken).toEqual([]);
  await clock.pass(20);
  expect(taken).toEqual(['one']);
});

test('a letter does not break up what has only begun to come', async () => {
  const { clock, gathering, taken } = gathered();
  gathering.typed();
  gathering.add('one');
  await clock.pass(20);
  gathering.typed();
  gathering.add('two');
  await clock.pass(30);
  expect(taken).toEqual([]);
  await clock.pass(30);
  gathering.typed();
  await clock.pass(20);
  expect(taken).toEqual(['one two']);
});

test('a pause in typing is long enough', async () => {
  const { clock, gathering, taken } = gathered();
  gathering.typed();
  gathering.add('one');
  await clock.pass(249);
  expect(taken).toEqual([]);
  await clock.pass(1);
  expect(taken).toEqual(['one']);
});

test('nothing waits for ever, however fast somebody types and however slowly the page draws', async () => {
  const { clock, gathering, taken } = gathered();
  clock.isDrawing = false;
  gathering.add('one');
  for (let at = 0; at < 400; at += 50) {
    expect(taken).toEqual([]);
    gathering.typed();
    await clock.pass(50);
  }
  expect(taken).toEqual(['one']);
});

test('nothing is taken in twice, and nothing when nothing came', async () => {
  const { clock, gathering, taken } = gathered();
  gathering.typed();
  await clock.pass(1000);
  expect(taken).toEqual([]);
  gathering.add('one');
  await clock.pass(60);
  gathering.typed();
  gathering.typed();
  await clock.pass(1000);
  expect(taken).toEqual(['one']);
});

test('everything can be taken in now', async () => {
  const { clock, gathering, taken } = gathered();
  gathering.add('one');
  gathering.flush();
  expect(taken).toEqual(['one']);
  await clock.pass(1000);
  expect(taken).toEqual(['one']);
});
