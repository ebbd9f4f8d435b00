import { expect, test } from 'vitest';

import { enAgentFailures } from '../../src/words/en_agent_failures.ts';

test('every sentence says what is wrong and what to do', () => {
  for (const [code, sentence] of Object.entries(enAgentFailures)) {
    expect(
      sentence.split(/[.:;]/).filter((part) => part.trim() !== '').length,
      code,
    ).toBeGreaterThan(1);
  }
});

test('the codes of the domain have one', () => {
  for (const code of [
    'outdated',
    'wrong_state',
    'unknown',
    'known',
    'too_late',
    'full',
    'closed',
  ]) {
    expect(Object.hasOwn(enAgentFailures, code), code).toBe(true);
  }
});
