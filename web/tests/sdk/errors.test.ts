import { expect, test } from 'vitest';

import { LocalError, type PlauschError, RemoteError } from '../../src/base/errors.ts';
import { AccountAddress } from '../../src/base/ids.ts';
import {
  ChangeForgotten,
  connectionView,
  ConversationBroken,
  IdentityChanged,
  NotParticipant,
  SdkError,
  ServerMisbehaved,
  ServerRefused,
  TrustRefused,
  UnknownConversation,
  Unreachable,
} from '../../src/sdk/errors.ts';

test.each([
  [new SdkError('x'), 'local', 'sdk'],
  [new Unreachable('x'), 'operator', 'unreachable'],
  [new ServerMisbehaved('x'), 'remote', 'server_misbehaved'],
  [new TrustRefused('x'), 'remote', 'trust_refused'],
  [new UnknownConversation('x'), 'local', 'unknown_conversation'],
  [new NotParticipant('x'), 'local', 'not_participant'],
  [new ConversationBroken('x'), 'remote', 'conversation_broken'],
  [new ChangeForgotten('x'), 'remote', 'change_forgotten'],
] as const)('each says whose fault it is: %s', (error, fault, code) => {
  expect([error.fault, error.code, error.message]).toEqual([fault, code, 'x']);
});

test('a refusal has the server’s code and fault, and what it says beside them', () => {
  const bare = new ServerRefused('Later.', { code: 'rate_limited', fault: 'operator' });
  expect([bare.code, bare.fault]).toEqual(['rate_limited', 'operator']);
  expect([bare.retryAfterMs, bare.epoch, bare.head]).toEqual([0, -1, -1]);
  const refusal = { code: 'stale', fault: 'local', retryAfterMs: 5, epoch: 3, head: 9 } as const;
  const full = new ServerRefused('Stale.', refusal);
  expect([full.retryAfterMs, full.epoch, full.head]).toEqual([5, 3, 9]);
});

test('a changed identity names the account and says what to do', () => {
  const error = new IdentityChanged(new AccountAddress('cem', 'localhost'));
  expect(error).toBeInstanceOf(TrustRefused);
  expect(error).toBeInstanceOf(RemoteError);
  expect(error.code).toBe('identity_changed');
  expect(error.address.toString()).toBe('cem@localhost');
  expect(error.message).toMatch(/^cem@localhost .*compare safety numbers/);
});

test('calls that cannot be carried out can be caught together', () => {
  for (const error of [new UnknownConversation('x'), new NotParticipant('x')]) {
    expect(error).toBeInstanceOf(SdkError);
    expect(error).toBeInstanceOf(LocalError);
  }
});

const codeOf = (failure?: PlauschError): string => connectionView(false, failure).code;

test('what a server says that takes nothing new is told with its code', () => {
  const refusal = new ServerRefused('Later.', { code: 'maintenance', fault: 'operator' });
  expect(connectionView(true, refusal)).toEqual({
    isOnline: true,
    code: 'maintenance',
    sentence: 'Later.',
  });
  const other = new ServerRefused('No.', { code: 'unknown_device', fault: 'local' });
  expect(connectionView(false, other)).toEqual({ isOnline: false, code: 'unknown_device' });
});

test('why there is no connection is the word of whoever ended it', () => {
  expect(codeOf(undefined)).toBe('');
  expect(codeOf(new ServerRefused('No.', { code: 'unknown_device', fault: 'local' }))).toBe(
    'unknown_device',
  );
  expect(codeOf(new Unreachable('x'))).toBe('unreachable');
  expect(codeOf(new Unreachable('x', { closingCode: 'device_removed' }))).toBe('device_removed');
  const cause = new RemoteError('Version 2.', { code: 'bad_version' });
  expect(codeOf(new Unreachable('x', { cause }))).toBe('bad_version');
  expect(codeOf(new Unreachable('x', { cause: new TypeError('x') }))).toBe('unreachable');
});
