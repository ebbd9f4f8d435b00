"""What the command line says to people, in English and German: one small table.

Errors come from the rooms that raise them, in English; help texts are English too.
"""

import os
from collections.abc import Mapping
from typing import Literal

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
    "no_reports": ("There are no reports.", "Es gibt keine Meldungen."),
    "report_heads": (
        "Id|Reported at|About|Reason|Messages|From",
        "Nr.|Gemeldet am|Über|Grund|Nachrichten|Von",
    ),
    "reason_spam": ("spam", "Spam"),
    "reason_abuse": ("abuse or threats", "Beleidigung oder Drohung"),
    "reason_illegal": ("something illegal", "Verbotenes"),
    "reason_other": ("another reason", "anderer Grund"),
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
    "demo_agent": (
        "Starting the agent of the restaurant ...",
        "Der Agent des Restaurants wird gestartet ...",
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
