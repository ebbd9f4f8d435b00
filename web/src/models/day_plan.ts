/** A day of a business as a picture: rows of resources, and what lies on them from when to when. */

import type {
  BlockView,
  BookingView,
  BusinessView,
  DayPlanView,
  ResourceView,
} from '../sdk/protocol.ts';
import { dateAt, minuteAt } from './local_time.ts';

/** Where the picture begins and ends, in minutes of its day, on the hour. */
export interface Axis {
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** A booking or block on one row. Those that overlap lie in `lanes` below each other. */
export interface Piece {
  readonly key: string;
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly lane: number;
  readonly lanes: number;
  readonly booking?: BookingView;
  readonly block?: BlockView;
}

/** `identifier`: empty in the row of bookings that have no place yet, and of those that are off. */
export interface Row {
  readonly identifier: string;
  readonly isOff: boolean;
  readonly resource: ResourceView | undefined;
  readonly pieces: readonly Piece[];
}

export interface Area {
  readonly name: string;
  readonly rows: readonly Row[];
}

/** Where somebody wants to put a booking. */
export interface Target {
  readonly resource: string;
  readonly minute: number;
}

/** What staff can say of a booking with one tap. */
export type Step = 'confirm' | 'decline' | 'cancel' | 'seated' | 'completed' | 'no_show';

/** What speaks against a target; the agent has the last word. */
export type Verdict = 'same' | 'free' | 'small' | 'taken' | 'blocked';

const HOUR = 60;
const USUAL: Axis = { fromMinute: 10 * HOUR, toMinute: 22 * HOUR };
const SHORTEST_MINUTES = 6 * HOUR;
const OFF: ReadonlySet<string> = new Set(['declined', 'cancelled']);
const OVER: ReadonlySet<string> = new Set(['declined', 'cancelled', 'completed', 'no_show']);

const STEPS: Readonly<Record<BookingView['state'], readonly Step[]>> = {
  pending: ['confirm', 'decline'],
  held: ['confirm', 'decline'],
  confirmed: ['seated', 'no_show'],
  seated: ['completed'],
  declined: [],
  cancelled: [],
  completed: [],
  no_show: [],
};

/** What is next for a booking: nobody sits down before its day, or is missing before its time. */
export function stepsOf({ startsAtS, state, zone }: BookingView, nowMs: number): readonly Step[] {
  const isItsDay = dateAt(startsAtS, zone) <= dateAt(nowMs / 1000, zone);
  return STEPS[state].filter(
    (step) => (step !== 'seated' || isItsDay) && (step !== 'no_show' || startsAtS * 1000 <= nowMs),
  );
}

/** Whether a booking takes its place: neither off nor over. */
export function isLive({ state }: BookingView): boolean {
  return !OVER.has(state);
}

/** Whether a booking is off. */
export function isOff({ state }: BookingView): boolean {
  return OFF.has(state);
}

/** Guests that come, or have come. */
export function coversOf({ bookings }: DayPlanView): number {
  return bookings
    .filter(({ state }) => !OFF.has(state) && state !== 'no_show')
    .reduce((sum, { party }) => sum + party, 0);
}

/** From opening to closing, and as far as anything is booked beyond. */
export function axisOf(days: readonly DayPlanView[], zone: string, showsOff = false): Axis {
  const ends = days.flatMap(({ opening, bookings }) => [
    ...opening.spans.flatMap(({ opensMinute, closesMinute }) => [opensMinute, closesMinute]),
    ...bookings
      .filter((booking) => showsOff || !isOff(booking))
      .flatMap(({ startsAtS, endsAtS }) =>
        [startsAtS, endsAtS].map((atS) => minuteAt(atS, opening.date, zone)),
      ),
  ]);
  if (ends.length === 0) {
    return USUAL;
  }
  const fromMinute = Math.floor(Math.min(...ends) / HOUR) * HOUR;
  const toMinute = Math.ceil(Math.max(...ends) / HOUR) * HOUR;
  return { fromMinute, toMinute: Math.max(toMinute, fromMinute + SHORTEST_MINUTES) };
}

/**
 * The rows of a day by area, in the order in which the business named them. What is off takes no
 * place: it has a row of its own below them, if it is shown.
 */
export function areasOf(
  day: DayPlanView,
  business: BusinessView,
  zone: string,
  showsOff = false,
): readonly Area[] {
  const { bookings, blocks, opening } = day;
  const shown = bookings.filter((booking) => !isOff(booking));
  const at: Placing = ({ startsAtS, endsAtS }) => ({
    fromMinute: minuteAt(startsAtS, opening.date, zone),
    toMinute: minuteAt(endsAtS, opening.date, zone),
  });
  const rows = business.resources.map((resource): Row => {
    const { identifier } = resource;
    const here = shown.filter(({ resources }) => resources.includes(identifier));
    const closed = blocks.filter(
      ({ resources }) => resources.length === 0 || resources.includes(identifier),
    );
    return { identifier, isOff: false, resource, pieces: piecesOf(here, closed, at) };
  });
  const loose = shown.filter(
    ({ resources }) => !resources.some((one) => hasResource(business, one)),
  );
  const areas = [...Map.groupBy(rows, ({ resource }) => resource?.area ?? '')].map(
    ([name, inside]) => ({ name, rows: inside }),
  );
  const ownRow = (held: readonly BookingView[], areOff: boolean): readonly Area[] => {
    const row = { identifier: '', isOff: areOff, resource: undefined };
    return held.length === 0
      ? []
      : [{ name: '', rows: [{ ...row, pieces: piecesOf(held, [], at) }] }];
  };
  return [
    ...ownRow(loose, false),
    ...areas,
    ...ownRow(showsOff ? bookings.filter(isOff) : [], true),
  ];
}

type Placing = (lying: {
  readonly startsAtS: number;
  readonly endsAtS: number;
}) => Pick<Piece, 'fromMinute' | 'toMinute'>;

function hasResource({ resources }: BusinessView, identifier: string): boolean {
  return resources.some((one) => one.identifier === identifier);
}

/** Each piece in the first lane that is free when it begins. */
function piecesOf(
  bookings: readonly BookingView[],
  blocks: readonly BlockView[],
  at: Placing,
): readonly Piece[] {
  const lying = [
    ...bookings.map((booking) => ({ key: booking.uid, booking, ...at(booking) })),
    ...blocks.map((block) => ({ key: block.id, block, ...at(block) })),
  ].sort((one, other) => one.fromMinute - other.fromMinute || (one.key < other.key ? -1 : 1));
  const ends: number[] = [];
  const laid = lying.map((piece) => {
    const free = ends.findIndex((end) => end <= piece.fromMinute);
    const lane = free === -1 ? ends.length : free;
    ends[lane] = piece.toMinute;
    return { ...piece, lane };
  });
  return laid.map((piece) => ({ ...piece, lanes: ends.length }));
}

/**
 * The resources for a party at this one: itself, or the smallest combination with it that is large
 * enough; undefined when there is none.
 */
export function seatingAt(
  business: BusinessView,
  resource: string,
  party: number,
): readonly string[] | undefined {
  const fits = (one: { readonly minParty: number; readonly maxParty: number }): boolean =>
    party <= one.maxParty;
  const alone = business.resources.find(({ identifier }) => identifier === resource);
  if (alone !== undefined && fits(alone)) {
    return [resource];
  }
  const [together] = business.combinations
    .filter((one) => one.resources.includes(resource) && fits(one))
    .sort((one, other) => one.maxParty - other.maxParty);
  return together?.resources;
}

/** Where a booking would lie: its own places when it stays on one of its rows. */
export function placesAt(
  business: BusinessView,
  booking: BookingView,
  resource: string,
): readonly string[] | undefined {
  return booking.resources.includes(resource) || (resource === '' && booking.resources.length === 0)
    ? booking.resources
    : seatingAt(business, resource, booking.party);
}

/** What speaks against putting a booking there. */
export function verdictOn(
  day: DayPlanView,
  business: BusinessView,
  booking: BookingView,
  { resource, minute }: Target,
): Verdict {
  const { zone } = booking;
  const { date } = day.opening;
  const places = placesAt(business, booking, resource);
  if (places === undefined) {
    return 'small';
  }
  const from = minuteAt(booking.startsAtS, date, zone);
  if (places === booking.resources && minute === from) {
    return 'same';
  }
  const to = minute + (booking.endsAtS - booking.startsAtS) / 60;
  const meets = (other: { readonly startsAtS: number; readonly endsAtS: number }): boolean =>
    minuteAt(other.startsAtS, date, zone) < to && minuteAt(other.endsAtS, date, zone) > minute;
  const shares = (others: readonly string[]): boolean => others.some((one) => places.includes(one));
  if (
    day.bookings.some(
      (other) =>
        other.uid !== booking.uid && isLive(other) && shares(other.resources) && meets(other),
    )
  ) {
    return 'taken';
  }
  const isBlocked = day.blocks.some(
    (block) => (block.resources.length === 0 || shares(block.resources)) && meets(block),
  );
  return isBlocked ? 'blocked' : 'free';
}
