/** Who waits: for a place on another day, and at the door. */

import type { TicketView, WaitingView } from '../sdk/protocol.ts';
import type { PlanSide } from './plan.svelte.ts';
import { momentOf } from './local_time.ts';

/** Days ahead that the list shows. */
export const WAITING_DAYS = 31;

/** Somebody who would like to come, as the form has it. */
export interface Wish {
  readonly date: string;
  readonly party: number;
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly underName: string;
}

export class Waiting {
  list = $state.raw<readonly WaitingView[] | undefined>();
  queue = $state.raw<readonly TicketView[] | undefined>();
  /** The last attempt to read was refused. */
  isRefused = $state(false);
  readonly #side: PlanSide;
  #from = '';

  constructor(side: PlanSide) {
    this.#side = side;
  }

  /** Those who wait or were offered a place, the earliest day first, then who asked first. */
  readonly open = $derived.by(() =>
    (this.list ?? [])
      .filter(({ state }) => state === 'waiting' || state === 'offered')
      .sort((one, other) =>
        one.date === other.date ? one.addedAtS - other.addedAtS : one.date < other.date ? -1 : 1,
      ),
  );

  /** Those at the door, by number. */
  readonly atDoor = $derived.by(() =>
    (this.queue ?? [])
      .filter(({ state }) => state === 'waiting' || state === 'called')
      .sort((one, other) => one.number - other.number),
  );

  async load(from: string): Promise<void> {
    this.#from = from;
    const { agent, attempt } = this.#side;
    const [list, queue] = await Promise.all([
      attempt(() => agent.ask('waiting.list', { from, days: WAITING_DAYS })),
      attempt(() => agent.ask('queue.list', {})),
    ]);
    this.isRefused = list === undefined || queue === undefined;
    this.list = list ?? this.list;
    this.queue = queue ?? this.queue;
  }

  /** The agent says that somebody came or went. */
  async changed(): Promise<void> {
    if (this.#from !== '') {
      await this.load(this.#from);
    }
  }

  /** True when it was taken. */
  async add({ date, party, fromMinute, toMinute, underName }: Wish): Promise<boolean> {
    const zone = this.#side.business()?.zone ?? 'UTC';
    return this.#do(({ agent }) =>
      agent.ask('waiting.add', {
        date,
        party,
        fromS: momentOf(date, fromMinute, zone),
        untilS: momentOf(date, toMinute, zone),
        underName,
      }),
    );
  }

  async remove(id: string): Promise<boolean> {
    return this.#do(({ agent }) => agent.ask('waiting.remove', { id }));
  }

  async queueUp(party: number, underName: string): Promise<boolean> {
    return this.#do(({ agent }) => agent.ask('queue.add', { party, underName }));
  }

  async serve(id: string, step: 'call' | 'seat' | 'remove'): Promise<boolean> {
    return this.#do(({ agent }) => agent.ask(`queue.${step}`, { id }));
  }

  async #do(action: (side: PlanSide) => Promise<unknown>): Promise<boolean> {
    const done = await this.#side.attempt(async () => {
      await action(this.#side);
      return true;
    });
    await this.changed();
    return done === true;
  }
}
