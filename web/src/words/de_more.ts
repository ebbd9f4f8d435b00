/** The words of the settings, and of what can go wrong, in German. */

import { deDeviceFailures } from './de_devices.ts';
import type { Words } from './en.ts';

export const deMore: Pick<Words, 'settings' | 'notices' | 'privacy' | 'shortcuts' | 'failure'> = {
  settings: {
    title: 'Einstellungen',
    you: 'Dein Konto',
    link: 'Dein Link',
    linkWhy: 'Wer ihn öffnet, kann dir schreiben, auch ohne vorher ein Konto zu haben.',
    copyLink: 'Link kopieren',
    shareLink: 'Link teilen',
    showQr: 'Als QR-Code zeigen',
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
    nothingNew: 'Nichts Neues, das du gemeldet haben willst.',
    request: 'Jemand Neues möchte dir schreiben.',
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
  failure: {
    ...deDeviceFailures,
    bad_name: 'Das ist kein gültiger Name. Nimm Buchstaben, Ziffern, Punkte und Striche.',
    name_taken: 'Dieser Name ist vergeben. Wähle einen anderen.',
    invitation_required:
      'Der Einladungscode fehlt, ist falsch oder verbraucht. Frag nach einem neuen.',
    registration_closed:
      'Dieser Server nimmt keine neuen Konten auf. Frag den Betreiber, oder wähle einen anderen Server.',
    unknown_account: 'Ein Konto mit diesem Namen gibt es nicht. Prüfe die Schreibweise.',
    unknown_device: 'Dieses Gerät ist nicht mehr bekannt. Sieh in der Liste deiner Geräte nach.',
    unknown_conversation: 'Diese Unterhaltung gibt es auf diesem Gerät nicht mehr.',
    unknown_message: 'Diese Nachricht gibt es auf diesem Gerät nicht mehr.',
    unreachable:
      'Der Server ist nicht erreichbar. Prüfe deine Verbindung; was du schreibst, wird später gesendet.',
    needs_server: 'Das braucht eine Verbindung. Versuch es noch einmal, wenn du online bist.',
    timeout: 'Der Server hat zu lange gebraucht. Versuch es noch einmal.',
    unavailable:
      'Auf diesem Gerät oder in seiner Verbindung ist etwas gescheitert. Versuch es gleich noch einmal.',
    refused: 'Der Server hat das abgelehnt. Versuch es später noch einmal.',
    not_allowed:
      'Das erlaubt der Server nicht: Ein Betrieb schreibt nur Menschen, die ihm zuerst geschrieben haben.',
    not_participant: 'Du bist nicht mehr in dieser Unterhaltung.',
    needs_account: 'In diesem Browser gibt es noch kein Konto. Wähle erst einen Namen.',
    identity_changed:
      'Jemand zeigt einen neuen Schlüssel. Vergleiche die Sicherheitsnummer, bevor du schreibst.',
    trust_refused:
      'Die Nummern sind nicht gleich. Vergleiche sie noch einmal, am besten nebeneinander.',
    conversation_broken:
      'Diese Unterhaltung kann hier nicht mehr gelesen werden. Beginne eine neue mit denselben Personen.',
    too_large: 'Das ist zu groß. Verkleinere oder teile es.',
    rate_limited: 'Das ging zu schnell. Warte einen Moment und versuch es noch einmal.',
    too_many: 'Das ging zu schnell. Warte einen Moment und versuch es noch einmal.',
    blocked: 'Du hast diesen Kontakt blockiert. Hebe das auf, um zu schreiben.',
    storage_unavailable:
      'Der Browser lässt Plausch nichts speichern. Verlass den privaten Modus, oder erlaube dieser Seite Speicher.',
    storage_full: 'Der Speicher dieses Geräts ist voll. Schaff etwas Platz; verloren ist nichts.',
    vault_busy:
      'Plausch ist in einem anderen Tab beschäftigt. Schließ den anderen Tab, oder warte einen Moment.',
    vault_blocked:
      'Ein älteres Plausch in einem anderen Tab hält den Speicher fest. Schließ die anderen Tabs.',
    vault_newer: 'Ein neueres Plausch hat hier schon gearbeitet. Lade die Seite neu.',
    vault_key_missing:
      'Der Schlüssel zu den gespeicherten Nachrichten fehlt. Nimm ein anderes deiner Geräte, oder lösche dieses.',
    vault_damaged:
      'Die gespeicherten Nachrichten sind beschädigt. Nimm ein anderes deiner Geräte, oder lösche dieses.',
    server_misbehaved:
      'Der Server hat etwas gesendet, das nicht stimmen kann; es wurde nicht beachtet. Sag es dem Betreiber.',
    bad_frame:
      'Der Server hat etwas gesendet, das nicht stimmen kann; es wurde nicht beachtet. Sag es dem Betreiber.',
    bad_version: 'Der Server spricht eine andere Version. Lade diese Seite neu.',
    bad_request: 'Das ging so nicht. Lade die Seite neu und versuch es noch einmal.',
    cancelled: 'Abgebrochen.',
    worker_gone: 'Der Teil, der verschlüsselt, ist stehen geblieben. Lade die Seite neu.',
    safety_number_differs:
      'Das ist nicht dieselbe Nummer. Schreib nichts Vertrauliches, bis du weißt, warum.',
    nobody_to_add: 'Wähle mindestens eine Person, die ein Konto und ein Gerät hat.',
    bad_attachment: 'Diese Datei ist beschädigt oder verändert. Lass sie noch einmal senden.',
    file_changed: 'Die Datei hat sich während des Sendens geändert. Wähle sie noch einmal.',
    picture_bomb: 'Dieses Bild hat zu viele Bildpunkte. Verkleinere es, oder sende es als Datei.',
    no_microphone:
      'Das Mikrofon ist nicht verfügbar. Erlaube es in den Einstellungen deines Browsers.',
    fork_suspected: 'Jemand sieht andere Beteiligte als du. Vergleicht eure Sicherheitsnummern.',
    log_gap: 'Es fehlen Nachrichten: Der Server hat welche ausgelassen. Sag es dem Betreiber.',
    log_shortened:
      'Es fehlen Nachrichten: Der Server hat welche ausgelassen. Sag es dem Betreiber.',
    device_removed:
      'Dieses Gerät wurde aus deinem Konto entfernt. Lösche es, oder sieh auf einem anderen nach.',
    device_replaced: 'Dieses Gerät wurde durch ein anderes von dir ersetzt.',
    internal: 'Plausch hat einen Fehler gemacht. Lade die Seite neu; kommt er wieder, sag es uns.',
    tab_closed: 'Ein anderer Tab wurde geschlossen, bevor er fertig war. Sieh noch einmal nach.',
    unknown: 'Das hat nicht geklappt. Versuch es noch einmal.',
  },
};
