/** Roles: what is written, and what the rule lets whom do; each case by value and by reference. */

import { describe, expect, test } from 'vitest';

import { fromHex, textFrom, utf8 } from '../../src/base/bytes.ts';
import { BASIC, Credential } from '../../src/mls/credential.ts';
import { CodecError, CredentialRefused } from '../../src/mls/errors.ts';
import { Extension, type Extensions, findExtension } from '../../src/mls/extension.ts';
import { member, Sender, SenderType } from '../../src/mls/framing.ts';
import {
  Add,
  ExternalInit,
  GroupContextExtensions,
  PreSharedKey,
  type Proposal,
  ReInit,
  Remove,
  Update,
} from '../../src/mls/proposal.ts';
import { PreSharedKeyId } from '../../src/mls/psk_id.ts';
import {
  ADMINS_LIMIT,
  checkRoles,
  mayChange,
  NOT_ADMIN,
  Roles,
  ROLES,
  rolesOf,
  type Seats,
  withRoles,
} from '../../src/mls/roles.ts';
import { ListedProposal } from '../../src/mls/validation.ts';
import { Judge, Player, refused, Scene } from './group_players.ts';

const [ANNA, BEN, CEM, DORA] = ['anna', 'ben', 'cem', 'dora'] as const;

/** Anna is the admin; Cem has two devices, of which the second is outdated. */
const LEAVES = new Map<number, string>([
  [0, ANNA],
  [1, BEN],
  [2, CEM],
  [3, CEM],
]);
const OUTDATED = 3;
const OTHER = new Extension(0xf0ff, utf8('other'));
const MORE = new Extension(0xf0fe, new Uint8Array(0));
const BEFORE: Extensions = [OTHER, Roles.of([ANNA]).toExtension()];

function accountOf({ type, body }: Credential): string {
  if (type === BASIC) {
    throw new CredentialRefused('no account');
  }
  return textFrom(body);
}

const SEATS: Seats = {
  accounts: LEAVES,
  accountOf,
  isOutdated: (leafIndex) => leafIndex === OUTDATED,
};

const packageOf = (name: string) => Player.make(name, 1, new Judge()).bundle().keyPackage;
const add = (name: string): Add => new Add(packageOf(name));
const naming = (...admins: string[]): GroupContextExtensions =>
  new GroupContextExtensions(withRoles(BEFORE, Roles.of(admins)));
const by = (leaf: number, proposal: Proposal): ListedProposal =>
  new ListedProposal(proposal, member(leaf));

/** By value, unless it is listed already. */
function check(
  committer: string,
  listed: readonly (Proposal | ListedProposal)[],
  before: Extensions = BEFORE,
  seats: Seats = SEATS,
): void {
  const leaf = [...LEAVES].find(([, name]) => name === committer)?.[0] ?? -1;
  const items = listed.map((item) => (item instanceof ListedProposal ? item : by(leaf, item)));
  checkRoles(before, seats, committer, items);
}

describe('what is written', () => {
  test('admins are written in order, each once', () => {
    const roles = Roles.of(['b', 'ä', 'a', 'b']);
    expect(roles.admins).toEqual(['a', 'b', 'ä']);
    expect(roles.toBytes()).toEqual(fromHex('070161016202c3a4'));
    expect(Roles.fromBytes(roles.toBytes())).toEqual(roles);
    expect(roles.toExtension()).toEqual(new Extension(ROLES, roles.toBytes()));
  });

  test.each(['00', '0401620161', '0401610161', '0201ff', '04016101', '02016100', ''])(
    'what names no admins is refused: %s',
    (raw) => {
      expect(() => Roles.fromBytes(fromHex(raw))).toThrow(CodecError);
    },
  );

  test('there are not too many admins', () => {
    const many = Array.from({ length: ADMINS_LIMIT + 1 }, (_, n) => String(n).padStart(3, '0'));
    const most = Roles.of(many.slice(1));
    expect(Roles.fromBytes(most.toBytes()).admins).toHaveLength(ADMINS_LIMIT);
    refused('roles', () => Roles.of(many));
    refused('roles', () => Roles.of([]));
  });

  test('roles stand among other extensions', () => {
    expect(rolesOf([])).toBeUndefined();
    expect(rolesOf([OTHER])).toBeUndefined();
    const after = withRoles(BEFORE, Roles.of([BEN]));
    expect(after.map(({ type }) => type)).toEqual([OTHER.type, ROLES]);
    expect(rolesOf(after)?.admins).toEqual([BEN]);
    expect(findExtension(after, OTHER.type)).toEqual(OTHER.body);
  });

  test('who may', () => {
    const roles = Roles.of([ANNA]);
    expect(mayChange(undefined, new Set([ANNA]), BEN)).toBe(true);
    expect(mayChange(roles, new Set([ANNA, BEN]), ANNA)).toBe(true);
    expect(mayChange(roles, new Set([ANNA, BEN]), BEN)).toBe(false);
    expect(mayChange(roles, new Set([BEN, CEM]), BEN)).toBe(true); // no admin is left
  });
});

