/** Staged results hide what is not accepted, and accepting is asking. */

import { inspect } from 'node:util';

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { member } from '../../src/mls/framing.ts';
import { Remove } from '../../src/mls/proposal.ts';
import {
  ReceivedMessage,
  StagedCommit,
  StagedMessage,
  StagedProposal,
} from '../../src/mls/staged.ts';
import { Stage } from './message_players.ts';
import { ListedProposal } from '../../src/mls/validation.ts';

const EMPTY = new Uint8Array(0);
const SENDER = Stage.of(1).epoch.member(0);
const TEXT = utf8('the secret text');

test('a message hides its content until it is accepted', () => {
  const { credential, signatureKey } = SENDER;
  const received = new ReceivedMessage(0, credential, signatureKey, TEXT, EMPTY, 1n);
  const staged = new StagedMessage(SENDER, 1n, () => received);
  expect(inspect(staged, { depth: 9 })).not.toContain(TEXT.join(', '));
  expect(JSON.stringify(Object.keys(staged))).toBe('["sender","epoch"]');
  expect('plaintext' in staged).toBe(false);
  expect(staged.accept()).toBe(received);
  expect(received.plaintext).toEqual(TEXT);
});

test('accepting asks the group each time, and its refusal is the answer', () => {
  let asked = 0;
  const accept = (): void => {
    asked += 1;
    if (asked > 2) {
      throw new RangeError('The group says no.');
    }
  };
  const proposal = new StagedProposal(new Remove(1), member(0), SENDER, EMPTY, EMPTY, accept);
  const flags = [true, false, false, true] as const;
  const commit = new StagedCommit(2n, SENDER, [], [SENDER], [], [], ...flags, EMPTY, [], accept);
  expect(asked).toBe(0);
  proposal.accept();
  commit.accept();
  expect(asked).toBe(2);
  expect(() => {
    proposal.accept();
  }).toThrow('The group says no.');
});

test('fields stand in their places', () => {
  const nothing = (): void => undefined;
  const changed = [[SENDER, SENDER] as const];
  const flags = [true, false, true, false] as const;
  const listed = [new ListedProposal(new Remove(1), member(0))];
  const [epoch, added] = [7n, [SENDER]];
  const commit = new StagedCommit(
    ...([epoch, SENDER, added, [], changed, []] as const),
    ...flags,
    TEXT,
    listed,
    nothing,
  );
  expect(commit).toMatchObject({
    epoch: 7n,
    added: [SENDER],
    removed: [],
    updated: changed,
    isSelfRemoved: true,
    isExternal: false,
    isOwn: true,
    endsGroup: false,
    authenticated: TEXT,
    proposals: listed,
  });
});
