/**
 * What a business's agent is asked and answers, as the page knows it: a part of protocol.ts.
 *
 * Moments and lengths are whole seconds (`...S`, since the Unix epoch), dates are `2026-11-27` as
 * the business's wall has them, minutes count from the local midnight and may pass 1440.
 */

import type { BookingState } from './card_shapes.ts';
import type { WordingView } from './profile_shapes.ts';

export type BookingSource = 'chat' | 'staff' | 'walk_in' | 'calendar';

/** `sequence` is named by whoever changes it: an older one is refused. */
export interface BookingView {
  readonly uid: string;
  readonly sequence: number;
  readonly state: BookingState;
  readonly party: number;
  readonly service: string;
  readonly startsAtS: number;
  readonly endsAtS: number;
  readonly zone: string;
  readonly underName: string;
  readonly telephone: string;
  readonly note: string;
  readonly resources: readonly string[];
  readonly isPinned: boolean;
  readonly source: BookingSource;
  /** Hex, or empty. */
  readonly conversation: string;
  readonly holdUntilS: number;
  readonly bookedAtS: number;
  readonly modifiedAtS: number;
  /** An id, or empty. */
  readonly customer: string;
}

/** A time in which nothing is booked at these resources, or with none named at all of them. */
export interface BlockView {
  readonly id: string;
  readonly resources: readonly string[];
  readonly startsAtS: number;
  readonly endsAtS: number;
  readonly note: string;
  readonly source: 'staff' | 'calendar';
}

export interface WaitingView {
  readonly id: string;
  readonly date: string;
  readonly party: number;
  readonly fromS: number;
  readonly untilS: number;
  readonly underName: string;
  readonly conversation: string;
  readonly state: 'waiting' | 'offered' | 'taken' | 'expired';
  readonly offeredUntilS: number;
  readonly addedAtS: number;
}

/** Somebody at the door. */
export interface TicketView {
  readonly id: string;
  readonly number: number;
  readonly party: number;
  readonly underName: string;
  readonly state: 'waiting' | 'called' | 'seated' | 'gone';
  readonly addedAtS: number;
  readonly estimatedWaitS: number;
}

export interface OpenSpanView {
  readonly opensMinute: number;
  readonly closesMinute: number;
}

export interface OpeningView {
  readonly date: string;
  readonly spans: readonly OpenSpanView[];
  readonly note: string;
  readonly holiday: string;
}

export interface DayPlanView {
  readonly opening: OpeningView;
  readonly bookings: readonly BookingView[];
  readonly blocks: readonly BlockView[];
  readonly waiting: readonly WaitingView[];
}

export interface SpecialDayView {
  readonly date: string;
  readonly spans: readonly OpenSpanView[];
  readonly note: string;
}

/** `state` is a federal state's ISO 3166-2 code without its country: `BY`. */
export interface HolidaysView {
  readonly state: string;
  readonly assumptionDay: boolean;
  readonly peaceFestival: boolean;
  readonly isOpen: boolean;
}

/** `weekly`: seven lists of spans, Monday first. */
export interface HoursView {
  readonly weekly: readonly (readonly OpenSpanView[])[];
  readonly specialDays: readonly SpecialDayView[];
  readonly holidays: HolidaysView | null;
}

export type ResourceKind = 'table' | 'person' | 'room' | 'chair';

export interface ResourceView {
  readonly identifier: string;
  readonly kind: ResourceKind;
  readonly minParty: number;
  readonly maxParty: number;
  readonly area: string;
  readonly priority: number;
}

export interface CombinationView {
  readonly resources: readonly string[];
  readonly minParty: number;
  readonly maxParty: number;
}

export interface ServiceView {
  readonly identifier: string;
  readonly name: string;
  readonly slotIntervalMinutes: number;
  readonly turnTimes: readonly { readonly partyMax: number; readonly minutes: number }[];
  readonly bufferBeforeMinutes: number;
  readonly bufferAfterMinutes: number;
  readonly minNoticeMinutes: number;
  readonly bookingWindowDays: number;
  readonly cancelUntilMinutes: number;
  readonly holdMinutes: number;
  readonly pacing: null | { readonly slotMinutes: number; readonly maxCovers: number };
  readonly confirmationMode: 'automatic' | 'by_hand';
  readonly resources: readonly string[];
  readonly maxParty: number;
  readonly offerMinutes: number;
  readonly reminderMinutes: number;
}

/** What the house says by itself; in the away text `{opens}` is the next opening. */
export interface HouseWords {
  readonly greeting: WordingView;
  readonly away: WordingView;
}

export interface BusinessView extends HouseWords {
  readonly name: string;
  readonly kind: 'restaurant' | 'hairdresser' | 'shop';
  readonly language: string;
  readonly telephone: string;
  readonly zone: string;
  readonly hours: HoursView;
  readonly services: readonly ServiceView[];
  readonly resources: readonly ResourceView[];
  readonly combinations: readonly CombinationView[];
}

