/** The house's opening hours while they are edited, and what the next four weeks will look like. */

import type { BusinessView, HoursView, OpeningView } from '../sdk/protocol.ts';
import { HoursTyping } from './hours_typing.svelte.ts';
import type { PlanSide } from './plan.svelte.ts';
import { Later, type PageTimers } from './timing.ts';

const PREVIEW_DAYS = 28;
const PREVIEW_DELAY_MS = 300;

export class HoursEditor extends HoursTyping {
  preview = $state.raw<readonly OpeningView[] | undefined>();
  isSaving = $state(false);
  readonly #side: PlanSide;
  readonly #from: string;
  #saved = $state('');
  #asked = 0;

  constructor(side: PlanSide, hours: HoursView, today: string, timers: PageTimers) {
    const look = new Later(timers, PREVIEW_DELAY_MS, true, () => void this.look());
    super(hours, today, () => {
      look.cause();
    });
    this.#side = side;
    this.#from = today;
    this.#saved = JSON.stringify(this.hours);
    void this.look();
  }

  get isChanged(): boolean {
    const { hours } = this;
    return hours === undefined || JSON.stringify(hours) !== this.#saved;
  }

  /** Ask what the next weeks look like with what is typed. */
  async look(): Promise<void> {
    const { hours } = this;
    if (hours === undefined) {
      return;
    }
    this.#asked += 1;
    const asked = this.#asked;
    const { agent, attempt } = this.#side;
    const from = this.#from;
    const preview = await attempt(() =>
      agent.ask('business.previewHours', { hours, from, days: PREVIEW_DAYS }),
    );
    if (asked === this.#asked) {
      this.preview = preview ?? this.preview;
    }
  }

  /** The business as it is then; undefined when something is wrong or it was refused. */
  async save(): Promise<BusinessView | undefined> {
    const { hours } = this;
    if (hours === undefined) {
      return undefined;
    }
    this.isSaving = true;
    const { agent, attempt } = this.#side;
    const saved = await attempt(() => agent.ask('business.setHours', { hours }));
    this.isSaving = false;
    if (saved !== undefined) {
      this.begin(saved.hours);
      this.#saved = JSON.stringify(this.hours);
      void this.look();
    }
    return saved;
  }
}
