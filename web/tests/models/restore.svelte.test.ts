/** Restoring as the page shows it: nothing that opens the account stays in it. */

import { expect, test } from 'vitest';

import { Restore } from '../../src/models/restore.svelte.ts';
import type { Messenger } from '../../src/models/messenger.ts';
import { SdkError } from '../../src/sdk/errors.ts';

const OWN = { address: 'anna@example.org', device: 'uri', kind: 'person' };
const FOUND = { address: 'anna@example.org', madeAtMs: 1, devices: 2 };

function restoring(answer: (operation: string) => unknown): {
  readonly restore: Restore;
  readonly asked: unknown[];
} {
  const asked: unknown[] = [];
  const ask = (operation: string, fields: unknown): Promise<unknown> => {
    asked.push(fields);
    return new Promise((resolve) => {
      resolve(answer(operation));
    });
  };
  const restore = new Restore({ ask } as unknown as Messenger);
  Object.assign(restore, { name: ' @anna@example.org', recoveryKey: 'a key', passphrase: 'words' });
  return { restore, asked };
}

test('what was entered is asked with, and gone when the account is here', async () => {
  const { asked, restore } = restoring((operation) => (operation === 'restore' ? OWN : FOUND));
  restore.file = new Blob(['a file']);
  await restore.look();
  expect(restore.found).toEqual(FOUND);
  expect(await restore.restore()).toEqual(OWN);
  const entered = { name: 'anna', recoveryKey: 'a key', passphrase: 'words' };
  expect(asked[0]).toMatchObject(entered);
  expect(asked[1]).toMatchObject({ ...entered, isAlone: true });
  expect([restore.recoveryKey, restore.passphrase, restore.file, restore.found]).toEqual([
    '',
    '',
    undefined,
    undefined,
  ]);
});

test('what failed can be tried again with what was entered', async () => {
  const { restore } = restoring(() => {
    throw new SdkError('No.', { code: 'no_backup' });
  });
  expect(await restore.restore()).toBeUndefined();
  expect([restore.recoveryKey, restore.failure?.code, restore.isWorking]).toEqual([
    'a key',
    'no_backup',
    false,
  ]);
  restore.change();
  expect(restore.failure).toBeUndefined();
});
