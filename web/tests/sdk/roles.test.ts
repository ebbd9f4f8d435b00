/**
 * Roles in a group: what admins do, what the others may not, and modified clients; spec/threats.md
 * names these tests. The delivery service of these tests looks at no roles: a server may be in league
 * with who breaks them.
 */

import { beforeEach, describe, expect, test } from 'vitest';

import { RemoteError } from '../../src/base/errors.ts';
import { Credential, PLAUSCH } from '../../src/mls/credential.ts';
import { Extension } from '../../src/mls/extension.ts';
import type { Group } from '../../src/mls/group.ts';
import { ownCapabilities } from '../../src/mls/joiner.ts';
import { Roles, ROLES, withRoles } from '../../src/mls/roles.ts';
import { Intent } from '../../src/sdk/membership.ts';
import { adminsIn, heirOf, mayAdministrate } from '../../src/sdk/roles.ts';
import { newIdempotencyId } from '../../src/vault/debts.ts';
import { codeOf } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { groupOf, logOf, Player, quiet } from './players.ts';

let delivery: Delivery;
let anna: Player;
let ben: Player;
let cem: Player;
let dora: Player;
let id: string;

/** Anna's group with Ben and Cem, of which she is the admin. */
beforeEach(async () => {
  delivery = new Delivery();
  anna = await Player.join(delivery, 'anna');
  ben = await Player.join(delivery, 'ben');
  cem = await Player.join(delivery, 'cem');
  dora = await Player.join(delivery, 'dora');
  id = await groupOf('Club', anna, ben, cem);
});

const everybody = (): Player[] => [anna, ben, cem, dora];
const admins = (player: Player): readonly string[] =>
  player.rooms.conversation({ conversation: id }).admins;
const participants = (player: Player): readonly string[] =>
  player.rooms.conversation({ conversation: id }).participants;
const lines = async (player: Player): Promise<unknown[]> =>
  (await player.history(id)).flatMap(({ event }) => event ?? []);

async function appoint(by: Player, whom: Player, isAdmin = true): Promise<void> {
  await by.rooms.appoint({ conversation: id, address: whom.address, isAdmin });
  await quiet(...everybody());
}

function leafOf(group: Group, player: Player): number {
  const found = group
    .members()
    .find(({ credential }) => player.core.trust.device(credential).equals(player.core.device));
  return found?.leafIndex ?? -1;
}

