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
    digits: 'Die Zahl, die das neue Gerät zeigt',
    digitsWhy:
      'Lies sie vom Bildschirm des neuen Geräts ab. Hat sie dir jemand gesagt oder den Link geschickt, sag nein: Es ist nicht dein Gerät.',
    yes: 'Ja, verbinden',
    no: 'Nein',
    compare: 'Gib diese Zahl auf deinem anderen Gerät ein und sag dort ja.',
    byLink:
      'Du hast einen Link geöffnet, der einem anderen Gerät dein ganzes Konto gibt. Mach nur weiter, wenn dieses Gerät deines ist und du es in der Hand hast. Niemand sonst braucht das je von dir.',
    become: 'Dieses Konto hier benutzen?',
    becomeWhy:
      'Dieser Browser wird eines seiner Geräte. Was du hier schreibst, steht unter seinem Namen, und seine anderen Geräte lesen es mit. Sag nur ja, wenn es deines ist.',
    becomeYes: 'Ja, es ist meines',
    connecting: 'Verbindung wird aufgebaut',
    working: 'Wird verbunden',
    workingWhy: 'Sag jetzt auf dem neuen Gerät ja.',
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
    staff: 'Personal',
    staffBegin: 'Personal einladen',
    staffTitle: 'Jemanden vom Personal einladen',
    staffWhy:
      'Die Person öffnet diese Adresse in ihrem eigenen Browser und wählt „Ich habe ein Konto“. Lies dann den Code ein, den er zeigt, oder lass ihn einen von hier einlesen.',
    staffName: 'Name der Person',
    staffAskWhy:
      'Diese Person wird im Namen des Betriebs alles lesen und schreiben. Sie kann keine Geräte verbinden oder entfernen und liest nichts mehr, sobald du sie entfernt hast.',
    staffNote:
      'Dieses Gerät gehört zum Personal des Betriebs. Geräte verbindet, benennt und entfernt ein Inhaber.',
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
    closeAsk: 'Ist der Schlüssel aufgeschrieben?',
    closeWhy: 'Er wird nicht noch einmal gezeigt, und niemand sonst hat ihn.',
    closeYes: 'Ja, schließen',
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
    staffNote: 'Um die Wiederherstellung kümmert sich ein Inhaber des Betriebs.',
    stopAsk: 'Sicherung abschalten?',
    stopWhy:
      'Die Sicherung auf dem Server wird gelöscht, und dein Wiederherstellungsschlüssel öffnet nichts mehr.',
    done: 'Gesichert.',
    missing:
      'Nicht alle deine Nachrichten sind auf dieses Gerät gekommen. Es sichert nicht, damit die Sicherung, in der sie sind, nicht ersetzt wird.',
    missingFile: 'Die Sicherungsdatei noch einmal wählen',
    missingAgain: 'Noch einmal versuchen',
    missingForgo: 'Ohne sie weitermachen',
    missingForgoWhy:
      'Von jetzt an sichert dieses Gerät, was es hat. Die ältere Sicherung und was nur in ihr ist, gehen verloren.',
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
    aloneWhy:
      'Alle Geräte außer diesem werden entfernt und können nichts mehr lesen, was danach kommt.',
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
  link_digits_differ:
    'Das ist nicht die Zahl. Gib die ein, die das neue Gerät zeigt; ist es diese, sag nein: Jemand ist dazwischen.',
  nothing_to_link: 'Kein Gerät wartet. Beginne noch einmal.',
  pairing_over:
    'Es hat zu lange gedauert oder wurde beendet. Beginne noch einmal mit einem neuen Code.',
  pairing_taken:
    'Ein anderes Gerät benutzt diesen Code schon. Zeige einen neuen und benutze ihn einmal.',
  too_many_pairings:
    'Gerade werden zu viele Geräte verbunden. Versuche es in ein paar Minuten wieder.',
  too_many_devices: 'Du hast so viele Geräte, wie ein Konto haben darf. Entferne zuerst eines.',
  own_device:
    'Ein Gerät kann sich nicht selbst entfernen. Nimm dafür ein anderes, oder lösche hier alles.',
  not_owner: 'Das kann nur ein Gerät eines Inhabers. Dieses gehört zum Personal.',
  not_business: 'Nur das Konto eines Betriebs hat Personal.',
  link_other_role:
    'Dieses Gerät steht schon auf der Liste, in einer anderen Rolle. Entferne es zuerst.',
  staff_expired:
    'Die Zeit eines Personalgeräts ist um. Ein Gerät eines Inhabers muss einmal online kommen und sie verlängern.',
  vault_exists: 'In diesem Browser gibt es schon ein Konto.',
  history_missing: 'Die Nachrichten deines anderen Geräts konnten nicht mitgebracht werden.',
  history_unsent:
    'Das neue Gerät bekommt die Nachrichten von diesem nicht. Verbinde es noch einmal.',
  history_incomplete:
    'Nicht alle deine Nachrichten sind hier. Hole sie, oder entscheide dich, ohne sie weiterzumachen.',
  no_history_awaited:
    'Hier fehlen keine Nachrichten. Um eine Datei zu nehmen, stelle zuerst mit ihr wieder her.',
  history_arriving: 'Deine Nachrichten kommen noch an. Sichere sie, wenn sie da sind.',
  bad_archive: 'Diese Nachrichten konnten nicht gelesen werden. Was lesbar war, ist da.',
  archive_version: 'Diese Nachrichten stammen von einer neueren Version. Lade die Seite neu.',
  backup_moved:
    'Ein anderes Gerät hat den Schlüssel geändert oder die Sicherung abgeschaltet. Warst du das nicht? Prüfe deine Geräte und lege hier einen neuen an.',
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
