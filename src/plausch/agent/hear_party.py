"""How many guests, in free text, German and English: zu dritt, für 4, table for two, party of 6.

What is ruled out is no number ("not four but five"); two that differ are unclear, unless something
is changed from one to the other, or both are the ends of a guess ("four to five people").
"""

import re

from plausch.agent.denied import denied
from plausch.agent.remnant import NUMBER, Remnant, number_of

_TOGETHER = {
    "zweit": 2,
    "zweien": 2,
    "dritt": 3,
    "dreien": 3,
    "viert": 4,
    "vieren": 4,
    "fünft": 5,
    "fuenft": 5,
    "sechst": 6,
    "siebt": 7,
    "siebent": 7,
    "acht": 8,
    "neunt": 9,
    "zehnt": 10,
    "elft": 11,
    "zwölft": 12,
    "zwoat": 2,
}
MAX_PARTY = 1000  # fmt: skip

_ADULTS = (
    r"(?:personen|person|pers\b\.?|leuten?|gästen?|gaesten?|mann|plätzen?|plaetze|erwachsenen?|"
    r"people|ppl|persons?|guests?|pax|adults?|of us|köpfe|seats)"
    r"(?!\s+(?:mehr|weniger|zusätzlich|more|less|fewer|extra)\b)"
)
_CHILDREN = r"(?:kind(?:ern?)?|kids?|child(?:ren)?|baby|babys|babies)"
_ZU = re.compile(rf"\bzu\s+(?P<w>{'|'.join(_TOGETHER)})\b")
_EXACTLY = r"(?<![-–.,:/\d])"
_PEOPLE = re.compile(rf"\b{_EXACTLY}(?P<n>{NUMBER})\s*(?:{_ADULTS})")
_RANGE = re.compile(
    rf"\b{_EXACTLY}(?P<n>{NUMBER})\s*(?P<to>-|–|bis(?: zu)?|to|auf|oder|"
    rf"or)\s*(?P<n2>{NUMBER})\s*{_ADULTS}"
)
_INSTEAD = re.compile(
    rf"\b{_EXACTLY}(?P<n>{NUMBER})\s+(?:{_ADULTS}\s+)?(?:(?:an)?statt|instead of)\s+{NUMBER}\b"
    rf"(?!\s*(?:uhr|pm|am\b|[.:]\d))(?:\s+{_ADULTS})?"
)
_KIDS = re.compile(
    rf"(?P<among>(?:davon|darunter|including|incl\.?|inklusive)\s+)?(?:\b(?P<n>{NUMBER}|an?\b)|"
    rf"\bplus|\+)\s*(?:small |kleinen? )?{_CHILDREN}\b"
)
_FOR = re.compile(
    rf"\b(?:für|fuer|for)\s+(?:uns\s+|us\s+|about\s+|etwa\s+|ca\.?\s+)?(?P<n>{NUMBER})\b"
    r"(?!\s*(?:[.:/]\s?\d|uhr|o'clock|am\b(?! )|pm\b|tage?\b|days?\b|stunden?|hours?|nights?|"
    r"euro?s?\b|"
    r"dollars?\b|pounds\b|[€$£%]|minut|weeks?|wochen?|jahre?|years?))"
)
_WE = re.compile(
    rf"\b(?:wir sind|wir wären|wir waeren|wir werden|sind wir|we are|we're|we will be|we'll be|"
    rf"we'd be|there are|"
    rf"there will be|sind(?= (?:jetzt|nun|nur))|are(?= (?:now|only))|party of|group of|gruppe von|"
    rf"table of|tisch (?:mit|von))\s+"
    rf"(?:(?:nur|jetzt|nun|doch|dann|only|now|actually|just)\s+)*"
    rf"(?P<n>{NUMBER})\b(?!\s*(?:uhr|more|mehr|weniger|fewer|less|minutes|minuten|[.:]\d))"
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


def hear_party(remnant: Remnant, *, is_moved: bool = False) -> int | None:
    """The number of guests in a text, children included, or None.

    `is_moved`: of "from four to six people" the latter is meant. Of several numbers that differ
    none is meant: see `hear_parties`.
    """
    parties = hear_parties(remnant, is_moved=is_moved)
    return parties[0] if len(parties) == 1 else None


def hear_parties(remnant: Remnant, *, is_moved: bool = False) -> list[int]:
    """All numbers of guests in a text that may be meant; one if it is clear."""
    match = remnant.take(_INSTEAD)
    if match is not None:
        return _possible([number_of(match["n"])])
    match = remnant.take(_RANGE)
    if match is not None:
        first, second = number_of(match["n"]), number_of(match["n2"])
        is_choice = match["to"] in ("oder", "or")
        clear = second if is_moved or match["to"] == "auf" else max(first, second)
        return _possible([first, second] if is_choice else [clear + _children(remnant)])
    counts = _counts(remnant)
    children = _children(remnant)
    if len(counts) == 2 and max(counts) == min(counts) + children:
        return _possible([max(counts)])  # four of us: two adults, two children
    return _possible([count + children for count in counts])


def _possible(parties: list[int]) -> list[int]:
    return [party for party in dict.fromkeys(parties) if 1 <= party <= MAX_PARTY]


def _counts(remnant: Remnant) -> list[int]:
    """The different numbers of adults in a text, as it says them."""
    counts: list[int] = []
    for pattern in (_ZU, _PEOPLE, _WE, _TABLE, _FOR, _FRIENDS):
        while (match := remnant.take(pattern, _is_number)) is not None:
            if denied(remnant.whole, *match.span()):
                continue
            groups = match.groupdict()
            count = _TOGETHER[groups["w"]] if "w" in groups else number_of(groups["n"])
            counts.append(count + (1 if pattern is _FRIENDS else 0))
    if not counts and remnant.take(_COUPLE) is not None:
        counts.append(2)
    if not counts and remnant.take(_ALONE) is not None:
        counts.append(1)
    return list(dict.fromkeys(counts))


def _is_number(match: re.Match[str]) -> bool:
    """Not the article of "für einen Tisch"; "eine Person" is one."""
    if match[0].endswith("of us") and match["n"] == "one":
        return False  # "one of us is ill"
    return match.re is _PEOPLE or match.groupdict().get("n") not in _ARTICLES


def _children(remnant: Remnant) -> int:
    """Children that come beside the others."""
    total = 0
    while (match := remnant.take(_KIDS)) is not None:
        if not match["among"]:
            total += 1 if match["n"] in (None, "a", "an") else number_of(match["n"])
    return total
