import { expect, test } from 'vitest';

import { deFailures } from '../../src/words/de_failures.ts';
import { enFailures } from '../../src/words/en_failures.ts';

test('every failure has its sentence in German too', () => {
  expect(Object.keys(deFailures).sort()).toEqual(Object.keys(enFailures).sort());
  for (const [code, sentence] of Object.entries(deFailures)) {
    expect(sentence, code).toMatch(/^[A-ZÄÖÜ].*\.$/);
    expect(sentence.length, code).toBeLessThan(160);
  }
});

test('what shares a sentence in English shares it in German', () => {
  const shared = (sentences: Readonly<Record<string, string>>, like: string): readonly string[] =>
    Object.keys(sentences).filter((code) => sentences[code] === sentences[like]);
  for (const code of ['malformed', 'welcome_epoch', 'bad_frame', 'log_gap', 'bad_content']) {
    expect(shared(deFailures, code)).toEqual(shared(enFailures, code));
    expect(shared(deFailures, code).length).toBeGreaterThan(1);
  }
});
