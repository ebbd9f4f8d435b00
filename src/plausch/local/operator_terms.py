"""What the operator's page says as the operator's commands do, each in English and in German."""

OPERATOR_TERMS: dict[str, tuple[str, str]] = {
    "maintenance_off": (
        "No maintenance: everything is taken.",
        "Keine Wartung: alles wird angenommen.",
    ),
    "maintenance_until": ("People are told: until {until}", "Gesagt wird: bis {until}"),
    "maintenance_words": ("People are told: {words}", "Gesagt wird: {words}"),
    "people": ("Accounts of people", "Konten von Personen"),
    "businesses": ("Accounts of businesses", "Konten von Unternehmen"),
    "pages": ("Public pages", "Öffentliche Seiten"),
    "suspended_total": ("Suspended or removed", "Gesperrt oder entfernt"),
    "devices": ("Devices", "Geräte"),
    "conversations": ("Conversations", "Unterhaltungen"),
    "blobs": ("Encrypted files", "Verschlüsselte Dateien"),
    "no_accounts": ("There are no such accounts.", "Solche Konten gibt es nicht."),
    "person": ("person", "Person"),
    "business": ("business", "Unternehmen"),
    "open": ("open", "offen"),
    "suspended": ("suspended", "gesperrt"),
    "removed": ("removed", "entfernt"),
    "never": ("never", "nie"),
    "no_reports": ("There are no reports.", "Es gibt keine Meldungen."),
    "reason_spam": ("spam", "Spam"),
    "reason_abuse": ("abuse or threats", "Beleidigung oder Drohung"),
    "reason_illegal": ("something illegal", "Verbotenes"),
    "reason_other": ("another reason", "anderer Grund"),
}
