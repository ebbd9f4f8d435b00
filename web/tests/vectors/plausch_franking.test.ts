/** spec/vectors/franking.json: franks and stamps as Python makes and judges them. */

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { expect, test } from 'vitest';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import { EpochMark } from '../../src/content/fork.ts';
import { decode, saltOf } from '../../src/content/mimi.ts';
import { authenticatedWith, checkFrank, frank } from '../../src/sdk/franked.ts';
import { isGenuine, stamped } from '../sdk/stamps.ts';
import { specVectors } from './spec.ts';

interface Cases {
  readonly reporting_key: string;
  readonly conversation: string;
  readonly messages: readonly {
    readonly content: string;
    readonly key: string;
    readonly frank: string;
    readonly mark: string;
    readonly authenticated: string;
    readonly sender: string;
    readonly accepted_at_ms: number;
    readonly stamped: string;
    readonly stamp: string;
  }[];
  readonly refused: readonly {
    readonly why: string;
    readonly content: string;
    readonly authenticated: string;
  }[];
}

const CASES = specVectors('franking') as Cases;
const KEY = fromHex(CASES.reporting_key);
const CONVERSATION = fromHex(CASES.conversation);

test.each(CASES.messages)('the message $frank is franked and stamped alike', (one) => {
  const content = fromHex(one.content);
  expect(toHex(saltOf(content))).toBe(one.key);
  expect(toHex(decode(content).salt)).toBe(one.key);
  const franked = frank(fromHex(one.key), content);
  expect(toHex(franked)).toBe(one.frank);
  const mark = new EpochMark(7n, fromHex(one.mark));
  expect(toHex(authenticatedWith(mark, content))).toBe(one.authenticated);
  checkFrank(fromHex(one.authenticated), content);
  const covered = stamped(franked, CONVERSATION, one.sender, one.accepted_at_ms);
  expect(toHex(covered)).toBe(one.stamped);
  expect(toHex(hmac(sha256, KEY, covered))).toBe(one.stamp);
  const reported = {
    conversation: CONVERSATION,
    sender: one.sender,
    acceptedAtMs: one.accepted_at_ms,
    stamp: fromHex(one.stamp),
    key: fromHex(one.key),
    content,
  };
  expect(isGenuine(KEY, reported)).toBe(true);
  expect(isGenuine(KEY, { ...reported, sender: `${one.sender}0` })).toBe(false);
});

test.each(CASES.refused)('refused as by Python: $why', ({ content, authenticated }) => {
  expect(() => {
    checkFrank(fromHex(authenticated), fromHex(content));
  }).toThrow('not shown');
});
