/** The words of linking and recovery, and of what can go wrong with them, in German. */

import type { enDeviceFailures, enDevices } from './en_devices.ts';

export const deDevices: typeof enDevices = {
  link: {
    title: 'Gerät verbinden',
    begin: 'Neues Gerät verbinden',
    why: 'Öffne diese Adresse im Browser des neuen Geräts und wähle „Ich habe ein Konto“. Lies dann den Code ein, den es zeigt, oder zeige ihm hier einen.',
    scan: 'Code des neuen Geräts einlesen',
    showHere: 'Hier einen Code zeigen',
    paste: 'Oder seinen Link einfügen',
    pasteButton: 'Verbinden',
    code: 'Code für das andere Gerät',
    copy: 'Link kopieren',
    ask: 'Dieses Gerät verbinden?',
    askWhy:
      'Es wird in deinem Namen alles lesen und schreiben und kann andere Geräte entfernen. Sag nur ja, wenn es deines ist und du es in der Hand hast.',
    unnamed: 'Ein neues Gerät',
    digits: 'Beide Geräte müssen diese Zahl zeigen',
    digitsWhy: 'Sind die Zahlen verschieden, ist jemand dazwischen: Sag nein.',
    yes: 'Ja, verbinden',
    no: 'Nein',
    compare: 'Vergleiche diese Zahl mit dem anderen Gerät und sag dort ja.',
    connecting: 'Verbindung wird aufgebaut',
    working: 'Wird verbunden',
    done: 'Verbunden. Dein Verlauf folgt im Hintergrund.',
    failed: 'Nicht verbunden',
    again: 'Noch einmal versuchen',
    rename: 'Umbenennen',
    renameTitle: 'Wie nennst du dieses Gerät?',
    name: 'Name',
    have: 'Ich habe ein Konto',
    haveTitle: 'Dein Konto hier benutzen',
    haveWhy:
      'Öffne auf einem Gerät mit deinem Konto die Einstellungen, dann Geräte, dann „Neues Gerät verbinden“, und lies diesen Code ein.',
    haveScan: 'Stattdessen einen Code vom anderen Gerät einlesen',
    lost: 'Alle meine Geräte sind weg',
    history: 'Deine Nachrichten kommen mit',
  },
  recovery: {
    title: 'Wiederherstellung',
    lead: 'Wenn du alle Geräte verlierst, kann niemand dein Konto mehr öffnen, auch der Server nicht. Ein Wiederherstellungsschlüssel kann es: ein Zettel, den du gut aufhebst.',
    make: 'Wiederherstellungsschlüssel anlegen',
    hint: 'Sichere dein Konto: Schreib einen Wiederherstellungsschlüssel auf.',
    hintYes: 'Zeig mir wie',
    hintNo: 'Nicht jetzt',
    makeTitle: 'Dein Wiederherstellungsschlüssel',
    passphrase: 'Passwort (wenn du magst)',
    passphraseWhy:
      'Dann reicht der Zettel allein nicht. Du brauchst beides; ein vergessenes Passwort kann dir niemand sagen.',
    making: 'Die erste Sicherung wird angelegt',
    shown: 'Schreib das auf oder druck es aus. Es wird nur jetzt gezeigt.',
    saved: 'Ich habe es aufgeschrieben',
    last: (when: string) => `Letzte Sicherung: ${when}`,
    none: 'Noch keine Sicherung auf diesem Gerät.',
    daily: 'An jedem Tag, an dem sich etwas geändert hat, wird gesichert, verschlüsselt.',
    now: 'Jetzt sichern',
    file: 'Als Datei speichern',
    renew: 'Neuen Schlüssel anlegen',
    renewAsk: 'Neuen Wiederherstellungsschlüssel anlegen?',
    renewWhy: 'Der alte öffnet dann nichts mehr.',
    stop: 'Sicherung abschalten',
    stopAsk: 'Sicherung abschalten?',
    stopWhy:
      'Die Sicherung auf dem Server wird gelöscht, und dein Wiederherstellungsschlüssel öffnet nichts mehr.',
    done: 'Gesichert.',
    restoreTitle: 'Dein Konto wiederherstellen',
    restoreWhy:
      'Mit dem Namen deines Kontos und deinem Wiederherstellungsschlüssel. Auch deine Nachrichten kommen zurück.',
    account: 'Name deines Kontos',
    key: 'Wiederherstellungsschlüssel',
    keyWhy: 'Neun Gruppen aus vier Zeichen.',
    chooseFile: 'Eine Sicherungsdatei benutzen',
    look: 'Sicherung suchen',
    looking: 'Die Sicherung wird gesucht',
    found: (address: string) => `Sicherung von ${address}`,
    from: (when: string) => `Angelegt ${when}`,
    alone: 'Meine anderen Geräte sind weg',
    aloneWhy: 'Sie werden entfernt und können nichts mehr lesen, was danach kommt.',
    restore: 'Wiederherstellen',
    restoring: 'Wird wiederhergestellt',
  },
};

