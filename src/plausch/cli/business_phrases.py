"""What `plausch business` says, in English and German; part of the table in phrases.py."""

BUSINESS_PHRASES: dict[str, tuple[str, str]] = {
    "profile_ready": (
        "An example profile is in {file}: change it, then run plausch business publish.",
        "Ein Beispielprofil liegt in {file}: ändern Sie es, danach plausch business publish.",
    ),
    "profile_checked": (
        "{name}: the profile is complete and can go public.",
        "{name}: Das Profil ist vollständig und kann veröffentlicht werden.",
    ),
    "profile_lacks": (
        "The profile cannot go public: its imprint or privacy note is not complete. "
        "Missing: {fields}.",
        "Das Profil kann nicht veröffentlicht werden: Impressum oder Datenschutzhinweis sind nicht "
        "vollständig. Es fehlt: {fields}.",
    ),
    "profile_published": (
        "Public now: {url} (profile no. {seq}).",
        "Jetzt öffentlich: {url} (Profil Nr. {seq}).",
    ),
    "profile_withdraw": (
        "The page, the entry in the directory and what posters lead to will be gone. Go on?",
        "Die Seite, der Eintrag im Verzeichnis und das Ziel der Plakate sind dann weg. Weiter?",
    ),
    "profile_withdrawn": (
        "{address} has no public profile any more.",
        "{address} hat kein öffentliches Profil mehr.",
    ),
    "profile_hours": ("Opening hours", "Öffnungszeiten"),
    "profile_imprint": ("Imprint", "Impressum"),
    "profile_privacy": ("Privacy", "Datenschutz"),
    "weekdays": ("Mon|Tue|Wed|Thu|Fri|Sat|Sun", "Mo|Di|Mi|Do|Fr|Sa|So"),
    "nothing_found": (
        "Nothing was found in the directory of our server.",
        "Im Verzeichnis unseres Servers wurde nichts gefunden.",
    ),
    "directory_heads": ("Address|Name|Kind|Where", "Adresse|Name|Art|Ort"),
    "directory_more": (
        "There are more; the next page: --after {last}",
        "Es gibt mehr; die nächste Seite: --after {last}",
    ),
    "poster_written": ("{file} leads to {url}.", "{file} führt zu {url}."),
    "field_imprint_name": ("name of the business's owner", "Name des Inhabers oder der Firma"),
    "field_imprint_legal_form": ("legal form", "Rechtsform"),
    "field_imprint_representative": ("who represents it", "vertretungsberechtigte Person"),
    "field_imprint_street": ("street, not a post box", "Straße, kein Postfach"),
    "field_imprint_postal_code": ("postal code", "Postleitzahl"),
    "field_imprint_locality": ("town", "Ort"),
    "field_imprint_email": ("e-mail address", "E-Mail-Adresse"),
    "field_imprint_telephone": (
        "telephone number or contact form",
        "Telefonnummer oder Kontaktformular",
    ),
    "field_imprint_register": ("register", "Register"),
    "field_imprint_register_number": ("number in the register", "Registernummer"),
    "field_privacy": ("privacy note", "Datenschutzhinweis"),
}
