"""What the house says by itself beside the receptionist: a greeting, and that nobody is there.

Both are written by the owner; without a text there is none. Who is new in the book is greeted
once. Who writes while the business is closed is told so once until it has been open again: when
that was is kept in the book, in the transaction that answers the message.
"""

from dataclasses import replace

from plausch.agent import customers
from plausch.agent.customers import Seen
from plausch.agent.desk import Desk
from plausch.agent.open_times import is_open, next_opening_s, was_open_since
from plausch.agent.phrases import Phrases
from plausch.agent.receptionist import Answer, answer
from plausch.agent.talk import Heard, Reply, Talk
from plausch.domain.house_words import OPENS


async def answer_in_house(talk: Talk, heard: Heard, desk: Desk) -> Answer:
    """What comes of a message, with what the house has to say before and after the replies."""
    identifier = customers.of_conversation(heard.conversation)
    known = await customers.find(desk.transaction, identifier)  # a booking makes them known
    answered = await answer(talk, heard, desk)
    if answered.is_machine:
        return answered
    language = answered.talk.language or desk.business.language
    before = () if known else _greeting(desk, language)
    after: tuple[Reply, ...] = ()
    told_at_s = known.away_at_s if known else 0
    if desk.business.away and await _is_new_absence(desk, told_at_s):
        after = await _away(desk, language)
    if after:
        await customers.remember(desk.transaction, Seen(identifier, heard.conversation), desk.now_s)
        await customers.told_away(desk.transaction, identifier, desk.now_s)
    return replace(answered, replies=before + answered.replies + after)


async def _is_new_absence(desk: Desk, told_at_s: int) -> bool:
    return not await is_open(desk) and await was_open_since(desk, told_at_s)


def _greeting(desk: Desk, language: str) -> tuple[Reply, ...]:
    wording = desk.business.greeting
    return (Reply(*wording.spoken(language)),) if wording else ()


async def _away(desk: Desk, language: str) -> tuple[Reply, ...]:
    """The away text; none if it names the next opening and nobody knows of one."""
    wording, calendar = desk.business.away, desk.business.calendar
    text, tongue = wording.spoken(language)
    if OPENS in text:
        opens_s = await next_opening_s(desk)
        if opens_s is None:
            return ()
        phrases = Phrases(tongue, calendar.today(desk.now_s), desk.business.kind)
        local = calendar.local(opens_s)
        opens = phrases.say("opens", day=phrases.on(local.date()), time=phrases.time(local))
        text = text.replace(OPENS, opens)
    return (Reply(text, tongue),)
