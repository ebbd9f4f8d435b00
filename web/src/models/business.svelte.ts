/**
 * The business's side of the app: its agent, its team, and the pages that live on both. Made when the
 * account is a business, and not a line of it is loaded by anybody else.
 */

import type { PlauschError } from '../base/errors.ts';
import type { BusinessView, StaffView, TeamFact, TeamView, Told } from '../sdk/protocol.ts';
import { agentSentence, businessWords } from '../words/business_words.svelte.ts';
import { Agent, isAway } from './agent.ts';
import { attempt } from './attempt.ts';
import { Figures } from './figures.svelte.ts';
import { Guests } from './guests.svelte.ts';
import { dateAt } from './local_time.ts';
import type { Messenger } from './messenger.ts';
import { Plan, type PlanSide } from './plan.svelte.ts';
import { type NamedKind, namedKindOf } from './resource_kind.ts';
import { assigneeOf, isTaken, labelsOf, NO_TEAM, type TeamFilter } from './team.ts';
import { Later, type PageTimers } from './timing.ts';
import { Waiting } from './waiting.svelte.ts';

/** Changes are gathered for this long: a booking is seen within a second. */
const GATHER_MS = 250;
const TICK_MS = 20_000;
/** How long "somebody is answering" is believed after the last key. */
const ANSWERING_MS = 45_000;
const ANSWERING_AGAIN_MS = 20_000;

/** What is used here of the app. */
export interface BusinessSide {
  readonly messenger: Messenger;
  readonly timers: PageTimers;
  note(note: { readonly sentence: string }): void;
}

export class Business {
  view = $state.raw<BusinessView | undefined>();
  team = $state.raw<TeamView>(NO_TEAM);
  filter = $state.raw<TeamFilter>({ kind: 'all' });
  nowMs = $state(0);
  isAway = $state(false);
  /** Said by nobody but a screen reader. */
  spoken = $state('');
  readonly agent: Agent;
  /** What forms and editors ask by. */
  readonly side: PlanSide;
  readonly timers: PageTimers;
  readonly plan: Plan;
  readonly waiting: Waiting;
  readonly guests: Guests;
  readonly figures: Figures;
  readonly #side: BusinessSide;
  readonly #gathered = new Map<string, Set<string>>();
  readonly #flush: Later;
  #stop: () => void = () => undefined;
  #tick = 0;
  #saidAtMs = 0;

  constructor(side: BusinessSide) {
    this.#side = side;
    this.nowMs = side.timers.now();
    this.agent = new Agent(side.messenger, (isThere) => {
      this.isAway = !isThere;
    });
    this.timers = side.timers;
    const agentSide: PlanSide = {
      agent: this.agent,
      business: () => this.view,
      attempt: <T>(action: () => Promise<T>) => this.attempt(action),
    };
    this.side = agentSide;
    this.plan = new Plan(agentSide);
    this.waiting = new Waiting(agentSide);
    this.guests = new Guests(agentSide, side.timers);
    this.figures = new Figures(agentSide);
    this.#flush = new Later(side.timers, GATHER_MS, false, () => void this.#takeIn());
  }

  /** Today at the business. */
  get today(): string {
    return dateAt(this.nowMs / 1000, this.view?.zone ?? 'UTC');
  }

  get zone(): string {
    return this.view?.zone ?? 'UTC';
  }

  /** What is booked here, for whoever names it. */
  get resourceKind(): NamedKind {
    return namedKindOf(this.view?.resources ?? [], this.view?.kind);
  }

  /** When the agent was last there, in milliseconds; 0: unknown. */
  get lastThereMs(): number {
    return this.team.agent.lastThereMs;
  }

