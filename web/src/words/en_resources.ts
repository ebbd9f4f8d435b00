/** What is booked, in English: tables, people, rooms or chairs, by the business's own kind of them. */

import { plurals } from './plural.ts';

const n = plurals('en');

interface Noun {
  readonly one: string;
  readonly many: string;
  readonly lead: string;
  readonly rowsWhy: string;
  readonly seated?: string;
  /** Of one of them, seats say nothing. */
  readonly isOneEach?: boolean;
}

const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);

function named({ one, many, isOneEach = false, seated = 'Here', ...why }: Noun) {
  return {
    ...why,
    seated,
    one: capital(one),
    many: capital(many),
    noPlace: `No ${one} yet`,
    grid: `${capital(many)} and times`,
    gridHint: `M moves a booking: arrow keys choose ${one} and time, Enter puts it down, Escape puts it back.`,
    emptyTitle: `No ${many} yet`,
    setUp: `Set up ${many}`,
    add: `Add a ${one}`,
    combine: `Put ${many} together`,
    which: `Which ${many}?`,
    whoAll: `All ${many}`,
    sum: (count: number, seats: number) =>
      n(count, { one: `# ${one}`, other: `# ${many}` }) +
      (isOneEach ? '' : `, ${n(seats, { one: '# seat', other: '# seats' })}`),
  };
}

export type ResourceWords = ReturnType<typeof named>;

export const enResources = {
  table: named({
    one: 'table',
    many: 'tables',
    lead: 'Where guests sit, and for how many. The plan has a row for each.',
    rowsWhy: 'Say where your guests sit, and the plan has rows.',
    seated: 'Seated',
  }),
  person: named({
    one: 'person',
    many: 'people',
    lead: 'Who works here, and for how many at a time. The plan has a row for each.',
    rowsWhy: 'Say who works here, and the plan has rows.',
    isOneEach: true,
  }),
  room: named({
    one: 'room',
    many: 'rooms',
    lead: 'Which rooms there are, and for how many. The plan has a row for each.',
    rowsWhy: 'Say which rooms there are, and the plan has rows.',
  }),
  chair: named({
    one: 'chair',
    many: 'chairs',
    lead: 'On which chairs people are served. The plan has a row for each.',
    rowsWhy: 'Say on which chairs people are served, and the plan has rows.',
    isOneEach: true,
  }),
  place: named({
    one: 'place',
    many: 'places',
    lead: 'What can be booked, and for how many. The plan has a row for each place.',
    rowsWhy: 'Say what can be booked, and the plan has rows.',
    isOneEach: true,
  }),
};
