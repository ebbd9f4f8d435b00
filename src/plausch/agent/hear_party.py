"""How many guests, in free text, German and English: zu dritt, für 4, table for two, party of 6."""

import re

from plausch.agent.remnant import NUMBER, Remnant, number_of

_TOGETHER = {
    "zweit": 2, "zweien": 2, "dritt": 3, "dreien": 3, "viert": 4, "vieren": 4, "fünft": 5,
    "fuenft": 5, "sechst": 6, "siebt": 7, "siebent": 7, "acht": 8, "neunt": 9, "zehnt": 10,
    "elft": 11, "zwölft": 12,
}  # fmt: skip

_ADULTS = (
    r"(?:personen|person|pers\b\.?|leuten?|gästen?|gaesten?|mann|plätzen?|plaetze|erwachsenen?|"
    r"people|persons?|guests?|pax|adults?|of us|köpfe|seats)"
)
_CHILDREN = r"(?:kind(?:ern?)?|kids?|child(?:ren)?|baby|babys|babies)"
_ZU = re.compile(rf"\bzu\s+(?P<w>{'|'.join(_TOGETHER)})\b")
_PEOPLE = re.compile(rf"\b(?P<n>{NUMBER})\s*(?:{_ADULTS})")
_KIDS = re.compile(rf"\b(?P<n>{NUMBER})\s*(?:small |kleinen? )?{_CHILDREN}\b")
_FOR = re.compile(
    rf"\b(?:für|fuer|for)\s+(?:uns\s+|us\s+|about\s+|etwa\s+|ca\.?\s+)?(?P<n>{NUMBER})\b"
    r"(?!\s*(?:[.:/]\s?\d|uhr|o'clock|am\b(?! )|pm\b|tage?\b|stunden?|hours?|nights?))"
)
_WE = re.compile(
    rf"\b(?:wir sind|wir wären|wir waeren|sind wir|we are|we're|we will be|we'd be|there are|"
    rf"there will be|party of|group of|gruppe von|table of|tisch (?:mit|von))\s+(?:nur\s+|only\s+)?"
    rf"(?P<n>{NUMBER})\b"
)
_TABLE = re.compile(rf"\b(?P<n>{NUMBER})er[- ]?tisch\b")
_ALONE = re.compile(
    r"\b(?:allein|alleine|nur ich|nur für mich|just me|only me|by myself|for myself)\b"
)
_ARTICLES = ("ein", "einen")


def hear_party(remnant: Remnant) -> int | None:
    """The number of guests in a text, children included, or None."""
    match = remnant.take(_ZU)
    if match is not None:
        return _TOGETHER[match["w"]] + _children(remnant)
    total = 0
    while (match := remnant.take(_PEOPLE)) is not None:
        total += number_of(match["n"])
    if total:
        return total + _children(remnant)
    for pattern in (_WE, _TABLE, _FOR):
        match = remnant.take(pattern, lambda found: found["n"] not in _ARTICLES)
        if match is not None:
            return number_of(match["n"]) + _children(remnant)
    if remnant.take(_ALONE) is not None:
        return 1
    return None


def _children(remnant: Remnant) -> int:
    match = remnant.take(_KIDS)
    return number_of(match["n"]) if match is not None else 0
