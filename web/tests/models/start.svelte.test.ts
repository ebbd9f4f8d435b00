import { expect, test } from 'vitest';

import { Start } from '../../src/models/start.svelte.ts';
import { FakeDevice, refusal } from '../stage/fake.ts';

function started(): { start: Start; device: FakeDevice } {
  const device = new FakeDevice();
  return { start: new Start(device, 2026), device };
}

test('what is written is a name at once', () => {
  const { start } = started();
  expect(start.canStart).toBe(false);
  start.write('Anna Müller');
  expect(start.name).toBe('anna.mueller');
  expect(start.canStart).toBe(true);
  start.write('😀');
  expect(start.canStart).toBe(false);
});

test('the account is made under that name', async () => {
  const { start, device } = started();
  start.write('Anna Müller');
  const own = await start.register();
  expect(own?.address).toBe('anna.mueller@plausch.example');
  expect(device.asked).toEqual([{ operation: 'register', asked: { name: 'anna.mueller' } }]);
});

test('an account for a business is one, until it is for a person after all', async () => {
  const { start, device } = started();
  start.turn(true);
  start.write('Zur Linde');
  expect((await start.register())?.kind).toBe('business');
  expect(device.asked.at(-1)?.asked).toEqual({ name: 'zur.linde', kind: 'business' });
  start.turn(false);
  expect((await start.register())?.kind).toBe('person');
});

test('a taken name brings others, which can be taken with one tap', async () => {
  const { start, device } = started();
  device.taken = new Set(['anna.mueller', 'anna.m']);
  start.write('Anna Müller');
  expect(await start.register()).toBeUndefined();
  expect(start.taken).toBe('anna.mueller');
  expect(start.suggestions).toEqual(['anna.m', 'a.mueller', 'mueller.anna']);
  expect(start.canStart).toBe(false);
  expect(await start.register('anna.m')).toBeUndefined();
  expect(start.suggestions).not.toContain('anna.m');
  expect(start.suggestions).toHaveLength(3);
  expect((await start.register('a.mueller'))?.address).toBe('a.mueller@plausch.example');
});

test('another name makes the old one forgotten', async () => {
  const { start, device } = started();
  device.taken.add('anna');
  start.write('Anna');
  await start.register();
  start.write('Anna B');
  expect(start.taken).toBe('');
  expect(start.suggestions).toEqual([]);
  expect(start.canStart).toBe(true);
});

test('an invitation is asked for only when the server wants one', async () => {
  const { start, device } = started();
  device.invitation = 'code';
  start.write('Anna');
  expect(start.needsInvitation).toBe(false);
  await start.register();
  expect(start.needsInvitation).toBe(true);
  expect(start.failure).toBeUndefined();
  expect(start.canStart).toBe(false);
  start.invitation = 'wrong';
  await start.register();
  expect(start.failure?.code).toBe('invitation_required');
  start.invitation = ' code ';
  expect(await start.register()).toBeDefined();
});

test('any other refusal is shown until something is written', async () => {
  const { start, device } = started();
  device.ask = () => Promise.reject(refusal('unreachable'));
  start.write('Anna');
  await start.register();
  expect(start.failure?.code).toBe('unreachable');
  expect(start.isWorking).toBe(false);
  start.write('Anna B');
  expect(start.failure).toBeUndefined();
});

test('a defect is no refusal', async () => {
  const { start, device } = started();
  device.ask = () => Promise.reject(new TypeError('defect'));
  start.write('Anna');
  await expect(start.register()).rejects.toBeInstanceOf(TypeError);
  expect(start.isWorking).toBe(false);
});

test('two presses are one account', async () => {
  const { start, device } = started();
  start.write('Anna');
  await Promise.all([start.register(), start.register()]);
  expect(device.asked).toHaveLength(1);
});

test('nothing is asked without a name', async () => {
  const { start, device } = started();
  expect(await start.register()).toBeUndefined();
  expect(device.asked).toEqual([]);
});