describe('what admins do', () => {
  test('who makes a group is its admin', async () => {
    expect(admins(anna)).toEqual([anna.address]);
    expect(admins(ben)).toEqual([anna.address]);
    await ben.restart();
    expect(admins(ben)).toEqual([anna.address]);
    const direct = await anna.with(dora);
    expect(anna.rooms.conversation({ conversation: direct }).admins).toEqual([]);
    const asked = { conversation: direct, address: dora.address, isAdmin: true };
    expect(await codeOf(anna.rooms.appoint(asked))).toBe('no_roles');
  });

  test('admins are made and dismissed, and a line says so', async () => {
    await appoint(anna, ben);
    expect(admins(cem)).toEqual([anna.address, ben.address]);
    await appoint(ben, anna, false);
    expect(admins(anna)).toEqual([ben.address]);
    expect((await lines(cem)).slice(-2)).toEqual([
      { what: 'promoted', by: anna.address, who: [ben.address] },
      { what: 'demoted', by: ben.address, who: [anna.address] },
    ]);
    expect(await lines(ben)).toEqual(await lines(cem));
    const asked = { conversation: id, address: cem.address, isAdmin: true };
    expect(await codeOf(anna.rooms.appoint(asked))).toBe('not_admin');
    const last = { conversation: id, address: ben.address, isAdmin: false };
    expect(await codeOf(ben.rooms.appoint(last))).toBe('last_admin');
    const stranger = { conversation: id, address: dora.address, isAdmin: true };
    expect(await codeOf(ben.rooms.appoint(stranger))).toBe('not_in_it');
  });

  test('who is no admin is told so before anything is sent', async () => {
    const { head } = logOf(delivery, id);
    expect(await codeOf(ben.rooms.add({ conversation: id, address: 'dora' }))).toBe('not_admin');
    expect(await codeOf(ben.rooms.expel({ conversation: id, address: 'cem' }))).toBe('not_admin');
    expect(logOf(delivery, id).head).toBe(head);
    expect(await ben.core.debts.of(ben.live(id).id)).toEqual([]);
  });

  test('what was asked for while one was an admin is struck when it can be done no more', async () => {
    const live = ben.live(id);
    const intents = [
      new Intent([dora.core.address]),
      new Intent([], [], false, [ben.core.address]),
    ];
    for (const intent of intents) {
      const idempotencyId = newIdempotencyId();
      const owed = { conversation: live.id, kind: 'change', idempotencyId } as const;
      const paid = codeOf(ben.core.waiter(idempotencyId));
      const write = await ben.core.debts.add({ ...owed, intent: intent.toBytes() });
      await ben.core.vault.write([write]);
      ben.outbox.kick(live);
      expect(await paid).toBe('not_admin');
    }
    await ben.say(id, 'still here');
    await quiet(...everybody());
    expect(await anna.texts(id)).toEqual(['still here']);
  });

  test('who comes again is no admin any more', async () => {
    await appoint(anna, ben);
    await ben.rooms.leave({ conversation: id });
    await quiet(...everybody());
    expect(admins(anna)).toEqual([anna.address]);
    await anna.rooms.add({ conversation: id, address: 'ben' });
    await quiet(...everybody());
    expect(ben.rooms.conversation({ conversation: id }).state).toBe('open');
    expect(admins(ben)).toEqual([anna.address]);
  });

  test('the last admin that leaves makes another one: who is in it the longest', async () => {
    await anna.rooms.leave({ conversation: id });
    await quiet(...everybody());
    expect(participants(ben)).toEqual([ben.address, cem.address]);
    const heir = leafOf(await ben.core.group(ben.live(id)), ben) === 1 ? ben : cem;
    expect(admins(ben)).toEqual([heir.address]);
    expect(admins(cem)).toEqual([heir.address]);
  });

  test('without an admin everybody may', async () => {
    const idempotencyId = newIdempotencyId();
    const { id: conversation } = anna.live(id);
    const intent = new Uint8Array(0);
    await anna.core.vault.write([
      await anna.core.debts.add({ conversation, kind: 'leave', intent, idempotencyId }),
    ]);
    anna.outbox.kick(anna.live(id));
    await quiet(...everybody());
    expect(admins(ben)).toEqual([]);
    await ben.rooms.add({ conversation: id, address: 'dora' });
    await appoint(ben, ben);
    expect(admins(dora)).toEqual([ben.address]);
    expect(await codeOf(cem.rooms.expel({ conversation: id, address: 'dora' }))).toBe('not_admin');
  });

  test('a member takes out who leaves while the admin is away', async () => {
    anna.line.cut();
    await cem.rooms.leave({ conversation: id });
    await quiet(ben, cem);
    await ben.timers.pass(4_000);
    await quiet(ben);
    expect(participants(ben)).toEqual([anna.address, ben.address]);
    expect(admins(ben)).toEqual([anna.address]);
  });

  test('a member adds a listed device of another one, and takes it out when it is not', async () => {
    anna.line.cut();
    const second = await cem.secondDevice();
    cem.line.cut();
    await ben.say(id, 'for both');
    await quiet(ben, second);
    expect(await second.texts(id)).toContain('for both');
    await anna.connect();
    expect(anna.problems()).toEqual([]);
  });
});

