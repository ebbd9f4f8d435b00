"""A text that readers eat up piece by piece, and the numbers in words of two languages."""

import re
import unicodedata
from collections.abc import Callable

MAX_CHARACTERS = 400
"""More of a message is not looked at: nobody orders a table in more words."""

_WORDS = {
    "ein": 1, "eine": 1, "einen": 1, "einer": 1, "eins": 1, "one": 1,
    "zwei": 2, "zwo": 2, "two": 2, "drei": 3, "three": 3, "vier": 4, "four": 4,
    "fünf": 5, "fuenf": 5, "five": 5, "sechs": 6, "six": 6, "sieben": 7, "seven": 7,
    "acht": 8, "eight": 8, "neun": 9, "nine": 9, "zehn": 10, "ten": 10, "elf": 11, "eleven": 11,
    "zwölf": 12, "zwoelf": 12, "twelve": 12, "dreizehn": 13, "thirteen": 13,
    "vierzehn": 14, "fourteen": 14, "fünfzehn": 15, "fifteen": 15,
    "sechzehn": 16, "sixteen": 16, "siebzehn": 17, "seventeen": 17,
    "achtzehn": 18, "eighteen": 18, "neunzehn": 19, "nineteen": 19, "zwanzig": 20, "twenty": 20,
    "zwoa": 2, "viere": 4, "fünfe": 5, "sechse": 6, "siebe": 7, "siebene": 7, "neune": 9,
}  # fmt: skip

_LONGEST_FIRST = sorted(_WORDS, key=lambda word: (-len(word), word))
NUMBER = r"(?:\d{1,4}|" + "|".join(_LONGEST_FIRST) + ")"
HOURS = (
    r"(?:[01]?\d|2[0-4]|"
    + "|".join(word for word in _LONGEST_FIRST if word not in ("ein", "eine", "einen", "einer"))
    + "|ein(?= uhr))"
)


def number_of(text: str) -> int:
    """A number in digits or words."""
    return int(text) if text.isdecimal() else _WORDS[text]


def normalised(text: str) -> str:
    """Lower case, one kind of every character, single spaces, cut to `MAX_CHARACTERS`."""
    plain = unicodedata.normalize("NFKC", text[: 4 * MAX_CHARACTERS]).lower().replace("’", "'")
    return re.sub(r"\s+", " ", plain[:MAX_CHARACTERS]).strip()


class Remnant:
    """What of a normalised text was not understood yet.

    Places stay where they are: what was understood is overwritten, not cut out. `spans` are the
    begins and ends of what was taken, in the order in which it was.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.whole = text
        self.spans: list[tuple[int, int]] = []

    def take(
        self, pattern: re.Pattern[str], wanted: Callable[[re.Match[str]], bool] = lambda _: True
    ) -> re.Match[str] | None:
        """The first match that is wanted, overwritten in the text; or None."""
        for match in pattern.finditer(self.text):
            if wanted(match):
                begin, end = match.span()
                self.text = f"{self.text[:begin]}{'|' * (end - begin)}{self.text[end:]}"
                self.spans.append((begin, end))
                return match
        return None

    @property
    def words(self) -> list[str]:
        """The words that are left."""
        return re.findall(r"[^\W_]+", self.text)
