/** A booking for somebody who rang up, or stands at the door. */

import type { AvailableView, BookingView } from '../sdk/protocol.ts';
import type { PlanSide } from './plan.svelte.ts';

export const USUAL_PARTY = 2;
export const MOST_PARTY = 500;

export class BookingForm {
  date = $state('');
  party = $state(USUAL_PARTY);
  service = $state('');
  startsAtS = $state(0);
  underName = $state('');
  telephone = $state('');
  note = $state('');
  /** Undefined while they are looked up. */
  available = $state.raw<AvailableView | undefined>();
  isSending = $state(false);
  readonly #side: PlanSide;
  readonly #token: string;
  #asked = 0;

  /** `token` names this booking however often it is sent. */
  constructor(side: PlanSide, token: string, date: string) {
    this.#side = side;
    this.#token = token;
    this.date = date;
    this.service = side.business()?.services[0]?.identifier ?? '';
  }

  get canSend(): boolean {
    return this.startsAtS > 0 && this.underName.trim() !== '' && !this.isSending;
  }

  /** Another day, size or service; then the free times are others. */
  async set(fields: {
    readonly date?: string;
    readonly party?: number;
    readonly service?: string;
  }): Promise<void> {
    const { date = this.date, party = this.party, service = this.service } = fields;
    const whole = Number.isSafeInteger(party) ? party : 1;
    Object.assign(this, { date, service, party: Math.max(1, Math.min(MOST_PARTY, whole)) });
    await this.look();
  }

  async look(): Promise<void> {
    const { date, party, service } = this;
    this.available = undefined;
    this.#asked += 1;
    const asked = this.#asked;
    const { agent, attempt } = this.#side;
    const found = await attempt(() => agent.ask('bookings.available', { date, party, service }));
    if (asked !== this.#asked) {
      return;
    }
    this.available = found ?? { slots: [], why: '' };
    if (!this.available.slots.some((slot) => slot.startsAtS === this.startsAtS)) {
      this.startsAtS = 0;
    }
  }

  /** The booking; undefined when it was refused: then the free times are looked up again. */
  async send(): Promise<BookingView | undefined> {
    if (!this.canSend) {
      return undefined;
    }
    const { party, service, startsAtS } = this;
    this.isSending = true;
    const { agent, attempt } = this.#side;
    const made = await attempt(() =>
      agent.ask('bookings.book', {
        token: this.#token,
        ...{ service, startsAtS, party },
        underName: this.underName.trim(),
        telephone: this.telephone.trim(),
        note: this.note.trim(),
        source: 'staff',
      }),
    );
    this.isSending = false;
    if (made === undefined) {
      await this.look();
    }
    return made;
  }
}
