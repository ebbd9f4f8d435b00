/** What a person enters to restore, before anything is asked of the server. */

import { expect, test } from 'vitest';

import type { PlauschError } from '../../src/base/errors.ts';
import { Recoveries } from '../../src/sdk/recoveries.ts';
import { newRecoveryKey, recoveryText } from '../../src/sdk/recovery_key.ts';
import type { ClientFrame } from '../../src/wire/frames.ts';
import { freshVault } from '../vault/vault_players.ts';
import { ManualClock } from './identities.ts';
import { failure, refused, Scripted } from './scripted.ts';

const KEY = recoveryText(newRecoveryKey());

function recoveries(script = new Scripted()): [Recoveries, Scripted] {
  script.answer = (frame) => [refused(frame, 'no_backup', 'None.')];
  const world = {
    ...{
      outside: script.outside,
      clock: new ManualClock(),
      subtle: crypto.subtle,
      random: () => 0,
    },
  };
  return [new Recoveries(world, 'http://localhost'), script];
}

async function codeOf(step: Promise<unknown>): Promise<string> {
  return ((await failure(step)) as PlauschError).code;
}

const asked = (script: Scripted): ClientFrame[] => script.heard('GetBackup');

test('a key that is none is refused before anybody is asked', async () => {
  const [made, script] = recoveries();
  const entered = { name: 'anna', recoveryKey: `${KEY.slice(0, -1)}-` };
  expect(await codeOf(made.find(entered))).toBe('bad_recovery_key');
  expect(script.peers).toEqual([]);
});

test('a file that is none as well', async () => {
  const [made, script] = recoveries();
  const file = new Blob(['something else']);
  const entered = { name: 'anna', recoveryKey: KEY, file };
  expect(await codeOf(made.find(entered))).toBe('no_backup_file');
  const vault = await freshVault();
  expect(await codeOf(made.restore(vault, { ...entered, isAlone: true }))).toBe('no_backup_file');
  await vault.close();
  expect(script.peers).toEqual([]);
});

test('name and key are taken as people write them; the passphrase counts', async () => {
  const [made, script] = recoveries();
  for (const passphrase of ['', 'words']) {
    const entered = { name: ' Anna ', recoveryKey: KEY.toLowerCase(), passphrase };
    expect(await codeOf(made.find(entered))).toBe('no_backup');
  }
  const frames = asked(script) as { readonly name: string; readonly capability: Uint8Array }[];
  expect(frames.map(({ name }) => name)).toEqual(['anna', 'anna']);
  expect(frames[0]!.capability).not.toEqual(frames[1]!.capability);
});
