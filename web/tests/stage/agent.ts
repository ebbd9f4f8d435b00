/**
 * A played agent and team: enough of their rules to try every page, none of their safety. What staff
 * do is seen at once, and told as the real agent tells it.
 */

import { coversOf } from '../../src/models/day_plan.ts';
import { addDays, dateAt, daysBetween, momentOf, weekdayOf } from '../../src/models/local_time.ts';
import type {
  AgentOperation,
  AgentOperations,
  AgentParams,
  AgentPart,
  BlockView,
  BookingView,
  BusinessView,
  CustomerView,
  DayPlanView,
  HoursView,
  OpeningView,
  Operations,
  TeamFact,
  TeamView,
  TicketView,
  Told,
  WaitingView,
} from '../../src/sdk/protocol.ts';
import { mergingOf } from '../../src/models/merging.ts';
import { NO_TEAM } from '../../src/models/team.ts';
import { refusal } from './refusal.ts';
import {
  AGENT_DEVICE,
  blocksOn,
  bookingsOn,
  customers,
  figureDays,
  linde,
  queueAt,
  SERVICE,
  teamOf,
  waitingFrom,
  ZONE,
} from './linde.ts';

const TURN_MINUTES = 120;
const HOLIDAYS: Readonly<Record<string, string>> = { '12-25': '1. Weihnachtstag' };

type Played = { readonly [K in AgentOperation]: AgentOperations[K] };

/** The device of this page. */
interface Here {
  readonly nowMs: () => number;
  tell(told: Told): void;
}

export class PlayedAgent {
  isThere = true;
  view: BusinessView | undefined;
  team: TeamView = NO_TEAM;
  waiting: WaitingView[] = [];
  queue: TicketView[] = [];
  guests: CustomerView[] = [];
  /** What is refused, and with which code. */
  readonly refusing = new Map<AgentOperation, string>();
  readonly asked: { readonly operation: AgentOperation; readonly params: unknown }[] = [];
  readonly #bookings = new Map<string, BookingView>();
  readonly #blocks = new Map<string, BlockView>();
  readonly #filled = new Set<string>();
  readonly #here: Here;
  #last = 0;

  constructor(here: Here) {
    this.#here = here;
  }

  /** A restaurant in full swing; `isEmpty`: on its first day. */
  open(isEmpty = false): void {
    const nowMs = this.#here.nowMs();
    const business = linde(this.today);
    this.view = isEmpty ? { ...business, resources: [], combinations: [] } : business;
    this.team = isEmpty ? NO_TEAM : teamOf(nowMs);
    if (isEmpty) {
      this.#filled.add('all');
      return;
    }
    this.waiting = waitingFrom(this.today, Math.floor(nowMs / 1000));
    this.queue = queueAt(Math.floor(nowMs / 1000));
    this.guests = customers(Math.floor(nowMs / 1000));
  }

  get today(): string {
    return dateAt(this.#here.nowMs() / 1000, ZONE);
  }

  operations(): Pick<Operations, 'askAgent' | 'team' | 'tellTeam'> {
    return {
      askAgent: ({ operation, params }) => this.#ask(operation, params),
      team: () => this.team,
      tellTeam: ({ fact }) => {
        this.#take(fact);
        return undefined;
      },
    };
  }

  /** A guest books in the chat. */
  guestBooks(fields: Partial<BookingView>): BookingView {
    const [first] = bookingsOn(addDays(this.today, 1), this.today, 0);
    const blank = first ?? ({} as BookingView);
    const booking = { ...blank, uid: this.#id(), sequence: 1, ...fields };
    this.#bookings.set(booking.uid, booking);
    this.#changed('bookings', [dateAt(booking.startsAtS, ZONE)]);
    return booking;
  }

  /** The agent goes away, or is back. */
  turn(isThere: boolean): void {
    this.isThere = isThere;
    const lastThereMs = this.#here.nowMs() - 5_400_000;
    this.#teamIs({ agent: { device: AGENT_DEVICE, isThere, lastThereMs } });
  }

  #ask(operation: AgentOperation, params: unknown): unknown {
    this.asked.push({ operation, params });
    const code = this.refusing.get(operation);
    if (!this.isThere || this.view === undefined) {
      throw refusal('agent_away');
    }
    if (code !== undefined) {
      throw refusal(code);
    }
    const play = this.#played(this.view)[operation] as (asked: unknown) => unknown;
    return play(params);
  }

  #played(view: BusinessView): Played {
    return {
      'business.get': () => view,
      'business.setHours': ({ hours }) => this.#becomes({ ...view, hours }),
      'business.setTables': (tables) => this.#becomes({ ...view, ...tables }),
      'business.setServices': ({ services }) => this.#becomes({ ...view, services }),
      'business.setWords': (said) => this.#becomes({ ...view, ...said }),
      'business.previewHours': ({ hours, from, days }) =>
        datesFrom(from, days).map((date) => openingOn(hours, date)),
      'figures.get': ({ from, days }) => ({
        days: view.resources.length === 0 ? [] : figureDays(from, days),
        newGuests: 31,
        returningGuests: 54,
        answerMedianS: 0.2,
        answerP95S: 240,
      }),
      ...this.#books(view),
      ...this.#waits(),
      ...this.#knows(),
    };
  }

