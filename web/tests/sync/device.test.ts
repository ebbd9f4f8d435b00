import { afterEach, describe, expect, test, vi } from 'vitest';

import { toHex, utf8 } from '../../src/base/bytes.ts';
import { codeOf, failPut, watchPuts } from '../vault/vault_players.ts';
import {
  acquainted,
  conversation,
  DAY_S,
  GROUP,
  packageOf,
  Player,
  SUITE,
  takenOf,
  textOf,
} from './device_players.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** The stores that a step writes to. */
async function storesWritten(step: () => Promise<unknown>): Promise<string[]> {
  const stores: string[] = [];
  const spy = watchPuts((store) => stores.push(store));
  await step();
  spy.mockRestore();
  return stores.sort();
}

async function authenticators(players: readonly Player[]): Promise<Set<string>> {
  const views = await Promise.all(players.map((player) => player.device.groups()));
  return new Set(views.map(([view]) => toHex(view!.epochAuthenticator)));
}

describe('who this is', () => {
  test('a device keeps its identity, and takes no other', async () => {
    const anna = await Player.make('anna');
    const { identity } = anna;
    await anna.reopen();
    expect(anna.device.identity).toEqual(identity);
    const asked = { suite: SUITE, credentialType: 1, credential: utf8('anna') };
    expect(await anna.device.makeIdentity(asked)).toEqual(identity);
    const other = { ...asked, credential: utf8('eve') };
    expect(await codeOf(anna.device.makeIdentity(other))).toBe('identity_exists');
  });

  test('without an identity nothing is made', async () => {
    const nobody = new Player('nobody');
    await nobody.open();
    expect(await codeOf(packageOf(nobody))).toBe('identity_missing');
    expect(await codeOf(nobody.device.createGroup({ group: GROUP }))).toBe('identity_missing');
  });

  test('an identity that could not be written is not there', async () => {
    const anna = new Player('anna');
    await anna.open();
    failPut();
    const asked = { suite: SUITE, credentialType: 1, credential: utf8('anna') };
    expect(await codeOf(anna.device.makeIdentity(asked))).toBe('storage_full');
    expect(anna.device.identity).toBeUndefined();
    await anna.reopen();
    expect(anna.device.identity).toBeUndefined();
  });
});

describe('key packages and joining', () => {
  test('key packages wait in the vault until they are used or dropped', async () => {
    const anna = await Player.make('anna');
    const made = await anna.device.makeKeyPackages({ count: 3, lifetimeS: DAY_S });
    const last = await anna.device.makeKeyPackages({
      count: 1,
      lifetimeS: DAY_S,
      lastResort: true,
    });
    expect(last[0]!.lastResort).toBe(true);
    await anna.reopen();
    const refs = async (): Promise<string[]> =>
      (await anna.device.keyPackages()).map(({ ref }) => toHex(ref)).sort();
    expect(await refs()).toEqual([...made, ...last].map(({ ref }) => toHex(ref)).sort());
    await anna.device.dropKeyPackages(made.map(({ ref }) => ref));
    expect(await refs()).toEqual([toHex(last[0]!.ref)]);
    for (const count of [0, 1.5, 1_001]) {
      expect(await codeOf(anna.device.makeKeyPackages({ count, lifetimeS: DAY_S }))).toBe(
        'vault_usage',
      );
    }
  });

  async function invited(lastResort = false) {
    const [anna, ben] = (await acquainted('anna', 'ben')) as [Player, Player];
    await anna.device.createGroup({ group: GROUP });
    const [made] = await ben.device.makeKeyPackages({ count: 1, lifetimeS: DAY_S, lastResort });
    const id = anna.freshId();
    const entry = await anna.device.commit({ group: GROUP, id, adds: [made!.message] });
    await anna.device.acceptCommit({ group: GROUP, id });
    return { anna, ben, welcome: entry.welcome };
  }

  test('a join spends its key package, and the same Welcome is answered again', async () => {
    const { anna, ben, welcome } = await invited();
    const view = await ben.device.join({ welcome });
    expect(await ben.device.keyPackages()).toEqual([]);
    await ben.reopen();
    expect(await ben.device.join({ welcome })).toEqual(view);
    expect(await authenticators([anna, ben])).toHaveLength(1);
  });

  test('a last resort stays', async () => {
    const { ben, welcome } = await invited(true);
    await ben.device.join({ welcome });
    expect(await ben.device.keyPackages()).toHaveLength(1);
    expect((await ben.device.join({ welcome })).epoch).toBe(1n);
  });

  test('a join that cannot be written has not happened', async () => {
    const { ben, welcome } = await invited();
    for (const after of [0, 1, 2]) {
      failPut(after);
      expect(await codeOf(ben.device.join({ welcome }))).toBe('storage_full');
      expect(await ben.device.groups()).toEqual([]);
      expect(await ben.device.keyPackages()).toHaveLength(1);
    }
    expect((await ben.device.join({ welcome })).epoch).toBe(1n);
  });

  test('a Welcome for somebody else, or for a stranger, is refused', async () => {
    const { anna, ben, welcome } = await invited();
    expect(await codeOf(anna.device.join({ welcome }))).toBe('key_package_unknown');
    await ben.device.judgeBy({ kind: 'pinned', devices: [] });
    expect(await codeOf(ben.device.join({ welcome }))).toBe('credential_refused');
    expect(await ben.device.keyPackages()).toHaveLength(1);
  });

  test('a group is made or joined once', async () => {
    const { anna } = await invited();
    expect(await codeOf(anna.device.createGroup({ group: GROUP }))).toBe('group_exists');
    expect(await codeOf(anna.device.members(utf8('unknown')))).toBe('unknown_group');
  });
});