describe('modified clients', () => {
  /** What Ben, who is no admin, does past every check; by value or as a proposal. */
  async function attack(what: string, isProposal: boolean): Promise<Uint8Array> {
    const mine = await ben.copyOfGroup(id);
    const removed = leafOf(mine, cem);
    const named = [anna.core.address.uri, ben.core.address.uri];
    const extensions = withRoles(mine.extensions, Roles.of(named));
    const added = delivery.device(dora.core.device.uri).packages[0]!;
    if (isProposal) {
      return what === 'remove'
        ? mine.proposeRemove(removed)
        : what === 'add'
          ? mine.proposeAdd(added)
          : mine.proposeContextExtensions(extensions);
    }
    const options =
      what === 'remove'
        ? { removes: [removed] }
        : what === 'add'
          ? { adds: [added] }
          : { extensions };
    const pending = await mine
      .commit(() => undefined, ben.core.nowS, options)
      .settle(ben.core.verifier);
    return pending.commit;
  }

  async function shown(by: Player, kind: number, message: Uint8Array): Promise<void> {
    const log = logOf(delivery, id);
    const envelope = { sender: by.core.device.uri, epoch: log.epoch, kind, message };
    delivery.deliver(log, delivery.inject(log, envelope));
    await quiet(anna, cem);
  }

  test.each(['remove', 'add', 'become an admin'])(
    'a member’s Commit that is not his to make is refused: %s',
    async (what) => {
      await shown(ben, 3, await attack(what, false));
      for (const player of [anna, cem]) {
        expect(player.problems()).toEqual(['not_admin']);
        expect(participants(player)).toEqual([anna.address, ben.address, cem.address]);
        expect(admins(player)).toEqual([anna.address]);
        expect(player.rooms.conversation({ conversation: id }).state).toBe('open');
      }
    },
  );

  test.each(['remove', 'add', 'become an admin'])(
    'a member’s proposal that is not his to make is committed by nobody: %s',
    async (what) => {
      const raw = await attack(what, true);
      await shown(ben, 2, raw);
      for (const player of [anna, cem]) {
        expect(player.problems()).toEqual(['not_admin']);
        expect((await player.core.group(player.live(id))).proposals.size).toBe(0);
      }
      // Cem's client is modified too, and commits it: nobody may name it.
      const theirs = await cem.copyOfGroup(id);
      if (what !== 'remove') {
        const staged = theirs.process(raw, () => undefined, cem.core.nowS);
        (await staged.settle(cem.core.verifier)).accept();
        const pending = await theirs
          .commit(() => undefined, cem.core.nowS)
          .settle(cem.core.verifier);
        await shown(cem, 3, pending.commit);
        expect(anna.problems()).toEqual(['not_admin', 'proposal-known']);
      }
      expect(participants(anna)).toEqual([anna.address, ben.address, cem.address]);
      expect(admins(anna)).toEqual([anna.address]);
    },
  );
});

describe('small things', () => {
  test('roles that cannot be read are the other side’s fault', () => {
    expect(adminsIn([])).toBeUndefined();
    for (const body of [new Uint8Array(0), new Uint8Array(1), Roles.of(['no uri']).toBytes()]) {
      expect(() => adminsIn([new Extension(ROLES, body)])).toThrow(RemoteError);
    }
  });

  test('there is an heir only where one is needed', async () => {
    const group = await anna.core.group(anna.live(id));
    const { kept } = anna.live(id);
    expect(heirOf(anna.core, kept, group)).toBeDefined();
    expect(heirOf(ben.core, ben.live(id).kept, group)).toBeUndefined();
    kept.admins = [anna.core.address, ben.core.address];
    expect(heirOf(anna.core, kept, group)).toBeUndefined();
    expect(mayAdministrate(kept, ben.core.address)).toBe(true);
    expect(mayAdministrate(kept, cem.core.address)).toBe(false);
    kept.admins = undefined;
    expect(mayAdministrate(kept, cem.core.address)).toBe(true);
  });

  test('every device says that it knows roles', () => {
    const { extensions } = ownCapabilities(new Credential(PLAUSCH, new Uint8Array(0)));
    expect(extensions).toContain(ROLES);
  });
});
