/** The words of the page on which services are edited, in German. */

import type { BusinessWords } from './en_business.ts';

export const deServices: BusinessWords['services'] = {
  lead: 'Was Gäste buchen können. Was du änderst, gilt für neue Buchungen; was gebucht ist, bleibt.',
  name: 'Name, wie Gäste ihn lesen',
  numbered: (number) => `Leistung ${number}`,
  duration: 'Dauer',
  minutes: 'Minuten',
  partyMax: 'Bis so viele Gäste',
  partyMaxLast: 'Bis so viele, und mehr',
  addTurn: 'Andere Dauer für größere Gruppen',
  removeTurn: (at) => `Dauer ${at} entfernen`,
  fields: {
    bufferBeforeMinutes: 'Minuten davor frei',
    bufferAfterMinutes: 'Minuten danach frei',
    slotIntervalMinutes: 'Beginn alle … Minuten',
    minNoticeMinutes: 'Buchbar bis … Minuten vorher',
    cancelUntilMinutes: 'Absage bis … Minuten vorher',
    bookingWindowDays: 'Buchbar … Tage voraus',
    maxParty: 'Höchstens so viele Gäste (0: so viele wie Platz haben)',
    holdMinutes: 'Platz gehalten bis zur Zusage, … Minuten',
    offerMinutes: 'Angebot an die Warteliste gilt … Minuten',
    reminderMinutes: 'Erinnerung … Minuten vorher (0: keine)',
    slotMinutes: 'Zeitraum in Minuten',
    maxCovers: 'So viele Gäste darin',
  },
  paced: 'Nicht zu viele auf einmal',
  pacedWhy: 'In einem Zeitraum beginnen höchstens so viele Gäste.',
  rules: 'Regeln',
  byHand: 'Von Hand bestätigen',
  byHandWhy: 'Sonst ist jede Buchung sofort fest.',
  add: 'Leistung hinzufügen',
  remove: (name) => `${name} entfernen`,
  removeShort: 'Entfernen',
  removeAsk: (name) => `${name} entfernen?`,
  removeWhy:
    'Sie lässt sich nicht mehr buchen, sobald du speicherst. Was schon gebucht ist, bleibt.',
  number: (low, high) => `Das muss eine ganze Zahl von ${low} bis ${high} sein.`,
  mistakes: {
    name: 'Es fehlt ein Name.',
    long: 'Dieser Name ist zu lang. Höchstens 80 Zeichen.',
    line: 'In diesem Namen sind Zeichen, die man nicht sieht. Schreib ihn neu.',
    twice: 'Diesen Namen gibt es schon. Wähle einen anderen.',
    nobody: 'Wähle mindestens eine Zeile, oder alle.',
    many: 'Einzeln lassen sich höchstens 40 Zeilen wählen. Wähle weniger, oder alle.',
    order: 'Jede Zeile ist für mehr Gäste als die vorige.',
    seats: 'Für so wenige Gäste ist nirgends etwas vorgesehen. Erlaube größere Gruppen.',
    pacing:
      'Die größte Gruppe ist größer, als nach deinen Regeln zugleich beginnen darf. Erlaube mehr auf einmal, oder kleinere Gruppen.',
    stay: 'Das dauert länger, als du je geöffnet hast. Niemand könnte es buchen.',
  },
};