export interface CustomerView {
  readonly id: string;
  readonly name: string;
  readonly conversation: string;
  readonly language: string;
  readonly visits: number;
  readonly noShows: number;
  readonly upcoming: number;
  readonly firstSeenS: number;
  readonly lastSeenS: number;
  readonly note: string;
}

export interface FigureDay {
  readonly date: string;
  readonly covers: number;
  readonly bookings: number;
  readonly cancelled: number;
  readonly noShows: number;
  readonly walkIns: number;
}

export interface FiguresView {
  readonly days: readonly FigureDay[];
  readonly newGuests: number;
  readonly returningGuests: number;
  readonly answerMedianS: number;
  readonly answerP95S: number;
}

export interface AvailableView {
  readonly slots: readonly { readonly startsAtS: number; readonly durationS: number }[];
  /** Why there are none, as a word of the domain; empty when there are some. */
  readonly why: string;
}

interface One {
  readonly uid: string;
  readonly sequence: number;
}

interface Ided {
  readonly id: string;
}

interface Days {
  readonly from: string;
  readonly days: number;
}

type Nothing = Readonly<Record<string, never>>;

/** Every operation of the agent that the page uses. */
export interface AgentOperations {
  'business.get': (params: Nothing) => BusinessView;
  'business.setHours': (params: { readonly hours: HoursView }) => BusinessView;
  'business.previewHours': (params: Days & { readonly hours: HoursView }) => readonly OpeningView[];
  'business.setTables': (params: {
    readonly resources: readonly ResourceView[];
    readonly combinations: readonly CombinationView[];
  }) => BusinessView;
  'business.setServices': (params: { readonly services: readonly ServiceView[] }) => BusinessView;
  'business.setWords': (params: HouseWords) => BusinessView;
  'bookings.plan': (params: Days) => readonly DayPlanView[];
  'bookings.available': (params: {
    readonly date: string;
    readonly party: number;
    readonly service: string;
    readonly insteadOf?: string;
  }) => AvailableView;
  'bookings.book': (params: {
    /** The same booking asked for twice has the same token. */
    readonly token: string;
    readonly service: string;
    readonly startsAtS: number;
    readonly party: number;
    readonly underName: string;
    readonly telephone: string;
    readonly note: string;
    readonly resources?: readonly string[];
    readonly source: 'staff' | 'walk_in';
  }) => BookingView;
  'bookings.move': (
    params: One & {
      readonly startsAtS?: number;
      readonly resources?: readonly string[];
      readonly party?: number;
    },
  ) => BookingView;
  'bookings.confirm': (params: One) => BookingView;
  'bookings.decline': (params: One) => BookingView;
  'bookings.cancel': (params: One) => BookingView;
  'bookings.counter': (params: One & { readonly startsAtS: number }) => BookingView;
  'bookings.attend': (
    params: One & { readonly state: 'seated' | 'completed' | 'no_show' },
  ) => BookingView;
  'bookings.note': (params: { readonly uid: string; readonly note: string }) => BookingView;
  'blocks.add': (params: Omit<BlockView, 'id' | 'source'>) => BlockView;
  'blocks.remove': (params: Ided) => Nothing;
  'waiting.list': (params: Days) => readonly WaitingView[];
  'waiting.add': (
    params: Pick<WaitingView, 'date' | 'party' | 'fromS' | 'untilS' | 'underName'>,
  ) => WaitingView;
  'waiting.remove': (params: Ided) => Nothing;
  'queue.list': (params: Nothing) => readonly TicketView[];
  'queue.add': (params: { readonly party: number; readonly underName: string }) => TicketView;
  'queue.call': (params: Ided) => TicketView;
  'queue.seat': (params: Ided) => TicketView;
  'queue.remove': (params: Ided) => Nothing;
  'customers.list': (params: {
    readonly query: string;
    readonly limit: number;
    readonly after: string;
  }) => { readonly customers: readonly CustomerView[]; readonly next: string };
  'customers.get': (params: Ided) => CustomerView;
  'customers.note': (params: Ided & { readonly note: string }) => CustomerView;
  'customers.merge': (params: Ided & { readonly into: string }) => CustomerView;
  'customers.export': (params: Ided) => { readonly file: string; readonly mediaType: string };
  'customers.erase': (params: Ided) => { readonly erased: Readonly<Record<string, number>> };
  'figures.get': (params: Days) => FiguresView;
}

export type AgentOperation = keyof AgentOperations;
export type AgentParams<K extends AgentOperation> = Parameters<AgentOperations[K]>[0];
export type AgentResult<K extends AgentOperation> = ReturnType<AgentOperations[K]>;

/** What of the agent's book has changed. */
export type AgentPart = 'bookings' | 'waiting' | 'queue' | 'business' | 'customers';

export interface AgentChange {
  readonly what: 'agent_changed';
  readonly changed: AgentPart;
  readonly dates: readonly string[];
}
