/** The team conversation: facts that hold on every device, and nothing that people see. */

import { beforeEach, expect, test } from 'vitest';

import { DeviceAddress } from '../../src/base/ids.ts';
import { SdkError } from '../../src/sdk/errors.ts';
import type { Asked, TeamFact } from '../../src/sdk/protocol.ts';
import { teamOperations } from '../../src/sdk/team.ts';
import { annaAndBen, quiet } from './players.ts';
import { Delivery } from './delivery.ts';
import { claim, type Member, spoken, teamOfTwo } from './team_players.ts';

const TALK = '07'.repeat(16);
const NOTE = '01'.repeat(16);

const inOrder = <T extends { readonly device: string }>(staff: readonly T[]): readonly T[] =>
  [...staff].sort((one, other) => (one.device < other.device ? -1 : 1));

let agent: Member;
let staff: Member;

beforeEach(async () => {
  [agent, staff] = await teamOfTwo();
});

const settle = (): Promise<void> => quiet(agent.player, staff.player);

async function tell(member: Member, fact: TeamFact): Promise<void> {
  await member.team.tell({ fact });
  await settle();
}

test('both devices find one conversation, and no person sees it', async () => {
  expect(agent.live().id.hex).toBe(staff.live().id.hex);
  expect(agent.live().kept.members).toHaveLength(2);
  for (const { player } of [agent, staff]) {
    expect(player.rooms.conversations()).toEqual([]);
  }
  await Promise.all([agent.team.view(), agent.team.view()]);
  expect(agent.player.parts.device.directory.teams()).toHaveLength(1);
});

test('facts of both hold on both, in the order of the log', async () => {
  await tell(staff, { kind: 'label', conversation: TALK, label: 'VIP', isOn: true });
  await tell(agent, { kind: 'note', conversation: TALK, id: NOTE, text: 'Nuts!' });
  await tell(staff, { kind: 'quickReply', id: NOTE, title: 'Parking', text: 'Behind the house' });
  const device = staff.player.core.device.uri;
  await tell(staff, { kind: 'staffName', device, name: 'Kim', role: 'owner' });
  await tell(staff, { kind: 'assignment', conversation: TALK, device });
  await tell(staff, { kind: 'answering', conversation: TALK, untilS: 1_900_000_000 });
  const [one, two] = [await agent.team.view(), await staff.team.view()];
  const owner = { role: 'owner', isGone: false } as const;
  const first = agent.player.core.device.uri;
  const seen = (byStaff: boolean) => [
    { ...owner, device: first, name: '', isThis: !byStaff },
    { ...owner, device, name: 'Kim', isThis: byStaff },
  ];
  expect(inOrder(two.staff)).toEqual(inOrder(seen(true)));
  expect(inOrder(one.staff)).toEqual(inOrder(seen(false)));
  expect({ ...one, staff: [] }).toEqual({ ...two, staff: [] });
  expect(two.assignments).toEqual([{ conversation: TALK, device }]);
  expect(two.labels).toEqual([{ conversation: TALK, label: 'VIP' }]);
  expect(two.notes).toMatchObject([{ conversation: TALK, id: NOTE, text: 'Nuts!' }]);
  expect(two.quickReplies).toEqual([{ id: NOTE, title: 'Parking', text: 'Behind the house' }]);
  expect(two.answering).toEqual([{ conversation: TALK, device, untilMs: 1_900_000_000_000 }]);
  await tell(agent, { kind: 'note', conversation: TALK, id: NOTE, text: '' });
  await tell(agent, { kind: 'assignment', conversation: TALK, device: '' });
  const after = await staff.team.view();
  expect([after.notes, after.assignments]).toEqual([[], []]);
  expect(staff.heard('team').at(-1)?.team).toEqual(after);
});

test('the agent is nobody of the staff, and who is gone is still named for what they wrote', async () => {
  const [first, device] = [agent, staff].map(({ player }) => player.core.device.uri);
  const gone = DeviceAddress.parseUri(`${device!.slice(0, -4)}0000`).uri;
  await tell(staff, { kind: 'staffName', device: gone, name: 'Olga', role: 'staff' });
  await agent.say(claim(agent));
  await settle();
  const { staff: seen } = await staff.team.view();
  expect(seen.map((one) => one.device)).not.toContain(first);
  expect((await staff.team.view()).agent.device).toBe(first);
  expect(seen).toContainEqual({
    ...{ device: gone, name: 'Olga', role: 'staff', isThis: false, isGone: true },
  });
});

test('a device is called as it is known here until somebody says whose it is', async () => {
  const { core } = staff.player;
  const { device } = agent.player.core;
  await core.naming.set(device, 'Chrome, Linux');
  const named = async () =>
    (await staff.team.view()).staff.find((one) => one.device === device.uri)?.name;
  expect(await named()).toBe('Chrome, Linux');
  await agent.team.introduce(device, ' Anna ', false);
  await settle();
  expect(await named()).toBe('Chrome, Linux'); // a person has no team
  agent.player.core.own = { ...agent.player.core.own, kind: 'business' };
  await agent.team.introduce(device, ' Anna ', false);
  await settle();
  expect(await named()).toBe('Anna');
  await agent.team.introduce(device, 'An\u0000na', false);
  await settle();
  expect(await named()).toBe('Anna');
  expect(agent.player.problems()).toHaveLength(1);
});

