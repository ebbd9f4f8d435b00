/** The words of two accounts in one browser, in German. */

import type { enAccounts } from './en_accounts.ts';
import { plurals } from './plural.ts';

const plural = plurals('de');

export const deAccounts: typeof enAccounts = {
  accounts: {
    title: 'Konten in diesem Browser',
    why: 'Jedes hat eigene Schlüssel, Nachrichten und Einstellungen. Im einen ist vom anderen nichts zu sehen.',
    shown: 'Jetzt zu sehen',
    to: (name) => `Zu ${name} wechseln`,
    unread: (count) =>
      plural(count, { one: 'eine Unterhaltung mit Neuem', other: '# Unterhaltungen mit Neuem' }),
    unknown: 'Das andere Konto öffnen',
    add: 'Konto hinzufügen',
    addWhy: 'Zum Beispiel das deines Betriebs neben deinem eigenen.',
    second:
      'Das wird ein zweites Konto in diesem Browser. Lässt dich dein Betrieb ein, dann nimm unten „Ich habe ein Konto“.',
    back: (name) => `Zurück zu ${name}`,
    backUnknown: 'Zurück zum anderen Konto',
    which: 'Für welches Konto?',
    whichWhy: 'Du hast einen Link geöffnet, und in diesem Browser gibt es zwei Konten.',
    remove: 'Aus diesem Browser entfernen',
    removeAsk: (name) => `${name} aus diesem Browser entfernen?`,
    removeWhy: (other) =>
      `Löscht Schlüssel und Nachrichten dieses Kontos in diesem Browser. Ohne ein anderes Gerät lässt es sich nicht wieder öffnen. ${other} bleibt, wie es ist.`,
  },
};