describe('the rule', () => {
  const forbidden: readonly (readonly [string, Proposal])[] = [
    ['add', add(DORA)],
    ['remove', new Remove(2)],
    ['become an admin', naming(ANNA, BEN)],
    ['dismiss an admin', naming(BEN)],
    ['other extensions', new GroupContextExtensions([...BEFORE, MORE])],
    ['end the group', new ReInit(utf8('next'), 1, 1, [])],
  ];

  test.each(forbidden)('only admins may: %s', (_, proposal) => {
    refused(NOT_ADMIN, () => {
      check(BEN, [proposal]);
    });
    refused(NOT_ADMIN, () => {
      check(ANNA, [by(1, proposal)]);
    });
    refused(NOT_ADMIN, () => {
      check(BEN, [by(0, proposal)]);
    });
    check(ANNA, [proposal]);
  });

  const allowed: readonly (readonly [string, readonly (Proposal | ListedProposal)[]])[] = [
    ['nothing', []],
    ['an update of another', [by(2, new Update(packageOf(CEM).leafNode))]],
    [
      'a pre-shared key',
      [new PreSharedKey(PreSharedKeyId.external(utf8('id'), new Uint8Array(32)))],
    ],
    ['a device of one’s own', [add(BEN)]],
    ['a listed device of somebody in it', [add(CEM)]],
    ['somebody’s wish to go', [by(2, new Remove(2))]],
    ['with all devices', [by(2, new Remove(2)), new Remove(3)]],
    ['a device that is not listed', [new Remove(OUTDATED)]],
    ['proposed by another', [by(2, new Remove(OUTDATED))]],
    ['a device in exchange for another', [new Remove(OUTDATED), add(CEM)]],
    ['the admin’s wish to go', [by(0, new Remove(0))]],
  ];

  test.each(allowed)('everybody may: %s', (_, listed) => {
    check(BEN, listed);
    check(BEN, listed, []);
  });

  test('an own device is taken out by its account', () => {
    const seats = { ...SEATS, isOutdated: () => false };
    check(CEM, [new Remove(3)], BEFORE, seats);
    refused(NOT_ADMIN, () => {
      check(BEN, [new Remove(3)], BEFORE, seats);
    });
  });

  test('who goes does not come back by the same Commit', () => {
    const listed = [by(2, new Remove(2)), add(CEM)];
    refused(NOT_ADMIN, () => {
      check(BEN, listed);
    });
    check(ANNA, listed);
  });

  test('what one device says of another is no wish to go', () => {
    refused(NOT_ADMIN, () => {
      check(BEN, [by(1, new Remove(2))]);
    });
    refused(NOT_ADMIN, () => {
      check(CEM, [by(2, new Remove(1))]);
    });
  });

  test('who is outside may what everybody may', () => {
    const outside = new Sender(SenderType.EXTERNAL, 0);
    check(BEN, [new ListedProposal(new Remove(OUTDATED), outside)]);
    refused(NOT_ADMIN, () => {
      check(ANNA, [new ListedProposal(new Remove(2), outside)]);
    });
    refused(NOT_ADMIN, () => {
      check(ANNA, [new ListedProposal(add(DORA), new Sender(SenderType.NEW_MEMBER_PROPOSAL))]);
    });
  });

  test('a device that comes in by itself replaces its own leaf', () => {
    const joining = new Sender(SenderType.NEW_MEMBER_COMMIT);
    const listed = [new ExternalInit(utf8('k')), new Remove(1)].map(
      (proposal) => new ListedProposal(proposal, joining),
    );
    checkRoles(BEFORE, SEATS, BEN, listed);
    refused(NOT_ADMIN, () => {
      checkRoles(BEFORE, SEATS, CEM, listed);
    });
  });

  test('without an admin everybody may', () => {
    const orphaned = withRoles(BEFORE, Roles.of([DORA]));
    check(BEN, [new Remove(2)], orphaned);
    check(BEN, [naming(BEN)], orphaned);
    check(BEN, [add('olga')], orphaned);
  });
});

