"""What a text names only to rule it out: not tomorrow, Saturday instead of Friday, außer Montag."""

import re

_BEFORE = re.compile(
    r"(?:(?<!warum )(?<!wieso )(?<!why )\b(?:nicht|not|no|kein\w*|ohne|without|(?:an)?statt|"
    r"anstelle|instead of|"
    r"rather than|außer|ausser|except|can't do|cannot do|can't on|cannot on)"
    r"|\bstatt wie (?:geplant|gebucht|reserviert))"
    r"\s+(?:(?:unbedingt|erst|schon|for|für|von|wie|am|an|um|gegen|den|dem|der|zu|on|at|the|bei|"
    r"mit|with|"
    r"this|next|nächsten|kommenden)\s+){0,3}$"
)
_AFTER = re.compile(
    r"^[^\w,.;:!?|]*(?:(?:leider|aber|abend|mittag|um \w+)\s+){0,2}"
    r"(?:(?:geht|passt|klappt|kann|können|schaff\w*)\s+(?:(?:es|das|bei|uns|mir|ich|wir|leider|"
    r"doch|aber|"
    r"auch|gar|da|dann)\s+){0,4}(?:nicht|schlecht)\b"
    r"|(?:ist|wäre)\s+(?:(?:leider|für|uns|mich|mir|eher|ganz)\s+){0,3}(?:schlecht|ungünstig)\b"
    r"|(?:is|would be)\s+(?:not|no good|bad|impossible)\b"
    r"|(?:isn't|doesn't|does not|won't|will not|wouldn't)\s+(?:\w+\s+)?(?:work|good|possible|"
    r"suit|fit)\b)"
)
_AS_IT_WAS = re.compile(
    r"\b(?:sagte|sagten|hatten?|schrieb|said|told you|booked|reserved|wrote|had)\s+(?:für|um|am|"
    r"zu|for|at|on)?\s*$"
)
_AS_IT_IS = re.compile(r"^.*?\b(?:aber|jetzt|nun|sondern|meinte|but|now|it's|meant)\b")
"""We had booked for four, but now we are five."""

_REACH = 60
"""So many characters on either side are looked at."""


def denied(text: str, begin: int, end: int) -> bool:
    """Whether what stands between two places of a normalised text is ruled out there."""
    while begin < end and text[begin] == " ":
        begin += 1
    before, after = text[max(0, begin - _REACH) : begin], text[end : end + _REACH]
    if _BEFORE.search(before) or _AFTER.search(after):
        return True
    return _AS_IT_WAS.search(before) is not None and _AS_IT_IS.search(after) is not None
