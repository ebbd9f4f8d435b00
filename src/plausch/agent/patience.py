"""How long the receptionist goes on answering: two machines must not talk to each other for ever.

A leaky bucket: a conversation may send `BURST` messages at once and one more every `REFILL_S`
seconds. The first message beyond is told so; the others get no answer at all. Separately, after
`MAX_CONFUSED` messages in a row that were not understood there is silence until one is.
"""

from dataclasses import replace
from enum import StrEnum

from plausch.agent.talk import Talk

BURST = 30
REFILL_S = 60
MAX_CONFUSED = 3


class Patience(StrEnum):
    """What to do with a message."""

    ANSWER = "answer"
    WARN = "warn"
    IGNORE = "ignore"


def spend(talk: Talk, now_s: int) -> tuple[Talk, Patience]:
    """Take one answer out of the conversation's allowance."""
    elapsed_s = max(0, now_s - talk.allowance_at_s)
    earned, rest_s = divmod(elapsed_s, REFILL_S)
    allowance = min(BURST, max(talk.allowance, 0) + earned)
    # What is left of a second counts towards the next answer, unless the bucket is full.
    at_s = now_s if allowance == BURST else now_s - rest_s
    if allowance > 0:
        after = replace(talk, allowance=allowance - 1, allowance_at_s=at_s)
        return after, Patience.ANSWER
    if talk.allowance == 0:
        return replace(talk, allowance=-1, allowance_at_s=at_s), Patience.WARN
    return replace(talk, allowance_at_s=at_s), Patience.IGNORE
