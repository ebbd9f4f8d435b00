/** welcome.json: a Welcome opened down to the confirmation tag (RFC 9420 section 12.4.3.1). */

import { expect, test } from 'vitest';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import { parseKeyPackage } from '../../src/mls/key_package.ts';
import { epochKeys, welcomeSecret } from '../../src/mls/key_schedule.ts';
import { SignatureChecks } from '../../src/mls/signature_checks.ts';
import { suite } from '../../src/mls/suite.ts';
import { parseWelcome } from '../../src/mls/welcome.ts';
import { welcomeReferences } from '../../src/mls/welcome_header.ts';
import { VECTOR_SUITES } from '../mls/suites.ts';
import { vectors } from '../mls/vectors.ts';

interface Case {
  readonly cipher_suite: number;
  readonly init_priv: string;
  readonly signer_pub: string;
  readonly key_package: string;
  readonly welcome: string;
}

test.each(VECTOR_SUITES)('the Welcome of suite %i', (id) => {
  const cases = vectors<Case>('welcome').filter((item) => item.cipher_suite === id);
  expect(cases.length).toBe(1);
  for (const item of cases) {
    const crypto = suite(id);
    const welcome = parseWelcome(fromHex(item.welcome));
    expect(toHex(welcome.toMessage())).toBe(item.welcome);
    const reference = parseKeyPackage(fromHex(item.key_package)).ref(crypto);
    expect(welcomeReferences(fromHex(item.welcome))).toContainEqual(reference);
    const { joinerSecret } = welcome.openSecrets(crypto, reference, fromHex(item.init_priv));
    const zeros = new Uint8Array(crypto.hashLength);
    const secret = welcomeSecret(crypto, joinerSecret, zeros);
    const groupInfo = welcome.openGroupInfo(crypto, secret);
    const checks = new SignatureChecks();
    groupInfo.verify(crypto, checks, fromHex(item.signer_pub));
    expect(checks.count).toBe(1);
    checks.settleNow();
    const context = groupInfo.groupContext;
    const { secrets } = epochKeys(crypto, joinerSecret, zeros, context.encoded);
    const tag = crypto.mac(secrets.confirmationKey, context.confirmedTranscriptHash);
    expect(groupInfo.confirmationTag).toEqual(tag);
  }
});
