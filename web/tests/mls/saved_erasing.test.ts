/** What saving makes on its way, beside its result, holds no secret afterwards. */

import { expect, test, vi } from 'vitest';

import type * as bytes from '../../src/base/bytes.ts';
import { utf8 } from '../../src/base/bytes.ts';
import type * as codec from '../../src/mls/codec.ts';
import { encodeEpochState, encodeRatchetState, type GroupState } from '../../src/mls/saved.ts';
import { MessageKey, Ratchet, SecretTree } from '../../src/mls/secret_tree.ts';
import { suite } from '../../src/mls/suite.ts';
import { holds, Scene } from './group_players.ts';
import { there } from './tree_players.ts';

const made = vi.hoisted((): { all: Uint8Array[] } => ({ all: [] }));

/** A module whose functions that make buffers keep note of them. */
function noting<T extends object>(module: T, names: readonly (keyof T)[]): T {
  const noted = names.map((name) => {
    const make = module[name] as (...given: unknown[]) => Uint8Array;
    return [
      name,
      (...given: unknown[]): Uint8Array => {
        const buffer = make(...given);
        made.all.push(buffer);
        return buffer;
      },
    ] as const;
  });
  return { ...module, ...Object.fromEntries(noted) };
}

vi.mock('../../src/base/bytes.ts', async (original) =>
  noting(await original<typeof bytes>(), ['concat', 'concatErasing']),
);
vi.mock('../../src/mls/codec.ts', async (original) =>
  noting(await original<typeof codec>(), ['opaque', 'optional', 'vector', 'vectorErasing']),
);

/** A group with a pending commit, an own Update and messages that were passed over. */
function busy(): GroupState {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  scene.commit(bela);
  bela.group.encrypt(utf8('lost'));
  scene.chat();
  scene.deliver(anna, anna.group.proposeUpdate());
  anna.commit();
  return anna.group.state;
}

/** The buffers that hold one of these secrets. */
function holding(secrets: Iterable<Uint8Array>): Uint8Array[] {
  return made.all.filter((buffer) => [...secrets].some((secret) => holds(buffer, secret)));
}

test('the part that changes with the epoch', () => {
  const state = busy();
  const ofPast = new Set(state.past.map((item) => item.senderData));
  const secrets = [...state.secrets()].filter((secret) => !ofPast.has(secret));
  expect(secrets.length).toBeGreaterThan(15);
  made.all = [];
  const whole = encodeEpochState(state);
  expect(made.all.length).toBeGreaterThan(50);
  expect(secrets.every((secret) => holds(whole, secret))).toBe(true);
  expect(holding(secrets)).toEqual([whole]);
});

test('the part that changes with every message', () => {
  const state = busy();
  const { senderData } = there(state.past[0]);
  const remembered = state.messages.toBytes();
  const secrets = [senderData, remembered.slice(-64, -32)];
  made.all = [];
  const whole = encodeRatchetState(state);
  expect(secrets.every((secret) => holds(whole, secret))).toBe(true);
  expect(holding(secrets)).toEqual([whole]);
  expect(state.messages.toBytes()).toBe(remembered);
});

test('the remembered forms of message keys', () => {
  const [secret, key, nonce] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
  const kept = new Map([[6, new MessageKey(there(key), there(nonce))]]);
  made.all = [];
  const { encoded } = new Ratchet(7, there(secret), kept);
  expect(holding([there(secret), there(key), there(nonce)])).toEqual([encoded]);
  const tree = SecretTree.begin(suite(1), 8, there(secret));
  made.all = [];
  const whole = tree.toBytes();
  expect(holding([there(secret)])).toEqual([whole]);
});
