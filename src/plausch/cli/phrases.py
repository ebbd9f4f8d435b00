"""What the command line says to people, in English and German: one small table.

Errors come from the rooms that raise them, in English; help texts are English too.
"""

import os
from collections.abc import Mapping
from typing import Literal

from plausch.cli.business_phrases import BUSINESS_PHRASES
from plausch.cli.operator_phrases import OPERATOR_PHRASES
from plausch.cli.store_phrases import STORE_PHRASES

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = ("en", "de")

PHRASES: dict[str, tuple[str, str]] = {
    "registered": (
        "You are {address}. Your keys are in {home}; nobody else has them.",
        "Sie sind {address}. Ihre Schlüssel liegen in {home}; sonst hat sie niemand.",
    ),
    "registering": ("Making keys and registering ...", "Schlüssel werden erzeugt ..."),
    "sending": ("Encrypting and sending ...", "Wird verschlüsselt und gesendet ..."),
    "sent": ("Sent to {title} (no. {seq}).", "Gesendet an {title} (Nr. {seq})."),
    "waiting": (
        "Kept in the outbox for {title}: the server did not take it in {seconds} s; it goes out "
        "with the next connection, do not send it again.",
        "Im Ausgang für {title}: der Server hat es in {seconds} s nicht angenommen; es geht mit "
        "der nächsten Verbindung hinaus, bitte nicht noch einmal senden.",
    ),
    "listening": (
        "Listening as {address}; Ctrl-C ends it.",
        "{address} hört zu; Strg-C beendet.",
    ),
    "time_is_up": (
        "{taken} of {count} messages had come when the {seconds} s were over.",
        "{taken} von {count} Nachrichten waren da, als die {seconds} s vorbei waren.",
    ),
    "offline": (
        "The server cannot be reached; this is what the device knew before.",
        "Der Server ist nicht erreichbar; dies ist der Stand dieses Geräts von vorher.",
    ),
    "not_let_in": (
        "The server does not let this device ask; this is what the device knew before.",
        "Der Server lässt dieses Gerät nicht fragen; dies ist sein Stand von vorher.",
    ),
    "server_says": ("The server says: {sentence}", "Der Server sagt: {sentence}"),
    "saving": ("Fetching and decrypting ...", "Wird geholt und entschlüsselt ..."),
    "saved": (
        "{path} ({size} bytes, from {sender})",
        "{path} ({size} Bytes, von {sender})",
    ),
    "reporting": ("Handing in the report ...", "Die Meldung wird abgegeben ..."),
    "report_confirm": (
        "The operator of your server will be able to read the chosen messages ({count}), sees who "
        "wrote them and that you report them. Go on?",
        "Wer Ihren Server betreibt, kann dann die gewählten Nachrichten ({count}) lesen, sieht, "
        "von wem sie sind und dass Sie sie melden. Weiter?",
    ),
    "reported": (
        "{address} is reported; messages disclosed to the operator of your server: {count}.",
        "{address} ist gemeldet; dem Betreiber Ihres Servers offengelegte Nachrichten: {count}.",
    ),
    "report_heads": (
        "Id|Reported at|About|Reason|Messages|From",
        "Nr.|Gemeldet am|Über|Grund|Nachrichten|Von",
    ),
    "report_about": (
        "Report {number} of {at}: {reporter} reports {reported}, {reason}.",
        "Meldung {number} vom {at}: {reporter} meldet {reported}, {reason}.",
    ),
    "report_note": ("Note: {note}", "Hinweis: {note}"),
    "report_is_closed": (
        "Closed on {at}; what was disclosed is deleted.",
        "Geschlossen am {at}; das Offengelegte ist gelöscht.",
    ),
    "report_edited": ("(edited version)", "(geänderte Fassung)"),
    "report_genuine": (
        "This server has verified that these messages were sent so.",
        "Dieser Server hat geprüft, dass diese Nachrichten so gesendet wurden.",
    ),
    "report_closed": (
        "Report {number} is closed; the messages in it are deleted.",
        "Meldung {number} ist geschlossen; die Nachrichten darin sind gelöscht.",
    ),
    "looking": ("Asking the server ...", "Der Server wird gefragt ..."),
    "nothing": ("Nothing here yet.", "Noch nichts da."),
    "group_created": ("Group {title} exists ({id}).", "Gruppe {title} besteht ({id})."),
    "group_added": ("{address} is now in {title}.", "{address} ist jetzt in {title}."),
    "group_removed": (
        "{address} is no longer in {title}.",
        "{address} ist nicht mehr in {title}.",
    ),
    "group_promoted": (
        "{address} is an admin of {title} now.",
        "{address} verwaltet jetzt {title}.",
    ),
    "group_demoted": (
        "{address} is no longer an admin of {title}.",
        "{address} verwaltet {title} nicht mehr.",
    ),
    "group_link": (
        "Whoever opens it may ask to join {title}: {link}",
        "Wer ihn öffnet, kann um Aufnahme in {title} bitten: {link}",
    ),
    "group_no_link": (
        "{title} has no invitation link; make one with --new.",
        "{title} hat keinen Einladungslink; --new macht einen.",
    ),
    "group_asked": (
        "{title} was asked; you are in the group when they say yes.",
        "{title} ist gefragt; nach der Zustimmung sind Sie in der Gruppe.",
    ),
    "group_asking": (
        "{sender} asks to join {title}.",
        "{sender} bittet um Aufnahme in {title}.",
    ),
    "group_left": ("You left {title}.", "Sie haben {title} verlassen."),
    "group_renamed": ("It is called {title} now.", "Der Name ist jetzt {title}."),
    "working": ("Working ...", "Einen Augenblick ..."),
    "device_here": ("this device", "dieses Gerät"),
    "device_removed": (
        "{device} is off the list and out of the conversations.",
        "{device} ist von der Liste und aus den Unterhaltungen entfernt.",
    ),
    "device_staff": ("staff", "Personal"),
    "device_linked": (
        "{device} is a device of {address} now.",
        "{device} ist jetzt ein Gerät von {address}.",
    ),
    "linked": ("This is a device of {address} now.", "Dies ist jetzt ein Gerät von {address}."),
    "linked_staff": (
        "This is a device of the staff of {address} now.",
        "Dies ist jetzt ein Gerät des Personals von {address}.",
    ),
    "link_no_history": (
        "What was said before stays on the other devices; this one begins with what comes now.",
        "Was vorher gesagt wurde, bleibt auf den anderen Geräten; dieses beginnt mit dem, was "
        "jetzt kommt.",
    ),
    "link_show": (
        "Scan this code with the other device, or give it this link; it is good for 10 minutes:",
        "Lesen Sie diesen Code mit dem anderen Gerät, oder geben Sie ihm diesen Link; er gilt 10 "
        "Minuten:",
    ),
    "link_digits": (
        "Type {digits} on the other device.",
        "Geben Sie {digits} auf dem anderen Gerät ein.",
    ),
    "link_join": (
        "Is this to be a device of {account}? [y/N]",
        "Soll dies ein Gerät von {account} sein? [j/N]",
    ),
    "link_agree": (
        "{name} wants to become a device of this account and then reads and writes as you. Type "
        "the six digits that it shows; an empty line says no:",
        "{name} soll ein Gerät dieses Kontos werden und liest und schreibt dann als Sie. Geben Sie "
        "die sechs Ziffern ein, die es zeigt; eine leere Zeile sagt nein:",
    ),
    "link_again": (
        "These are not the digits of {name}; if it shows these, somebody is in between. Once more:",
        "Das sind nicht die Ziffern von {name}; zeigt es diese, ist jemand dazwischen. Noch "
        "einmal:",
    ),
    "safety": (
        "Safety number with {address} ({state}):",
        "Sicherheitsnummer mit {address} ({state}):",
    ),
    "safety_advice": (
        "Compare it by voice or side by side, then give the number that the other side shows: "
        "plausch verify {address} --mark NUMBER",
        "Vergleichen Sie sie am Telefon oder nebeneinander, dann geben Sie die Nummer an, die die "
        "andere Seite zeigt: plausch verify {address} --mark NUMMER",
    ),
    "safety_changed": (
        "Ask the other side for the number on their screen. If it is this one: plausch verify "
        "{address} --accept NUMBER. If it is not: plausch verify {address} --reject",
        "Fragen Sie die andere Seite nach der Nummer auf ihrem Schirm. Ist es diese: plausch "
        "verify {address} --accept NUMMER. Ist sie es nicht: plausch verify {address} --reject",
    ),
    "state_pinned": ("not compared yet", "noch nicht verglichen"),
    "state_verified": ("compared", "verglichen"),
    "state_changed": ("THE KEY HAS CHANGED", "DER SCHLÜSSEL HAT SICH GEÄNDERT"),
    "interrupted": ("Interrupted.", "Unterbrochen."),
    "passphrase": ("Passphrase of {home}", "Passwort von {home}"),
    "passphrase_new": ("New passphrase", "Neues Passwort"),
    "invited": (
        "{code} is good for one account until {until}.",
        "{code} gilt für ein Konto bis {until}.",
    ),
    "you": ("you", "Sie"),
    "deleted": ("(deleted)", "(gelöscht)"),
    "business_ready": (
        "{name} is {address}. Start it with: plausch agent run --home {home}",
        "{name} ist {address}. Start mit: plausch agent run --home {home}",
    ),
    "business_checked": (
        "{name} is in order: {tables} tables, parties of up to {most}.",
        "{name} ist in Ordnung: {tables} Tische, Gesellschaften bis {most}.",
    ),
    "booking_heads": ("When|Guests|Name|Tables|State", "Wann|Gäste|Name|Tische|Stand"),
    "agent_running": (
        "{name} answers as {address}; Ctrl-C ends it.",
        "{name} antwortet als {address}; Strg-C beendet.",
    ),
    "calendar_closed": (
        "{name}: {closed} times are closed now, {opened} are open again.",
        "{name}: {closed} Zeiten sind jetzt geschlossen, {opened} wieder offen.",
    ),
    "calendar_event": ("Event {uid}: {why}", "Termin {uid}: {why}"),
    "event_repeats_too_often": (
        "left out, it repeats several times an hour.",
        "ausgelassen, er wiederholt sich mehrmals in der Stunde.",
    ),
    "event_repeats_too_long": (
        "left out, it repeats since a time that cannot be counted from.",
        "ausgelassen, seine Wiederholung beginnt zu weit in der Vergangenheit.",
    ),
    "event_several_rules": (
        "left out, it has several rules of repetition.",
        "ausgelassen, er hat mehrere Regeln der Wiederholung.",
    ),
    "event_too_many_dates": (
        "left out, it has more than a thousand dates.",
        "ausgelassen, er hat mehr als tausend Tage.",
    ),
    "event_too_many_exceptions": (
        "left out, it has more than a thousand exceptions.",
        "ausgelassen, er hat mehr als tausend Ausnahmen.",
    ),
    "event_unreadable": ("left out, it cannot be read.", "ausgelassen, er ist nicht lesbar."),
    "event_unknown_zone": (
        "its time zone does not exist; taken as the time here.",
        "seine Zeitzone gibt es nicht; als hiesige Zeit genommen.",
    ),
    "calendar_password": ("Password of the calendar", "Passwort des Kalenders"),
    "calendar_found": ("calendar {name}: {url}", "Kalender {name}: {url}"),
    "calendar_read_only": (
        "calendar {name} (you may only read it): {url}",
        "Kalender {name} (nur lesbar): {url}",
    ),
    "no_calendars": (
        "There is no calendar at that server; make one there first.",
        "Auf diesem Server gibt es keinen Kalender; legen Sie dort zuerst einen an.",
    ),
    "calendar_picked": (
        "Bookings go into the calendar {name} from the agent's next start on; that is written in "
        "{file}.",
        "Reservierungen kommen vom nächsten Start des Agenten an in den Kalender {name}; das steht "
        "in {file}.",
    ),
    "no_edits": (
        "Nobody has changed a booking in the calendar.",
        "Niemand hat im Kalender eine Reservierung geändert.",
    ),
    "calendar_edited": (
        "Booking {uid} was changed in the calendar (seen {at}); there stood:",
        "Reservierung {uid} wurde im Kalender geändert (gesehen {at}); dort stand:",
    ),
    "calendar_deleted": (
        "Booking {uid} was deleted in the calendar (seen {at}).",
        "Reservierung {uid} wurde im Kalender gelöscht (gesehen {at}).",
    ),
    "import_done": (
        "Taken over: {new}; known already: {known}; not taken (over or cancelled): {skipped}. "
        "The file was read as {encoding}.",
        "Übernommen: {new}; schon bekannt: {known}; ausgelassen (vorbei oder abgesagt): {skipped}. "
        "Die Datei wurde als {encoding} gelesen.",
    ),
    "import_preview": (
        "Would be taken over: {new}; known already: {known}; not taken (over or cancelled): "
        "{skipped}. The file was read as {encoding}. Nothing has changed.",
        "Würden übernommen: {new}; schon bekannt: {known}; ausgelassen (vorbei oder abgesagt): "
        "{skipped}. Die Datei wurde als {encoding} gelesen. Nichts ist geändert.",
    ),
    "more_problems": ("... and {count} more.", "... und {count} weitere."),
    "agent_listening": (
        "Programs of this machine may ask at {url}; their token is in {file}.",
        "Programme dieses Rechners fragen unter {url}; ihr Schlüssel steht in {file}.",
    ),
    "no_bookings": ("The book is empty.", "Das Buch ist leer."),
    "healthy": ("Everything that was looked at is in order.", "Alles Geprüfte ist in Ordnung."),
    "unhealthy": (
        "{count} of {total} checks found something wrong.",
        "{count} von {total} Prüfungen fanden einen Fehler.",
    ),
    "demo_server": ("Starting a server ...", "Ein Server wird gestartet ..."),
    "demo_which": ("Where would you like to book?", "Wo möchten Sie buchen?"),
    "kind_restaurant": ("Zur Linde, a restaurant", "Zur Linde, ein Restaurant"),
    "kind_hairdresser": ("Haarwerk, a hairdresser", "Haarwerk, ein Friseur"),
    "kind_shop": ("Radhaus, a bicycle shop", "Radhaus, ein Fahrradladen"),
    "demo_agent": (
        "Starting the agent of {business} ...",
        "Der Agent von {business} wird gestartet ...",
    ),
    "demo_guest": ("Making your account ...", "Ihr Konto wird angelegt ..."),
    "demo_begin": (
        "You are {guest}, a guest; you write to {business}, end-to-end encrypted. Answer with a "
        "number or in your own words; an empty line ends the visit.",
        "Sie sind {guest}, ein Gast, und schreiben {business}, Ende zu Ende verschlüsselt. "
        "Antworten Sie mit einer Nummer oder mit eigenen Worten; eine leere Zeile beendet den "
        "Besuch.",
    ),
    "demo_link": (
        "In a browser you are a guest of your own, for as long as this runs: {link}",
        "Im Browser sind Sie ein eigener Gast, solange dies hier läuft: {link}",
    ),
    "demo_no_link": (
        "There is no link for a browser: the web app is not built; `make web` builds it.",
        "Einen Link für den Browser gibt es nicht: die Web-App ist nicht gebaut; `make web` baut "
        "sie.",
    ),
    "demo_hello": ("Hello!", "Guten Tag!"),
    "demo_saw": (
        "What the server saw of this conversation, and what you saw:",
        "Was der Server von diesem Gespräch sah, und was Sie sahen:",
    ),
    "demo_heads": (
        "seq|time|sending device|bytes|last 12 bytes|you saw",
        "seq|Zeit|sendendes Gerät|Bytes|letzte 12 Bytes|Sie sahen",
    ),
    "demo_handshake": ("(keys of the group)", "(Schlüssel der Gruppe)"),
    "demo_unseen": ("(marks: delivered, read)", "(Zeichen: zugestellt, gelesen)"),
    "demo_blind": (
        "Searched {files} files of the server ({kilobytes} kB) for {texts} texts of this "
        "conversation: none found.",
        "{files} Dateien des Servers ({kilobytes} kB) nach {texts} Texten dieses Gesprächs "
        "durchsucht: keiner gefunden.",
    ),
    "demo_booked": (
        "Booked, and both ends agree: {uid}, {when}, for {party}, under the name {name}.",
        "Gebucht, und beide Seiten sind sich einig: {uid}, {when}, für {party}, auf den Namen "
        "{name}.",
    ),
    **BUSINESS_PHRASES,
    **STORE_PHRASES,
    **OPERATOR_PHRASES,
    "demo_not_booked": ("Nothing was reserved.", "Es wurde nichts reserviert."),
}


def language_of(environment: Mapping[str, str] | None = None) -> Language:
    """The language that the environment asks for; English unless it is German.

    PLAUSCH_LANGUAGE goes before LC_ALL, LC_MESSAGES and LANG (POSIX order).
    """
    environment = os.environ if environment is None else environment
    for name in ("PLAUSCH_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        wanted = environment.get(name, "")
        if wanted:
            return "de" if wanted.lower().startswith("de") else "en"
    return "en"


def phrase(key: str, language: Language, **values: object) -> str:
    """The sentence of that name, filled in. Raises KeyError for an unknown name."""
    return PHRASES[key][LANGUAGES.index(language)].format(**values)
