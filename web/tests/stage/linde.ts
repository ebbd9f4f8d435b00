/** The restaurant "Zur Linde" with a full evening, its guests and its team: what the played agent knows. */

import { addDays, momentOf, weekdayOf } from '../../src/models/local_time.ts';
import type {
  BlockView,
  BookingView,
  BusinessView,
  CustomerView,
  FigureDay,
  ResourceView,
  ServiceView,
  TeamView,
  TicketView,
  WaitingView,
} from '../../src/sdk/protocol.ts';
import { IDS } from './people.ts';

export const ZONE = 'Europe/Berlin';
const EVENING = { opensMinute: 17 * 60 + 30, closesMinute: 23 * 60 };
const NOON = { opensMinute: 11 * 60 + 30, closesMinute: 15 * 60 };

const table = (
  identifier: string,
  minParty: number,
  maxParty: number,
  area: string,
): ResourceView => ({ identifier, kind: 'table', minParty, maxParty, area, priority: 0 });

export const SERVICE: ServiceView = {
  identifier: 'table',
  name: 'Tisch',
  slotIntervalMinutes: 30,
  turnTimes: [
    { partyMax: 2, minutes: 90 },
    { partyMax: 6, minutes: 120 },
    { partyMax: 20, minutes: 150 },
  ],
  bufferBeforeMinutes: 0,
  bufferAfterMinutes: 0,
  minNoticeMinutes: 60,
  bookingWindowDays: 60,
  cancelUntilMinutes: 120,
  holdMinutes: 10,
  pacing: null,
  confirmationMode: 'automatic',
  resources: [],
  maxParty: 12,
  offerMinutes: 15,
  reminderMinutes: 1440,
};

export function linde(today: string): BusinessView {
  return {
    name: 'Zur Linde',
    kind: 'restaurant',
    language: 'de',
    telephone: '+49 30 1234567',
    zone: ZONE,
    hours: {
      weekly: [[], [EVENING], [EVENING], [EVENING], [NOON, EVENING], [NOON, EVENING], [NOON]],
      specialDays: [{ date: addDays(today, 9), spans: [], note: 'Betriebsausflug' }],
      holidays: { state: 'BE', assumptionDay: false, peaceFestival: false, isOpen: false },
    },
    services: [SERVICE],
    resources: [
      table('Tisch 1', 1, 2, 'Gaststube'),
      table('Tisch 2', 1, 2, 'Gaststube'),
      table('Tisch 3', 2, 4, 'Gaststube'),
      table('Tisch 4', 2, 4, 'Gaststube'),
      table('Tisch 5', 4, 6, 'Gaststube'),
      table('Tisch 6', 2, 4, 'Terrasse'),
      table('Tisch 7', 2, 4, 'Terrasse'),
      table('Tisch 8', 6, 8, 'Nebenzimmer'),
    ],
    combinations: [{ resources: ['Tisch 3', 'Tisch 4'], minParty: 5, maxParty: 8 }],
    greeting: { de: '', en: '' },
    away: { de: 'Wir sind am {opens} wieder da.', en: '' },
  };
}

type Seat = readonly [
  name: string,
  party: number,
  resources: readonly string[],
  hour: number,
  more?: Partial<BookingView>,
];

const EVENING_SEATS: readonly Seat[] = [
  ['Ben Weber', 2, ['Tisch 1'], 18, { source: 'chat', conversation: IDS.ben, customer: 'k1' }],
  ['Yilmaz', 2, ['Tisch 2'], 18.5, { source: 'staff', telephone: '+49 151 2345678' }],
  [
    'Petra Sommer',
    7,
    ['Tisch 3', 'Tisch 4'],
    19,
    { note: 'Eine Person mit Nussallergie', customer: 'k2' },
  ],
  ['Familie Novak', 5, ['Tisch 5'], 18.5, { note: 'Kinderstuhl', customer: 'k3' }],
  ['Jonas Lang', 2, ['Tisch 1'], 20, { state: 'held' }],
  ['Mia Fischer', 3, ['Tisch 6'], 19.5, { state: 'pending', customer: 'k4' }],
  ['Oskar Roth', 4, ['Tisch 7'], 18, {}],
  ['Kegelclub Gut Holz', 8, ['Tisch 8'], 19, { source: 'staff' }],
  ['Clara Vogel', 2, ['Tisch 2'], 20.5, {}],
];

/** The bookings of one date: a full evening when open, fewer the further away it is. */
export function bookingsOn(date: string, today: string, index: number): BookingView[] {
  const isOpen = weekdayOf(date) !== 0;
  const seats = isOpen ? EVENING_SEATS.slice(0, Math.max(2, 9 - index)) : [];
  return seats.map(([underName, party, resources, hour, more = {}], at) => {
    const noon = weekdayOf(date) === 6 ? 6 : 0;
    const startsAtS = momentOf(date, (hour - noon) * 60, ZONE);
    return {
      uid: `${date}-${at}@linde.example`,
      sequence: 1,
      state: 'confirmed',
      party,
      service: 'table',
      startsAtS,
      endsAtS: startsAtS + (party <= 2 ? 90 : 120) * 60,
      zone: ZONE,
      underName,
      telephone: '',
      note: '',
      resources,
      isPinned: false,
      source: 'chat',
      conversation: '',
      holdUntilS: more.state === 'held' ? momentOf(today, 1410, ZONE) : 0,
      bookedAtS: startsAtS - 86_400,
      modifiedAtS: startsAtS - 86_400,
      customer: '',
      ...more,
    };
  });
}

