import { expect, test } from 'vitest';

import { LocalError, type PlauschError } from '../../src/base/errors.ts';
import { attempt } from '../../src/models/attempt.ts';

function collected(): [readonly PlauschError[], (error: PlauschError) => void] {
  const refused: PlauschError[] = [];
  return [
    refused,
    (error) => {
      refused.push(error);
    },
  ];
}

test('what a step gives comes back, and nothing is told', async () => {
  const [told, refused] = collected();
  expect(await attempt(() => Promise.resolve('done'), refused)).toBe('done');
  expect(told).toEqual([]);
});

test('a refusal is told, and gives nothing', async () => {
  const [told, refused] = collected();
  const error = new LocalError('Not like this.', { code: 'bad_name' });
  const step = (): Promise<string> => Promise.reject(error);
  expect(await attempt(step, refused)).toBeUndefined();
  expect(told).toEqual([error]);
});

test('a defect is nobody’s refusal: it goes on its way', async () => {
  const [told, refused] = collected();
  const defect = new TypeError('x is undefined');
  await expect(attempt(() => Promise.reject(defect), refused)).rejects.toBe(defect);
  expect(told).toEqual([]);
});

test('a step that throws before it has begun is refused likewise', async () => {
  const [told, refused] = collected();
  const broken = (): Promise<string> => {
    throw new LocalError('Not now.', { code: 'vault_busy' });
  };
  expect(await attempt(broken, refused)).toBeUndefined();
  expect(told.map(({ code }) => code)).toEqual(['vault_busy']);
});
