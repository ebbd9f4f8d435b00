"""The last question before a booking: for a name, or for a yes when the name is known."""

from plausch.agent import table_talk
from plausch.agent.intent import Intent
from plausch.agent.talk import PARTS
from plausch.agent.turn import Turn
from plausch.agent.understand import Understood, name_in_answer
from plausch.agent.wish import with_wishes


def last_question(turn: Turn) -> str:
    """What is still needed for the time that is kept: a name, or a yes."""
    return turn.phrases.say("sure_again" if turn.talk.name else "name_again")


async def answered(turn: Turn, understood: Understood) -> bool:
    """Whether the message was an answer to the question for a name."""
    if Intent.NO in understood.intents:
        await table_talk.let_go(turn)
        turn.reply(turn.phrases.say("released"))
        turn.forget_wishes()
        return True
    if understood.party or understood.time or understood.unclear:
        return False  # another wish
    if understood.intents & {
        Intent.HOURS,
        Intent.MINE,
        Intent.HUMAN,
        Intent.OTHER,
        Intent.BEYOND,
    }:
        return False
    answers = turn.talk.name or understood.name or Intent.YES in understood.intents
    if answers and _wants_something_else(turn, understood):
        return False
    if turn.talk.name and not understood.name:
        return await _yes_answered(turn, understood)
    only_yes = Intent.YES in understood.intents and understood.plain_words <= 2
    name = understood.name or ("" if only_yes else name_in_answer(turn.heard.text))
    if understood.day is not None and understood.plain_words > 2 and not understood.name:
        return False
    if name and len(name.split()) <= 4:
        await table_talk.confirm(turn, name)
    else:
        turn.reply(turn.phrases.say("name_again"))
    return True


def _wants_something_else(turn: Turn, understood: Understood) -> bool:
    """Whether a yes or a name comes with another wish than the one that is kept free for it."""
    kept, wished = turn.talk, with_wishes(turn.talk, understood)
    part = understood.part
    is_other_part = part is not None and (kept.time is None or kept.time.minute not in PARTS[part])
    return (
        is_other_part
        or understood.meant is Intent.CHANGE
        or (wished.day, wished.service, wished.person) != (kept.day, kept.service, kept.person)
    )


async def _yes_answered(turn: Turn, understood: Understood) -> bool:
    """Whether the message was the yes to a time that is kept under a name."""
    if Intent.YES in understood.intents:
        await table_talk.confirm(turn, turn.talk.name)
        return True
    if not understood.intents and not understood.has_details:
        turn.reply(last_question(turn))
        return True
    return False