/** What can go wrong with it. */
export const deDeviceFailures: typeof enDeviceFailures = {
  bad_link:
    'Das ist kein ganzer Link eines anderen Geräts. Kopiere ihn ganz, oder lies den Code noch einmal ein.',
  other_server:
    'Dieser Link ist für einen anderen Server. Öffne auf beiden Geräten dieselbe Adresse.',
  link_version: 'Dieser Link ist aus einer anderen Version. Lade die Seite auf beiden Geräten neu.',
  link_same_side:
    'Ein Gerät hat dein Konto, das andere nicht: Zeige den Code auf einem und lies ihn mit dem anderen ein.',
  link_declined: 'Auf dem anderen Gerät wurde abgelehnt.',
  link_cancelled: 'Das Verbinden wurde abgebrochen.',
  link_keys_swapped:
    'Die Schlüssel, die ankamen, sind nicht die dieses Geräts: Vielleicht ist jemand dazwischen. Nichts wurde verbunden.',
  link_altered: 'Was vom anderen Gerät kam, wurde unterwegs verändert. Nichts wurde verbunden.',
  link_unfit: 'Was vom anderen Gerät kam, passt nicht zusammen. Nichts wurde verbunden.',
  link_not_understood: 'Die beiden Geräte verstehen sich nicht. Lade die Seite auf beiden neu.',
  link_unfinished:
    'Das neue Gerät steht auf deiner Liste, hat aber nicht bestätigt, dass es seine Schlüssel hat. Verbinde es noch einmal, oder entferne es.',
  nothing_to_link: 'Kein Gerät wartet. Beginne noch einmal.',
  pairing_over:
    'Es hat zu lange gedauert oder wurde beendet. Beginne noch einmal mit einem neuen Code.',
  pairing_taken:
    'Ein anderes Gerät benutzt diesen Code schon. Zeige einen neuen und benutze ihn einmal.',
  too_many_pairings:
    'Gerade werden zu viele Geräte verbunden. Versuche es in ein paar Minuten wieder.',
  too_many_devices: 'Du hast so viele Geräte, wie ein Konto haben darf. Entferne zuerst eines.',
  vault_exists: 'In diesem Browser gibt es schon ein Konto.',
  history_missing: 'Die Nachrichten deines anderen Geräts konnten nicht mitgebracht werden.',
  history_arriving: 'Deine Nachrichten kommen noch an. Sichere sie, wenn sie da sind.',
  bad_archive: 'Diese Nachrichten konnten nicht gelesen werden. Was lesbar war, ist da.',
  archive_version: 'Diese Nachrichten stammen von einer neueren Version. Lade die Seite neu.',
  no_recovery_key: 'Lege zuerst einen Wiederherstellungsschlüssel an.',
  bad_recovery_key: 'Das ist kein Wiederherstellungsschlüssel: Ein Zeichen ist falsch oder fehlt.',
  no_backup: 'Zu diesem Namen und Schlüssel gibt es keine Sicherung. Prüfe beides.',
  bad_backup:
    'Diese Sicherung wurde verändert oder gehört zu einem anderen Schlüssel. Nichts wurde wiederhergestellt.',
  backup_version: 'Diese Sicherung ist aus einer neueren Version. Lade die Seite neu.',
  no_backup_file: 'Diese Datei ist keine Sicherung von Plausch.',
  device_list_rollback: 'Der Server zeigt eine alte Geräteliste. Trau ihm nicht.',
  device_list_fork: 'Der Server zeigt eine andere Geräteliste als zuvor. Trau ihm nicht.',
};
