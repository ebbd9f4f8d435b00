/** Why the business's agent refused, in German. */

import type { enAgentFailures } from './en_agent_failures.ts';

export const deAgentFailures: { readonly [K in keyof typeof enAgentFailures]: string } = {
  outdated:
    'Jemand hat diese Reservierung inzwischen geändert. Du siehst sie, wie sie jetzt ist: versuch es noch einmal.',
  wrong_state: 'Das geht nicht mehr: die Reservierung steht jetzt anders. Sieh noch einmal nach.',
  unknown: 'Diese Reservierung oder diesen Gast gibt es nicht mehr. Sieh im Plan nach.',
  known: 'Das ist schon reserviert. Sieh im Plan nach.',
  too_late: 'Dafür ist es hier zu spät. Ruf den Gast an.',
  not_expired: 'Die Zeit ist noch für einen Gast freigehalten. Warte, bis das vorbei ist.',
  bad_request: 'Etwas von dem Eingegebenen kann nicht stimmen. Sieh es noch einmal durch.',
  bad_params: 'Etwas von dem Eingegebenen kann nicht stimmen. Sieh es noch einmal durch.',
  two_conversations:
    'Beide schreiben in einer eigenen Unterhaltung: Sie bleiben zwei Gäste. Wähle einen anderen Eintrag.',
  note_too_long: 'Beide Notizen zusammen sind zu lang. Kürze zuerst eine.',
  past: 'Diese Zeit ist vorbei. Wähle eine spätere.',
  too_soon: 'Das ist früher, als deine Regeln erlauben. Wähle eine spätere Zeit.',
  too_far: 'So weit voraus nimmst du keine Reservierungen an. Wähle einen früheren Tag.',
  closed: 'Dann ist geschlossen. Wähle eine andere Zeit, oder ändere die Zeiten unter Haus.',
  full: 'Dann ist alles belegt. Wähle eine andere Zeit.',
  not_free: 'Dort ist dann schon belegt. Wähle eine andere Zeit oder eine andere Zeile im Plan.',
  party_too_large:
    'Für so viele reicht es dort nicht. Wähle eine andere Zeile, oder stelle unter Haus mehr zusammen.',
  unknown_resource: 'Was gewählt war, gibt es nicht mehr. Sieh im Plan nach.',
  bad_hours: 'Diese Zeiten können nicht stimmen. Sieh dir die markierten Zeilen an.',
  bad_tables: 'Das kann so nicht stimmen. Sieh dir die markierten Zeilen an.',
  in_use: 'Dort gibt es noch Reservierungen. Verschiebe sie zuerst.',
  not_allowed: 'Das darf nur, wem der Betrieb gehört. Frag dort nach.',
  unknown_operation: 'Dein Agent ist dafür zu alt. Aktualisiere ihn.',
  bad_answer: 'Die Antwort des Agenten passt nicht. Aktualisiere App und Agent.',
  bad_time: 'Diese Zeit gibt es an dem Tag nicht. Wähle eine andere.',
  pacing: 'Dann kämen zu viele zugleich. Wähle eine andere Zeit.',
  too_large: 'Das ist zu viel auf einmal. Frag nach weniger.',
  too_many: 'Es warten schon zu viele. Nimm zuerst jemanden von der Liste.',
  agent_stale:
    'Dein Agent war nicht da, als du gefragt hast; es ist nicht geschehen. Versuch es noch einmal.',
  agent_away: 'Dein Agent antwortet gerade nicht. Sieh nach, ob sein Rechner läuft.',
  mishap:
    'Der Agent hat einen Fehler gemacht; es lag nicht an dir. Sieh nach, ob es geschehen ist, und mach es auf anderem Weg; sein Protokoll nennt die Stelle.',
};
