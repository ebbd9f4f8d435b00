"""What a conversation says about itself: its title.

A part of our own, `application/vnd.plausch.conversation+cbor`: a map with text keys, unknown ones
ignored. Beside it travels the title as text, for clients that do not know the part (chooseOne).
"""

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
from plausch.content.text import text_part

CONVERSATION_TYPE = "application/vnd.plausch.conversation+cbor"
MAX_TITLE_CHARACTERS = 128


def title_message(title: str, *, salt: bytes) -> MimiContent:
    """The conversation is called `title` from now on. Raises ContentError."""
    check_title(title)
    part = SinglePart(
        content_type=CONVERSATION_TYPE,
        content=cbor.encode({"title": title}),
        disposition=Disposition.PROFILE,
    )
    fallback = text_part(title, disposition=Disposition.PROFILE)
    return MimiContent(
        salt=salt,
        part=MultiPart(
            semantics=Semantics.CHOOSE_ONE,
            parts=(part, fallback),
            disposition=Disposition.PROFILE,
        ),
    )


def title_of(content: MimiContent) -> str | None:
    """The new title, None when the message is not about it. Raises ContentError."""
    for part in leaves(content.part):
        if isinstance(part, SinglePart) and part.content_type == CONVERSATION_TYPE:
            fields = cbor.expect_map(cbor.decode(part.content), "A conversation part")
            if "title" in fields:
                return check_title(cbor.expect(fields["title"], str, "A title"))
    return None


def check_title(title: str) -> str:
    """The title if it is one: 1 to 128 characters in one line. Raises ContentError."""
    if not 1 <= len(title) <= MAX_TITLE_CHARACTERS or not title.strip():
        raise ContentError(f"A title has 1 to {MAX_TITLE_CHARACTERS} characters.")
    if not title.isprintable():
        raise ContentError("A title is one line of printable characters.")
    return title
