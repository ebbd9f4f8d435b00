/** Figures of a stretch of days, and how they are drawn: computed on the business's devices only. */

import type { FigureDay, FiguresView } from '../sdk/protocol.ts';
import { addDays, daysBetween, weekdayOf } from './local_time.ts';
import type { PlanSide } from './plan.svelte.ts';

export const STRETCHES = [7, 28, 84] as const;
export type StretchDays = (typeof STRETCHES)[number];

/** From this many days on, weeks are drawn. */
const WEEKS_FROM_DAYS = 60;

export class Figures {
  days = $state<StretchDays>(28);
  view = $state.raw<FiguresView | undefined>();
  /** The last attempt to read them was refused. */
  isRefused = $state(false);
  readonly #side: PlanSide;
  #asked = 0;

  constructor(side: PlanSide) {
    this.#side = side;
  }

  /** The days that end with this one. */
  async load(until: string, days: StretchDays = this.days): Promise<void> {
    this.days = days;
    this.#asked += 1;
    const asked = this.#asked;
    const { agent, attempt } = this.#side;
    const from = addDays(until, 1 - days);
    const view = await attempt(() => agent.ask('figures.get', { from, days }));
    this.isRefused = view === undefined;
    if (view !== undefined && asked === this.#asked) {
      this.view = view;
    }
  }
}

/** What all days add up to. */
export function totalOf(days: readonly FigureDay[]): Omit<FigureDay, 'date'> {
  const sum = (of: (day: FigureDay) => number): number =>
    days.reduce((total, day) => total + of(day), 0);
  return {
    covers: sum((day) => day.covers),
    bookings: sum((day) => day.bookings),
    cancelled: sum((day) => day.cancelled),
    noShows: sum((day) => day.noShows),
    walkIns: sum((day) => day.walkIns),
  };
}

/** Of the bookings that stood, how many never came: 0 to 1. */
export function noShowShare({
  bookings,
  cancelled,
  noShows,
}: Pick<FigureDay, 'bookings' | 'cancelled' | 'noShows'>): number {
  const stood = bookings - cancelled;
  return stood <= 0 ? 0 : Math.min(1, noShows / stood);
}

/** The days as they are drawn: many of them by week, each named by its Monday. */
export function drawnOf(days: readonly FigureDay[]): {
  readonly bars: readonly FigureDay[];
  readonly areWeeks: boolean;
} {
  const [first] = days;
  if (first === undefined || days.length < WEEKS_FROM_DAYS) {
    return { bars: days, areWeeks: false };
  }
  const weeks = Map.groupBy(days, ({ date }) => addDays(date, -weekdayOf(date)));
  return {
    bars: [...weeks].map(([date, inside]) => ({ date, ...totalOf(inside) })),
    areWeeks: true,
  };
}

/** A round number at or above the highest value, and lines to read it by. */
export function scaleFor(highest: number): {
  readonly top: number;
  readonly lines: readonly number[];
} {
  const wanted = Math.max(highest, 4);
  const power = 10 ** Math.floor(Math.log10(wanted / 4));
  const step =
    [1, 2, 5, 10].map((factor) => factor * power).find((one) => one * 4 >= wanted) ?? power * 10;
  const count = Math.ceil(wanted / step);
  return {
    top: step * count,
    lines: Array.from({ length: count + 1 }, (_, at) => at * step),
  };
}

/** Which bars are named below, so that names do not touch: every `every`-th, from the last one back. */
export function namedEvery(count: number, most: number): number {
  return Math.max(1, Math.ceil(count / most));
}

/** How many days lie before the first of these that has anything; for an honest empty state. */
export function daysWithout(days: readonly FigureDay[]): number {
  const [first] = days;
  const found = days.find((day) => day.covers + day.bookings + day.walkIns > 0);
  return first === undefined || found === undefined
    ? days.length
    : daysBetween(first.date, found.date);
}
