import { expect, test } from 'vitest';

import { LocalError } from '../../src/base/errors.ts';
import { checkAsked } from '../../src/sync/asked.ts';

const BYTES = Uint8Array.of(1);
const POLICY = {
  kind: 'pinned',
  devices: [{ credentialType: 1, credential: BYTES, signatureKey: BYTES }],
};

test.each<[string, object]>([
  ['open', { vault: 'v', wait: true, policy: POLICY }],
  ['outbox', {}],
  ['outbox', { group: undefined }],
  ['encrypt', { group: BYTES, id: BYTES, plaintext: BYTES }],
  ['commit', { group: BYTES, id: BYTES, adds: [BYTES], removes: [0, 7] }],
  ['propose', { group: BYTES, id: BYTES, change: { kind: 'remove', leafIndex: 2 } }],
  ['received', { after: 0, limit: 5 }],
])('a right request to %s passes', (operation, asked) => {
  checkAsked(operation, asked);
});

test.each<[string, unknown, string]>([
  ['open', { vault: 'v', wait: true }, 'policy'],
  ['open', { vault: 'v', wait: true, policy: { ...POLICY, kind: 'everybody' } }, 'policy'],
  ['open', { vault: 'v', wait: true, policy: { kind: 'pinned', devices: [{}] } }, 'policy'],
  ['open', { vault: 'v', wait: 'no', policy: POLICY }, 'wait'],
  ['encrypt', { group: BYTES, id: BYTES, plaintext: 'text' }, 'plaintext'],
  ['encrypt', { group: BYTES, id: [1], plaintext: BYTES }, 'id'],
  ['commit', { group: BYTES, id: BYTES, removes: [-1] }, 'removes'],
  ['propose', { group: BYTES, id: BYTES, change: { kind: 'reinit' } }, 'change'],
  ['received', { after: 0.5, limit: 5 }, 'after'],
  ['process', { group: BYTES, envelopes: BYTES }, 'envelopes'],
  ['groups', null, 'fields'],
])('a request to %s with %o is refused for its %s', (operation, asked, field) => {
  expect(() => {
    checkAsked(operation, asked);
  }).toThrow(new RegExp(`no right ${field}`));
});

test.each(['constructor', 'toString', '__proto__', 'nothing', ''])(
  'there is no operation %s',
  (operation) => {
    expect(() => {
      checkAsked(operation, {});
    }).toThrow(LocalError);
  },
);
