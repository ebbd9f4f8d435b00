"""What a business says by itself: a greeting to who is new, a word to who writes when it is closed.

The second may name the next opening, as `{opens}`; nothing else in braces means anything.
"""

import re

from plausch.domain.profile import Wording

MOST_CHARACTERS = 1_000
OPENS = "{opens}"
"""Stands in an away text for when the business opens next."""

_PLACE = re.compile(r"\{[^{}\n]{0,40}\}")


def fault_of(wording: Wording, places: tuple[str, ...] = ()) -> str:
    """What is wrong with a wording in which these places may stand; "" when nothing is."""
    for text in (wording.de, wording.en):
        if len(text) > MOST_CHARACTERS:
            return f"has more than {MOST_CHARACTERS} characters: shorten it."
        if not all(letter.isprintable() or letter == "\n" for letter in text):
            return "has characters that cannot be shown: remove them."
        for found in _PLACE.findall(text):
            if found not in places:
                meant = f"write {places[0]}, or no braces" if places else "write it without braces"
                return f"has {found}, for which nothing can be put in: {meant}."
    return ""
