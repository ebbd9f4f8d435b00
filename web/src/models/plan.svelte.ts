/**
 * The plan of a business: days with their bookings, one booking that is being moved, and everything
 * that staff do with a booking. A change that came from elsewhere is read anew; a refusal too.
 */

import { PlauschError } from '../base/errors.ts';
import { SvelteMap } from 'svelte/reactivity';

import type { BookingView, BusinessView, DayPlanView } from '../sdk/protocol.ts';
import type { Agent } from './agent.ts';
import { isOff, type Step, type Target, type Verdict, placesAt, verdictOn } from './day_plan.ts';
import { addDays, minuteAt, momentOf, weekOf } from './local_time.ts';
import { STEP_MINUTES } from './plan_walk.ts';

export const FORMS = ['day', 'week', 'list'] as const;
export type PlanForm = (typeof FORMS)[number];

/** A booking on its way to another place or time. */
export interface Moving extends Target {
  readonly booking: BookingView;
  /** The day that is shown when it is put down. */
  readonly date: string;
}

/** What the plan needs of what is around it. */
export interface PlanSide {
  readonly agent: Agent;
  readonly business: () => BusinessView | undefined;
  /** Do what may be refused, and say why it was. */
  readonly attempt: <T>(action: () => Promise<T>) => Promise<T | undefined>;
}

export class Plan {
  date = $state('');
  form = $state<PlanForm>('day');
  isLoading = $state(false);
  /** The last attempt to read was refused. */
  isRefused = $state(false);
  /** Whether declined and cancelled bookings are shown, too. */
  showsOff = $state(false);
  moving = $state.raw<Moving | undefined>();
  readonly #days = new SvelteMap<string, DayPlanView>();
  readonly #side: PlanSide;
  #loads = 0;

  constructor(side: PlanSide) {
    this.#side = side;
  }

  /** The dates that are shown. */
  get dates(): readonly string[] {
    return this.form === 'week' ? weekOf(this.date) : [this.date];
  }

  /** How many bookings of the dates that are shown were declined or cancelled. */
  get offCount(): number {
    return this.dates.reduce(
      (sum, date) => sum + (this.#days.get(date)?.bookings.filter(isOff).length ?? 0),
      0,
    );
  }

  /** One day as it was read last; undefined when it never was. */
  day(date: string): DayPlanView | undefined {
    return this.#days.get(date);
  }

  /** A booking of the days read so far, as it stands now. */
  booking(uid: string): BookingView | undefined {
    for (const { bookings } of this.#days.values()) {
      const found = bookings.find((one) => one.uid === uid);
      if (found !== undefined) {
        return found;
      }
    }
    return undefined;
  }

  async show(date: string, form: PlanForm = this.form): Promise<void> {
    this.date = date;
    this.form = form;
    this.moving = undefined;
    await this.load();
  }

  /** Read the days that are shown. */
  async load(): Promise<void> {
    const { dates } = this;
    const [from = ''] = dates;
    this.#loads += 1;
    const load = this.#loads;
    this.isLoading = true;
    const days = await this.#side.attempt(() =>
      this.#side.agent.ask('bookings.plan', { from, days: dates.length }),
    );
    if (load === this.#loads) {
      this.isLoading = false;
      this.isRefused = days === undefined;
    }
    for (const day of days ?? []) {
      this.#days.set(day.opening.date, day);
    }
  }

  /** The agent says that these dates are others now; none: any. */
  async changed(dates: readonly string[]): Promise<void> {
    if (this.date !== '' && (dates.length === 0 || dates.some((one) => this.dates.includes(one)))) {
      await this.load();
    }
  }

  // -- moving

  /** Take a booking up where it lies on this row. */
  take(booking: BookingView, resource: string): void {
    const { date } = this;
    const minute = minuteAt(booking.startsAtS, date, booking.zone);
    this.moving = { booking, resource, minute, date };
  }

  moveTo(target: Partial<Target>): void {
    const { moving } = this;
    if (moving !== undefined) {
      const minute = target.minute ?? moving.minute;
      const snapped = Math.round(minute / STEP_MINUTES) * STEP_MINUTES;
      this.moving = { ...moving, ...target, minute: snapped };
    }
  }

  putBack(): void {
    this.moving = undefined;
  }

