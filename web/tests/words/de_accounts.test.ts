import { expect, test } from 'vitest';

import { deAccounts } from '../../src/words/de_accounts.ts';

test('who removes one account is told that the other one stays', () => {
  expect(deAccounts.accounts.removeWhy('linde')).toContain('linde bleibt');
  expect(deAccounts.accounts.removeAsk('anna')).toContain('anna');
});
