import { expect, test } from 'vitest';

import { deFailures } from '../../src/words/de_failures.ts';
import { enDeviceFailures } from '../../src/words/en_devices.ts';
import { enFailures } from '../../src/words/en_failures.ts';

test('every failure is one short text that ends as a sentence does', () => {
  for (const [code, sentence] of Object.entries(enFailures)) {
    expect(code).toMatch(/^[a-z_]+$/);
    expect(sentence, code).toMatch(/^[A-Z].*\.$/);
    expect(sentence.length, code).toBeLessThan(140);
  }
});

test('what can go wrong with devices is among it', () => {
  expect(enFailures).toMatchObject(enDeviceFailures);
});

test('what the server keeps and what this browser keeps are told apart', () => {
  expect(enFailures.storage_unavailable).toContain('browser');
  expect(enFailures.server_unavailable).toContain('server');
  expect(enFailures.internal).not.toBe(enFailures.server_internal);
});

test('only a number that differs is called one that differs', () => {
  const others = Object.entries(enFailures).filter(([code]) => code !== 'safety_number_differs');
  for (const [code, sentence] of others) {
    expect(sentence, code).not.toMatch(/not the same number/);
  }
});

test('where nothing is sent later, nobody is told that it is', () => {
  expect(enFailures.maintenance).not.toMatch(/sent|writing/);
  expect(deFailures.maintenance).not.toMatch(/gesendet|schreib/i);
});
