/** What devices keep of a recovery key, written down and read. */

import { expect, test } from 'vitest';

import { CodecError, parseWhole } from '../../src/mls/codec.ts';
import { readRecovery, recoveryBytes } from '../../src/sdk/recovery_settings.ts';

const RECOVERY = {
  lookup: new Uint8Array(32).fill(1),
  adoptionKey: new Uint8Array(32).fill(2),
  sealingKey: new Uint8Array(1216).fill(3),
};

test('it comes back as it was', () => {
  expect(parseWhole(readRecovery, recoveryBytes(RECOVERY))).toEqual(RECOVERY);
});

test.each(['lookup', 'adoptionKey', 'sealingKey'] as const)(
  'a %s of another length is none',
  (name) => {
    const raw = recoveryBytes({ ...RECOVERY, [name]: RECOVERY[name].slice(1) });
    expect(() => parseWhole(readRecovery, raw)).toThrow(CodecError);
  },
);
