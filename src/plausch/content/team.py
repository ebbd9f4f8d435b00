"""What a business's devices tell each other: who cares for which conversation, notes, labels.

A part of our own, `application/vnd.plausch.team+cbor`, which is the whole message, said in the
team conversation: a map `{"v": 1, "fact": ..., ...}` with exactly the fields of one fact. The last
fact of a key in the order of the log is the one that holds; an empty value takes it back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, Literal

from plausch.base.ids import CONVERSATION_ID_BYTES, ConversationId, DeviceAddress, NameRefused
from plausch.content import cbor
from plausch.content.errors import ContentError
from plausch.content.mimi import Disposition, MimiContent, SinglePart

TEAM_TYPE = "application/vnd.plausch.team+cbor"
MAX_TEAM_BYTES = 20 * 1024
MAX_LABEL_CHARACTERS = 40
MAX_NAME_CHARACTERS = 80
MAX_TEXT_CHARACTERS = 4_000
MAX_TIME_S = 2**40
NOTE_ID_BYTES = 16

_VERSION = 1
_DEPTH = 2


class TeamRefused(ContentError):
    """The bytes are no fact of a team that this version knows."""

    code = "bad_team_fact"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A device (URI) cares for a conversation; none when it is empty."""

    fact: ClassVar[str] = "assignment"
    conversation: ConversationId
    device: str


@dataclass(frozen=True, slots=True)
class Label:
    """A conversation has a label, or has it no longer."""

    fact: ClassVar[str] = "label"
    conversation: ConversationId
    label: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Note:
    """What the team wants to remember of a conversation, written at a device (URI) at a time; an
    empty text takes it back."""

    fact: ClassVar[str] = "note"
    conversation: ConversationId
    note_id: bytes
    text: str
    device: str
    at_s: int


@dataclass(frozen=True, slots=True)
class QuickReply:
    """A prepared answer; an empty text takes it back."""

    fact: ClassVar[str] = "quick_reply"
    reply_id: bytes
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Answering:
    """Somebody at this device (URI) is writing to a customer, until a time at the latest."""

    fact: ClassVar[str] = "answering"
    conversation: ConversationId
    device: str
    until_s: int


@dataclass(frozen=True, slots=True)
class StaffName:
    """Who works at a device (URI), and as what."""

    fact: ClassVar[str] = "staff_name"
    device: str
    name: str
    role: Literal["owner", "staff"]


Fact = Assignment | Label | Note | QuickReply | Answering | StaffName
Key = tuple[str, ...]
_KINDS: dict[str, type[Fact]] = {
    kind.fact: kind for kind in (Assignment, Label, Note, QuickReply, Answering, StaffName)
}


def team_message(fact: Fact, *, salt: bytes) -> MimiContent:
    """Say it. Raises TeamRefused for what is beyond the limits."""
    written: dict[cbor.Key, cbor.Value] = {"v": _VERSION, "fact": fact.fact}
    for field in fields(fact):
        written[field.name] = getattr(fact, field.name)
    raw = cbor.encode(written)
    decode_fact(raw)
    part = SinglePart(content_type=TEAM_TYPE, content=raw, disposition=Disposition.UNSPECIFIED)
    return MimiContent(salt=salt, part=part)


def fact_of(content: MimiContent) -> Fact | None:
    """What is said, None when the message is none. Raises TeamRefused."""
    part = content.part
    if not isinstance(part, SinglePart) or part.content_type != TEAM_TYPE:
        return None
    return decode_fact(part.content)


def decode_fact(raw: bytes) -> Fact:
    """The fact of exactly these bytes. Raises TeamRefused."""
    if len(raw) > MAX_TEAM_BYTES:
        raise TeamRefused(f"A team's fact has at most {MAX_TEAM_BYTES} bytes.")
    try:
        given = cbor.expect_map(cbor.decode(raw, max_depth=_DEPTH), "A team's fact")
    except ContentError as error:
        raise TeamRefused(str(error)) from error
    kind = _KINDS.get(str(given.get("fact")))
    if given.get("v") != _VERSION or kind is None:
        raise TeamRefused("This version knows no such fact of a team.", code="unknown_team_fact")
    names = {field.name for field in fields(kind)}
    if set(given) != names | {"v", "fact"}:
        raise TeamRefused(f"A fact {kind.fact} has exactly the fields {', '.join(sorted(names))}.")
    return kind(**{name: _READ[name](given, name) for name in names})  # type: ignore[arg-type]