  /** What speaks against where it is now. */
  get verdict(): Verdict | undefined {
    const { moving } = this;
    const business = this.#side.business();
    const day = moving && this.#days.get(moving.date);
    return moving && business && day && verdictOn(day, business, moving.booking, moving);
  }

  /** Put it down. True when the agent has taken it there. */
  async putDown(): Promise<boolean> {
    const { moving, verdict } = this;
    const business = this.#side.business();
    if (moving === undefined || business === undefined || verdict === 'same') {
      this.moving = undefined;
      return false;
    }
    const { booking, resource, minute, date } = moving;
    const places = placesAt(business, booking, resource);
    if (places === undefined) {
      return false; // too small: the picture says so, and the booking is still in hand
    }
    const startsAtS = momentOf(date, minute, booking.zone);
    const moved = await this.move(booking, {
      ...(startsAtS === booking.startsAtS ? {} : { startsAtS }),
      ...(places === booking.resources ? {} : { resources: places }),
    });
    this.moving = undefined;
    return moved !== undefined;
  }

  /** Another time, place or size. The booking as it is then; undefined when it was refused. */
  async move(
    { uid, sequence }: BookingView,
    to: {
      readonly startsAtS?: number;
      readonly resources?: readonly string[];
      readonly party?: number;
    },
  ): Promise<BookingView | undefined> {
    return this.#change(() => this.#side.agent.ask('bookings.move', { uid, sequence, ...to }));
  }

  // -- what else is done with a booking

  async takeStep({ uid, sequence }: BookingView, step: Step): Promise<BookingView | undefined> {
    const { agent } = this.#side;
    return this.#change(() =>
      step === 'seated' || step === 'completed' || step === 'no_show'
        ? agent.ask('bookings.attend', { uid, sequence, state: step })
        : agent.ask(`bookings.${step}`, { uid, sequence }),
    );
  }

  /** Propose another time; the guest decides. */
  async counter(
    { uid, sequence }: BookingView,
    startsAtS: number,
  ): Promise<BookingView | undefined> {
    const { agent } = this.#side;
    return this.#change(() => agent.ask('bookings.counter', { uid, sequence, startsAtS }));
  }

  async write({ uid }: BookingView, note: string): Promise<BookingView | undefined> {
    return this.#change(() => this.#side.agent.ask('bookings.note', { uid, note }));
  }

  /** Keep tables, or the whole house, free of bookings. */
  async block(
    resources: readonly string[],
    fromMinute: number,
    toMinute: number,
    note: string,
  ): Promise<boolean> {
    const zone = this.#side.business()?.zone ?? 'UTC';
    const [startsAtS = 0, endsAtS = 0] = [fromMinute, toMinute].map((minute) =>
      momentOf(this.date, minute, zone),
    );
    const made = await this.#side.attempt(() =>
      this.#side.agent.ask('blocks.add', { resources, startsAtS, endsAtS, note }),
    );
    await this.load();
    return made !== undefined;
  }

  async unblock(id: string): Promise<void> {
    await this.#side.attempt(() => this.#side.agent.ask('blocks.remove', { id }));
    await this.load();
  }

  /** A booking that was made, or is another now: shown before the agent is asked again. */
  apply(booking: BookingView): void {
    for (const [date, day] of this.#days) {
      const begins = minuteAt(booking.startsAtS, date, booking.zone);
      const others = day.bookings.filter(({ uid }) => uid !== booking.uid);
      const isHere = begins >= 0 && begins < 1440;
      if (isHere || others.length < day.bookings.length) {
        this.#days.set(date, { ...day, bookings: isHere ? [...others, booking] : others });
      }
    }
  }

  /** Whoever was told an older state sees the present one before they try again. */
  async #change(action: () => Promise<BookingView>): Promise<BookingView | undefined> {
    const changed = await this.#side.attempt(async () => {
      try {
        return await action();
      } catch (error) {
        if (error instanceof PlauschError) {
          void this.load();
        }
        throw error;
      }
    });
    if (changed !== undefined) {
      this.apply(changed);
    }
    return changed;
  }
}

/** The date before or after, by the form's own step. */
export function steppedDate(date: string, form: PlanForm, direction: -1 | 1): string {
  return addDays(date, direction * (form === 'week' ? 7 : 1));
}
