"""What a guest's free text says, German or English; never fails, whatever the text is.

What is unclear is left out and asked for: a wrong value is worse than none. Nothing here acts; what
is understood fills a picker in, and a tap confirms it.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from plausch.agent.hear_day import HeardDay, hear_day
from plausch.agent.hear_party import hear_parties
from plausch.agent.hear_service import OfferedService, hear_people, hear_services
from plausch.agent.hear_soon import hear_soon
from plausch.agent.hear_time import hear_bare_time, hear_part, hear_times
from plausch.agent.intent import Intent, Said, intents_of, is_bygone, is_move, meant
from plausch.agent.remnant import NUMBER, Remnant, normalised, number_of
from plausch.agent.spelling import spelled
from plausch.agent.talk import DayPart, HeardTime
from plausch.domain.booking import MAX_NAME_CHARACTERS

__all__ = [
    "Detail",
    "Intent",
    "OfferedService",
    "Setting",
    "Understand",
    "Understood",
    "clean_name",
    "language_of",
    "name_in_answer",
    "understand",
    "understand_by_rules",
]


class Detail(StrEnum):
    """What a text may name twice, so that it is unclear which is meant."""

    PARTY = "party"
    DAY = "day"
    TIME = "time"
    SERVICE = "service"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a text is read against: where its dates are written, and what the business has.

    `locale` is a BCP 47 tag such as `de`, `en-GB` or `en-US`; the last writes 12/5 for 5 December.
    """

    locale: str = "de"
    services: tuple[OfferedService, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Understood:
    """What was understood of a text; everything may be missing.

    `meant` is what it is about, and alone decides what becomes of it; `intents` are all that it
    shows signs of: an answer to the last question, or something said beside. `service` is the
    identifier of one; `unclear` are details of which it names several, which are left out then.
    `number` is set when the text is nothing but a number or an ordinal ("2", "die zweite").
    `switch_to` is a language that the guest asks for by name, `language` the one it is written
    in. `plain_words` counts the words of the whole text.
    """

    intents: frozenset[Intent] = frozenset()
    party: int | None = None
    day: HeardDay | None = None
    time: HeardTime | None = None
    part: DayPart | None = None
    number: int | None = None
    name: str = ""
    language: str = ""
    switch_to: str = ""
    plain_words: int = 0
    meant: Intent | None = None
    service: str = ""
    person: str = ""
    unclear: frozenset[Detail] = frozenset()

    @property
    def has_details(self) -> bool:
        """Whether it says anything about a booking's details, if unclearly."""
        said = (self.party, self.day, self.time, self.part, self.service, self.person)
        return any(said) or bool(self.unclear)


_ORDINALS = {
    "erste": 1, "ersten": 1, "erster": 1, "first": 1, "zweite": 2, "zweiten": 2, "zweiter": 2,
    "second": 2, "dritte": 3, "dritten": 3, "third": 3, "vierte": 4, "vierten": 4, "fourth": 4,
    "fünfte": 5, "fünften": 5, "fifth": 5, "letzte": -1, "letzten": -1, "last": -1,
}  # fmt: skip
_NUMBER_ALONE = re.compile(
    rf"(?:nr\.?|nummer|number|no\.?|option|punkt|#)?\s*(?P<n>{NUMBER})\s*[.)!]?(?:\s*(?:bitte|"
    rf"please))?"
)
_ORDINAL_ALONE = re.compile(
    rf"(?:(?:ich nehme|i take|i'll take|take|nehme)\s+)?(?:die|den|das|der|the)?\s*"
    rf"(?P<o>{'|'.join(_ORDINALS)})(?:\s+(?:one|option|zeit|termin))?\s*[.!]?(?:\s*(?:bitte|"
    rf"please))?"
)

_NAME = re.compile(
    r"(?:\bauf den namen|\bauf (?=herrn|frau|familie)|\bunter dem namen|\bmein name ist|\bname ist|"
    r"\bich heiße|\bich heisse|\bunder the name(?: of)?|\bmy name is|\bin the name of|\bname is|"
    r"\bname\s*[:=]|\bname (?=(?-i:[A-ZÄÖÜ])))\s*"
    r"(?P<name>(?:(?:Dr|Prof|Fam|Fr|Hr|Mr|Mrs|Ms)\.\s*){0,3}[^,;.!?\n|]{1,80})",
    re.IGNORECASE,
)
_NAME_ENDS = re.compile(
    r"\s+(?:bitte|please|danke|thanks|thank you|und|and|für|for|um|at|am|on)\b.*$"
)

_NAME_LEADS = re.compile(
    r"^(?:(?:ja|yes|ok|okay|klar|gerne?|sure)[,.!]\s*)?(?:(?:(?:ich bin|wir sind|hier ist|das ist|"
    r"es ist)(?: der| die)?|i'm|i am|it's|it is|this is|auf|für|for|on|under)\s+)?",
    re.IGNORECASE,
)
_NAME_TAILS = re.compile(
    r"(?:^|[,\s]+)(?:bitte|please|(?:vielen |herzlichen |besten )?dank[ea]?|thanks|"
    r"thank you|thx)\b.*$",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"\?|\b(?:ich|wir|ihr|euch|mir|mich|mein|meine|ist|sind|habt|haben|habe|hat|gibt|geht|darf|"
    r"dürfen|"
    r"kann|können|was|wie|wo|wann|warum|welche|moment|warten?|noch|gleich|sofort|sekunde|"
    r"augenblick|second|sec|hallo|hello|hi|hey|ok|okay|i|we|you|my|me|is|are|have|has|can|may|do|"
    r"does|"
    r"could|would|will|what|why|where|how|when|which|wait|hold)\b",
    re.IGNORECASE,
)

_SWITCH = {
    "de": re.compile(r"\b(?:auf deutsch|deutsch|in german|german)\b"),
    "en": re.compile(r"\b(?:auf englisch|englisch|in english|english)\b"),
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GERMAN = _words(
    """ich wir für und ist der die das ein eine einen einem uhr tisch bitte morgen heute haben habe
    hallo danke ja nein stornieren storno guten abend personen leute reservieren reservierung um
    zu nicht auf den dem wann habt ihr übermorgen montag dienstag mittwoch donnerstag freitag
    samstag sonntag möchte hätte gerne gern noch wie viel mit von namen halb viertel kommen bei
    öffnungszeiten geöffnet zwei drei vier fünf sechs sieben acht neun zehn grüß servus moin ihnen
    sie euch uns kann können dezember januar mai juni juli oktober frei zeit später früher"""
)
_ENGLISH = _words(
    """i we for and is the a an table please tomorrow today have hello thanks yes cancel good
    evening morning people book booking reserve reservation at to not on when do you your monday
    tuesday wednesday thursday friday saturday sunday would like could can with of name half
    quarter past open opening hours two three four five six seven eight nine ten tonight next my
    us party guests what time pm thank january february march june july october december available
    free later earlier hey are"""
)


_COMMON = (
    _GERMAN
    | _ENGLISH
    | _words(
        """bitten so gegen am im in ab bei es wäre wären waere das würde würden gut passt rum circa
        ca etwa oder und vom bis zwischen irgendwann noch etwas was lieber dann also herr frau
        dem des bitten about around from until till between sometime any some or maybe be is it
        if that will ll there only just go works best ideally perhaps then rather better this
        our we're not sondern but passt doch keinen fall lass mal never mind rather
        reservierungen booked appointment termin buchung uns meine mein meinen unser unsere ist
        buchen reserviere reserviert"""
    )
)
_WORD = re.compile(r"[^\W\d_]+")
_TELEPHONE = re.compile(r"(?<![\d.:/-])(?:\+|0)\d[\d /()-]{5,}\d")
_ANYWHERE = Setting()
_Found = TypeVar("_Found")


class Understand(Protocol):
    """Reads a guest's text; a language model of the business's choice may stand here.

    `now` is the local time at the business. It never raises because of the text, and what it
    returns is only ever offered: nothing is booked, moved or cancelled without a tap.
    """

    async def __call__(self, text: str, now: datetime, setting: Setting) -> Understood:
        """What the text says."""
        ...


async def understand_by_rules(text: str, now: datetime, setting: Setting) -> Understood:
    """`understand`, as the `Understand` that is there without any model."""
    return understand(text, now, setting)


def understand(text: str, now: datetime, setting: Setting = _ANYWHERE) -> Understood:
    """What a text says, by rules; `now` is the local time at the business."""
    plain = _TELEPHONE.sub(" | ", normalised(text))
    words = _WORD.findall(plain)
    language = language_of(words)
    alone = _alone(plain)
    switch_to = next((name for name, pattern in _SWITCH.items() if pattern.search(plain)), "")
    if alone is not None:
        return Understood(number=alone, language=language, plain_words=len(plain.split()))
    name = _name(text)
    wish = spelled(plain.replace(name.lower(), " | ") if name else plain)
    intents = intents_of(spelled(plain), len(words))
    heard = _details(wish, now, intents, setting)
    return replace(
        heard,
        intents=intents,
        name=name,
        language=language,
        switch_to=switch_to,
        plain_words=len(plain.split()),
    )


def _details(wish: str, now: datetime, intents: frozenset[Intent], setting: Setting) -> Understood:
    """The details of a spelled text without the guest's name, and what they make of its intents."""
    remnant = Remnant(wish)
    is_moved, is_cancelled = is_move(wish), Intent.CANCEL in intents
    part = hear_part(wish)
    soon = hear_soon(remnant, now)
    times = hear_times(remnant, part, is_moved=is_moved, with_denied=is_cancelled)
    month_first = setting.locale.lower() == "en-us"
    day = hear_day(
        remnant,
        now.date(),
        is_moved=is_moved,
        with_denied=is_cancelled,
        month_first=month_first,
    )
    if not times:
        times = list(filter(None, [hear_bare_time(remnant, part)]))
    if soon is not None:
        day, times = soon[0], [soon[1]]
    parties = hear_parties(remnant, is_moved=is_moved)
    services = hear_services(wish, setting.services)
    people = hear_people(wish, setting.people)
    if is_bygone(wish, intents):
        day, times, parties = None, [], []
    named = {
        Detail.PARTY: len(parties),
        Detail.DAY: 2 if day is not None and day.is_unclear else 1,
        Detail.TIME: len(times),
        Detail.SERVICE: len(services),
        Detail.PERSON: len(people),
    }
    said = Said(
        party=bool(parties),
        day=day is not None,
        time=bool(times or part),
        has_clock=bool(times),
        service=bool(services or people),
        has_strange_words=not set(remnant.words) <= _COMMON,
    )
    return Understood(
        party=_only(parties),
        day=None if day is not None and day.is_unclear else day,
        time=_only(times),
        part=part,
        meant=meant(wish, intents, said),
        service=services[0].identifier if len(services) == 1 else "",
        person=_only(people) or "",
        unclear=frozenset(detail for detail, count in named.items() if count > 1),
    )


def _only(found: list[_Found]) -> _Found | None:
    """The one thing that was found, or None."""
    return found[0] if len(found) == 1 else None


def language_of(words: list[str]) -> str:
    """`de`, `en`, or empty when the words do not say."""
    german = sum(word in _GERMAN or bool(set(word) & set("äöüß")) for word in words)
    english = sum(word in _ENGLISH for word in words)
    if german == english:
        return ""
    return "de" if german > english else "en"


def clean_name(text: str) -> str:
    """A guest's name as it may be shown and stored, or empty if the text cannot be one."""
    kept = "".join(letter if letter.isprintable() else " " for letter in text[:400])
    name = " ".join(kept.split()).strip(" .,;:!?\"'|")
    letters = sum(letter.isalpha() for letter in name)
    if letters == 0 or len(name) > MAX_NAME_CHARACTERS or len(name.split()) > 6:
        return ""
    return name


def name_in_answer(text: str) -> str:
    """The name in an answer to the question for one, or empty if that is a sentence or none."""
    answer = _NAME_TAILS.sub("", _NAME_LEADS.sub("", text[:400].replace("’", "'").strip()))
    return "" if _NO_NAME.search(answer) else clean_name(answer)


def _name(text: str) -> str:
    match = _NAME.search(text[:400])
    return clean_name(_NAME_ENDS.sub("", match["name"])) if match else ""


def _alone(plain: str) -> int | None:
    """The number if the text is only a number."""
    match = _NUMBER_ALONE.fullmatch(plain)
    if match is not None:
        return number_of(match["n"])
    match = _ORDINAL_ALONE.fullmatch(plain)
    return _ORDINALS[match["o"]] if match is not None else None