def key_of(fact: Fact) -> Key:
    """Of facts with one key the last one holds."""
    match fact:
        case Assignment(conversation) | Answering(conversation):
            return (fact.fact, conversation.hex())
        case Label(conversation, label):
            return (fact.fact, conversation.hex(), label)
        case Note(conversation, note_id):
            return (fact.fact, conversation.hex(), note_id.hex())
        case QuickReply(reply_id):
            return (fact.fact, reply_id.hex())
        case StaffName(device):
            return (fact.fact, device)


def is_empty(fact: Fact) -> bool:
    """Whether it says that there is nothing (any more)."""
    match fact:
        case Assignment(_, device):
            return not device
        case Label(is_on=is_on):
            return not is_on
        case Note(text=text) | QuickReply(text=text):
            return not text
        case Answering(until_s=until_s):
            return until_s == 0
        case StaffName(name=name):
            return not name


def fold(facts: Iterable[Fact]) -> dict[Key, Fact]:
    """What holds after these, which are in the order of the log."""
    held: dict[Key, Fact] = {}
    for fact in facts:
        key = key_of(fact)
        held.pop(key, None)
        if not is_empty(fact):
            held[key] = fact
    return held


# --- fields ----------------------------------------------------------------------------------

_Given = Mapping[cbor.Key, cbor.Value]


def _conversation(given: _Given, name: str) -> ConversationId:
    value = given[name]
    if not isinstance(value, bytes) or len(value) != CONVERSATION_ID_BYTES:
        raise TeamRefused(f"'{name}' must be the id of a conversation.")
    return ConversationId(value)


def _identifier(given: _Given, name: str) -> bytes:
    value = given[name]
    if not isinstance(value, bytes) or len(value) != NOTE_ID_BYTES:
        raise TeamRefused(f"'{name}' must be {NOTE_ID_BYTES} bytes.")
    return value


def _device(given: _Given, name: str) -> str:
    value = given[name]
    if value == "" and given["fact"] == Assignment.fact:
        return ""
    try:
        return DeviceAddress.parse_uri(cbor.expect(value, str, f"'{name}'")).uri
    except (NameRefused, ContentError) as error:
        raise TeamRefused(f"'{name}' must be the address of a device.") from error


def _line(given: _Given, name: str) -> str:
    value = given[name]
    most = MAX_LABEL_CHARACTERS if name == "label" else MAX_NAME_CHARACTERS
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise TeamRefused(f"'{name}' must be one line of at most {most} printable characters.")
    if name == "label" and not value.strip():
        raise TeamRefused("A label has at least one character.")
    return value


def _text(given: _Given, name: str) -> str:
    value = given[name]
    if not isinstance(value, str) or len(value) > MAX_TEXT_CHARACTERS:
        raise TeamRefused(f"'{name}' must be a text of at most {MAX_TEXT_CHARACTERS} characters.")
    return value


def _flag(given: _Given, name: str) -> bool:
    value = given[name]
    if not isinstance(value, bool):
        raise TeamRefused(f"'{name}' must be true or false.")
    return value


def _time(given: _Given, name: str) -> int:
    value = given[name]
    if type(value) is not int or not 0 <= value <= MAX_TIME_S:
        raise TeamRefused(f"'{name}' must be seconds since 1970.")
    return value


def _role(given: _Given, name: str) -> str:
    value = given[name]
    if value not in ("owner", "staff"):
        raise TeamRefused(f"'{name}' must be owner or staff.")
    return str(value)


_READ = {
    "conversation": _conversation,
    "device": _device,
    "is_on": _flag,
    "label": _line,
    "name": _line,
    "note_id": _identifier,
    "reply_id": _identifier,
    "role": _role,
    "text": _text,
    "title": _line,
    "at_s": _time,
    "until_s": _time,
}
