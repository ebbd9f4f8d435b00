/** Which device is the agent is written, sealed, and read again. */

import { expect, test } from 'vitest';

import { agentSlot } from '../../src/vault/agent_slot.ts';
import { OWN } from '../../src/vault/schema.ts';
import { freshPlatform, freshVault, shownInClear } from './vault_players.ts';

const KNOWN = {
  device: 'mimi://localhost/d/linde/0123456789abcdef',
  untilS: 1_800_000_000,
  heardMs: 1_799_999_999_123,
};

test('what was heard of the agent is there after a restart', async () => {
  const platform = freshPlatform();
  const vault = await freshVault(platform);
  const slot = agentSlot(vault);
  expect(await slot.get()).toBeUndefined();
  await vault.write([await slot.put(KNOWN)]);
  expect(await agentSlot(vault).get()).toEqual(KNOWN);
  await vault.close();
  expect(await shownInClear(platform, vault, OWN)).not.toContain('linde');
});
