"""What a talk is about once something more of the guest's wishes is known."""

from dataclasses import replace

from plausch.agent.talk import Talk
from plausch.agent.understand import Detail, Understood


def with_wishes(talk: Talk, understood: Understood) -> Talk:
    """The talk with what was understood: what is new replaces what was known.

    Of what is unclear also what was known is dropped, so that it is asked for. A date that does
    not exist counts as none.
    """
    party = None if Detail.PARTY in understood.unclear else talk.party
    day = None if Detail.DAY in understood.unclear else talk.day
    service = "" if Detail.SERVICE in understood.unclear else talk.service
    person = "" if Detail.PERSON in understood.unclear else talk.person
    time, part = talk.time, talk.part
    if understood.time is not None or understood.part is not None:
        time, part = understood.time, None if understood.time else understood.part
    elif Detail.TIME in understood.unclear:
        time, part = None, None
    return replace(
        talk,
        party=understood.party or party,
        day=understood.day.day if understood.day else day,
        time=time,
        part=part,
        name=understood.name or talk.name,
        service=understood.service or service,
        person=understood.person or person,
    )
