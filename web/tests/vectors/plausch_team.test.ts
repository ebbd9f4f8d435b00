/** spec/vectors/team.json is what this language writes, reads, folds and refuses. */

import { expect, test } from 'vitest';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import { ConversationId } from '../../src/base/ids.ts';
import { leaves, type SinglePart } from '../../src/content/mimi.ts';
import { decodeRpc } from '../../src/content/rpc.ts';
import {
  decodeFact,
  type Fact,
  foldFacts,
  teamMessage,
  TeamRefused,
} from '../../src/content/team.ts';
import { specVectors } from './spec.ts';

type Shown = Readonly<Record<string, unknown>>;

interface Cases {
  readonly facts: readonly (Shown & { readonly content: string })[];
  readonly held: readonly Shown[];
  readonly refused: readonly { readonly name: string; readonly content: string }[];
  readonly calls: readonly string[];
}

const CASES = specVectors('team') as Cases;
const WORD = /[A-Z]/g;

/** A fact as the vectors show it. */
function shown(fact: Fact): Shown {
  const entries = Object.entries(fact).map(([name, value]: [string, unknown]) => [
    name.replace(WORD, (letter) => `_${letter.toLowerCase()}`),
    value instanceof ConversationId
      ? value.hex
      : value instanceof Uint8Array
        ? toHex(value)
        : value,
  ]);
  return Object.fromEntries(entries) as Shown;
}

test.each(CASES.facts)('each published fact is read and written', ({ content, ...expected }) => {
  const fact = decodeFact(fromHex(content));
  expect(shown(fact)).toEqual(expected);
  const [part] = leaves(teamMessage(fact, { salt: new Uint8Array(16) }).part);
  expect(toHex((part as SinglePart).content)).toBe(content);
});

test('the published facts hold as published', () => {
  const facts = CASES.facts.map(({ content }) => decodeFact(fromHex(content)));
  expect(Array.from(foldFacts(facts).values(), shown)).toEqual(CASES.held);
});

test.each(CASES.refused)('each published refusal is refused: $name', ({ content }) => {
  expect(() => decodeFact(fromHex(content))).toThrow(TeamRefused);
});

test('each published call is read', () => {
  const kinds = CASES.calls.map((raw) => decodeRpc(fromHex(raw)).kind);
  expect(kinds).toEqual(['call', 'answer', 'answer', 'notice', 'notice']);
});
