"""Stepping back: while a person of the business answers a guest, the agent does not talk across.

A conversation is in people's hands while it is assigned, while somebody is answering in it, and
for `STEP_BACK_S` after something was said in it by another device of the business. What a guest
writes then is left to them. A tap on one of the agent's cards is meant for the agent: it is
answered, and so is what the guest writes after it, for as long, until a person speaks again.

What the agent had asked before a person spoke is no longer asked: a later "yes" may be meant for
the person.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from plausch.agent.desk import Desk
from plausch.agent.receptionist import Answer, answer
from plausch.agent.talk import Expecting, Heard, Talk
from plausch.content.cards import BookingRequest, CancelRequest, Choose

STEP_BACK_S = 1_800

Answering = Callable[[Talk, Heard, Desk], Coroutine[Any, Any, Answer]]


@dataclass(frozen=True, slots=True)
class People:
    """Who else is in a conversation: somebody who has taken it, and when people last spoke in it
    (0: never)."""

    has_taken: bool = False
    spoke_at_s: int = 0

    def are_there(self, heard: Heard) -> bool:
        """Whether the conversation is in their hands as the guest writes."""
        has_spoken = self.spoke_at_s > 0
        return self.has_taken or (has_spoken and heard.sent_at_s < self.spoke_at_s + STEP_BACK_S)


async def answer_beside(
    people: People, otherwise: Answering, talk: Talk, heard: Heard, desk: Desk
) -> Answer:
    """What comes of a message: left to people who are there, or answered as `otherwise`.

    Both times are the server's: this machine's clock may be wrong.
    """
    if people.spoke_at_s and talk.heard_at_s <= people.spoke_at_s:
        talk = replace(talk, expecting=Expecting.NOTHING, options=())
    answered = await _answered(people, otherwise, talk, heard, desk)
    heard_at_s = max(talk.heard_at_s, heard.sent_at_s)
    return replace(answered, talk=replace(answered.talk, heard_at_s=heard_at_s))


async def _answered(
    people: People, otherwise: Answering, talk: Talk, heard: Heard, desk: Desk
) -> Answer:
    is_tap = isinstance(heard.card, Choose | BookingRequest | CancelRequest)
    if is_tap:
        talk = replace(talk, tapped_at_s=heard.sent_at_s)
    if not people.are_there(heard):
        return await otherwise(talk, heard, desk)
    is_ours = people.spoke_at_s < talk.tapped_at_s > heard.sent_at_s - STEP_BACK_S
    return await answer(talk, heard, desk) if is_tap or is_ours else Answer(talk)
