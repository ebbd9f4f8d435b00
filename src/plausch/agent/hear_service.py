"""Which of a business's services, and whom of its people, a text asks for.

Services are known by what is done (cut, colour, repair) and for whom, in two languages, whatever
the business calls them; of several that fit, none is guessed.
"""

import re
from dataclasses import dataclass
from functools import cache

from plausch.agent.denied import denied

ANYBODY = "*"
"""In place of a person: it is all the same to the guest."""

_ANYBODY = re.compile(
    r"\b(?:egal,? (?:wer|bei wem|von wem)|wer (?:gerade|zuerst|zufällig) |bei irgendwem|"
    r"any(?:one|body)\b|"
    r"any (?:stylist|barber|hairdresser)|whoever|no preference)"
)
_TASKS = {
    "cut": r"schneid|schnitt|haircut|\bcuts?\b|\btrim|\bspitzen\b|\bhaare ab\b",
    "colour": r"färb|faerb|\bfarbe|\btönung|\btönen|colou?r|\bdye|\btint|\bansatz\b|\broots\b",
    "highlights": r"strähn|straehn|highlight|balayage|\bfoils\b",
    "beard": r"\bbart|beard|\bshav|\brasur|\brasier",
    "wash": r"\bwasch|\bwash",
    "style": r"\bföhn|\bfön|blow[- ]?dr|hochsteck|\bupdo\b|styling",
    "perm": r"dauerwell|\bperm\b",
    "nails": r"manik|manicur|pedik|pedicur|\bnägel|\bnails\b",
    "men": r"herren|männer|maenner|\bmen\b|\bmen's|\bmens\b|\bgents?\b",
    "women": r"damen|\bfrauen|\bwom[ae]n|\bladies\b|\blad(?:y|ies)'",
    "children": r"kinder|\bkids?\b|\bchild|\bsohn\b|\btochter\b|\bson\b|\bdaughter\b|\bjungs?\b",
    "advice": r"berat|consult|\badvice|\badvis",
    "pickup": r"abhol|abzuhol|pick(?:ing)?[- ]?up|collect",
    "ride": r"probefahr|probe fahr|testfahr|test[- ]?ride|test[- ]?drive",
    "repair": r"repar|repair|\bfix|werkstatt|workshop|inspektion|wartung|\bkaputt|\bbroken",
    "fitting": r"anprob|anpass|\bfitting",
}
_PATTERNS = {task: re.compile(pattern) for task, pattern in _TASKS.items()}
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class OfferedService:
    """A service as far as a guest may name it."""

    identifier: str
    name: str


@cache
def _tasks_of(name: str) -> frozenset[str]:
    return frozenset(task for task, pattern in _PATTERNS.items() if pattern.search(name))


def hear_services(text: str, offered: tuple[OfferedService, ...]) -> list[OfferedService]:
    """The services that a normalised text may mean, those that do least beyond it; one if clear."""
    if not offered:
        return []
    known = {service: _tasks_of(service.name.lower()) for service in offered}
    ours = frozenset().union(*known.values())
    wanted = {task for task in ours if _is_wanted(text, _PATTERNS[task])}
    if not wanted:
        return [one for one in offered if not known[one] and _is_named(text, one.name)]
    fitting = [service for service, tasks in known.items() if wanted <= tasks]
    least = min((len(known[service]) for service in fitting), default=0)
    return [service for service in fitting if len(known[service]) == least]


def _is_wanted(text: str, pattern: re.Pattern[str]) -> bool:
    return any(not denied(text, *match.span()) for match in pattern.finditer(text))


def _is_named(text: str, name: str) -> bool:
    """Whether every word of a name of which no task is known is in the text."""
    words = _WORD.findall(name.lower())
    return bool(words) and all(re.search(rf"\b{re.escape(word)}", text) for word in words)


_INTRODUCES = re.compile(
    r"\b(?:ich bin|wir sind|hier ist|hier spricht|das ist|i'm|i am|it's|this is|here is)"
    r"\s+(?:die\s+|der\s+|das\s+)?$"
)


def hear_people(text: str, people: tuple[str, ...]) -> list[str]:
    """The people of the business whom a normalised text names, not as its writer or ruled out."""
    found, is_ruled_out = [], False
    for person in people:
        name = re.compile(rf"\b{re.escape(person.lower())}(?:s|'s)?\b")
        for match in name.finditer(text):
            is_writer = _INTRODUCES.search(text[: match.start()]) is not None
            is_denied = denied(text, *match.span())
            is_ruled_out |= is_denied
            if not is_writer and not is_denied:
                found.append(person)
                break
    # "Anyone but Maria" is not all the same to the guest: better to ask.
    if people and not found and not is_ruled_out and _ANYBODY.search(text):
        return [ANYBODY]
    return found
