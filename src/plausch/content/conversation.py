"""What a conversation says about itself: its title, its picture, and whether there is a link by
which people may ask to join.

A part of our own, `application/vnd.plausch.conversation+cbor`: a map with text keys, unknown ones
ignored. Beside it travels the title as text, for clients that do not know the part (chooseOne).
"""

from dataclasses import dataclass

from plausch.content import cbor
from plausch.content.errors import ContentError
from plausch.content.mimi import (
    Disposition,
    MimiContent,
    MultiPart,
    Semantics,
    SinglePart,
    leaves,
)
from plausch.content.picture import check_picture
from plausch.content.text import text_part

CONVERSATION_TYPE = "application/vnd.plausch.conversation+cbor"
MAX_TITLE_CHARACTERS = 128
SECRET_BYTES = 16


@dataclass(frozen=True, slots=True)
class Facts:
    """What is said of a conversation; None: nothing about that.

    `picture`: the bytes of a small square picture, empty: none any more. `link`: the secret of the
    invitation link, empty: there is none any more.
    """

    title: str | None = None
    picture: bytes | None = None
    link: bytes | None = None


def facts_message(facts: Facts, words: str, *, salt: bytes) -> MimiContent:
    """Say it; `words` is for clients that do not know the part. Raises ContentError."""
    _check(facts)
    fields: dict[cbor.Key, cbor.Value] = {}
    for key, value in (("title", facts.title), ("picture", facts.picture), ("link", facts.link)):
        if value is not None:
            fields[key] = value
    part = SinglePart(
        content_type=CONVERSATION_TYPE,
        content=cbor.encode(fields),
        disposition=Disposition.PROFILE,
    )
    fallback = text_part(words, disposition=Disposition.PROFILE)
    return MimiContent(
        salt=salt,
        part=MultiPart(
            semantics=Semantics.CHOOSE_ONE,
            parts=(part, fallback),
            disposition=Disposition.PROFILE,
        ),
    )


def title_message(title: str, *, salt: bytes) -> MimiContent:
    """The conversation is called `title` from now on. Raises ContentError."""
    return facts_message(Facts(title=title), title, salt=salt)


def facts_of(content: MimiContent) -> Facts | None:
    """What it says of the conversation, None when it is about something else.

    Raises ContentError.
    """
    found: Facts | None = None
    for part in leaves(content.part):
        if isinstance(part, SinglePart) and part.content_type == CONVERSATION_TYPE:
            fields = cbor.expect_map(cbor.decode(part.content), "A conversation part")
            facts = Facts(
                cbor.expect(fields["title"], str, "A title") if "title" in fields else None,
                cbor.expect(fields["picture"], bytes, "A picture") if "picture" in fields else None,
                cbor.expect(fields["link"], bytes, "A link's secret") if "link" in fields else None,
            )
            _check(facts)
            if facts != Facts():
                return facts
            found = facts
    return found


def title_of(content: MimiContent) -> str | None:
    """The new title, None when the message is not about it. Raises ContentError."""
    facts = facts_of(content)
    return None if facts is None else facts.title


def _check(facts: Facts) -> None:
    if facts.title is not None:
        check_title(facts.title)
    if facts.picture:
        check_picture(facts.picture)
    if facts.link is not None and len(facts.link) not in (0, SECRET_BYTES):
        raise ContentError(f"The secret of a link has {SECRET_BYTES} bytes, or none.")


def check_title(title: str) -> str:
    """The title if it is one: 1 to 128 characters in one line. Raises ContentError."""
    if not 1 <= len(title) <= MAX_TITLE_CHARACTERS or not title.strip():
        raise ContentError(f"A title has 1 to {MAX_TITLE_CHARACTERS} characters.")
    if not title.isprintable():
        raise ContentError("A title is one line of printable characters.")
    return title
