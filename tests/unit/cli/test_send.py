"""What may be sent as a text."""

import io
import sys
from pathlib import Path

import click
import pytest

from plausch.cli.send import TEXT_BYTES, text_to_send

from .conftest import Plausch


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
