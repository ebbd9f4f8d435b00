"""What may be sent as a text."""

import io
import json
import sys
from pathlib import Path

import click
import pytest

from plausch.cli.send import TEXT_BYTES, text_to_send

from .conftest import Person, Plausch


class Piped:
    """Standard input with these bytes."""

    def __init__(self, raw: bytes) -> None:
        self.buffer = io.BytesIO(raw)


def test_a_text_goes_as_it_is() -> None:
    assert text_to_send("  **Hallo** 🍝 ") == "  **Hallo** 🍝 "


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Piped("Grüße\nzwei\n".encode()))
    assert text_to_send("-") == "Grüße\nzwei"


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_an_empty_text_is_refused(text: str) -> None:
    with pytest.raises(click.UsageError, match="The text is empty"):
        text_to_send(text)


def test_a_text_that_is_too_long_is_refused() -> None:
    assert text_to_send("x" * TEXT_BYTES)
    with pytest.raises(click.UsageError, match="longer than 256 KiB"):
        text_to_send("x" * (TEXT_BYTES + 1))
    with pytest.raises(click.UsageError, match="longer than 256 KiB"):
        text_to_send("ü" * (TEXT_BYTES // 2 + 1))


def test_bytes_that_are_no_text_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Piped(b"\xff\xfe"))
    with pytest.raises(click.UsageError, match="not UTF-8"):
        text_to_send("-")


def test_half_a_character_on_the_command_line_is_refused() -> None:
    with pytest.raises(click.UsageError, match="not UTF-8"):
        text_to_send("\udcff")


@pytest.mark.parametrize("seconds", ["nan", "inf", "0", "-1", "soon"])
def test_what_is_no_time_to_wait_is_a_wrong_call(
    plausch: Plausch, tmp_path: Path, seconds: str
) -> None:
    ran = plausch("send", "cem", "x", "--timeout", seconds, "--home", tmp_path)
    assert ran.code == 2
    assert "--timeout" in ran.sentence


# --- files ---------------------------------------------------------------------------------


def test_a_file_goes_with_a_caption_or_without(
    plausch: Plausch, anna: Person, cem: Person, tmp_path: Path
) -> None:
    path = tmp_path / "map.png"
    path.write_bytes(b"a map")
    for caption in ([], ["We sit here"]):
        ran = plausch("send", cem.address, *caption, "--file", path, "--home", anna.home, "--json")
        assert ran.code == 0
        assert json.loads(ran.out)["seq"] > 0
    ran = plausch("history", anna.address, "--home", cem.home, "--json")
    first, second = json.loads(ran.out)
    assert (first["text"], first["kind"]) == ("[map.png]", "file")
    assert second["text"] == "[map.png]\nWe sit here"
    assert first["file"] == {"name": "map.png", "size_bytes": 5, "content_type": "image/png"}


def test_there_must_be_something_to_send(plausch: Plausch, tmp_path: Path) -> None:
    ran = plausch("send", "cem", "--home", tmp_path)
    assert ran.code == 2
    assert "give a TEXT, or a file with --file" in ran.sentence


def test_what_is_no_file_is_a_wrong_call(plausch: Plausch, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        ran = plausch("send", "cem", "--file", path, "--home", tmp_path)
        assert ran.code == 2
        assert "--file" in ran.sentence


def test_a_file_that_does_not_get_there_in_time_goes_out_later(
    plausch: Plausch, anna: Person, cem: Person, tmp_path: Path
) -> None:
    plausch("send", cem.address, "hello", "--home", anna.home)
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(3_000_000))
    arguments = ("--file", path, "--home", anna.home, "--timeout", "0.001")
    ran = plausch("send", cem.address, *arguments)
    assert ran.code == 3
    assert "do not send it again" in ran.sentence
    path.unlink()
    for _ in range(50):
        plausch("send", cem.address, "and?", "--home", anna.home)  # the next connection
        ran = plausch("history", anna.address, "--home", cem.home, "--json")
        sizes = [one["file"]["size_bytes"] for one in json.loads(ran.out) if one["file"]]
        if sizes:
            break
    assert sizes == [3_000_000]