describe('messages', () => {
  test('a message arrives, with who sent it and what travelled beside it', async () => {
    const [anna, ben] = (await conversation('anna', 'ben')) as [Player, Player];
    const entry = await anna.device.encrypt({
      group: GROUP,
      id: utf8('1'),
      plaintext: utf8('Hello!'),
      authenticated: utf8('beside'),
    });
    const taken = takenOf((await ben.hear(entry))[0]);
    expect(taken).toEqual({
      kind: 'message',
      epoch: 1n,
      sender: {
        leafIndex: 0,
        credentialType: 1,
        credential: utf8('anna'),
        signatureKey: anna.identity.signatureKey,
      },
      authenticated: utf8('beside'),
      plaintext: utf8('Hello!'),
    });
    expect(await ben.device.received({ after: 0, limit: 9 })).toEqual([
      { position: 1, group: GROUP, taken },
    ]);
  });

  test('an id has one ciphertext for ever, and one content', async () => {
    const [anna, ben] = (await conversation('anna', 'ben')) as [Player, Player];
    const id = utf8('once');
    const entry = await anna.say('Hello!', id);
    expect(await anna.say('Hello!', id)).toEqual(entry);
    await anna.reopen();
    expect(await anna.say('Hello!', id)).toEqual(entry);
    expect(await codeOf(anna.say('Bye!', id))).toBe('id_taken');
    expect(
      await codeOf(anna.device.propose({ group: GROUP, id, change: { kind: 'update' } })),
    ).toBe('id_taken');
    expect((await ben.hear(entry, await anna.say('next'))).map(textOf)).toEqual(['Hello!', 'next']);
    for (const wrong of [new Uint8Array(0), new Uint8Array(65)]) {
      expect(await codeOf(anna.say('x', wrong))).toBe('vault_usage');
    }
  });

  test('an envelope is answered again, in the next life too, and in the same stretch', async () => {
    const [anna, ben] = (await conversation('anna', 'ben')) as [Player, Player];
    const entry = await anna.say('Hello!');
    const [first, second] = await ben.hear(entry, entry);
    expect(second).toEqual(first);
    await ben.reopen();
    expect(await ben.hear(entry)).toEqual([first]);
    expect(await ben.device.received({ after: 0, limit: 9 })).toHaveLength(1);
  });

  test('our own envelope is recognised until it is forgotten', async () => {
    const [anna] = (await conversation('anna', 'ben')) as [Player];
    const entry = await anna.say('Hello!');
    await anna.reopen();
    expect(await anna.hear(entry)).toEqual([{ kind: 'own', id: entry.id }]);
    expect(await anna.device.outbox()).toEqual([entry]);
    await anna.device.forget({ group: GROUP, ids: [entry.id, utf8('unknown')] });
    expect(await anna.device.outbox(GROUP)).toEqual([]);
    expect((await anna.hear(entry))[0]!.kind).toBe('refused');
  });

  test('after a message only the ratchets are written', async () => {
    const [anna, ben] = (await conversation('anna', 'ben')) as [Player, Player];
    for (const player of [anna, ben]) {
      await player.reopen();
    }
    let entry = await anna.say('warm');
    expect(
      await storesWritten(async () => {
        entry = await anna.say('Hello!');
      }),
    ).toEqual(['outbox', 'ratchet_state']);
    expect(await storesWritten(() => ben.hear(entry))).toEqual(['ratchet_state', 'received']);
    expect(await storesWritten(() => ben.hear(entry))).toEqual([]);
    const id = anna.freshId();
    expect(await storesWritten(() => anna.device.commit({ group: GROUP, id }))).toEqual([
      'epoch_state',
      'outbox',
      'ratchet_state',
    ]);
  });

  test.each([0, 1])('a message that cannot be written was not made (put %i)', async (after) => {
    const [anna, ben] = (await conversation('anna', 'ben')) as [Player, Player];
    const id = anna.freshId();
    failPut(after);
    expect(await codeOf(anna.say('lost', id))).toBe('storage_full');
    expect(await anna.device.outbox()).toEqual([]);
    expect((await ben.hear(await anna.say('kept', id))).map(textOf)).toEqual(['kept']);
  });

  test.each([0, 1, 2])('a stretch that cannot be written was not read (put %i)', async (after) => {
    const [anna, ben] = (await conversation('anna', 'ben')) as [Player, Player];
    const entries = [await anna.say('one'), await anna.say('two')];
    failPut(after);
    expect(await codeOf(ben.hear(...entries))).toBe('storage_full');
    expect(await ben.device.received({ after: 0, limit: 9 })).toEqual([]);
    expect((await ben.hear(...entries)).map(textOf)).toEqual(['one', 'two']);
  });

  test('what is wrong in a stretch is told and keeps nothing else back', async () => {
    const [anna, ben] = (await conversation('anna', 'ben')) as [Player, Player];
    const altered = (await anna.say('altered')).payload.slice();
    altered[altered.length - 1] = altered[altered.length - 1]! ^ 1;
    const outcomes = await ben.hear(utf8('no message at all'), altered, await anna.say('good'));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['refused', 'refused', 'received']);
    expect(outcomes[1]).toMatchObject({ code: 'mls_decryption', fault: 'remote' });
    expect(await storesWritten(() => ben.hear(altered))).toEqual([]);
  });

  test('reading goes on after a position', async () => {
    const [anna, ben] = (await conversation('anna', 'ben')) as [Player, Player];
    await ben.hear(await anna.say('one'), await anna.say('two'));
    await ben.hear(await anna.say('three'));
    const rows = await ben.device.received({ after: 1, limit: 1, group: GROUP });
    expect(rows.map(({ position }) => position)).toEqual([2]);
    expect(await codeOf(ben.device.received({ after: 0, limit: 0 }))).toBe('vault_usage');
  });
});

