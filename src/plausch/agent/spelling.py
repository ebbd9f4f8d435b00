"""Slips of the thumb in the words that matter: samstg, resevierung, wendesday, tabel."""

import re
from functools import cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KNOWN = _words("""
montag dienstag mittwoch donnerstag freitag samstag sonntag sonnabend monday tuesday wednesday
thursday friday saturday sunday januar februar april august september oktober november dezember
january february october december heute übermorgen tomorrow tonight today evening afternoon
morning nachmittag vormittag personen people guests reservierung reservieren reserviert
stornieren stornierung verschieben reservation reserve booking appointment cancel cancelled
reschedule öffnungszeiten geöffnet termin tisch table nächste nächsten nächster kommenden zwei
""")
_OTHERS = _words("""
    able booking cable fabel label tales tables tisches tische tischen termine terminen gable
    personne today toddy reserved reserves reserviere bookings evenings mornings mittag mittags
    montags dienstags mittwochs donnerstags freitags samstags sonntags cancels canceln heutige
    heuten guest people's zweit zwei zwoi zwar termins nächstes nächstem kommende kommendem
    reservierungen appointments abend abends tastes tale tablet tuesdays mondays fridays
""")
_ALIASES = {
    "tich": "tisch", "tsich": "tisch", "tabel": "table", "frietag": "freitag", "morgn": "morgen",
    "übermorge": "übermorgen", "heut": "heute", "nite": "night", "plz": "please", "pls": "please",
    "leit": "leute", "wensday": "wednesday", "wendesday": "wednesday", "saterday": "saturday",
    "persohnen": "personen", "aamd": "abend",
}  # fmt: skip
_SHORTEST = 5
_WORD = re.compile(r"[^\W\d_]+")


def _shortened(word: str) -> list[str]:
    """The word, and the word without each of its letters after the first."""
    return [word, *(word[:place] + word[place + 1 :] for place in range(1, len(word)))]


@cache
def _index() -> dict[str, frozenset[str]]:
    """The known words by what is left of them when a letter is missing."""
    found: dict[str, set[str]] = {}
    for word in _KNOWN:
        for rest in _shortened(word):
            found.setdefault(rest, set()).add(word)
    return {rest: frozenset(words) for rest, words in found.items()}


def _corrected(word: str) -> str:
    """The one known word that is a letter away (missing, extra, other, swapped), or the word."""
    if word in _ALIASES:
        return _ALIASES[word]
    if not _SHORTEST <= len(word) <= 20 or word in _KNOWN or word in _OTHERS:
        return word
    index = _index()
    near = set().union(*(index.get(rest, ()) for rest in _shortened(word)))
    near = {known for known in near if len(known) >= _SHORTEST}
    return near.pop() if len(near) == 1 else word


def spelled(text: str) -> str:
    """A normalised text with its misspelt key words as they are meant."""
    return _WORD.sub(lambda match: _corrected(match[0]), text)
