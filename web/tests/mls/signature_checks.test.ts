/** Checks are settled together, in order, and nothing comes out before. */

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { GroupUsageError, ProtocolError, SignatureRefused } from '../../src/mls/errors.ts';
import {
  HERE,
  SignatureChecks,
  signatureRefused,
  type SignatureVerifier,
  unverified,
  Unverified,
} from '../../src/mls/signature_checks.ts';
import { suite } from '../../src/mls/suite.ts';

const CRYPTO = suite(1);
const [PRIVATE, PUBLIC] = CRYPTO.signatureGenerate();
const SIGNATURE = CRYPTO.signWithLabel(PRIVATE, 'x', utf8('content'));

function add(checks: SignatureChecks, content: string, name = content): void {
  const failure = (): Error => new Error(name);
  CRYPTO.verifyWithLabel(checks, PUBLIC, 'x', utf8(content), SIGNATURE, failure);
}

function collected(...contents: string[]): SignatureChecks {
  const checks = new SignatureChecks();
  for (const [index, content] of contents.entries()) {
    add(checks, content, `${content} ${index}`);
  }
  return checks;
}

const answering = (...answers: boolean[]): SignatureVerifier => ({
  verify: () => Promise.resolve(answers),
});

test('an operation without checks asks nobody', async () => {
  const verifier = { verify: () => Promise.reject(new Error('asked')) };
  await new SignatureChecks().settle(verifier);
  expect(await unverified(() => 5).settle(verifier)).toBe(5);
});

test('the first check that fails throws its own error', async () => {
  const checks = collected('content', 'wrong', 'content', 'worse');
  expect(checks.count).toBe(4);
  expect(() => {
    checks.settleNow();
  }).toThrow('wrong 1');
  await expect(checks.settle(HERE)).rejects.toThrow('wrong 1');
});

test('a verifier that answers too little has verified too little', async () => {
  await expect(collected('content', 'content').settle(answering(true))).rejects.toThrow(
    'content 1',
  );
  await collected('content', 'content').settle(answering(true, true));
});

test('a check keeps what was to be verified, whatever happens to the content', () => {
  const checks = new SignatureChecks();
  const content = utf8('content');
  CRYPTO.verifyWithLabel(checks, PUBLIC, 'x', content, SIGNATURE, signatureRefused);
  content.fill(0);
  checks.settleNow();
});

test('the conclusion runs once, and only after all checks verified', async () => {
  let concluded = 0;
  const conclude = (): number => (concluded += 1);
  await expect(new Unverified(collected('wrong'), conclude).settle(HERE)).rejects.toThrow();
  expect(() => new Unverified(collected('wrong'), conclude).settleNow()).toThrow();
  expect(concluded).toBe(0);
  const good = new Unverified(collected('content'), conclude);
  expect(concluded).toBe(0);
  expect(good.count).toBe(1);
  expect(await good.settle(HERE)).toBe(1);
});

test('a result is settled once', async () => {
  const result = new Unverified(collected('wrong'), () => 5);
  await expect(result.settle(HERE)).rejects.toThrow('wrong 0');
  await expect(result.settle(HERE)).rejects.toThrow(GroupUsageError);
  expect(() => result.settleNow()).toThrow(GroupUsageError);
});

test('two that settle at once conclude once', async () => {
  let concluded = 0;
  const result = new Unverified(collected('content'), () => (concluded += 1));
  const both = await Promise.allSettled([result.settle(HERE), result.settle(HERE)]);
  expect(both.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected']);
  expect(concluded).toBe(1);
});

test('what an operation throws waits for the signatures that it came upon before', async () => {
  const failing = (content: string): Unverified<never> =>
    unverified((checks) => {
      add(checks, 'content');
      add(checks, content);
      throw new ProtocolError('what follows');
    });
  await expect(failing('content').settle(HERE)).rejects.toThrow('what follows');
  expect(() => failing('content').settleNow()).toThrow('what follows');
  await expect(failing('wrong').settle(HERE)).rejects.toThrow('wrong');
  expect(() => failing('wrong').settleNow()).toThrow('wrong');
  expect(failing('wrong').count).toBe(2);
  const none = unverified(() => {
    throw new ProtocolError('what follows');
  });
  expect(none.count).toBe(0);
  expect(() => none.settleNow()).toThrow('what follows');
});

test('what says nothing of the message is thrown at once', () => {
  const operation = (): unknown =>
    unverified((checks) => {
      add(checks, 'wrong');
      throw new GroupUsageError('ask somebody first');
    });
  expect(operation).toThrow('ask somebody first');
});

test('a further step follows the same checks', async () => {
  const begin = (content: string): Unverified<number> =>
    unverified((checks) => {
      add(checks, content);
      return 5;
    });
  let steps = 0;
  const step = (result: number): number => {
    steps += 1;
    return result + 1;
  };
  await expect(begin('wrong').followedBy(step).settle(HERE)).rejects.toThrow('wrong');
  expect(steps).toBe(0);
  const first = begin('content');
  expect(await first.followedBy(step).settle(HERE)).toBe(6);
  expect(() => first.settleNow()).toThrow(GroupUsageError);
});

test('an operation collects its checks and its result waits', () => {
  const result = unverified((checks) => {
    add(checks, 'wrong');
    return 5;
  });
  expect(() => result.settleNow()).toThrow('wrong');
  expect(signatureRefused()).toBeInstanceOf(SignatureRefused);
});
