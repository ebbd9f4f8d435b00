import { expect, test } from 'vitest';

import { AccountAddress } from '../../src/base/ids.ts';
import { MimiContent } from '../../src/content/mimi.ts';
import { mentionsIn, readableText } from '../../src/content/text.ts';
import { mentioning, wordingOf } from '../../src/sdk/wording.ts';

const SALT = new Uint8Array(16);
const BEN = new AccountAddress('ben', 'localhost');
const content = (part: ConstructorParameters<typeof MimiContent>[0]['part']): MimiContent =>
  new MimiContent({ salt: SALT, part });

test.each([
  ['hello', 'text/plain;charset=utf-8'],
  ['2 * 3 = 6 and 4 * 5 = 20', 'text/plain;charset=utf-8'],
  ['**bold**', 'text/markdown;variant=GFM-MIMI'],
  ['`code`', 'text/markdown;variant=GFM-MIMI'],
])('%s is %s', (text, type) => {
  expect(wordingOf(text).contentType).toBe(type);
});

test('those who are named are mentioned, others are words', () => {
  const said = content(mentioning('@ben ask @nobody, @ben.', [BEN]));
  expect(new Set(mentionsIn(said).map(String))).toEqual(new Set([BEN.toString()]));
  expect(readableText(said)).toContain('@nobody');
  expect(mentionsIn(content(mentioning('nobody here', [BEN])))).toEqual([]);
});

test('what looks like markup beside a mention stays words', () => {
  const said = content(mentioning('@ben *not bold* [x](javascript:alert)', [BEN]));
  expect(readableText(said)).toContain('*not bold* [x](javascript:alert)');
});
