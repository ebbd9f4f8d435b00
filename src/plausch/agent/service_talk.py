"""The talk about what is to be booked, and who shall do it: Maria, Jonas, whoever is free."""

from dataclasses import replace

from plausch.agent.hear_service import ANYBODY
from plausch.agent.talk import Expecting
from plausch.agent.turn import Turn
from plausch.content.cards import MAX_OPTIONS, Option
from plausch.domain.tables import ResourceKind


def ask_service(turn: Turn) -> None:
    """Ask what is to be booked, in a business that has several things."""
    options = [
        Option(f"service:{one.identifier}", one.name or one.identifier)
        for one in turn.desk.business.services[:MAX_OPTIONS]
    ]
    turn.ask(turn.phrases.say("ask_service"), options, Expecting.SERVICE)


def people_of(turn: Turn) -> list[str]:
    """Who does the service that is talked about."""
    return [one.identifier for one in turn.floor.resources if one.kind is ResourceKind.PERSON]


def must_ask_person(turn: Turn) -> bool:
    """Whether several could do it and the guest has chosen none, or one who does not do it."""
    people = people_of(turn)
    if not people or turn.talk.person == ANYBODY:
        return False
    return turn.talk.person not in people and (len(people) > 1 or turn.talk.person != "")


def ask_person(turn: Turn) -> None:
    """Ask with whom the guest would like it."""
    person, say = turn.talk.person, turn.phrases.say
    turn.talk = replace(turn.talk, person="")
    options = [Option(f"person:{number}", name) for number, name in _numbered(turn)]
    options.append(Option("person:any", say("option_anybody")))
    text = say("not_by", person=person) if person else say("ask_person")
    turn.ask(text, options, Expecting.PERSON)


def choose_person(turn: Turn, choice: str) -> bool:
    """Whether a choice that was offered names somebody; then the talk is about them."""
    people = {str(number): name for number, name in _numbered(turn)}
    person = ANYBODY if choice == "any" else people.get(choice, "")
    turn.talk = replace(turn.talk, person=person)
    return bool(person)


def _numbered(turn: Turn) -> list[tuple[int, str]]:
    """Names are no identifiers of options: they may have any letters."""
    return list(enumerate(people_of(turn)[: MAX_OPTIONS - 1], 1))
