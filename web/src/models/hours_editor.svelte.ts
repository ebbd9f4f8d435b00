/** Opening hours while they are edited, and what the next four weeks will look like with them. */

import type { HolidaysView, HoursView, OpeningView } from '../sdk/protocol.ts';
import {
  hoursIn,
  mistakesIn,
  newKey,
  type StateCode,
  typedHours,
  type TypedHours,
  type TypedSpan,
} from './hours.ts';
import { addDays } from './local_time.ts';
import type { PlanSide } from './plan.svelte.ts';
import { Later, type PageTimers } from './timing.ts';
import type { BusinessView } from '../sdk/protocol.ts';

const PREVIEW_DAYS = 28;
const PREVIEW_DELAY_MS = 300;
const NEW_SPAN = { opens: '11:30', closes: '22:00' };
const NO_HOLIDAYS = { assumptionDay: false, peaceFestival: false, isOpen: false };

export class HoursEditor {
  typed = $state.raw<TypedHours>({ weekly: [], specials: [], holidays: null });
  preview = $state.raw<readonly OpeningView[] | undefined>();
  isSaving = $state(false);
  readonly mistakes = $derived.by(() => mistakesIn(this.typed));
  readonly #side: PlanSide;
  readonly #today: string;
  readonly #look: Later;
  #saved = $state('');
  #asked = 0;

  constructor(side: PlanSide, hours: HoursView, today: string, timers: PageTimers) {
    this.#side = side;
    this.#today = today;
    this.#look = new Later(timers, PREVIEW_DELAY_MS, true, () => void this.look());
    this.#begin(hours);
  }

  get isChanged(): boolean {
    const hours = hoursIn(this.typed);
    return hours === undefined || JSON.stringify(hours) !== this.#saved;
  }

  /** The spans of a weekday, or of the special day with this key. */
  spansOf(place: Place): readonly TypedSpan[] {
    return 'weekday' in place
      ? (this.typed.weekly[place.weekday] ?? [])
      : (this.typed.specials.find(({ key }) => key === place.special)?.spans ?? []);
  }

  add(place: Place): void {
    const last = this.spansOf(place).at(-1);
    const next = last === undefined ? NEW_SPAN : { opens: last.closes, closes: NEW_SPAN.closes };
    this.#put(place, [...this.spansOf(place), { key: newKey(), ...next }]);
  }

  type(place: Place, key: number, fields: Partial<Omit<TypedSpan, 'key'>>): void {
    this.#put(
      place,
      this.spansOf(place).map((span) => (span.key === key ? { ...span, ...fields } : span)),
    );
  }

  drop(place: Place, key: number): void {
    this.#put(
      place,
      this.spansOf(place).filter((span) => span.key !== key),
    );
  }

  /** The same hours on every other weekday that opens at all. */
  copyToOpenDays(weekday: number): void {
    const spans = this.spansOf({ weekday });
    this.#set({
      ...this.typed,
      weekly: this.typed.weekly.map((other, at) =>
        at === weekday || other.length === 0
          ? other
          : spans.map((span) => ({ ...span, key: newKey() })),
      ),
    });
  }

  addSpecial(): void {
    const last = this.typed.specials.at(-1)?.date ?? this.#today;
    const special = { key: newKey(), date: addDays(last || this.#today, 1), note: '', spans: [] };
    this.#set({ ...this.typed, specials: [...this.typed.specials, special] });
  }

  describe(key: number, fields: { readonly date?: string; readonly note?: string }): void {
    const specials = this.typed.specials.map((special) =>
      special.key === key ? { ...special, ...fields } : special,
    );
    this.#set({ ...this.typed, specials });
  }

  dropSpecial(key: number): void {
    this.#set({
      ...this.typed,
      specials: this.typed.specials.filter((special) => special.key !== key),
    });
  }

  /** Which state's holidays count; none when it is empty. */
  setState(state: StateCode | ''): void {
    const holidays = state === '' ? null : { ...(this.typed.holidays ?? NO_HOLIDAYS), state };
    this.#set({ ...this.typed, holidays });
  }

  setHolidays(fields: Partial<Omit<HolidaysView, 'state'>>): void {
    const { holidays } = this.typed;
    if (holidays !== null) {
      this.#set({ ...this.typed, holidays: { ...holidays, ...fields } });
    }
  }

  /** Ask what the next weeks look like with what is typed. */
  async look(): Promise<void> {
    const hours = hoursIn(this.typed);
    if (hours === undefined) {
      return;
    }
    this.#asked += 1;
    const asked = this.#asked;
    const { agent, attempt } = this.#side;
    const from = this.#today;
    const preview = await attempt(() =>
      agent.ask('business.previewHours', { hours, from, days: PREVIEW_DAYS }),
    );
    if (asked === this.#asked) {
      this.preview = preview ?? this.preview;
    }
  }

  /** The business as it is then; undefined when something is wrong or it was refused. */
  async save(): Promise<BusinessView | undefined> {
    const hours = hoursIn(this.typed);
    if (hours === undefined) {
      return undefined;
    }
    this.isSaving = true;
    const { agent, attempt } = this.#side;
    const saved = await attempt(() => agent.ask('business.setHours', { hours }));
    this.isSaving = false;
    if (saved !== undefined) {
      this.#begin(saved.hours);
    }
    return saved;
  }

  #begin(hours: HoursView): void {
    this.typed = typedHours(hours);
    this.#saved = JSON.stringify(hoursIn(this.typed));
    void this.look();
  }

  #put(place: Place, spans: readonly TypedSpan[]): void {
    const { typed } = this;
    this.#set(
      'weekday' in place
        ? { ...typed, weekly: typed.weekly.map((old, at) => (at === place.weekday ? spans : old)) }
        : {
            ...typed,
            specials: typed.specials.map((special) =>
              special.key === place.special ? { ...special, spans } : special,
            ),
          },
    );
  }

  #set(typed: TypedHours): void {
    this.typed = typed;
    this.#look.cause();
  }
}

/** Where spans stand: on a weekday (0 Monday), or on a special day. */
export type Place = { readonly weekday: number } | { readonly special: number };
