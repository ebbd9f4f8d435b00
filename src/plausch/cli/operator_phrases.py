"""What the commands for an operator's accounts, orders and reports say; what the
operator's page says too is in `local/operator_terms.py`."""

from plausch.local.operator_terms import OPERATOR_TERMS

OPERATOR_PHRASES: dict[str, tuple[str, str]] = {
    "account_heads": (
        "Name|Kind|Made|Devices|Last here|Files|Bytes|State",
        "Name|Art|Angelegt|Geräte|Zuletzt da|Dateien|Bytes|Stand",
    ),
    "account_open": OPERATOR_TERMS["open"],
    "account_suspended": OPERATOR_TERMS["suspended"],
    "account_removed": OPERATOR_TERMS["removed"],
    "account_more": (
        "There may be more; go on with: --after {name}",
        "Es kann mehr geben; weiter mit: --after {name}",
    ),
    "no_accounts": OPERATOR_TERMS["no_accounts"],
    "kind_person": OPERATOR_TERMS["person"],
    "kind_business": OPERATOR_TERMS["business"],
    "device_heads": ("Device|Listed|Last here", "Gerät|Gelistet|Zuletzt da"),
    "rate_heads": ("Rate|Taken at most|Of|Until", "Verbrauch|Höchstens|Von|Bis"),
    **{key: said for key, said in OPERATOR_TERMS.items() if key.startswith("rate_")},
    "never": OPERATOR_TERMS["never"],
    "unknown": OPERATOR_TERMS["unknown"],
    "has_page": (
        "It has a public page.",
        "Es hat eine öffentliche Seite.",
    ),
    "suspended_now": (
        "{name} is suspended: connected devices are sent away within seconds, and nobody logs in. "
        "Undo it with: plausch accounts unsuspend {name} {at}",
        "{name} ist gesperrt: verbundene Geräte werden innerhalb von Sekunden abgemeldet, und "
        "niemand meldet sich an. Rückgängig mit: plausch accounts unsuspend {name} {at}",
    ),
    "unsuspended_now": (
        "{name} may log in again; its devices come back by themselves.",
        "{name} darf sich wieder anmelden; die Geräte kommen von selbst zurück.",
    ),
    "remove_confirm": (
        "Remove {name} for good? Its devices, keys, backup and public page go at once, its files "
        "with the next sweep. The name stays taken. What it sent stays with those it wrote to.",
        "{name} für immer entfernen? Geräte, Schlüssel, Sicherung und öffentliche Seite gehen "
        "sofort, die Dateien mit dem nächsten Aufräumen. Der Name bleibt vergeben. Was gesendet "
        "wurde, bleibt bei denen, die es bekommen haben.",
    ),
    "removed_now": ("{name} is removed.", "{name} ist entfernt."),
    "total_people": OPERATOR_TERMS["people"],
    "total_businesses": OPERATOR_TERMS["businesses"],
    "total_pages": OPERATOR_TERMS["pages"],
    "total_suspended": OPERATOR_TERMS["suspended_total"],
    "total_devices": OPERATOR_TERMS["devices"],
    "total_active_devices": (
        "Devices that were here in 30 days",
        "Geräte, die in 30 Tagen da waren",
    ),
    "total_conversations": OPERATOR_TERMS["conversations"],
    "total_envelopes": (
        "Encrypted messages that wait or are kept",
        "Verschlüsselte Nachrichten, die warten oder behalten werden",
    ),
    "total_message_bytes": ("Their bytes", "Deren Bytes"),
    "total_blobs": OPERATOR_TERMS["blobs"],
    "total_blob_bytes": ("Their bytes", "Deren Bytes"),
    "total_unfinished_uploads": ("Uploads under way", "Laufende Uploads"),
    "total_waiting_welcomes": (
        "Invitations into conversations that wait",
        "Wartende Einladungen in Unterhaltungen",
    ),
    "total_unused_invitations": (
        "Invitation codes not used yet",
        "Einladungscodes, noch nicht benutzt",
    ),
    "total_open_reports": ("Reports that wait", "Offene Meldungen"),
    "total_new_accounts": OPERATOR_TERMS["new_accounts"],
    "total_new_envelopes": OPERATOR_TERMS["new_envelopes"],
    "total_closed_reports": ("Reports that were dealt with", "Erledigte Meldungen"),
    "maintenance_off": OPERATOR_TERMS["maintenance_off"],
    "maintenance_on": (
        "Maintenance since {since}: devices read, and nothing new is taken. What people write "
        "waits on their devices. End it with: plausch maintenance off {at}",
        "Wartung seit {since}: Geräte lesen, Neues wird nicht angenommen. Was geschrieben wird, "
        "wartet auf den Geräten. Beenden mit: plausch maintenance off {at}",
    ),
    "maintenance_until": OPERATOR_TERMS["maintenance_until"],
    "maintenance_words": OPERATOR_TERMS["maintenance_words"],
    "maintenance_soon": (
        "All processes of the server see it within 3 seconds.",
        "Alle Prozesse des Servers sehen das innerhalb von 3 Sekunden.",
    ),
    "operator_listening": (
        "Open the link in a browser of this machine. It is good once; when it was used, another is "
        "shown. Ctrl-C ends the page and all visits.",
        "Den Link in einem Browser dieser Maschine öffnen. Er gilt einmal; ist er verbraucht, "
        "erscheint ein neuer. Strg-C beendet die Seite und alle Besuche.",
    ),
    "no_reports": OPERATOR_TERMS["no_reports"],
    "reason_spam": OPERATOR_TERMS["reason_spam"],
    "reason_abuse": OPERATOR_TERMS["reason_abuse"],
    "reason_illegal": OPERATOR_TERMS["reason_illegal"],
    "reason_other": OPERATOR_TERMS["reason_other"],
}