describe('what a change of roles may look like', () => {
  const refusedRoles = (
    listed: readonly (Proposal | ListedProposal)[],
    before: Extensions = BEFORE,
  ): void => {
    refused('roles', () => {
      check(ANNA, listed, before);
    });
  };

  test('roles neither come nor go', () => {
    refusedRoles([new GroupContextExtensions([OTHER])]);
    refusedRoles([new GroupContextExtensions(BEFORE)], [OTHER]);
    check(BEN, [new GroupContextExtensions([])], [OTHER]);
  });

  test('admins are members', () => {
    refusedRoles([naming(ANNA, DORA)]);
    check(ANNA, [naming(ANNA, DORA), add(DORA)]);
    refusedRoles([naming(ANNA, BEN), new Remove(1)]);
    check(ANNA, [naming(ANNA, CEM), new Remove(2)]);
  });

  test('roles that stay may name somebody who has left', () => {
    const before = withRoles(BEFORE, Roles.of([ANNA, DORA]));
    check(ANNA, [new GroupContextExtensions([...before, MORE])], before);
  });

  test('roles that nobody can read change nothing', () => {
    const broken = [new Extension(ROLES, fromHex('00'))];
    expect(() => {
      check(ANNA, [new GroupContextExtensions(broken)]);
    }).toThrow(CodecError);
    expect(() => {
      check(ANNA, [new Remove(1)], broken);
    }).toThrow(CodecError);
  });

  test('a newcomer without an account is refused', () => {
    const stranger = packageOf(DORA);
    const seats = {
      ...SEATS,
      accountOf: () => accountOf(new Credential(BASIC, utf8('x'))),
    };
    expect(() => {
      check(BEN, [new Add(stranger)], BEFORE, seats);
    }).toThrow(CredentialRefused);
  });
});

test('a group carries its roles and says what a Commit does', () => {
  const scene = Scene.of([ANNA, BEN, CEM], { extensions: [Roles.of([ANNA]).toExtension()] });
  const [anna, ben, cem] = [scene.player(ANNA), scene.player(BEN), scene.player(CEM)];
  expect(rolesOf(cem.group.extensions)?.admins).toEqual([ANNA]);
  scene.deliver(ben, ben.group.proposeRemove(1));
  const extensions = withRoles(anna.group.extensions, Roles.of([ANNA, CEM]));
  const pending = anna.commit({ extensions });
  const staged = cem.stageCommit(pending.commit);
  const listed = staged.proposals.map(
    ({ proposal, sender }) => [proposal.constructor, sender.index] as const,
  );
  expect(listed).toEqual([
    [Remove, 1],
    [GroupContextExtensions, 0],
  ]);
  expect(rolesOf(staged.extensions)?.admins).toEqual([ANNA, CEM]);
  const gone = ben.stageCommit(pending.commit);
  expect(gone.isSelfRemoved).toBe(true);
  expect(gone.proposals).toEqual(staged.proposals);
});
