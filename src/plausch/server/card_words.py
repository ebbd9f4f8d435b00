"""What the public page of a business says by itself, in German and in English."""

WORDS = {
    "de": {
        "open_chat": "Chat öffnen",
        "hours": "Öffnungszeiten",
        "closed": "geschlossen",
        "differing": "Abweichend in nächster Zeit",
        "contact": "Kontakt",
        "address": "Adresse",
        "telephone": "Telefon",
        "email": "E-Mail",
        "spoken": "Sprachen",
        "links": "Im Netz",
        "code": "Zum Scannen",
        "scan": "Scannen und verschlüsselt schreiben, ohne Telefonnummer",
        "imprint": "Impressum",
        "represented": "Vertreten durch",
        "contact_form": "Kontaktformular",
        "register": "Register",
        "vat_id": "Umsatzsteuer-ID",
        "privacy": "Datenschutz",
        "privacy_more": "Ausführlich",
        "save": "Kontakt speichern (vCard)",
        "print": "Seite zum Ausdrucken",
        "needs_script": "Zum Schreiben braucht Plausch JavaScript: Es verschlüsselt Ihre "
        "Nachrichten auf diesem Gerät.",
        "signed": "Diese Angaben hat der Betrieb selbst veröffentlicht und unterschrieben.",
        "pictures": "Bilder",
        "sole trader": "Einzelunternehmen",
        "public body": "Körperschaft des öffentlichen Rechts",
        "other": "",
    },
    "en": {
        "open_chat": "Open chat",
        "hours": "Opening hours",
        "closed": "closed",
        "differing": "Different in the coming weeks",
        "contact": "Contact",
        "address": "Address",
        "telephone": "Telephone",
        "email": "E-mail",
        "spoken": "Languages",
        "links": "On the web",
        "code": "To scan",
        "scan": "Scan and write, encrypted and without a telephone number",
        "imprint": "Imprint",
        "represented": "Represented by",
        "contact_form": "Contact form",
        "register": "Register",
        "vat_id": "VAT id",
        "privacy": "Privacy",
        "privacy_more": "In full",
        "save": "Save contact (vCard)",
        "print": "Page to print",
        "needs_script": "To write, Plausch needs JavaScript: it encrypts your messages on this "
        "device.",
        "signed": "The business has published and signed these details itself.",
        "pictures": "Pictures",
        "sole trader": "Sole trader",
        "public body": "Public body",
        "other": "",
    },
}

WEEKDAYS = {
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}

_MONTHS = (
    ("Januar", "January"), ("Februar", "February"), ("März", "March"), ("April", "April"),
    ("Mai", "May"), ("Juni", "June"), ("Juli", "July"), ("August", "August"),
    ("September", "September"), ("Oktober", "October"), ("November", "November"),
    ("Dezember", "December"),
)  # fmt: skip

_TONGUES = {
    "de": ("Deutsch", "German"), "en": ("Englisch", "English"), "tr": ("Türkisch", "Turkish"),
    "fr": ("Französisch", "French"), "it": ("Italienisch", "Italian"),
    "es": ("Spanisch", "Spanish"), "pl": ("Polnisch", "Polish"), "ru": ("Russisch", "Russian"),
    "uk": ("Ukrainisch", "Ukrainian"), "ar": ("Arabisch", "Arabic"), "fa": ("Persisch", "Persian"),
    "el": ("Griechisch", "Greek"), "hr": ("Kroatisch", "Croatian"), "sr": ("Serbisch", "Serbian"),
    "ro": ("Rumänisch", "Romanian"), "bg": ("Bulgarisch", "Bulgarian"),
    "pt": ("Portugiesisch", "Portuguese"), "nl": ("Niederländisch", "Dutch"),
    "cs": ("Tschechisch", "Czech"), "hu": ("Ungarisch", "Hungarian"),
    "vi": ("Vietnamesisch", "Vietnamese"), "zh": ("Chinesisch", "Chinese"),
    "ja": ("Japanisch", "Japanese"),
}  # fmt: skip


def _in(pair: tuple[str, str], language: str) -> str:
    return pair[0] if language == "de" else pair[1]


def month_name(month: int, language: str) -> str:
    """The month, 1 to 12."""
    return _in(_MONTHS[month - 1], language)


def tongue(tag: str, language: str) -> str:
    """A language's name by its tag; a tag that is not known stands for itself."""
    known = _TONGUES.get(tag.partition("-")[0])
    return _in(known, language) if known else tag
