/** Saving and loading: nothing lost, nothing reused, damage noticed. */

import { sha256 } from '@noble/hashes/sha2.js';
import { expect, test } from 'vitest';

import { concat, equalBytes, toHex, utf8 } from '../../src/base/bytes.ts';
import { registerChaCha } from '../../src/mls/chacha.ts';
import { ITEMS_LIMIT } from '../../src/mls/codec.ts';
import { SavedStateRefused, UnsupportedSuite } from '../../src/mls/errors.ts';
import { parsePrivateMessage } from '../../src/mls/framing.ts';
import { Group } from '../../src/mls/group.ts';
import { openPrivate } from '../../src/mls/protection.ts';
import { decode, encodeEpochState, encodeRatchetState, GroupState } from '../../src/mls/saved.ts';
import {
  KEPT_LIMIT,
  MessageKey,
  Ratchet,
  RatchetKind,
  SecretTree,
} from '../../src/mls/secret_tree.ts';
import { type Suite, SUITES } from '../../src/mls/suite.ts';
import { flipped, nameOf, type Player, refused, Scene } from './group_players.ts';
import { forAll } from './random.ts';
import { ALL_SUITES } from './suites.ts';
import { there } from './tree_players.ts';

/** A group with past epochs, gaps, proposals and a pending commit. */
function busy(suiteId = 1): Scene {
  const scene = Scene.of(['anna', 'bela', 'cora'], { suiteId });
  for (const player of [...scene.players.values()]) {
    player.group.encrypt(utf8('lost'));
    scene.chat();
    scene.commit(player, { identity: player.newIdentity() });
  }
  const { anna, bela } = scene.cast('anna', 'bela');
  scene.commit(anna, { removes: [2] });
  scene.deliver(bela, bela.group.proposeUpdate());
  anna.commit({ adds: [scene.newcomer('dora').bundle().message] });
  return scene;
}

/** The generation under which a message was sent, as its receiver finds it. */
function generationOf(receiver: Player, raw: Uint8Array): number {
  const { epoch, messages } = receiver.group.state;
  const { suite, secrets } = epoch;
  const [, opening] = openPrivate(suite, secrets.senderData, messages, parsePrivateMessage(raw));
  return opening.generation;
}

test.each(ALL_SUITES)('everything comes back in suite %i', (suiteId) => {
  for (const { group } of busy(suiteId).players.values()) {
    const saved = group.save();
    const again = Group.load(saved.epochState, saved.ratchetState);
    expect(again.save()).toEqual(saved);
    expect(again.members()).toEqual(group.members());
    expect([...again.proposals]).toEqual([...group.proposals]);
    expect(again.epochAuthenticator).toEqual(group.epochAuthenticator);
    const state = decode(saved);
    expect(encodeEpochState(state)).toEqual(saved.epochState);
    expect(encodeRatchetState(state)).toEqual(saved.ratchetState);
  }
});

test('a message changes the small part only', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const before = [anna.group.save(), bela.group.save()];
  bela.read(anna.group.encrypt(utf8('hello')));
  for (const [index, { group }] of [anna, bela].entries()) {
    const [one, two] = [there(before[index]), group.save()];
    expect(two.epochState).toBe(one.epochState);
    expect(two.ratchetState).not.toEqual(one.ratchetState);
    expect(two.ratchetState.length).toBeLessThan(1_000);
  }
});

test('proposals and pending commits change the other part', () => {
  const anna = Scene.of(['anna', 'bela']).player('anna');
  const { group } = anna;
  const seen = new Set([toHex(group.save().epochState)]);
  const ratchet = group.save().ratchetState;
  group.proposeUpdate();
  seen.add(toHex(group.save().epochState));
  const pending = anna.commit({ byReference: false });
  seen.add(toHex(group.save().epochState));
  expect(group.save().ratchetState).toEqual(ratchet);
  pending.accept();
  seen.add(toHex(group.save().epochState));
  expect(seen.size).toBe(4);
});

test('a restart after saving never repeats a generation', () => {
  // Saved before sending, as the contract says: the next message uses the next generation.
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const generations = [0, 1, 2, 3, 4].map((number) => {
    const raw = anna.group.encrypt(Uint8Array.of(number));
    anna.restart(anna.group.save());
    const generation = generationOf(bela, raw);
    expect(bela.read(raw).plaintext).toEqual(Uint8Array.of(number));
    return generation;
  });
  expect(generations).toEqual([0, 1, 2, 3, 4]);
});

test('a restart between save and send skips a generation', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  anna.group.encrypt(utf8('never sent'));
  anna.restart(anna.group.save());
  const raw = anna.group.encrypt(utf8('sent'));
  expect(generationOf(bela, raw)).toBe(1);
  expect(bela.read(raw).plaintext).toEqual(utf8('sent'));
});

test('what an older state would do is refused by receivers', () => {
  // A restored backup sends under a generation that was used: everybody refuses it.
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const backup = anna.group.save();
  bela.read(anna.group.encrypt(utf8('the first')));
  anna.restart(backup);
  const reused = anna.group.encrypt(utf8('another first'));
  refused('generation-unused', () => bela.stage(reused));
  expect(bela.read(anna.group.encrypt(utf8('the second'))).plaintext).toEqual(utf8('the second'));
});

test('an older receiver reads again what it had not saved', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const raw = anna.group.encrypt(utf8('hello'));
  const backup = bela.group.save();
  bela.read(raw);
  bela.restart(backup);
  expect(bela.read(raw).plaintext).toEqual(utf8('hello'));
});