describe('commits and proposals', () => {
  test('a commit is the same until it is accepted, and then gone', async () => {
    const [anna, ben] = (await conversation('anna', 'ben')) as [Player, Player];
    const asked = { group: GROUP, id: anna.freshId() };
    const entry = await anna.device.commit(asked);
    await anna.reopen();
    expect(await anna.device.commit(asked)).toEqual(entry);
    expect((await anna.device.groups())[0]!.hasPending).toBe(true);
    await anna.device.forget({ group: GROUP, ids: [asked.id] });
    expect(await anna.device.outbox()).toEqual([entry]);
    expect((await anna.device.acceptCommit(asked)).epoch).toBe(2n);
    expect(await anna.device.outbox()).toEqual([]);
    expect(await codeOf(anna.device.acceptCommit(asked))).toBe('unknown_entry');
    expect(takenOf((await ben.hear(entry))[0])).toMatchObject({ kind: 'commit', isOwn: false });
    expect(await authenticators([anna, ben])).toHaveLength(1);
  });

  test('our own commit that comes back in the log is accepted by that', async () => {
    const [anna, ben] = (await conversation('anna', 'ben')) as [Player, Player];
    const entry = await anna.device.commit({ group: GROUP, id: anna.freshId() });
    const [first] = await anna.hear(entry);
    expect(takenOf(first)).toMatchObject({ kind: 'commit', epoch: 2n, isOwn: true });
    await anna.reopen();
    expect(await anna.hear(entry)).toEqual([first]);
    expect(await anna.device.outbox()).toEqual([]);
    await ben.hear(entry);
    expect(await authenticators([anna, ben])).toHaveLength(1);
  });

  test('the commit of another one drops ours, in one transaction', async () => {
    const [anna, ben] = (await conversation('anna', 'ben')) as [Player, Player];
    const asked = { group: GROUP, id: anna.freshId() };
    const lost = await anna.device.commit(asked);
    const won = await ben.device.commit({ group: GROUP, id: ben.freshId() });
    await ben.hear(won);
    failPut(1);
    expect(await codeOf(anna.hear(won))).toBe('storage_full');
    expect(await anna.device.outbox()).toEqual([lost]);
    await anna.hear(won);
    expect(await anna.device.outbox()).toEqual([]);
    expect(await codeOf(anna.device.acceptCommit(asked))).toBe('unknown_entry');
    expect(await authenticators([anna, ben])).toHaveLength(1);
    expect((await ben.hear(await anna.say('still together'))).map(textOf)).toEqual([
      'still together',
    ]);
  });

  test('a refused commit is dropped, and the id is free again', async () => {
    const [anna] = (await conversation('anna', 'ben')) as [Player];
    const asked = { group: GROUP, id: anna.freshId() };
    const entry = await anna.device.commit(asked);
    expect((await anna.device.dropCommit(asked)).hasPending).toBe(false);
    expect(await anna.device.outbox()).toEqual([]);
    expect(await anna.device.commit(asked)).not.toEqual(entry);
  });

  test('a commit that cannot be written or accepted leaves everything as it was', async () => {
    const [anna] = (await conversation('anna', 'ben')) as [Player];
    const asked = { group: GROUP, id: anna.freshId() };
    failPut(2);
    expect(await codeOf(anna.device.commit(asked))).toBe('storage_full');
    expect((await anna.device.groups())[0]!.hasPending).toBe(false);
    await anna.device.commit(asked);
    failPut(1);
    expect(await codeOf(anna.device.acceptCommit(asked))).toBe('storage_full');
    expect((await anna.device.groups())[0]).toMatchObject({ hasPending: true, epoch: 1n });
    expect((await anna.device.acceptCommit(asked)).epoch).toBe(2n);
  });

  test('a proposal waits with its sender and the others until somebody commits it', async () => {
    const [anna, ben, cem] = (await conversation('anna', 'ben', 'cem')) as [Player, Player, Player];
    const change = { kind: 'remove', leafIndex: 2 } as const;
    const asked = { group: GROUP, id: anna.freshId(), change };
    const proposal = await anna.device.propose(asked);
    expect(await anna.device.propose(asked)).toEqual(proposal);
    expect(await anna.hear(proposal)).toEqual([{ kind: 'own', id: asked.id }]);
    expect(takenOf((await ben.hear(proposal))[0])).toMatchObject({ kind: 'proposal', type: 3 });
    expect(await codeOf(ben.say('too early'))).toBe('mls_commit_first');
    await ben.reopen();
    const commit = await ben.device.commit({ group: GROUP, id: ben.freshId() });
    await ben.hear(commit);
    await anna.hear(commit);
    const outcomes = await cem.hear(proposal, commit, await ben.say('without cem'));
    expect(takenOf(outcomes[1])).toMatchObject({ kind: 'commit', isSelfRemoved: true });
    expect(outcomes[2]).toMatchObject({ kind: 'refused', code: 'mls_usage' });
    await cem.reopen();
    expect((await cem.device.groups())[0]!.isActive).toBe(false);
    expect(await codeOf(cem.say('hello?'))).toBe('mls_usage');
    expect((await anna.device.members(GROUP)).map(({ leafIndex }) => leafIndex)).toEqual([0, 1]);
  });

  test('who was removed may be added again under the same id', async () => {
    const [anna, ben] = (await conversation('anna', 'ben')) as [Player, Player];
    const removal = await anna.device.commit({ group: GROUP, id: anna.freshId(), removes: [1] });
    await anna.hear(removal);
    await ben.hear(removal);
    const adds = [await packageOf(ben)];
    const addition = await anna.device.commit({ group: GROUP, id: anna.freshId(), adds });
    await anna.hear(addition);
    expect((await ben.device.join({ welcome: addition.welcome })).isActive).toBe(true);
    expect((await ben.hear(await anna.say('welcome back'))).map(textOf)).toEqual(['welcome back']);
  });

  test.each(['add', 'update'] as const)('a proposal to %s is committed', async (kind) => {
    const [anna, ben] = (await conversation('anna', 'ben')) as [Player, Player];
    const cem = await Player.make('cem');
    for (const { device } of [anna, ben, cem]) {
      const devices = [anna, ben, cem].map(({ identity }) => identity);
      await device.judgeBy({ kind: 'pinned', devices });
    }
    const change = kind === 'add' ? { kind, keyPackage: await packageOf(cem) } : { kind };
    const proposal = await anna.device.propose({ group: GROUP, id: anna.freshId(), change });
    await ben.hear(proposal);
    const commit = await ben.device.commit({ group: GROUP, id: ben.freshId() });
    await ben.hear(commit);
    await anna.reopen();
    await anna.device.judgeBy({ kind: 'pinned', devices: [ben.identity, cem.identity] });
    expect(takenOf((await anna.hear(commit))[0])).toMatchObject({ kind: 'commit', epoch: 2n });
    expect(await authenticators([anna, ben])).toHaveLength(1);
  });

  test('a stranger is not added, by us or by another one', async () => {
    const [anna, ben] = (await conversation('anna', 'ben')) as [Player, Player];
    const eve = await Player.make('eve');
    const adds = [await packageOf(eve)];
    const asked = { group: GROUP, id: anna.freshId(), adds };
    expect(await codeOf(anna.device.commit(asked))).toBe('credential_refused');
    await ben.device.judgeBy({ kind: 'pinned', devices: [anna.identity, eve.identity] });
    const commit = await ben.device.commit({ group: GROUP, id: ben.freshId(), adds });
    expect((await anna.hear(commit))[0]).toMatchObject({ code: 'credential_refused' });
    expect((await anna.device.groups())[0]!.epoch).toBe(1n);
  });
});

test('all members export the same secret', async () => {
  const [anna, ben] = (await conversation('anna', 'ben')) as [Player, Player];
  const asked = { group: GROUP, label: 'label', context: utf8('context'), length: 32 };
  const secret = await anna.device.exportSecret(asked);
  expect(secret).toHaveLength(32);
  expect(await ben.device.exportSecret(asked)).toEqual(secret);
  expect(await codeOf(anna.device.exportSecret({ ...asked, length: 0 }))).toBe('mls_usage');
});

test('more groups than are remembered at once still work', async () => {
  const anna = await Player.make('anna');
  const groups = Array.from({ length: 40 }, (_, number) => utf8(`group ${number}`));
  for (const group of groups) {
    await anna.device.createGroup({ group });
  }
  for (const group of groups) {
    const entry = await anna.device.encrypt({ group, id: utf8('1'), plaintext: utf8('x') });
    expect(entry.number).toBe(1 + groups.indexOf(group));
  }
  expect(await anna.device.groups()).toHaveLength(40);
});
