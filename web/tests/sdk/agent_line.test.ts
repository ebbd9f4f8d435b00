/** Asking the agent: answers, refusals, pieces, silence; and knowing whether it is there. */

import { beforeEach, expect, test, vi } from 'vitest';

import { AgentLine, ANSWER_MS, type Consequences } from '../../src/sdk/agent_line.ts';
import type { AgentOperation } from '../../src/sdk/protocol.ts';
import { quiet } from './players.ts';
import { claim, type Member, spoken, teamOfTwo } from './team_players.ts';

let agent: Member;
let staff: Member;

beforeEach(async () => {
  [agent, staff] = await teamOfTwo();
});

const settle = (): Promise<void> => quiet(agent.player, staff.player);

const ask = (operation: AgentOperation = 'business.get', params: unknown = {}): Promise<unknown> =>
  staff.team.ask({ operation, params });

/** How a question failed. */
const failed = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => 'done',
    (error: unknown) => (error as { code: string }).code,
  );

/** The id of the call that has come to the agent. */
async function came(): Promise<string> {
  await vi.waitFor(() => {
    expect(agent.calls().length).toBeGreaterThan(0);
  });
  return agent.calls().at(-1)!.id;
}

test('a question is answered', async () => {
  const params = { from: '2026-12-24', days: 1 };
  const answer = ask('bookings.plan', params);
  const id = await came();
  expect(agent.calls()).toMatchObject([{ method: 'bookings.plan', params }]);
  await agent.say(spoken({ id: 'another-id', result: 'wrong' }));
  await agent.say(spoken({ id, result: [{ bookings: [] }] }));
  expect(await answer).toEqual([{ bookings: [] }]);
});

test('a refusal comes with its code and sentence', async () => {
  const answer = ask();
  const asked = failed(answer);
  const error = { code: -32000, message: 'Taken.', data: { code: 'full' } };
  await agent.say(spoken({ id: await came(), error }));
  expect(await asked).toBe('full');
  await expect(answer).rejects.toThrow('Taken.');
  const late = failed(ask());
  await vi.waitFor(() => {
    expect(agent.calls()).toHaveLength(2);
  });
  const stale = { code: -32000, message: 'Too late.', data: { code: 'stale' } };
  await agent.say(spoken({ id: agent.calls()[1]!.id, error: stale }));
  expect(await late).toBe('agent_stale');
});

test('a long answer is put together, in whatever order its pieces come', async () => {
  const answer = ask();
  const id = await came();
  const whole = JSON.stringify({ jsonrpc: '2.0', id, result: 'ä'.repeat(30) });
  const piece = (number: number, text: string): object => ({
    ...{ method: 'piece', params: { id, number, of: 3, text } },
  });
  await agent.say(spoken(piece(2, whole.slice(40))));
  await agent.say(spoken(piece(0, whole.slice(0, 20))));
  await agent.say(spoken(piece(0, whole.slice(0, 20))));
  await agent.say(spoken(piece(1, whole.slice(20, 40))));
  expect(await answer).toBe('ä'.repeat(30));
});

test('nobody but the agent answers, and nobody of the staff becomes it', async () => {
  const line = new AgentLine(staff.player.core);
  const [theAgent, other] = [agent.player.core.device.uri, staff.player.core.device.uri];
  const claimed = (device: string, isStaff: boolean): Promise<Consequences> => {
    const fromS = staff.player.core.nowS;
    const params = { device, fromS, untilS: fromS + 900 };
    const rpc = { kind: 'notice', method: 'lease', params } as const;
    return line.hear({ device, isStaff, atMs: 1, rpc });
  };
  await claimed(other, true);
  expect(line.presence().lastThereMs).toBe(0);
  await claimed(theAgent, false);
  expect(line.presence().lastThereMs).toBe(1);
  let id = '';
  const asked = line.ask('business.get', {}, (said) => {
    id = said;
    return Promise.resolve();
  });
  await settle();
  const answer = (device: string, isStaff: boolean, result: string): Promise<Consequences> =>
    line.hear({ device, isStaff, atMs: 2, rpc: { kind: 'answer', id, result } });
  await answer(other, true, 'forged by staff');
  await answer(other, false, 'forged by a device that is not the agent');
  await answer(theAgent, false, 'true');
  expect(await asked).toBe('true');
});

test('silence means that the agent is away', async () => {
  await agent.say(claim(agent));
  await settle();
  expect((await staff.team.view()).agent.isThere).toBe(true);
  const asked = failed(ask());
  await came();
  await staff.player.timers.pass(ANSWER_MS);
  expect(await asked).toBe('agent_away');
  const { isThere, lastThereMs } = (await staff.team.view()).agent;
  expect(isThere).toBe(false);
  expect(lastThereMs).toBeGreaterThan(0);
});

test('who said goodbye, or whose lease ran out, is not asked', async () => {
  await agent.say(claim(agent));
  await agent.say(claim(agent, 0));
  await settle();
  expect(await failed(ask())).toBe('agent_away');
  expect(agent.calls()).toEqual([]);
  await agent.say(claim(agent));
  await settle();
  expect((await staff.team.view()).agent.isThere).toBe(true);
  staff.player.clock.atMs += 901_000;
  expect((await staff.team.view()).agent.isThere).toBe(false);
  expect(await failed(ask())).toBe('agent_away');
});

test('whether it is there is told when that changes, and known after a restart', async () => {
  await agent.say(claim(agent));
  await settle();
  await vi.waitFor(() => {
    expect(staff.heard('team').at(-1)?.team.agent.isThere).toBe(true);
  });
  await staff.player.restart();
  staff.begin();
  expect((await staff.team.view()).agent.isThere).toBe(true);
});

test('changes are told to the page as they are', async () => {
  await agent.say(claim(agent));
  await agent.say(
    spoken({ method: 'changed', params: { what: 'bookings', dates: ['2026-12-24'] } }),
  );
  await settle();
  await vi.waitFor(() => {
    expect(staff.heard('agent_changed')).toEqual([
      { what: 'agent_changed', changed: 'bookings', dates: ['2026-12-24'] },
    ]);
  });
});

test.each([
  { what: 'rumours', dates: [] },
  { what: 'bookings' },
  { what: 'bookings', dates: [7] },
  { what: 'bookings', dates: Array.from({ length: 101 }, () => '2026-12-24') },
  null,
])('what is no change is told to nobody', async (params) => {
  await agent.say(spoken({ method: 'changed', params }));
  await settle();
  expect(staff.heard('agent_changed')).toEqual([]);
});

test.each([
  { fromS: 5, untilS: 4 },
  { fromS: 0, untilS: 901 },
  { fromS: -1, untilS: 5 },
  { fromS: '0', untilS: 900 },
])('a claim that cannot be is none', async (times) => {
  const params = { device: agent.player.core.device.uri, ...times };
  await agent.say(spoken({ method: 'lease', params }));
  await settle();
  const { agent: seen } = await staff.team.view();
  expect(seen).toEqual({ device: '', isThere: false, lastThereMs: 0 });
});

test('nobody claims for another device', async () => {
  const params = { device: staff.player.core.device.uri, fromS: 0, untilS: 900 };
  await agent.say(spoken({ method: 'lease', params }));
  await settle();
  expect((await staff.team.view()).agent.isThere).toBe(false);
});

test('a question that is no call is refused before it is sent', async () => {
  const params = 'x'.repeat(60_000);
  expect(await failed(ask('business.get', params))).toBe('bad_rpc');
  expect(agent.calls()).toEqual([]);
});
