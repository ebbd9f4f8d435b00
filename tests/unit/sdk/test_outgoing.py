"""What is said of a file that is sent, and what is found out by itself."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from plausch.base.ids import AccountAddress, MessageId
from plausch.content.attachment import ANY_TYPE, Facts, Preview
from plausch.content.file_name import NAMELESS
from plausch.content.stream import MAX_CONTENT_BYTES
from plausch.sdk.core import Core
from plausch.sdk.errors import FileRefused, SdkError
from plausch.sdk.outgoing import PLAIN_FILE, FileDescription, outgoing_file

CORE = cast(Core, SimpleNamespace(address=AccountAddress("anna", "example.org")))


def written(folder: Path, name: str, content: bytes = b"12345") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("as_text", [True, False])
def test_a_path_gives_name_type_and_size(tmp_path: Path, as_text: bool) -> None:
    path = written(tmp_path, "Karte.png")
    outgoing = outgoing_file(CORE, str(path) if as_text else path, PLAIN_FILE)
    attachment = outgoing.attachment
    assert outgoing.source == path
    assert (attachment.name, attachment.content_type) == ("Karte.png", "image/png")
    assert (attachment.size_bytes, attachment.domain) == (5, "example.org")
    assert (attachment.preview, attachment.facts) == (None, Facts())


def test_bytes_have_no_name_of_their_own() -> None:
    attachment = outgoing_file(CORE, b"123", PLAIN_FILE).attachment
    assert (attachment.name, attachment.content_type) == (NAMELESS, ANY_TYPE)
    named = outgoing_file(CORE, b"123", FileDescription(name="voice.mp3")).attachment
    assert (named.name, named.content_type) == ("voice.mp3", "audio/mpeg")


def test_what_is_said_goes_before_what_is_found_out(tmp_path: Path) -> None:
    said = FileDescription(
        name="../menu.txt",
        content_type="Text/Markdown; variant=GFM",
        alt="The menu",
        preview=Preview("image/png", b"x"),
        facts=Facts(width=1, height=2),
    )
    answered = MessageId(b"\1" * 32)
    outgoing = outgoing_file(CORE, written(tmp_path, "x.png"), said, "Look", answered)
    attachment = outgoing.attachment
    assert (attachment.name, attachment.content_type) == ("_menu.txt", "text/markdown")
    assert (attachment.description, attachment.preview) == ("The menu", said.preview)
    assert attachment.facts == said.facts
    assert (outgoing.caption, outgoing.in_reply_to) == ("Look", answered)


@pytest.mark.parametrize("name", ["archive.tar.gz", "noending", "x.unknownending"])
def test_a_type_that_is_not_known_is_any(tmp_path: Path, name: str) -> None:
    assert outgoing_file(CORE, written(tmp_path, name), PLAIN_FILE).attachment.content_type == (
        ANY_TYPE
    )


def test_every_file_has_an_id_and_a_key_of_its_own() -> None:
    made = [outgoing_file(CORE, b"same", PLAIN_FILE).attachment for _ in range(10)]
    assert len({one.blob for one in made}) == len({one.secret for one in made}) == 10


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(FileRefused):
            outgoing_file(CORE, path, PLAIN_FILE)


def test_a_file_beyond_all_limits_is_the_callers_to_change(tmp_path: Path) -> None:
    path = written(tmp_path, "huge")
    with path.open("r+b") as file:
        file.truncate(MAX_CONTENT_BYTES + 1)
    with pytest.raises(SdkError) as caught:
        outgoing_file(CORE, path, PLAIN_FILE)
    assert caught.value.code == "too_large"
