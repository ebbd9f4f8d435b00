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
    r"people|ppl|persons?|guests?|pax|adults?|of us|köpfe|seats)"
)
_CHILDREN = r"(?:kind(?:ern?)?|kids?|child(?:ren)?|baby|babys|babies)"
_ZU = re.compile(rf"\bzu\s+(?P<w>{'|'.join(_TOGETHER)})\b")
_PEOPLE = re.compile(rf"\b(?P<n>{NUMBER})\s*(?:{_ADULTS})")
_KIDS = re.compile(rf"(?:\b(?P<n>{NUMBER}|an?\b)|\bplus|\+)\s*(?:small |kleinen? )?{_CHILDREN}\b")
_FOR = re.compile(
    rf"\b(?:für|fuer|for)\s+(?:uns\s+|us\s+|about\s+|etwa\s+|ca\.?\s+)?(?P<n>{NUMBER})\b"
    r"(?!\s*(?:[.:/]\s?\d|uhr|o'clock|am\b(?! )|pm\b|tage?\b|stunden?|hours?|nights?))"
)
_WE = re.compile(
    rf"\b(?:wir sind|wir wären|wir waeren|wir werden|sind wir|we are|we're|we will be|we'll be|"
    rf"we'd be|there are|"
    rf"there will be|party of|group of|gruppe von|table of|tisch (?:mit|von))\s+"
    rf"(?:(?:nur|jetzt|nun|doch|dann|only|now|actually|just)\s+)*"
    rf"(?P<n>{NUMBER})\b"
)
_TABLE = re.compile(rf"\b(?P<n>{NUMBER})er[- ]?tisch\b")
_ALONE = re.compile(
    r"\b(?:allein|alleine|nur ich|nur für mich|just me|only me|by myself|for myself)\b"
)
_DEAR = (
    r"(?:(?:meine?n?|my) (?:frau|mann|freundin|freund|partner|partnerin|mutter|vater|wife|husband|"
    r"girlfriend|boyfriend|mother|father|mum|mom|dad))"
)
_COUPLE = re.compile(
    r"\b(?:uns|wir) (?:beiden?|zwei)\b|\bboth of us\b"
    rf"|\b{_DEAR} und (?:ich|mich)\b|\b(?:ich|mich) und {_DEAR}\b"
    rf"|\b{_DEAR} and (?:i|me|myself)\b|\b(?:i|me|myself) and {_DEAR}\b"
)
_FRIENDS = re.compile(rf"\b(?:mit|with)\s+(?P<n>{NUMBER})\s+(?:freunden|kollegen|friends|others)\b")
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
    match = remnant.take(_FRIENDS)
    if match is not None:
        return 1 + number_of(match["n"])
    if remnant.take(_COUPLE) is not None:
        return 2 + _children(remnant)
    if remnant.take(_ALONE) is not None:
        return 1
    return None


def _children(remnant: Remnant) -> int:
    total = 0
    while (match := remnant.take(_KIDS)) is not None:
        total += 1 if match["n"] in (None, "a", "an") else number_of(match["n"])
    return total
