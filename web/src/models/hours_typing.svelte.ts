/** Opening hours while they are typed, whoever takes them in the end. */

import type { HolidaysView, HoursView } from '../sdk/protocol.ts';
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

const NEW_SPAN = { opens: '11:30', closes: '22:00' };
const NO_HOLIDAYS = { assumptionDay: false, peaceFestival: false, isOpen: false };

/** Where spans stand: on a weekday (0 Monday), or on a special day. */
export type Place = { readonly weekday: number } | { readonly special: number };

export class HoursTyping {
  typed = $state.raw<TypedHours>({ weekly: [], specials: [], holidays: null });
  readonly mistakes = $derived.by(() => mistakesIn(this.typed));
  readonly #today: string;
  readonly #changed: () => void;

  /** `changed` is told after each change, not of a beginning. */
  constructor(hours: HoursView, today: string, changed: () => void) {
    this.#today = today;
    this.#changed = changed;
    this.begin(hours);
  }

  /** What is typed, as hours; undefined as long as something is wrong. */
  get hours(): HoursView | undefined {
    return hoursIn(this.typed);
  }

  /** Type on from these. */
  begin(hours: HoursView): void {
    this.typed = typedHours(hours);
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
    this.#changed();
  }
}
