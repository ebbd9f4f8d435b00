import { expect, test } from 'vitest';

import { deAgentFailures } from '../../src/words/de_agent_failures.ts';
import { enAgentFailures } from '../../src/words/en_agent_failures.ts';

test('there is one for every English one', () => {
  expect(Object.keys(deAgentFailures)).toEqual(Object.keys(enAgentFailures));
});

test('every sentence says what is wrong and what to do', () => {
  for (const [code, sentence] of Object.entries(deAgentFailures)) {
    expect(
      sentence.split(/[.:;]/).filter((part) => part.trim() !== '').length,
      code,
    ).toBeGreaterThan(1);
  }
});

test('after a mistake of the agent nobody is blamed, or told to ask the same again', () => {
  expect(deAgentFailures.mishap).toMatch(
    /es lag nicht an dir.*ob es geschehen ist.*auf anderem Weg/,
  );
  expect(enAgentFailures.mishap).toMatch(/not your fault.*whether it was done.*do it another way/);
});