export function blocksOn(date: string): BlockView[] {
  const [startsAtS, endsAtS] = [momentOf(date, 1050, ZONE), momentOf(date, 1140, ZONE)];
  const note = 'Blumen werden geliefert';
  return weekdayOf(date) === 0 || weekdayOf(date) === 6
    ? []
    : [{ id: `b-${date}`, resources: ['Tisch 6'], startsAtS, endsAtS, note, source: 'staff' }];
}

export function waitingFrom(today: string, nowS: number): WaitingView[] {
  const wish = (
    id: string,
    days: number,
    party: number,
    underName: string,
    more: Partial<WaitingView> = {},
  ): WaitingView => ({
    id,
    date: addDays(today, days),
    party,
    fromS: momentOf(addDays(today, days), 1110, ZONE),
    untilS: momentOf(addDays(today, days), 1230, ZONE),
    underName,
    conversation: '',
    state: 'waiting',
    offeredUntilS: 0,
    addedAtS: nowS - 7200,
    ...more,
  });
  return [
    wish('w1', 0, 2, 'Leyla Kaya', { state: 'offered', offeredUntilS: nowS + 1200 }),
    wish('w2', 0, 4, 'Anton Keller'),
    wish('w3', 2, 6, 'Greta Brandt', { conversation: IDS.request }),
  ];
}

export function queueAt(nowS: number): TicketView[] {
  return [
    {
      id: 'q1',
      number: 11,
      party: 2,
      underName: 'Ella',
      state: 'called',
      addedAtS: nowS - 1500,
      estimatedWaitS: 0,
    },
    {
      id: 'q2',
      number: 12,
      party: 3,
      underName: 'Hugo',
      state: 'waiting',
      addedAtS: nowS - 840,
      estimatedWaitS: 720,
    },
    {
      id: 'q3',
      number: 13,
      party: 2,
      underName: '',
      state: 'waiting',
      addedAtS: nowS - 60,
      estimatedWaitS: 1500,
    },
  ];
}

const PEOPLE = [
  'Ben Weber', 'Petra Sommer', 'Familie Novak', 'Mia Fischer', 'Oskar Roth', 'Clara Vogel',
  'Leyla Kaya', 'Anton Keller', 'Greta Brandt', 'Jonas Lang', 'Theo Schmidt', 'Nora Becker',
  'Malik Hoffmann', 'Yara Petrova', 'Emil Wagner', 'Ida Roth',
]; // prettier-ignore

export function customers(nowS: number): CustomerView[] {
  return PEOPLE.map((name, at) => ({
    id: `k${at + 1}`,
    name,
    conversation: at === 0 ? IDS.ben : '',
    language: at % 5 === 3 ? 'en' : 'de',
    visits: (at * 7 + 4) % 19,
    noShows: at % 6 === 2 ? 1 : 0,
    upcoming: at % 4 === 0 ? 1 : 0,
    firstSeenS: nowS - (at + 3) * 40 * 86_400,
    lastSeenS: nowS - at * 3 * 86_400,
    note: at === 1 ? 'Nussallergie. Sitzt gern am Fenster.' : '',
  }));
}

export function figureDays(from: string, days: number): FigureDay[] {
  return Array.from({ length: days }, (_, at) => {
    const date = addDays(from, at);
    const weekday = weekdayOf(date);
    const bookings = weekday === 0 ? 0 : 7 + ((at * 5) % 6) + (weekday > 3 ? 6 : 0);
    const cancelled = bookings === 0 ? 0 : at % 3;
    const noShows = at % 5 === 2 && bookings > 0 ? 1 : 0;
    const walkIns = bookings === 0 ? 0 : 4 + ((at * 3) % 9);
    const covers = (bookings - cancelled - noShows) * 3 + walkIns;
    return { date, covers, bookings, cancelled, noShows, walkIns };
  });
}

/** The device of the house's agent, which is nobody of the staff. */
export const AGENT_DEVICE = 'a6e27a6e27a6e27a';

export function teamOf(nowMs: number): TeamView {
  const [me, cem, olga] = ['0123456789abcdef', 'fedcba9876543210', '00ff00ff00ff00ff'];
  return {
    staff: [
      { device: me, name: 'Anna', role: 'owner', isThis: true, isGone: false },
      { device: cem, name: 'Cem', role: 'staff', isThis: false, isGone: false },
      { device: olga, name: 'Olga', role: 'staff', isThis: false, isGone: false },
    ],
    assignments: [
      { conversation: IDS.ben, device: me },
      { conversation: IDS.long, device: cem },
    ],
    labels: [
      { conversation: IDS.ben, label: 'Stammgast' },
      { conversation: IDS.long, label: 'Lieferung' },
      { conversation: IDS.request, label: 'Feier' },
    ],
    notes: [
      {
        conversation: IDS.ben,
        id: 'n1',
        text: 'Feiert am Samstag Geburtstag, Kuchen ist bestellt.',
        device: cem,
        atMs: nowMs - 5_400_000,
      },
    ],
    quickReplies: [
      {
        id: 'r1',
        title: 'Anfahrt',
        text: 'Wir sind in der Lindenstraße 14, zweiter Hof. Parken kann man gegenüber.',
      },
      { id: 'r2', title: 'Hunde', text: 'Hunde sind auf der Terrasse herzlich willkommen.' },
      { id: 'r3', title: 'Gutschein', text: 'Gutscheine gibt es bei uns am Tresen, ab 20 Euro.' },
    ],
    answering: [{ conversation: IDS.ben, device: cem, untilMs: nowMs + 600_000 }],
    agent: { device: AGENT_DEVICE, isThere: true, lastThereMs: nowMs },
  };
}