  #books(view: BusinessView): Pick<Played, Extract<AgentOperation, `bo${string}` | `bl${string}`>> {
    return {
      'bookings.plan': ({ from, days }) =>
        datesFrom(from, days).map((date) => this.#day(view, date)),
      'bookings.available': ({ date, party }) => this.#available(view, date, party),
      'bookings.book': (asked) => {
        const { token, startsAtS, party, underName, telephone, note, source } = asked;
        const known = this.#bookings.get(token);
        const [first] = bookingsOn(addDays(this.today, 1), this.today, 0);
        const resources = asked.resources ?? this.#placeFor(view, party, startsAtS);
        const booking = known ?? {
          ...(first ?? ({} as BookingView)),
          ...{ uid: token, startsAtS, party, underName, telephone, note, source, resources },
          ...{ conversation: '', customer: '', state: 'confirmed' as const, sequence: 1 },
          endsAtS: startsAtS + TURN_MINUTES * 60,
        };
        return this.#put(booking);
      },
      'bookings.move': ({ uid, sequence, startsAtS, resources, party }) => {
        const old = this.#fresh(uid, sequence);
        const begin = startsAtS ?? old.startsAtS;
        const endsAtS = begin + old.endsAtS - old.startsAtS;
        const places = resources ?? old.resources;
        const moved = { ...old, startsAtS: begin, endsAtS, resources: places };
        return this.#put({ ...moved, party: party ?? old.party, sequence: sequence + 1 });
      },
      'bookings.confirm': (asked) => this.#step(asked, 'confirmed'),
      'bookings.decline': (asked) => this.#step(asked, 'declined'),
      'bookings.cancel': (asked) => this.#step(asked, 'cancelled'),
      'bookings.attend': (asked) => this.#step(asked, asked.state),
      'bookings.counter': (asked) => this.#step(asked, 'pending'),
      'bookings.note': ({ uid, note }) => this.#put({ ...this.#known(uid), note }),
      'blocks.add': (asked) => {
        const block: BlockView = { id: this.#id(), source: 'staff', ...asked };
        this.#blocks.set(block.id, block);
        return block;
      },
      'blocks.remove': ({ id }) => {
        this.#blocks.delete(id);
        return {};
      },
    };
  }

  #waits(): Pick<Played, Extract<AgentOperation, `waiting.${string}` | `queue.${string}`>> {
    const ticket = (id: string, state: TicketView['state']): TicketView => {
      const found = this.queue.find((one) => one.id === id);
      if (found === undefined) {
        throw refusal('unknown');
      }
      const changed = { ...found, state };
      this.queue = this.queue.map((one) => (one.id === id ? changed : one));
      return changed;
    };
    return {
      'waiting.list': () => this.waiting,
      'waiting.add': (wish) => {
        const addedAtS = Math.floor(this.#here.nowMs() / 1000);
        const state = 'waiting' as const;
        const added = {
          ...wish,
          id: this.#id(),
          conversation: '',
          state,
          offeredUntilS: 0,
          addedAtS,
        };
        this.waiting.push(added);
        return added;
      },
      'waiting.remove': ({ id }) => {
        this.waiting = this.waiting.filter((one) => one.id !== id);
        return {};
      },
      'queue.list': () => this.queue,
      'queue.add': (asked) => {
        const number = Math.max(10, ...this.queue.map((one) => one.number)) + 1;
        const addedAtS = Math.floor(this.#here.nowMs() / 1000);
        const state = 'waiting' as const;
        const added = { ...asked, id: this.#id(), number, state, addedAtS, estimatedWaitS: 1800 };
        this.queue.push(added);
        return added;
      },
      'queue.call': ({ id }) => ticket(id, 'called'),
      'queue.seat': ({ id }) => ticket(id, 'seated'),
      'queue.remove': ({ id }) => {
        this.queue = this.queue.filter((one) => one.id !== id);
        return {};
      },
    };
  }

  #knows(): Pick<Played, Extract<AgentOperation, `customers.${string}`>> {
    const guest = (id: string): CustomerView => {
      const found = this.guests.find((one) => one.id === id);
      if (found === undefined) {
        throw refusal('unknown');
      }
      return found;
    };
    return {
      'customers.list': ({ query, limit, after }) => {
        const wanted = query.toLowerCase();
        const found = this.guests.filter(({ name }) => name.toLowerCase().includes(wanted));
        const from = after === '' ? 0 : Number(after);
        const next = from + limit < found.length ? String(from + limit) : '';
        return { customers: found.slice(from, from + limit), next };
      },
      'customers.get': ({ id }) => guest(id),
      'customers.note': ({ id, note }) => {
        const changed = { ...guest(id), note };
        this.guests = this.guests.map((one) => (one.id === id ? changed : one));
        return changed;
      },
      'customers.merge': ({ id, into }) => {
        const merging = mergingOf(guest(into), guest(id));
        if (typeof merging === 'string' || merging.kept.id !== into) {
          throw refusal('bad_params');
        }
        const others = this.guests.filter((one) => one.id !== id);
        this.guests = others.map((one) => (one.id === into ? merging.result : one));
        return merging.result;
      },
      'customers.export': ({ id }) => ({
        file: JSON.stringify(guest(id)),
        mediaType: 'application/json',
      }),
      'customers.erase': ({ id }) => {
        guest(id);
        this.guests = this.guests.filter((one) => one.id !== id);
        return { erased: { customers: 1, bookings: 4, notes: 1 } };
      },
    };
  }

  #day(view: BusinessView, date: string): DayPlanView {
    if (!this.#filled.has(date) && !this.#filled.has('all')) {
      this.#filled.add(date);
      const index = Math.max(0, daysBetween(this.today, date));
      for (const booking of bookingsOn(date, this.today, index)) {
        this.#bookings.set(booking.uid, booking);
      }
      for (const block of blocksOn(date)) {
        this.#blocks.set(block.id, block);
      }
    }
    const isHere = ({ startsAtS }: { readonly startsAtS: number }): boolean =>
      dateAt(startsAtS, ZONE) === date;
    return {
      opening: openingOn(view.hours, date),
      bookings: [...this.#bookings.values()].filter(isHere),
      blocks: [...this.#blocks.values()].filter(isHere),
      waiting: this.waiting.filter((one) => one.date === date),
    };
  }

  #available(
    view: BusinessView,
    date: string,
    party: number,
  ): ReturnType<AgentOperations['bookings.available']> {
    const { spans } = openingOn(view.hours, date);
    const why =
      party > 8
        ? 'party_too_large'
        : spans.length === 0
          ? 'closed'
          : coversOf(this.#day(view, date)) > 60
            ? 'full'
            : '';
    const starts = spans.flatMap(({ opensMinute, closesMinute }) =>
      Array.from(
        { length: Math.max(0, (closesMinute - opensMinute - 60) / SERVICE.slotIntervalMinutes) },
        (_, at) => opensMinute + at * SERVICE.slotIntervalMinutes,
      ),
    );
    const slots = starts.map((minute) => ({
      startsAtS: momentOf(date, minute, ZONE),
      durationS: TURN_MINUTES * 60,
    }));
    return { slots: why === '' ? slots : [], why };
  }

  #placeFor(view: BusinessView, party: number, startsAtS: number): readonly string[] {
    const date = dateAt(startsAtS, ZONE);
    const taken = new Set(
      this.#day(view, date).bookings.flatMap(({ resources, endsAtS, startsAtS: begin }) =>
        begin < startsAtS + TURN_MINUTES * 60 && endsAtS > startsAtS ? resources : [],
      ),
    );
    const free = view.resources.find(
      ({ identifier, maxParty }) => maxParty >= party && !taken.has(identifier),
    );
    return free === undefined ? [] : [free.identifier];
  }

  #known(uid: string): BookingView {
    const found = this.#bookings.get(uid);
    if (found === undefined) {
      throw refusal('unknown');
    }
    return found;
  }

