/** Secrets that a group gives up are overwritten: epochs, pending commits, keys of messages. */

import { expect, test, vi } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import type { Epoch } from '../../src/mls/epoch.ts';
import { PAST_EPOCHS_KEPT } from '../../src/mls/past.ts';
import type { SecretTree } from '../../src/mls/secret_tree.ts';
import { type Player, Scene, untouched } from './group_players.ts';
import { there } from './tree_players.ts';

type Labelled = readonly [label: string, secret: Uint8Array];

const isLive = (secret: Uint8Array): boolean => secret.some((byte) => byte !== 0);

/** What of secrets is not overwritten, by the labels under which they were derived. */
function live(secrets: readonly Labelled[]): string[] {
  return secrets.filter(([, secret]) => isLive(secret)).map(([label]) => label);
}

/** Everything that is derived under a label inside, in this player's suite. */
function derivedIn(player: Player, inside: () => void): Labelled[] {
  const derived: Labelled[] = [];
  const crypto = player.group.state.epoch.suite;
  const derive = crypto.expandWithLabel.bind(crypto);
  const spy = vi.spyOn(crypto, 'expandWithLabel').mockImplementation((...given) => {
    const secret = derive(...given);
    derived.push([given[1], secret]);
    return secret;
  });
  try {
    inside();
  } finally {
    spy.mockRestore();
  }
  return derived;
}

/** All secrets of an epoch that its device alone has. */
function secretsOf(epoch: Epoch, messages: SecretTree): Uint8Array[] {
  return [...epoch.secrets.all(), ...epoch.treePrivate.keys.values(), saved(messages)];
}

/** The nodes and ratchets in a tree's remembered form; its first four bytes are no secret. */
function saved(messages: SecretTree): Uint8Array {
  return messages.toBytes().subarray(4);
}

test('a message leaves the keys behind that it passed over, and nothing else', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const raws = ['0', '1', '2'].map((text) => bela.group.encrypt(utf8(text)));
  const before = saved(anna.group.state.messages);
  const derived = derivedIn(anna, () => {
    anna.read(there(raws[2]));
  });
  expect(isLive(before)).toBe(false);
  expect(live(derived).sort()).toEqual(
    ['key', 'key', 'nonce', 'nonce', 'secret', 'handshake', 'tree'].sort(),
  );
});

test('an epoch that is too long ago', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const raws = ['0', '1'].map((text) => bela.group.encrypt(utf8(text)));
  const derived = derivedIn(anna, () => {
    anna.read(there(raws[1]));
  });
  for (let turn = 0; turn < PAST_EPOCHS_KEPT; turn += 1) {
    scene.commit(anna);
    expect(live(derived)).toContain('key');
  }
  const { messages } = there(anna.group.state.past.at(-1));
  expect(isLive(saved(messages))).toBe(true);
  scene.commit(anna);
  expect(live(derived)).toEqual([]);
  expect(saved(messages)).toEqual(new Uint8Array(2));
});

test('a message that junk pretends to be', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const raw = bela.group.encrypt(utf8('x'));
  raw[raw.length - 1] = (raw[raw.length - 1] ?? 0) ^ 1;
  const derived = derivedIn(anna, () => {
    expect(() => anna.stage(raw)).toThrow();
  });
  expect(derived.length).toBeGreaterThan(4);
  expect(live(derived)).toEqual([]);
});

test('the key of an encrypted commit, whether it is accepted or not', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const { commit } = bela.commit({ private: true });
  for (const turn of ['staged', 'again']) {
    const derived = derivedIn(anna, () => {
      untouched([anna], () => {
        anna.stage(commit);
      });
    });
    const ofMessages = derived.filter(([label]) => ['key', 'nonce', 'secret'].includes(label));
    expect([turn, ofMessages.length]).toEqual([turn, 5]);
    expect(live(ofMessages)).toEqual([]);
  }
  anna.follow(commit);
});

test('a pending commit that is dropped, and nothing of what the group still is', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  anna.follow(bela.group.proposeUpdate());
  for (const forcePath of [true, false]) {
    const before = anna.group.save();
    const pending = anna.commit({ forcePath, byReference: forcePath });
    const { following } = there(anna.group.state.pending);
    const own = anna.group.state.epoch;
    const kept = new Set<Uint8Array>([...own.treePrivate.keys.values()]);
    const gone = secretsOf(following.epoch, following.messages).filter(
      (secret) => !kept.has(secret),
    );
    expect(gone.every(isLive)).toBe(true);
    pending.drop();
    expect(gone.some(isLive)).toBe(false);
    expect([...kept, ...own.secrets.all(), own.signerPrivate].every(isLive)).toBe(true);
    expect(anna.group.save()).toEqual(before);
    expect(anna.group.pending).toBe(undefined);
  }
  scene.commit(anna);
  scene.agree();
  scene.chat();
});

test('a pending commit that another one overtakes', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  anna.commit();
  const { following } = there(anna.group.state.pending);
  const gone = secretsOf(following.epoch, following.messages);
  expect(gone.every(isLive)).toBe(true);
  scene.commit(bela);
  expect(gone.some(isLive)).toBe(false);
  scene.agree();
  scene.chat();
});

test('all that a removed device had', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  scene.commit(anna);
  scene.chat();
  bela.commit();
  const { epoch, messages, past, pending } = bela.group.state;
  const { following } = there(pending);
  const trees = [messages, following.messages, ...past.map((item) => item.messages)];
  const gone = [
    ...secretsOf(epoch, messages),
    ...secretsOf(following.epoch, following.messages),
    ...trees.map(saved),
  ];
  expect(gone.every(isLive)).toBe(true);
  scene.commit(anna, { removes: [1] });
  expect(bela.group.isActive).toBe(false);
  expect(gone.some(isLive)).toBe(false);
  expect(trees.map(saved)).toEqual(trees.map(() => new Uint8Array(2)));
});
