/** What is booked, in German: tables, people, rooms or chairs, by the business's own kind of them. */

import type { enResources, ResourceWords } from './en_resources.ts';
import { plurals } from './plural.ts';

const n = plurals('de');

interface Noun {
  readonly one: string;
  readonly many: string;
  readonly lead: string;
  readonly rowsWhy: string;
  readonly seated?: string;
  /** Of one of them, seats say nothing. */
  readonly isOneEach?: boolean;
}

function named({ one, many, isOneEach = false, seated = 'Ist da', ...why }: Noun): ResourceWords {
  return {
    ...{ one, many, seated },
    ...why,
    noPlace: `Noch ohne ${one}`,
    grid: `${many} und Zeiten`,
    gridHint: `M verschiebt eine Reservierung: Pfeiltasten wählen ${one} und Zeit, Enter legt ab, Escape legt zurück.`,
    emptyTitle: `Noch keine ${many}`,
    setUp: `${many} einrichten`,
    add: `${one} hinzufügen`,
    combine: `${many} zusammenstellen`,
    which: `Welche ${many}?`,
    whoAll: `Alle ${many}`,
    sum: (count, seats) =>
      n(count, { one: `# ${one}`, other: `# ${many}` }) +
      (isOneEach ? '' : `, ${n(seats, { one: '# Platz', other: '# Plätze' })}`),
  };
}

export const deResources: Readonly<Record<keyof typeof enResources, ResourceWords>> = {
  table: named({
    one: 'Tisch',
    many: 'Tische',
    lead: 'Wo Gäste sitzen, und wie viele. Der Plan hat für jeden eine Zeile.',
    rowsWhy: 'Sag, wo deine Gäste sitzen, dann hat der Plan Zeilen.',
    seated: 'Am Tisch',
  }),
  person: named({
    one: 'Person',
    many: 'Personen',
    lead: 'Wer bei euch arbeitet, und für wie viele zugleich. Der Plan hat für jede eine Zeile.',
    rowsWhy: 'Sag, wer bei euch arbeitet, dann hat der Plan Zeilen.',
    isOneEach: true,
  }),
  room: named({
    one: 'Raum',
    many: 'Räume',
    lead: 'Welche Räume es gibt, und für wie viele. Der Plan hat für jeden eine Zeile.',
    rowsWhy: 'Sag, welche Räume es gibt, dann hat der Plan Zeilen.',
  }),
  chair: named({
    one: 'Stuhl',
    many: 'Stühle',
    lead: 'Auf welchen Stühlen bedient wird. Der Plan hat für jeden eine Zeile.',
    rowsWhy: 'Sag, auf welchen Stühlen bedient wird, dann hat der Plan Zeilen.',
    isOneEach: true,
  }),
  place: named({
    one: 'Platz',
    many: 'Plätze',
    lead: 'Was sich buchen lässt, und für wie viele. Der Plan hat für jeden Platz eine Zeile.',
    rowsWhy: 'Sag, was sich buchen lässt, dann hat der Plan Zeilen.',
    isOneEach: true,
  }),
};
