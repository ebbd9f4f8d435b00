/** The words of reporting somebody, in German. */

import type { Words } from './en.ts';
import type { enReportFailures } from './en_report.ts';
import { plurals } from './plural.ts';

const n = plurals('de');

export const deReport: Pick<Words, 'report'> = {
  report: {
    action: 'Melden',
    person: (name) => `${name} melden`,
    title: (name) => `${name} melden`,
    discloses: (server) => `Wer ${server} betreibt, bekommt zu sehen:`,
    disclosed: [
      'die unten gewählten Nachrichten, mit früheren Fassungen und den Dateien darin',
      'wer sie geschrieben hat, in welcher Unterhaltung und wann',
      'dass du sie gemeldet hast',
    ],
    rest: (name) =>
      `Alles andere bleibt verschlüsselt, und ${name} erfährt nichts. Der Server prüft, dass niemand ein Wort geändert hat.`,
    messages: (count) => n(count, { one: '# Nachricht gewählt', other: '# Nachrichten gewählt' }),
    choose: 'Nachrichten, die offengelegt werden',
    none: (name) => `Hier ist keine Nachricht von ${name}, die gemeldet werden könnte.`,
    tooMany: (most) => `Wähle höchstens ${most} Nachrichten.`,
    why: 'Was ist nicht in Ordnung?',
    reasons: {
      spam: 'Spam oder Betrug',
      abuse: 'Beleidigung, Drohung, Belästigung',
      illegal: 'Etwas Verbotenes',
      other: 'Etwas anderes',
    },
    note: 'Was sollte man noch wissen? (freiwillig)',
    block: (name) => `${name} auch blockieren`,
    send: 'Melden',
    sending: 'Wird gemeldet',
    done: (server) => `Gemeldet. Wer ${server} betreibt, sieht es sich an.`,
    doneBlocked: (server, name) =>
      `Gemeldet. Wer ${server} betreibt, sieht es sich an, und ${name} ist blockiert.`,
  },
};

/** What can go wrong with it. */
export const deReportFailures: Readonly<Record<keyof typeof enReportFailures, string>> = {
  not_genuine:
    'Der Server erkennt diese Nachrichten nicht als so gesendet und hat die Meldung nicht angenommen.',
  not_franked:
    'Eine Nachricht kam in einer Form, die niemand melden könnte. Sie wird nicht gezeigt.',
  false_sender:
    'Eine Nachricht kam unter einem anderen Namen als dem ihres Verfassers. Sie wird nicht gezeigt.',
  no_stamp: 'Der Server hat eine Nachricht nicht gestempelt. Sie kann nicht gemeldet werden.',
  own_message: 'Eine eigene Nachricht kann nicht gemeldet werden.',
  several_senders: 'Eine Meldung betrifft eine Person. Wähle nur Nachrichten von einer.',
  too_many_messages: 'Das sind zu viele Nachrichten für eine Meldung. Wähle weniger.',
  too_many_reports:
    'Viele deiner Meldungen warten noch. Versuch es wieder, wenn einige bearbeitet sind.',
  bad_report: 'Diese Meldung ist nicht vollständig. Lade die Seite neu und versuch es noch einmal.',
};
