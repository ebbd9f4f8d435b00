import pytest

from plausch.base.ids import MessageId
from plausch.content.conversation import title_message
from plausch.content.mimi import ExternalPart, MimiContent, MultiPart, NullPart, Semantics
from plausch.content.purpose import Purpose, purpose_of
from plausch.content.status import Status, status_message
from plausch.content.text import delete, edit, reaction, reply, text_message, unlike

SALT = bytes(range(16))
ID = MessageId(b"\x01" * 32)
PICTURE = ExternalPart(content_type="image/png", url="https://x")


@pytest.mark.parametrize(
    ("content", "purpose"),
    [
        (text_message("x", salt=SALT), Purpose.SHOW),
        (reply("x", ID, salt=SALT), Purpose.SHOW),
        (MimiContent(salt=SALT, part=PICTURE), Purpose.SHOW),
        (edit("x", ID, salt=SALT), Purpose.EDIT),
        (delete(ID, salt=SALT), Purpose.DELETE),
        (unlike(ID, ID, salt=SALT), Purpose.DELETE),
        (reaction("❤", ID, salt=SALT), Purpose.REACTION),
        (status_message([(ID, Status.READ)], salt=SALT), Purpose.STATUS),
        (title_message("Kegelclub", salt=SALT), Purpose.TITLE),
        (MimiContent(salt=SALT, part=NullPart()), Purpose.NOTHING),
        (
            MimiContent(
                salt=SALT,
                part=MultiPart(semantics=Semantics.PROCESS_ALL, parts=(NullPart(), NullPart())),
                replaces=ID,
            ),
            Purpose.DELETE,
        ),
    ],
)
def test_the_purpose_of_each_kind_of_message(content: MimiContent, purpose: Purpose) -> None:
    assert purpose_of(content) is purpose


def test_a_reaction_to_nothing_is_shown() -> None:
    liked = reaction("❤", ID, salt=SALT)
    assert purpose_of(MimiContent(salt=SALT, part=liked.part)) is Purpose.SHOW