test('an older epoch catches up from the log', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const backup = bela.group.save();
  const log = [0, 1, 2].map(
    (number) => [scene.commit(anna).commit, anna.group.encrypt(Uint8Array.of(number))] as const,
  );
  const newest = bela.group.save();
  bela.restart(backup);
  for (const [number, [commit, message]] of log.entries()) {
    bela.follow(commit);
    expect(bela.read(message).plaintext).toEqual(Uint8Array.of(number));
  }
  expect(bela.group.epochAuthenticator).toEqual(anna.group.epochAuthenticator);
  bela.restart(newest);
  scene.chat();
});

test('the parts must belong together', () => {
  const scene = Scene.of(['anna', 'bela']);
  const anna = scene.player('anna');
  const old = anna.group.save();
  scene.commit(anna);
  const fresh = anna.group.save();
  for (const [epochState, ratchetState] of [
    [old.epochState, fresh.ratchetState],
    [fresh.epochState, old.ratchetState],
    [fresh.ratchetState, fresh.epochState],
  ] as const) {
    expect(() => Group.load(epochState, ratchetState)).toThrow(SavedStateRefused);
  }
});

test('every changed byte is noticed', () => {
  const { epochState, ratchetState } = busy().player('anna').group.save();
  for (let place = 0; place < epochState.length; place += 13) {
    const broken = flipped(epochState, place);
    expect(() => Group.load(broken, ratchetState)).toThrow(SavedStateRefused);
  }
  for (let place = 0; place < ratchetState.length; place += 3) {
    const broken = flipped(ratchetState, place, 0x80);
    expect(() => Group.load(epochState, broken)).toThrow(SavedStateRefused);
  }
});

/** A body with a right digest: damage that the digest does not catch. */
function sealed(body: Uint8Array): Uint8Array {
  return concat(body, sha256(body));
}

test('random bytes are refused', () => {
  forAll(300, (chance) => {
    const [one, two] = [chance.bytes(200), chance.bytes(200)];
    expect(() => Group.load(one, two)).toThrow(SavedStateRefused);
    const epochState = sealed(concat(Uint8Array.of(0, 1, 1), one));
    const ratchetState = sealed(concat(Uint8Array.of(0, 1, 2), two));
    expect(() => Group.load(epochState, ratchetState)).toThrow(SavedStateRefused);
  });
});

test('cut parts with a right digest', () => {
  const { epochState, ratchetState } = busy().player('bela').group.save();
  for (let end = 3; end < epochState.length - 32; end += 29) {
    const cut = sealed(epochState.slice(0, end));
    expect(() => Group.load(cut, ratchetState)).toThrow(SavedStateRefused);
  }
  for (let end = 3; end < ratchetState.length - 32; end += 3) {
    const cut = sealed(ratchetState.slice(0, end));
    expect(() => Group.load(epochState, cut)).toThrow(SavedStateRefused);
  }
});

test('parts that do not retain the same epochs', () => {
  const scene = Scene.of(['anna', 'bela']);
  const anna = scene.player('anna');
  scene.commit(anna);
  const { epochState, ratchetState } = anna.group.save();
  anna.group.state.past.length = 0;
  const fewer = encodeRatchetState(anna.group.state);
  expect(() => Group.load(epochState, fewer)).toThrow(SavedStateRefused);
  expect(() => Group.load(encodeEpochState(anna.group.state), ratchetState)).toThrow(
    SavedStateRefused,
  );
});

test('a newer version says so', () => {
  const { epochState, ratchetState } = busy().player('bela').group.save();
  expect(() => Group.load(concat(Uint8Array.of(0, 2), epochState.slice(2)), ratchetState)).toThrow(
    /version 2/,
  );
});

test('a suite that this program does not have is no damage', () => {
  registerChaCha();
  const { epochState, ratchetState } = Scene.of(['anna'], { suiteId: 3 })
    .player('anna')
    .group.save();
  const known = SUITES as Map<number, Suite>;
  const chacha = there(known.get(3));
  known.delete(3);
  expect(() => Group.load(epochState, ratchetState)).toThrow(UnsupportedSuite);
  expect(() => Group.load(epochState, ratchetState)).toThrow(/0x0003 is not supported/);
  known.set(3, chacha);
  expect(Group.load(epochState, ratchetState).suiteId).toBe(3);
});

test('more keys are loaded than a message may have items', () => {
  const { epoch } = Scene.of(['anna']).player('anna').group.state;
  const key = new MessageKey(new Uint8Array(16).fill(7), new Uint8Array(12).fill(7));
  const kept = new Map(Array.from({ length: KEPT_LIMIT }, (_, passed) => [passed, key]));
  const senders = Math.ceil(ITEMS_LIMIT / KEPT_LIMIT);
  const ratchets = Array.from({ length: senders }, (_, leafIndex): [number, Ratchet] => [
    2 * leafIndex + RatchetKind.APPLICATION,
    new Ratchet(KEPT_LIMIT, new Uint8Array(32).fill(7), kept),
  ]);
  const messages = new SecretTree(epoch.suite, 512, new Map(), new Map(ratchets));
  const state = new GroupState(epoch, messages);
  const [epochState, ratchetState] = [encodeEpochState(state), encodeRatchetState(state)];
  expect(equalBytes(Group.load(epochState, ratchetState).save().ratchetState, ratchetState)).toBe(
    true,
  );
});

test('what was loaded does not share memory with what was saved', () => {
  const scene = busy();
  const { group } = scene.player('bela');
  const { epochState, ratchetState } = group.save();
  const copies = [epochState.slice(), ratchetState.slice()] as const;
  const again = Group.load(...copies);
  copies[0].fill(0);
  copies[1].fill(0);
  expect(again.save()).toEqual(group.save());
  expect(again.members().map(nameOf)).toEqual(['anna', 'bela']);
});
