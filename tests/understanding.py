"""The corpus of sentences with their meaning, and how well an understanding of them does.

`tests/sentences/tuned.json` is what the rules were made by; `held_out.json` was written before that
and is never tuned on. In both a missing field must not be heard; a list names several that will do,
`null` among them that the guest may be asked; `"none"` as a day is a date that does not exist.

Right is a sentence of which everything is heard; missed one of which something is not, so that the
guest is asked; wrong one of which something else is heard than was meant, if only one field.
"""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from plausch.agent.hear_service import ANYBODY
from plausch.agent.talk import HeardTime
from plausch.agent.understand import OfferedService, Setting, Understood

FOLDER = Path(__file__).parent / "sentences"
NUMBER = "number"
SETTINGS = {
    "restaurant": Setting(),
    "hairdresser": Setting(
        services=(
            OfferedService("cut-women", "Damenhaarschnitt"),
            OfferedService("cut-men", "Herrenhaarschnitt"),
            OfferedService("children", "Kinderhaarschnitt"),
            OfferedService("colour", "Färben"),
            OfferedService("cut-colour", "Färben und Schneiden"),
            OfferedService("highlights", "Strähnen"),
            OfferedService("beard", "Bart trimmen"),
        ),
        people=("Maria", "Jonas", "Aylin"),
    ),
    "shop": Setting(
        services=(
            OfferedService("advice", "Beratung"),
            OfferedService("test-ride", "Probefahrt"),
            OfferedService("pickup", "Abholung"),
            OfferedService("repair", "Reparaturannahme"),
        )
    ),
}


class Verdict(StrEnum):
    """How a sentence was understood."""

    RIGHT = "right"
    MISSED = "missed"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, where it is said, and its meaning as the file has it."""

    text: str
    setting: Setting
    meaning: dict[str, list[Any]]

    @property
    def intent(self) -> str:
        """The first of the intents that will do."""
        return str(self.meaning["intent"][0])


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and the fields that led to it: what was heard, what was meant."""

    verdict: Verdict
    fields: dict[str, tuple[Any, list[Any]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Corpus:
    """One of the two files; every sentence is said at `now`."""

    name: str
    now: datetime
    sentences: tuple[Sentence, ...]


def corpus(name: str) -> Corpus:
    """`tuned` or `held_out`."""
    read = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    sentences = tuple(
        Sentence(
            one.pop("text"),
            SETTINGS[one.pop("house", "restaurant")],
            {key: value if isinstance(value, list) else [value] for key, value in one.items()},
        )
        for one in read["sentences"]
    )
    return Corpus(name, datetime.fromisoformat(read["now"]), sentences)


def heard(understood: Understood) -> dict[str, Any]:
    """What was understood in the words of the corpus; what was not is missing."""
    day = understood.day
    intent = NUMBER if understood.number is not None else understood.meant
    found = {
        "intent": "none" if intent is None else str(intent),
        "number": understood.number,
        "party": understood.party,
        "day": (_iso(day.day) or "none") if day else None,
        "until": _iso(day.until) if day else None,
        "time": understood.time,
        "part": None if understood.part is None else str(understood.part),
        "service": understood.service or None,
        "person": understood.person.replace(ANYBODY, "") or None,
        "name": understood.name or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def judge(sentence: Sentence, understood: Understood) -> Judgement:
    """Whether a sentence was understood."""
    found, meaning = heard(understood), sentence.meaning
    differing: dict[str, tuple[Any, list[Any]]] = {}
    verdict = Verdict.RIGHT
    for name in sorted(set(found) | set(meaning)):
        value, wanted = found.get(name), meaning.get(name, [None])
        if name == "part" and "time" in meaning:
            continue  # the time says it already
        if _fits(value, wanted):
            continue
        differing[name] = (value, wanted)
        if not _asks(name, value, found):
            verdict = Verdict.WRONG
        elif verdict is Verdict.RIGHT:
            verdict = Verdict.MISSED
    return Judgement(verdict, differing)


def _fits(value: Any, wanted: list[Any]) -> bool:
    if not isinstance(value, HeardTime):
        return value in wanted
    # "At seven" may be either; which one, the free times decide.
    clocks = {value.minute, value.minute + 720} if value.vague else {value.minute}
    return any(one is not None and _minute(one) in clocks for one in wanted)


def _minute(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _asks(name: str, value: Any, found: dict[str, Any]) -> bool:
    """Whether the guest is asked next, so that nothing wrong can come of it."""
    if value is None:
        return True
    details = set(found) - {"intent", "name"}
    return name == "intent" and (value == "none" or (value == "book" and not details))
