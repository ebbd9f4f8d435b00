/** The words of the settings, and of what can go wrong, in German. */

import { deFailures } from './de_failures.ts';
import type { Words } from './en.ts';

export const deMore: Pick<Words, 'settings' | 'notices' | 'privacy' | 'shortcuts' | 'failure'> = {
  settings: {
    title: 'Einstellungen',
    you: 'Dein Konto',
    link: 'Dein Link',
    linkWhy: 'Wer ihn öffnet, kann dir schreiben, auch ohne vorher ein Konto zu haben.',
    copyLink: 'Link kopieren',
    shareLink: 'Link teilen',
    look: 'Aussehen',
    language: 'Sprache',
    theme: 'Farben',
    themes: { system: 'Automatisch', light: 'Hell', dark: 'Dunkel' },
    languages: { de: 'Deutsch', en: 'English' },
    enterSends: 'Enter sendet',
    enterSendsWhy: 'Umschalt und Enter beginnen eine neue Zeile.',
    devices: 'Geräte',
    thisDevice: 'Dieses Gerät',
    device: (id) => `Gerät ${id}`,
    since: (day) => `Seit ${day}`,
    removeDevice: 'Gerät entfernen',
    removeDeviceAsk: 'Dieses Gerät entfernen?',
    removeDeviceWhy:
      'Es kann nichts mehr lesen, was danach kommt. Was es gelesen hat, bleibt dort.',
    privacy: 'Was der Server weiß',
    storage: 'Speicher',
    storageUsed: (used) => `${used} in diesem Browser belegt.`,
    persisted: 'Der Browser behält deine Nachrichten, bis du sie löschst.',
    persist: 'Nachrichten sicher behalten',
    notPersisted:
      'Der Browser darf deine Nachrichten löschen, wenn der Platz knapp wird. Bitte ihn, das nicht zu tun.',
    refused:
      'Der Browser hat nicht zugestimmt. Meist hilft es, die App auf dem Startbildschirm zu installieren.',
    about: 'Über Plausch',
    build: 'Dieser Stand',
    buildWhy:
      'Vergleiche ihn mit dem veröffentlichten Hash, um zu wissen, dass alle dieselbe App bekommen.',
    buildUnknown: 'Entwicklungsstand',
    licence: 'Freie Software unter der AGPL 3.0. Symbole von Lucide (ISC-Lizenz).',
    shortcuts: 'Tastenkürzel',
    erase: 'Dieses Gerät löschen',
    eraseWhy:
      'Löscht Schlüssel und Nachrichten in diesem Browser. Ohne ein anderes Gerät lässt sich dein Konto danach nicht mehr öffnen.',
    eraseAsk: 'Alles in diesem Browser löschen?',
    eraseConfirm: 'Gib zur Bestätigung deinen Namen ein',
    eraseButton: 'Endgültig löschen',
    problems: 'Letzte Probleme',
  },
  notices: {
    title: 'Mitteilungen',
    on: 'Neue Nachrichten melden',
    onWhy: 'Auch wenn Plausch geschlossen ist.',
    onlyOpen: 'Dieser Browser kann sie nur melden, solange Plausch offen ist.',
    denied:
      'Dein Browser lässt Plausch nichts melden. Du kannst es in den Einstellungen des Browsers für diese Seite erlauben.',
    unsupported:
      'Dieser Browser zeigt keine Mitteilungen. Lege Plausch auf dem iPhone zuerst auf den Startbildschirm.',
    showsText: 'Absender und Text zeigen',
    showsTextWhy: 'Sonst nur, dass etwas gekommen ist.',
    sounds: 'Ton',
    soundsWhy: 'Ein kurzer Ton, solange Plausch offen ist.',
    mentionsOnly: 'Nur wenn ich erwähnt werde',
    mentionsOnlyWhy: 'Oder wenn jemand auf eine Nachricht von dir antwortet.',
    hint: 'Soll Plausch dir melden, wenn jemand schreibt?',
    hintYes: 'Ja, gern',
    hintNo: 'Nicht jetzt',
    newMessage: 'Neue Nachricht',
    booking: 'Neues zu einer Buchung',
    nothingNew: 'Nichts Neues, das du gemeldet haben willst.',
    request: 'Jemand Neues möchte dir schreiben.',
    to: (title, account) => `${title} · an ${account}`,
  },
  privacy: {
    lead: 'Der Server befördert deine Nachrichten, ohne sie lesen zu können. Trotzdem erfährt er:',
    learns: [
      ['Konten', 'Namen, ob Person oder Betrieb, öffentliche Schlüssel und wann sie entstanden.'],
      [
        'Geräte',
        'Deine Geräte, wann jedes verbunden ist und von welcher IP-Adresse. Die Adresse bleibt nur im Arbeitsspeicher.',
      ],
      [
        'Wer mit wem',
        'Welche Geräte in welcher Unterhaltung sind und wer wen hinzugefügt oder entfernt hat.',
      ],
      [
        'Mitteilungen',
        'Wenn du sie einschaltest: wo dein Browser geweckt wird. Der Push-Dienst seines Herstellers erfährt, wann etwas für dich kam, nicht von wem und nicht was.',
      ],
      [
        'Wann und wie viel',
        'Absender, Zeit, Reihenfolge und Größe jeder Nachricht. Größen sind aufgerundet.',
      ],
      [
        'Zustellung',
        'Bis wohin jedes Gerät eine Unterhaltung abgeholt hat. Nicht, was du gelesen hast: Das ist verschlüsselt.',
      ],
      [
        'Meldungen',
        'Nachrichten, die jemand meldet, von wem sie sind und wer sie gemeldet hat. Sonst wird dadurch nichts lesbar.',
      ],
      ['Wen du suchst', 'Namen, die du nachschlägst, und ob es sie gibt.'],
    ],
    cannot: 'Nicht erfahren kann er',
    cannots: [
      'was du schreibst, sendest oder reservierst',
      'wie deine Gruppen heißen',
      'deine Reaktionen und was du gelesen hast',
    ],
    limits: 'Was nicht geschützt ist',
    limit:
      'Der erste Schlüssel eines Kontakts kommt vom Server: Vergleiche die Sicherheitsnummer. Wer dein entsperrtes Gerät hat, liest mit. Und wer diese Seite ausliefert, könnte eine andere ausliefern: Vergleiche den Stand unter Einstellungen.',
    keeps:
      'Nachrichten werden vom Server gelöscht, sobald alle Geräte sie haben, spätestens nach 30 Tagen.',
  },
  shortcuts: {
    title: 'Tastenkürzel',
    rows: [
      ['Strg K', 'Suchen'],
      ['Alt N', 'Neue Unterhaltung'],
      ['Alt ↑ / Alt ↓', 'Vorige oder nächste Unterhaltung'],
      ['Esc', 'Schließen oder zurück zur Liste'],
      ['Enter', 'Senden'],
      ['Umschalt Enter', 'Neue Zeile'],
      ['↑', 'Im leeren Feld: deine letzte Nachricht bearbeiten'],
      ['Tab, dann ↑ ↓', 'Durch Nachrichten oder die Liste gehen'],
      ['Enter oder Menütaste', 'Auf einer Nachricht: ihre Aktionen'],
      ['R', 'Auf einer Nachricht: antworten'],
      ['?', 'Diese Hilfe'],
    ],
  },
  failure: deFailures,
};