  /** Listen, and read what every page needs. */
  async begin(): Promise<void> {
    const { messenger } = this.#side;
    this.#stop = messenger.onTold((told) => {
      this.#hear(told);
    });
    this.#wait();
    await Promise.all([
      this.attempt(async () => {
        this.#learn(await messenger.ask('team', {}));
      }),
      this.read(),
    ]);
  }

  end(): void {
    this.#stop();
    this.#flush.cancel();
    this.#side.timers.clearTimeout(this.#tick);
  }

  /** Do what may be refused. That the agent is away is said by a banner, everything else here. */
  async attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
    return attempt(action, (refusal) => {
      if (!isAway(refusal)) {
        this.say(refusal);
      }
    });
  }

  say({ code, message }: PlauschError): void {
    this.#side.note({ sentence: agentSentence(code, message) });
  }

  /** Say to the team; what it changes comes back as told. */
  async tellTeam(fact: TeamFact): Promise<boolean> {
    const done = await this.attempt(async () => {
      await this.#side.messenger.ask('tellTeam', { fact });
      return true;
    });
    return done === true;
  }

  /** Somebody types here: let the others know, not more often than they need. */
  answering(conversation: string): void {
    const nowMs = this.#side.timers.now();
    if (nowMs - this.#saidAtMs >= ANSWERING_AGAIN_MS) {
      this.#saidAtMs = nowMs;
      const untilS = Math.ceil((nowMs + ANSWERING_MS) / 1000);
      void this.tellTeam({ kind: 'answering', conversation, untilS });
    }
  }

  /** Whether the inbox shows a conversation. */
  takes(conversation: string): boolean {
    return isTaken(this.team, this.filter, conversation);
  }

  /** What somebody of the team is called here; undefined: whoever is no longer known at all. */
  calls(staff: StaffView | undefined): string {
    const { formerly, me, unnamed } = businessWords().team;
    return staff === undefined
      ? formerly
      : staff.isThis
        ? me
        : staff.name === ''
          ? unnamed[staff.role]
          : staff.name;
  }

  /** What the writer of a note is called here: somebody of the team, or the agent. */
  authorOf(device: string): string {
    return device === this.team.agent.device
      ? businessWords().team.agent
      : this.calls(this.team.staff.find((one) => one.device === device));
  }

  /** What a row of the inbox shows of the team: who looks after it, and the first label. */
  marksOf(conversation: string): readonly string[] {
    const assignee = assigneeOf(this.team, conversation);
    const [label] = labelsOf(this.team, conversation);
    const name = assignee && this.calls(assignee);
    return [...(label === undefined ? [] : [`# ${label}`]), ...(name === undefined ? [] : [name])];
  }

  /** What the editors of hours and tables were answered. */
  became(view: BusinessView | undefined): void {
    this.view = view ?? this.view;
  }

  #hear(told: Told): void {
    if (told.what === 'team') {
      this.#learn(told.team);
    } else if (told.what === 'agent_changed') {
      const dates = this.#gathered.get(told.changed) ?? new Set();
      for (const date of told.dates.length === 0 ? [''] : told.dates) {
        dates.add(date);
      }
      this.#gathered.set(told.changed, dates);
      this.#flush.cause();
    } else if (told.what === 'moved') {
      void this.read();
    }
  }

  async #takeIn(): Promise<void> {
    const changed = new Map(this.#gathered);
    this.#gathered.clear();
    this.isAway = false;
    const datesOf = (part: string): readonly string[] | undefined => {
      const dates = changed.get(part);
      return dates?.has('') === true ? [] : dates && [...dates];
    };
    const [bookings, waiting] = [datesOf('bookings'), datesOf('waiting')];
    await Promise.all([
      changed.has('business') ? this.read() : undefined,
      bookings && this.plan.changed(bookings),
      waiting && this.waiting.changed(),
      changed.has('queue') ? this.waiting.changed() : undefined,
      changed.has('customers') ? this.guests.changed() : undefined,
    ]);
  }

  /** Read the house anew. */
  async read(): Promise<void> {
    const view = await this.attempt(() => this.agent.ask('business.get', {}));
    this.became(view);
  }

  #learn(team: TeamView): void {
    const wasAway = this.isAway;
    this.team = team;
    this.isAway = !team.agent.isThere;
    if (wasAway && !this.isAway) {
      void this.read();
      void this.plan.changed([]);
      void this.waiting.changed();
    }
  }

  #wait(): void {
    this.#tick = this.#side.timers.setTimeout(() => {
      this.nowMs = this.#side.timers.now();
      this.#wait();
    }, TICK_MS);
  }
}
