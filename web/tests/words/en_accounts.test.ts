import { expect, test } from 'vitest';

import { enAccounts } from '../../src/words/en_accounts.ts';

test('who removes one account is told that the other one stays', () => {
  expect(enAccounts.accounts.removeWhy('linde')).toContain('linde stays');
  expect(enAccounts.accounts.removeAsk('anna')).toContain('anna');
});
