/** A restaurant and an agent for tests of the business's models, at one moment of a Thursday. */

import { PlauschError } from '../../src/base/errors.ts';
import { Agent } from '../../src/models/agent.ts';
import { attempt } from '../../src/models/attempt.ts';
import type { PlanSide } from '../../src/models/plan.svelte.ts';
import type { BookingView, BusinessView, DayPlanView } from '../../src/sdk/protocol.ts';
import { FakeDevice } from '../stage/fake.ts';

/** Thursday, 26 November 2026, 13:00 in Berlin. */
export const NOW_MS = Date.UTC(2026, 10, 26, 12);
export const TODAY = '2026-11-26';
export const ZONE = 'Europe/Berlin';

export interface House {
  readonly device: FakeDevice;
  readonly side: PlanSide;
  readonly agent: Agent;
  readonly view: BusinessView;
  /** Codes of what was refused, in order. */
  readonly refused: string[];
  /** What the agent was asked, in order. */
  readonly operations: () => readonly string[];
  /** Whether the agent was there, attempt by attempt. */
  readonly there: boolean[];
}

export function house(isEmpty = false): House {
  const device = new FakeDevice(() => NOW_MS);
  device.own = { address: 'linde@example.org', device: '0123456789abcdef', kind: 'business' };
  device.agent.open(isEmpty);
  const refused: string[] = [];
  const there: boolean[] = [];
  const agent = new Agent(device, (isThere) => there.push(isThere));
  const { view } = device.agent;
  if (view === undefined) {
    throw new PlauschError('The stage has no house.');
  }
  const side: PlanSide = {
    agent,
    business: () => device.agent.view,
    attempt: (action) => attempt(action, ({ code }) => refused.push(code)),
  };
  const operations = (): readonly string[] => device.agent.asked.map(({ operation }) => operation);
  return { device, side, agent, view, refused, operations, there };
}

/** The plan of a day as the stage's agent has it. */
export async function dayOf({ agent }: House, date = TODAY): Promise<DayPlanView> {
  const [day] = await agent.ask('bookings.plan', { from: date, days: 1 });
  return day!;
}

export function named({ bookings }: DayPlanView, name: string): BookingView {
  return bookings.find(({ underName }) => underName === name)!;
}
