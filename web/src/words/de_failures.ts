/** What can go wrong, in German. */

import { deDeviceFailures } from './de_devices.ts';
import { deProfileFailures } from './de_profile.ts';
import { deReportFailures } from './de_report.ts';
import type { enFailures } from './en_failures.ts';

const SERVER_MISTAKEN =
  'Der Server hat etwas gesendet, das nicht stimmen kann; es wurde nicht beachtet. Sag es dem Betreiber.';
const LEFT_OUT = 'Es fehlen Nachrichten: Der Server hat welche ausgelassen. Sag es dem Betreiber.';
const UNPROVEN =
  'Ein Gerät weist nicht nach, wem es gehört; ihm wird nichts gesendet. Bitte die Person, Plausch zu öffnen, und versuch es noch einmal.';
const UNREADABLE =
  'Eine Nachricht kam, die nicht lesbar ist; sie wurde nicht beachtet. Lass sie noch einmal senden.';
const BAD_WELCOME =
  'Du wurdest auf eine Weise hinzugefügt, die nicht stimmen kann; das wurde nicht beachtet. Lass dich noch einmal hinzufügen.';
const TOO_FAST = 'Das ging zu schnell. Warte einen Moment und versuch es noch einmal.';

export const deFailures: typeof enFailures = {
  ...deDeviceFailures,
  ...deReportFailures,
  ...deProfileFailures,
  bad_name: 'Das ist kein gültiger Name. Nimm Buchstaben, Ziffern, Punkte und Striche.',
  name_taken: 'Dieser Name ist vergeben. Wähle einen anderen.',
  invitation_required:
    'Der Einladungscode fehlt, ist falsch oder verbraucht. Frag nach einem neuen.',
  registration_closed:
    'Dieser Server nimmt keine neuen Konten auf. Frag den Betreiber, oder wähle einen anderen Server.',
  no_account: 'In diesem Browser gibt es noch kein Konto. Wähle erst einen Namen.',
  unknown_account: 'Ein Konto mit diesem Namen gibt es nicht. Prüfe die Schreibweise.',
  account_elsewhere:
    'Dieses Konto lebt auf einem anderen Server, der von hier nicht erreichbar ist.',
  own_account: 'Das ist dein eigenes Konto. Wähle jemand anderen.',
  unknown_device: 'Dieses Gerät ist nicht mehr bekannt. Sieh in der Liste deiner Geräte nach.',
  pairing_refused:
    'Die beiden Geräte konnten nicht verbunden werden. Beginne noch einmal mit einem neuen Code.',
  account_suspended:
    'Wer diesen Server betreibt, hat dein Konto gesperrt. Frag dort nach; was du geschrieben hast, bleibt hier.',
  maintenance:
    'Am Server wird gearbeitet, er nimmt gerade nichts Neues an. Versuch es später noch einmal.',
  device_removed:
    'Dieses Gerät wurde aus dem Konto entfernt; hier kommt nichts Neues mehr an. Du kannst es in den Einstellungen löschen.',
  device_replaced: 'Ein Gerät wollte den Platz eines anderen einnehmen. Es wurde abgewiesen.',
  unknown_conversation: 'Diese Unterhaltung gibt es auf diesem Gerät nicht mehr.',
  unknown_message: 'Diese Nachricht gibt es auf diesem Gerät nicht mehr.',
  not_admin: 'Das darf nur, wer die Gruppe verwaltet. Frag dort nach.',
  no_roles: 'Diese Gruppe verwaltet niemand: Alle darin dürfen das.',
  last_admin: 'Jemand muss die Gruppe verwalten. Bestimme erst jemand anderen.',
  bad_join_link: 'Das ist kein Einladungslink. Lass ihn dir noch einmal geben.',
  link_over: 'Dieser Link gilt nicht mehr. Lass dir einen neuen geben.',
  bad_roles: 'Wer diese Gruppe verwaltet, ist nicht lesbar; die Änderung wurde übergangen.',
  picture_unusable: 'Dieses Bild geht hier nicht. Wähle ein anderes.',
  asked_from_outside:
    'Jemand von außen wollte eine Unterhaltung ändern. Das wurde nicht beachtet; sag es dem Betreiber.',
  not_participant: 'Du bist nicht mehr in dieser Unterhaltung.',
  not_in_it: 'Diese Person ist nicht mehr in der Unterhaltung.',
  message_deleted: 'Diese Nachricht wurde gelöscht.',
  still_in: 'Du bist noch in dieser Unterhaltung. Verlass sie zuerst.',
  conversation_broken:
    'Diese Unterhaltung kann hier nicht mehr gelesen werden. Beginne eine neue mit denselben Personen.',
  change_forgotten:
    'Der Server kommt wohl aus einer Sicherung und kennt eine Änderung dieser Unterhaltung nicht mehr. Beginne eine neue mit denselben Personen.',
  not_ours: 'Nur eigene Nachrichten lassen sich ändern oder für alle löschen.',
  empty: 'Es gibt nichts zu senden. Schreib erst etwas.',
  too_large: 'Das ist zu groß. Verkleinere oder teile es.',
  nobody_to_add: 'Wähle mindestens eine Person, die ein Konto und ein Gerät hat.',
  no_key_package:
    'Gerade kann keines ihrer Geräte hinzugefügt werden. Versuch es später noch einmal.',
  too_many_participants:
    'Mehr Personen kann die Gruppe nicht haben. Entferne zuerst jemanden daraus.',
  too_many_key_packages:
    'Der Server nimmt vorerst keine Schlüssel dieses Geräts mehr an. Nachrichten kommen und gehen trotzdem.',
  mailbox_full:
    'Ein Gerät dieser Person war lange nicht online. Versuch es noch einmal, wenn es das wieder war.',
  not_allowed:
    'Das erlaubt der Server nicht: Ein Betrieb schreibt nur Menschen, die ihm zuerst geschrieben haben.',

  unreachable:
    'Der Server ist nicht erreichbar. Prüfe deine Verbindung; was du schreibst, wird später gesendet.',
  unavailable:
    'Auf diesem Gerät oder in seiner Verbindung ist etwas gescheitert. Versuch es gleich noch einmal.',
  refused: 'Der Server hat das abgelehnt. Versuch es später noch einmal.',
  rate_limited: TOO_FAST,
  too_many_requests: TOO_FAST,
  too_many_attempts: TOO_FAST,
  login_timeout: 'Die Verbindung ist zu langsam. Es wird noch einmal versucht.',
  slow_reader: 'Die Verbindung ist zu langsam. Es wird noch einmal versucht.',
  too_many_connections:
    'Der Server hat zu viele Verbindungen. Es wird gleich noch einmal versucht.',
  server_restart: 'Der Server wird neu gestartet. Es wird gleich noch einmal versucht.',
  replaced:
    'Plausch ist ein zweites Mal mit den Schlüsseln dieses Geräts geöffnet. Schließ eines davon.',
  server_internal:
    'Der Server hat einen Fehler gemacht. Versuch es später; bleibt er, sag es dem Betreiber.',
  server_unavailable: 'Der Server kann gerade nichts speichern. Versuch es später noch einmal.',
  server_misbehaved: SERVER_MISTAKEN,
  bad_frame: SERVER_MISTAKEN,
  bad_answer: SERVER_MISTAKEN,
  wrong_state: SERVER_MISTAKEN,
  beyond_log: SERVER_MISTAKEN,
  log_gap: LEFT_OUT,
  log_shortened: LEFT_OUT,
  bad_version: 'Der Server spricht eine andere Version. Lade diese Seite neu.',
  bad_request: 'Das ging so nicht. Lade die Seite neu und versuch es noch einmal.',
  unknown_operation: 'Die Seite ist älter als das, was hinter ihr arbeitet. Lade sie neu.',
  bad_endpoint:
    'Der Server kann diesen Browser nicht wecken. Plausch meldet sich nur, solange es offen ist.',

  identity_changed:
    'Jemand zeigt einen neuen Schlüssel. Vergleiche die Sicherheitsnummer, bevor du schreibst.',
  identity_key_changed:
    'Das ist ein anderer Schlüssel als bisher. Vergleiche die Sicherheitsnummer.',
  safety_number_differs:
    'Das ist nicht dieselbe Nummer. Schreib nichts Vertrauliches, bis du weißt, warum.',
  wrong_party:
    'Dieser Code gilt für andere als euch beide. Lies den auf dem Gerät der anderen Person ein.',
  trust_refused: 'Was gezeigt wurde, ist nicht glaubhaft; ihm wird nichts gesendet.',
  key_package_refused: UNPROVEN,
  device_not_listed: UNPROVEN,
  credential_refused: UNPROVEN,
  identity_refused: UNPROVEN,
  leaf_key_mismatch: UNPROVEN,
  key_reuse: UNPROVEN,
  bad_key: UNPROVEN,
  bad_signature: UNPROVEN,
  malformed: UNPROVEN,
  certificate_never_valid: UNPROVEN,
  certificate_expired:
    'Der Nachweis eines Geräts ist zu alt. Es erneuert ihn, sobald es online ist.',
  certificate_not_yet_valid:
    'Der Nachweis eines Geräts gilt erst später. Prüft die Uhren beider Geräte.',
  clock_wrong:
    'Die Uhren dieses Geräts und des Servers gehen verschieden. Stell deine, sonst trauen andere ihm nicht.',
  device_list_account: 'Der Server zeigt die Geräte von jemand anderem. Trau ihm nicht.',
  device_list_gap: 'Der Server zeigt eine Geräteliste mit einer Lücke. Trau ihm nicht.',
  unknown_version: 'Das stammt aus einer neueren Version. Lade die Seite neu.',
  fork_suspected: 'Jemand sieht andere Beteiligte als du. Vergleicht eure Sicherheitsnummern.',
  mls_protocol: UNREADABLE,
  bad_content: UNREADABLE,
  bad_cbor: UNREADABLE,
  too_deep: UNREADABLE,
  wrong_origin:
    'Eine Nachricht kam, die einen anderen Absender nennt, als sie hat; sie wurde nicht beachtet.',
  replayed_content: 'Eine Nachricht kam ein zweites Mal; sie wird einmal gezeigt.',
  welcome_repeated: BAD_WELCOME,
  welcome_misplaced: BAD_WELCOME,
  welcome_outdated: BAD_WELCOME,
  welcome_epoch: BAD_WELCOME,
  welcome_stranger: BAD_WELCOME,
  welcome_unknown_key_package: BAD_WELCOME,

  bad_attachment: 'Diese Datei ist beschädigt oder verändert. Lass sie noch einmal senden.',
  transfer_cancelled: 'Abgebrochen.',
  file_too_large: 'Diese Datei ist zu groß. Wähle eine kleinere.',
  file_changed: 'Die Datei hat sich während des Sendens geändert. Wähle sie noch einmal.',
  file_gone: 'Die Datei ist nicht mehr auf diesem Gerät. Sende sie noch einmal.',
  file_elsewhere:
    'Diese Datei liegt auf einem anderen Server oder ist zu groß, um hier geholt zu werden.',
  unknown_blob: 'Der Server hat diese Datei nicht mehr. Lass sie noch einmal senden.',
  upload_stuck:
    'Der Server nimmt die Datei nicht an und sagt nicht, warum. Versuch es später noch einmal.',
  quota_exceeded:
    'Du hast so viel gesendet, wie dieser Server vorerst erlaubt. Versuch es später noch einmal.',
  too_many_uploads: 'Zu viele Dateien sind unterwegs. Warte, bis einige angekommen sind.',
  picture_bomb: 'Dieses Bild hat zu viele Bildpunkte. Verkleinere es, oder sende es als Datei.',
  no_microphone:
    'Das Mikrofon ist nicht verfügbar. Erlaube es in den Einstellungen deines Browsers.',
  not_copied:
    'Der Browser hat Plausch das nicht kopieren lassen. Markiere es und kopiere es von Hand.',

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
  worker_gone:
    'Das wurde unterbrochen, bevor es fertig war. Sieh noch einmal nach; bleibt es so, lade die Seite neu.',
  internal: 'Plausch hat einen Fehler gemacht. Lade die Seite neu; kommt er wieder, sag es uns.',
  unknown: 'Das hat nicht geklappt. Versuch es noch einmal.',
};