test('nobody of the staff says who is who', async () => {
  const [owners, tablets] = [agent.player.core.device, staff.player.core.device];
  const { deviceKey } = staff.player.core.own;
  const untilS = agent.player.core.nowS + 86_400;
  await agent.player.publish([[tablets.device, deviceKey.public]], [[tablets.device, untilS]]);
  await staff.player.core.trust.refresh(staff.player.core.address);
  const named = async () => (await agent.team.view()).staff.map(({ name }) => name);
  await tell(agent, { kind: 'staffName', device: tablets.uri, name: 'Kim', role: 'staff' });
  await tell(staff, { kind: 'staffName', device: owners.uri, name: 'Mallory', role: 'owner' });
  await tell(staff, { kind: 'staffName', device: tablets.uri, name: 'Anna', role: 'owner' });
  await tell(staff, { kind: 'label', conversation: TALK, label: 'VIP', isOn: true });
  expect([...(await named())].sort()).toEqual(['', 'Kim']);
  expect((await agent.team.view()).labels).toHaveLength(1);
  staff.player.core.own = { ...staff.player.core.own, kind: 'business' };
  const { cursor } = staff.live().kept;
  await staff.team.introduce(tablets, 'Anna', true);
  await settle();
  expect(staff.live().kept.cursor).toBe(cursor); // its own program knows that, and says nothing
});

test('nor does a device that is not on the list', async () => {
  const device = staff.player.core.device.uri;
  await agent.player.core.trust.pinOwn('person', agent.player.issue([]));
  await tell(staff, { kind: 'staffName', device, name: 'Mallory', role: 'owner' });
  expect((await agent.team.view()).staff.map(({ name }) => name)).toEqual(['']);
});

test('facts survive a restart and are told to nobody but the team', async () => {
  await tell(staff, { kind: 'label', conversation: TALK, label: 'VIP', isOn: true });
  await agent.player.restart();
  agent.begin();
  expect((await agent.team.view()).labels).toHaveLength(1);
  const conversation = agent.live().id.hex;
  const asked = { conversation, stretch: { from: 'end' }, limit: 100 } as const;
  const { messages } = await agent.player.talk.messages(asked);
  expect(messages.filter(({ kind }) => kind !== 'event')).toEqual([]);
  expect(agent.live().kept.unread).toBe(0);
  expect(await agent.player.parts.search.find('VIP')).toEqual([]);
});

test('of many facts of one key only the last ones are kept', async () => {
  for (let at = 0; at < 203; at += 1) {
    const isOn = at % 2 === 0;
    await staff.team.tell({
      fact: { kind: 'label', conversation: TALK, label: 'VIP', isOn },
    });
  }
  await settle();
  expect((await staff.team.view()).labels).toEqual([{ conversation: TALK, label: 'VIP' }]);
  await staff.team.view();
  expect((await staff.player.core.messages.team(staff.live().id)).length).toBeLessThan(5);
  expect((await staff.team.view()).labels).toHaveLength(1);
}, 60_000);

test.each([
  { kind: 'label', conversation: TALK, label: '', isOn: true },
  { kind: 'label', conversation: 'x', label: 'VIP', isOn: true },
  { kind: 'label', conversation: TALK, label: 'x'.repeat(41), isOn: true },
  { kind: 'note', conversation: TALK, id: 'zz', text: 'x' },
  { kind: 'note', conversation: TALK, id: '01', text: 'x' },
  { kind: 'note', conversation: TALK, id: NOTE, text: 'x'.repeat(4_001) },
  { kind: 'assignment', conversation: TALK, device: 'kim' },
  { kind: 'answering', conversation: TALK, untilS: -1 },
  { kind: 'rumour' },
  {},
])('what is no fact is refused, and nothing is said', async (fact) => {
  const { cursor } = staff.live().kept;
  const asked = { fact } as unknown as Asked<'tellTeam'>;
  await expect(staff.team.tell(asked)).rejects.toThrow();
  await settle();
  expect(staff.live().kept.cursor).toBe(cursor);
});

test('the same bytes from a guest are nothing', async () => {
  const [anna, ben, id] = await annaAndBen(new Delivery());
  const before = await ben.texts(id);
  await anna.sayRaw(id, spoken({ id: 'abcdefgh', method: 'agent.status' }).encode());
  await quiet(anna, ben);
  expect(await ben.texts(id)).toEqual(before);
  expect(ben.events.filter(({ what }) => what === 'rpc' || what === 'team')).toEqual([]);
  expect(ben.problems()).toEqual([]);
});

test('what a device says by RPC is heard by the others and not by itself', async () => {
  await agent.say(claim(agent));
  await settle();
  expect(agent.player.events.filter(({ what }) => what === 'rpc')).toEqual([]);
  const [heard] = staff.player.events.filter((event) => event.what === 'rpc');
  expect(heard).toMatchObject({ device: agent.player.core.device.uri });
});

test('broken RPC is a problem and changes nothing', async () => {
  await agent.say(spoken({ method: 7 }));
  await settle();
  expect(staff.player.problems()).toEqual(['bad_rpc']);
});

test('the operations are those of the team that runs', async () => {
  const operations = teamOperations(() => staff.team);
  expect((await operations.team({})).agent).toEqual({
    ...{ device: '', isThere: false, lastThereMs: 0 },
  });
  const fact = { kind: 'label', conversation: TALK, label: 'A', isOn: true } as const;
  await operations.tellTeam({ fact });
  const none = teamOperations(() => {
    throw new SdkError('There is no account in this browser yet.', { code: 'no_account' });
  });
  expect(() => none.team({})).toThrow(SdkError);
});