  #fresh(uid: string, sequence: number): BookingView {
    const found = this.#known(uid);
    if (found.sequence !== sequence) {
      throw refusal('outdated');
    }
    return found;
  }

  #step(
    { uid, sequence }: AgentParams<'bookings.confirm'>,
    state: BookingView['state'],
  ): BookingView {
    return this.#put({ ...this.#fresh(uid, sequence), state, sequence: sequence + 1 });
  }

  #put(booking: BookingView): BookingView {
    this.#bookings.set(booking.uid, booking);
    this.#changed('bookings', [dateAt(booking.startsAtS, ZONE)]);
    return booking;
  }

  #becomes(view: BusinessView): BusinessView {
    this.view = view;
    this.#changed('business', []);
    return view;
  }

  #changed(changed: AgentPart, dates: readonly string[]): void {
    this.#here.tell({ what: 'agent_changed', changed, dates });
  }

  #take(fact: TeamFact): void {
    const { team } = this;
    const [me = ''] = team.staff.filter(({ isThis }) => isThis).map(({ device }) => device);
    const without = <T extends { readonly conversation: string }>(list: readonly T[]): T[] =>
      'conversation' in fact ? list.filter((one) => one.conversation !== fact.conversation) : [];
    switch (fact.kind) {
      case 'assignment':
        this.#teamIs({ assignments: [...without(team.assignments), fact] });
        break;
      case 'label': {
        const { conversation, label } = fact;
        const others = team.labels.filter(
          (one) => one.conversation !== conversation || one.label !== label,
        );
        this.#teamIs({ labels: fact.isOn ? [...others, { conversation, label }] : others });
        break;
      }
      case 'note': {
        const others = team.notes.filter(({ id }) => id !== fact.id);
        const note = { ...fact, device: me, atMs: this.#here.nowMs() };
        this.#teamIs({ notes: fact.text === '' ? others : [...others, note] });
        break;
      }
      case 'quickReply': {
        const others = team.quickReplies.filter(({ id }) => id !== fact.id);
        this.#teamIs({ quickReplies: fact.text === '' ? others : [...others, fact] });
        break;
      }
      case 'answering':
        this.#teamIs({
          answering: [...team.answering, { ...fact, device: me, untilMs: fact.untilS * 1000 }],
        });
        break;
      case 'staffName':
        this.#teamIs({
          staff: team.staff.map((one) => (one.device === fact.device ? { ...one, ...fact } : one)),
        });
    }
  }

  #teamIs(fields: Partial<TeamView>): void {
    this.team = { ...this.team, ...fields };
    this.#here.tell({ what: 'team', team: this.team });
  }

  #id(): string {
    this.#last += 1;
    return `new-${this.#last}`;
  }
}

function datesFrom(from: string, days: number): readonly string[] {
  return Array.from({ length: days }, (_, at) => addDays(from, at));
}

function openingOn(hours: HoursView, date: string): OpeningView {
  const special = hours.specialDays.find((one) => one.date === date);
  const holiday = hours.holidays === null ? '' : (HOLIDAYS[date.slice(5)] ?? '');
  const weekly = hours.weekly[weekdayOf(date)] ?? [];
  const isShut = holiday !== '' && hours.holidays?.isOpen === false;
  const spans = special?.spans ?? (isShut ? [] : weekly);
  return { date, spans, note: special?.note ?? '', holiday };
}
