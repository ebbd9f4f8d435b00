import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { type Identity, Own } from '../../src/vault/own.ts';
import { IDENTITY_SLOT, OWN } from '../../src/vault/schema.ts';
import { codeOf, freshPlatform, freshVault, tamper } from './vault_players.ts';

test('the identity is kept sealed, and refused when it was altered', async () => {
  const platform = freshPlatform();
  const vault = await freshVault(platform);
  const own = new Own(vault);
  expect(await own.get()).toBeUndefined();
  const identity: Identity = {
    suite: 0xf00d,
    credentialType: 1,
    credential: utf8('anna'),
    signerPrivate: utf8('private'),
    signatureKey: utf8('public'),
  };
  await vault.write([await own.put(identity)]);
  expect(await own.get()).toEqual(identity);
  await tamper(platform, vault, OWN, (row) => {
    if (row['slot'] === IDENTITY_SLOT) {
      row['sealed'] = new Uint8Array(40);
    }
  });
  expect(await codeOf(own.get())).toBe('vault_damaged');
  await vault.close();
});
