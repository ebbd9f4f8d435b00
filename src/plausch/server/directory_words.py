"""How names and towns are compared in the directory: folded, and by the beginnings of words.

Both what is kept and what is asked for is folded to letters and digits between single spaces, so
that accents, umlauts in either spelling, case and signs make no difference, and no character is
left that means something to LIKE.
"""

import unicodedata
from collections.abc import Iterable

from plausch.server.store.profile import MOST_WORDS

_SPELLED = (("ae", "a"), ("oe", "o"), ("ue", "u"))
"""Umlauts as two letters; everywhere, so that the beginning of a word folds to the beginning."""


def folded(text: str) -> str:
    """The words of a text, each between spaces: " zur linde "; one space when there is none."""
    plain = "".join(
        letter if letter.isalnum() else " "
        for letter in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(letter)
    )
    for pair, letter in _SPELLED:
        plain = plain.replace(pair, letter)
    return " ".join(["", *plain.split(), ""])


def patterns(words: str) -> list[str]:
    """A pattern of LIKE for each word of a query: some word begins with it."""
    return [f"% {word}%" for word in folded(words).split()[:MOST_WORDS]]


def place_pattern(place: str) -> str:
    """The pattern of a town or postal code that begins like this, at one of its words."""
    wanted = folded(place).strip()
    return f"% {wanted}%" if wanted else "%"


def kept(texts: Iterable[str]) -> str:
    """What is kept of several texts."""
    return folded(" ".join(texts))
